"""Every fault of the sandbox, as a plain httpx sees it over TLS and HTTP/2."""

from __future__ import annotations

import ssl
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio
import httpx
import pytest
from hand_clock import HandClock

from smsc_async.sandbox import Fault, Faults, Sandbox, Strike

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.anyio

AUTH = {"login": Sandbox.login, "psw": Sandbox.password, "fmt": "3"}
PHONE = "79991234567"
SEND = AUTH | {"phones": PHONE, "mes": "Hi", "id": "m1"}
STATUS = AUTH | {"phone": PHONE, "id": "m1"}

# How long a client waits for what does not come.
BRIEFLY = httpx.Timeout(5.0, read=0.1)


@asynccontextmanager
async def browser(sandbox: Sandbox, host: int = 0) -> AsyncIterator[httpx.AsyncClient]:
    """Open a plain client that trusts the sandbox."""
    trust = ssl.create_default_context(cafile=sandbox.ca)
    url = sandbox.urls[host]
    async with httpx.AsyncClient(http2=True, verify=trust, base_url=url, timeout=BRIEFLY) as client:
        yield client


async def send(client: httpx.AsyncClient, **other: str) -> httpx.Response:
    """Send a message."""
    return await client.post("/sys/send.php", data=SEND | other)


async def taken(sandbox: Sandbox, count: int) -> bool:
    """Wait until it has so many messages, for a while."""
    with anyio.move_on_after(5):
        while len(sandbox.messages) < count:
            await anyio.sleep(0.001)
    return len(sandbox.messages) == count


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        (Fault.REFUSE_STREAM, httpx.RemoteProtocolError, "error_code:7"),
        (Fault.RESET_BEFORE, httpx.RemoteProtocolError, "error_code:2"),
        (Fault.RESET_AFTER, httpx.RemoteProtocolError, "error_code:2"),
        (Fault.CLOSE_BEFORE, httpx.TransportError, None),
        (Fault.CLOSE_AFTER, httpx.TransportError, None),
        (Fault.HANG_BEFORE, httpx.ReadTimeout, None),
        (Fault.HANG_AFTER, httpx.ReadTimeout, None),
        (Fault.HALF_REPLY, httpx.TransportError, None),
        (Fault.WRONG_LENGTH, httpx.ProtocolError, "Expected 23 bytes, received 22"),
        (Fault.GOAWAY_UNPROCESSED, httpx.RemoteProtocolError, "last_stream_id:0"),
        # It is answered, but httpx gives up on everything once the connection goes away.
        (Fault.GOAWAY_GRACEFUL, httpx.RemoteProtocolError, "last_stream_id:1"),
    ],
)
async def test_no_answer(fault: Fault, error: type[Exception], words: str | None) -> None:
    """The answer is lost in the way of the fault, and the message is taken or not as it says."""
    async with Sandbox(faults=Faults()) as sandbox, browser(sandbox) as client:
        sandbox.faults.add(fault)
        with pytest.raises(error, match=words):
            await send(client)
        assert len(sandbox.messages) == fault.processed
        assert sandbox.faults.strikes == (Strike(fault, "send.php", 0),)

        # Once is enough: the next one is served.
        again = (await send(client, mes="Again")).json()
        assert again == {"id": "m1", "cnt": 1}


DUPLICATE = {"error": "duplicate request, wait a minute", "error_code": 9}
CROWD = {"error": "too many concurrent requests", "error_code": 9}


@pytest.mark.parametrize(
    ("fault", "status", "answer"),
    [
        (Fault.EMPTY_200, 200, None),
        (Fault.HTML_502_BEFORE, 502, None),
        (Fault.HTML_502_AFTER, 502, None),
        (Fault.ERROR_4, 200, {"error": "ip is blocked", "error_code": 4}),
        (Fault.ERROR_9_DUPLICATE, 200, DUPLICATE),
        (Fault.ERROR_9_CONCURRENT, 200, CROWD),
    ],
)
async def test_another_answer(fault: Fault, status: int, answer: object) -> None:
    """Something is answered, and the message is taken or not as the fault says."""
    async with Sandbox(faults=Faults()) as sandbox, browser(sandbox) as client:
        sandbox.faults.add(fault)
        reply = await send(client)
        assert (reply.status_code, len(sandbox.messages)) == (status, fault.processed)
        if answer is not None:
            assert reply.json() == answer
        else:
            assert reply.content == b"" or reply.content.startswith(b"<html>")


async def test_a_connection_that_goes_away_finishes_what_it_has_taken() -> None:
    """After a graceful GOAWAY earlier requests are answered, and later ones need another one."""
    faults = Faults()
    async with Sandbox(faults=faults, latency=0.02) as sandbox, sandbox.client() as smsc:
        await smsc.balance()
        faults.add(Fault.GOAWAY_GRACEFUL, nth=2)
        sent: list[str] = []

        async def one(number: int) -> None:
            sent.append((await smsc.send(PHONE, f"Message {number}")).id)

        async with anyio.create_task_group() as group:
            for number in range(5):
                group.start_soon(one, number)
        assert len(set(sent)) == 5
        assert sorted(message.id for message in sandbox.messages) == sorted(sent)
        assert sandbox.requests(script="send.php") == 5


async def test_late_answers() -> None:
    """LATE is processed at once; the answer comes when the sandbox's clock says so."""
    clock = HandClock()
    async with Sandbox(faults=Faults(), time=clock) as sandbox, browser(sandbox) as client:
        sandbox.faults.add(Fault.LATE, seconds=20.0)
        with pytest.raises(httpx.ReadTimeout):
            await send(client)
        assert len(sandbox.messages) == 1

        sandbox.faults.add(Fault.LATE, seconds=20.0)
        answers: list[httpx.Response] = []

        async def patient() -> None:
            answers.append(await client.post("/sys/send.php", data=SEND | {"mes": "2"}, timeout=5))

        async with anyio.create_task_group() as group:
            group.start_soon(patient)
            assert await taken(sandbox, 2)
            await anyio.sleep(0.02)
            assert answers == []
            clock.now += 21
        assert answers[0].json() == {"id": "m1", "cnt": 1}


async def test_late_processing() -> None:
    """PROCESSED_LATE is processed only when the caller has given up long ago."""
    clock = HandClock()
    async with Sandbox(faults=Faults(), time=clock) as sandbox, browser(sandbox) as client:
        sandbox.faults.add(Fault.PROCESSED_LATE, seconds=20.0)
        with pytest.raises(httpx.ReadTimeout):
            await send(client)
        assert sandbox.messages == ()
        clock.now += 21
        assert await taken(sandbox, 1)


async def test_a_status_lags_behind() -> None:
    """A message is not to be found until it is old enough."""
    clock = HandClock()
    async with Sandbox(faults=Faults(), time=clock) as sandbox, browser(sandbox) as client:
        sandbox.faults.add(Fault.STATUS_LAG, seconds=20.0, times=None)
        await send(client)
        clock.now += 19
        young = (await client.post("/sys/status.php", data=STATUS)).json()
        assert young == {"status": -3}
        clock.now += 1
        old = (await client.post("/sys/status.php", data=STATUS)).json()
        assert old["status"] == 1
        unknown = (await client.post("/sys/status.php", data=STATUS | {"id": "m2"})).json()
        assert unknown == {"status": -3}


async def test_a_status_fails() -> None:
    """STATUS_FAILS is for status.php without being told so."""
    async with Sandbox(faults=Faults()) as sandbox, browser(sandbox) as client:
        sandbox.faults.add(Fault.STATUS_FAILS)
        await send(client)
        answer = (await client.post("/sys/status.php", data=STATUS)).json()
        assert answer == {"error": "parameters error", "error_code": 1}
        assert (await client.post("/sys/status.php", data=STATUS)).json()["status"] == -1


async def test_a_fault_hits_what_it_is_for() -> None:
    """Script, host, the first that is hit and how many are all counted."""
    faults = Faults()
    async with Sandbox(faults=faults, limits=False) as sandbox:
        faults.add(Fault.EMPTY_200, host=1, nth=2, times=2)
        seen: list[bool] = []
        async with browser(sandbox, 0) as main, browser(sandbox, 1) as backup:
            for client in (main, backup, backup, main, backup, backup):
                await client.post("/sys/balance.php", data=AUTH)
                seen.append(bool((await send(client)).content))
        assert seen == [True, True, False, True, False, True]
        assert faults.strikes == (Strike(Fault.EMPTY_200, "send.php", 1),) * 2


async def test_a_function_may_choose() -> None:
    """It is asked about each request that no added fault hits."""
    asked: list[tuple[str, int]] = []

    def choose(script: str, host: int) -> tuple[Fault, float] | None:
        asked.append((script, host))
        return (Fault.HTML_502_BEFORE, 0.0) if script == "balance.php" else None

    async with Sandbox(faults=Faults(choose)) as sandbox, browser(sandbox) as client:
        sandbox.faults.add(Fault.EMPTY_200)
        assert (await send(client)).content == b""
        assert (await client.post("/sys/balance.php", data=AUTH)).status_code == 502
        sandbox.faults.add(Fault.EMPTY_200, script="balance.php")
        sandbox.faults.clear()
        assert (await send(client, mes="Again")).status_code == 200
        assert asked == [("balance.php", 0), ("send.php", 0)]


async def test_long_answers_wait_for_room() -> None:
    """An answer longer than the client's window comes in pieces, as it makes room."""
    phones = ",".join(f"7999{number:07}" for number in range(1500))
    async with Sandbox(faults=Faults()) as sandbox, browser(sandbox) as client:
        form = SEND | {"phones": phones, "op": "1"}
        answer = await client.post("/sys/send.php", data=form, timeout=5)
        assert len(answer.content) > 100_000
        assert len(answer.json()["phones"]) == 1500


async def test_a_host_with_faults_dies_and_comes_back() -> None:
    """It is killed and started again as any other."""
    async with Sandbox(faults=Faults()) as sandbox, browser(sandbox) as client:
        await send(client)
        await anyio.to_thread.run_sync(sandbox.hosts[0].kill)
        with pytest.raises(httpx.TransportError):
            await send(client, mes="Down")
        await anyio.to_thread.run_sync(sandbox.hosts[0].start)
        assert (await send(client, mes="Up")).status_code == 200
        assert [message.text for message in sandbox.messages] == ["Hi", "Up"]


async def test_what_is_no_http2_is_hung_up_on() -> None:
    """A client that does not speak HTTP/2 loses its connection; others keep theirs."""
    async with Sandbox(faults=Faults()) as sandbox, browser(sandbox) as client:
        trust = ssl.create_default_context(cafile=sandbox.ca)
        async with await anyio.connect_tcp(
            "localhost", sandbox.hosts[0].port, ssl_context=trust, tls_standard_compatible=False
        ) as stream:
            await stream.send(b"GET / HTTP/1.1\r\n\r\n")
            with pytest.raises((anyio.EndOfStream, anyio.BrokenResourceError)):
                while True:
                    await stream.receive()
        assert (await send(client)).status_code == 200


@pytest.mark.parametrize(("nth", "times"), [(0, 1), (1, 0)])
def test_counts_begin_with_one(nth: int, times: int) -> None:
    """There is no request before the first, and no fault that hits none."""
    with pytest.raises(ValueError, match="count from 1"):
        Faults().add(Fault.LATE, nth=nth, times=times)


def test_only_http2_has_faults() -> None:
    """A sandbox with faults cannot do without HTTP/2; one without has none to add to."""
    with pytest.raises(ValueError, match="HTTP/2 only"):
        Sandbox(http2=False, faults=Faults())
    with pytest.raises(RuntimeError, match="made without faults"):
        _ = Sandbox().faults
