"""Every fault of the sandbox, as a plain httpx sees it over TLS, HTTP/2 and HTTP/1.1."""

from __future__ import annotations

import ssl
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio
import anyio.abc
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


@pytest.fixture(params=[True, False], ids=["http2", "http11"])
def http2(request: pytest.FixtureRequest) -> bool:
    """Which of both the sandbox speaks."""
    speaks: bool = request.param
    return speaks


NO_ANSWER = [
    (Fault.REFUSE_STREAM, httpx.RemoteProtocolError, "error_code:7"),
    (Fault.RESET_BEFORE, httpx.RemoteProtocolError, "error_code:2"),
    (Fault.RESET_AFTER, httpx.RemoteProtocolError, "error_code:2"),
    (Fault.CLOSE_BEFORE, httpx.TransportError, None),
    (Fault.CLOSE_AFTER, httpx.TransportError, None),
    (Fault.HANG_BEFORE, httpx.ReadTimeout, None),
    (Fault.HANG_AFTER, httpx.ReadTimeout, None),
    (Fault.STOP_READING, httpx.ReadTimeout, None),
    (Fault.CLOSE_AFTER_HEAD, httpx.TransportError, None),
    (Fault.RESET_AFTER_HEAD, httpx.RemoteProtocolError, "error_code:2"),
    (Fault.HALF_REPLY, httpx.TransportError, None),
    (Fault.WRONG_LENGTH, httpx.ProtocolError, "Expected 23 bytes, received 22"),
    (Fault.GOAWAY_UNPROCESSED, httpx.RemoteProtocolError, "last_stream_id:0"),
    # It is answered, but httpx gives up on everything once the connection goes away.
    (Fault.GOAWAY_GRACEFUL, httpx.RemoteProtocolError, "last_stream_id:1"),
]


@pytest.mark.parametrize(("fault", "error", "words"), NO_ANSWER)
async def test_no_answer(fault: Fault, error: type[Exception], words: str | None) -> None:
    """The answer is lost in the way of the fault, and the message is taken or not as it says."""
    async with Sandbox(faults=Faults()) as sandbox, browser(sandbox) as client:
        sandbox.faults.add(fault)
        with pytest.raises(error, match=words):
            await send(client)
        assert await taken(sandbox, fault.processed)
        assert sandbox.faults.strikes == (Strike(fault, "send.php", 0),)

        # Once is enough: the next one is served.
        again = (await send(client, mes="Again")).json()
        assert again == {"id": "m1", "cnt": 1}


NO_ANSWER_11 = [
    (Fault.RESET_BEFORE, httpx.ReadError, None),
    (Fault.RESET_AFTER, httpx.ReadError, None),
    (Fault.CLOSE_BEFORE, httpx.RemoteProtocolError, "disconnected without sending a response"),
    (Fault.CLOSE_AFTER, httpx.RemoteProtocolError, "disconnected without sending a response"),
    (Fault.HANG_BEFORE, httpx.ReadTimeout, None),
    (Fault.HANG_AFTER, httpx.ReadTimeout, None),
    (Fault.STOP_READING, httpx.ReadTimeout, None),
    (Fault.CLOSE_AFTER_HEAD, httpx.RemoteProtocolError, "received 0 bytes, expected 22"),
    (Fault.RESET_AFTER_HEAD, httpx.ReadError, None),
    (Fault.HALF_REPLY, httpx.RemoteProtocolError, "received 11 bytes, expected 22"),
    (Fault.WRONG_LENGTH, httpx.RemoteProtocolError, "received 22 bytes, expected 23"),
]


async def test_no_answer_in_http11() -> None:
    """So it is over HTTP/1.1, where what resets a stream resets the connection."""
    async with Sandbox(faults=Faults(), http2=False) as sandbox, browser(sandbox) as client:
        taken = 0
        for number, (fault, error, words) in enumerate(NO_ANSWER_11):
            sandbox.faults.add(fault)
            with pytest.raises(error, match=words):
                await send(client, mes=f"Message {number}")
            taken += fault.processed
            assert (fault, len(sandbox.messages)) == (fault, taken)
        again = await send(client, mes="Again")
        assert (again.http_version, again.json()) == ("HTTP/1.1", {"id": "m1", "cnt": 1})


def test_every_fault_is_tried() -> None:
    """Each one has a test for HTTP/2; for HTTP/1.1 each but those that it does not have."""
    late = {Fault.LATE, Fault.PROCESSED_LATE, Fault.STATUS_LAG, Fault.STATUS_FAILS}
    answers = {fault for fault, *_ in OTHER_ANSWERS} | late
    assert {fault for fault, *_ in NO_ANSWER} | answers == set(Fault)
    assert {fault for fault, *_ in NO_ANSWER_11} | answers == {
        fault for fault in Fault if not fault.needs_http2
    }


DUPLICATE = {"error": "duplicate request, wait a minute", "error_code": 9}
CROWD = {"error": "too many concurrent requests", "error_code": 9}


OTHER_ANSWERS = [
    (Fault.EMPTY_200, 200, None),
    (Fault.BROKEN_JSON, 200, None),
    (Fault.WRONG_JSON, 200, {"unexpected": True}),
    (Fault.HTML_502_BEFORE, 502, None),
    (Fault.HTML_502_AFTER, 502, None),
    (Fault.ERROR_4, 200, {"error": "ip is blocked", "error_code": 4}),
    (Fault.ERROR_9_DUPLICATE, 200, DUPLICATE),
    (Fault.ERROR_9_CONCURRENT, 200, CROWD),
]


@pytest.mark.parametrize(("fault", "status", "answer"), OTHER_ANSWERS)
async def test_another_answer(fault: Fault, status: int, answer: object, http2: bool) -> None:
    """Something is answered, and the message is taken or not as the fault says."""
    async with Sandbox(faults=Faults(), http2=http2) as sandbox, browser(sandbox) as client:
        sandbox.faults.add(fault)
        reply = await send(client)
        assert (reply.status_code, len(sandbox.messages)) == (status, fault.processed)
        if answer is not None:
            assert reply.json() == answer
        else:
            assert reply.content in (b"", b'{"id": "m1"') or reply.content.startswith(b"<html>")


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


async def test_late_answers(http2: bool) -> None:
    """LATE is processed at once; the answer comes when the sandbox's clock says so."""
    clock = HandClock()
    late = Sandbox(faults=Faults(), time=clock, http2=http2)
    async with late as sandbox, browser(sandbox) as client:
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


async def test_late_processing(http2: bool) -> None:
    """PROCESSED_LATE is processed only when the caller has given up long ago."""
    clock = HandClock()
    late = Sandbox(faults=Faults(), time=clock, http2=http2)
    async with late as sandbox, browser(sandbox) as client:
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


async def test_long_answers_wait_for_room(http2: bool) -> None:
    """An answer longer than the client's window comes in pieces, as it makes room."""
    phones = ",".join(f"7999{number:07}" for number in range(1500))
    async with Sandbox(faults=Faults(), http2=http2) as sandbox, browser(sandbox) as client:
        form = SEND | {"phones": phones, "op": "1"}
        answer = await client.post("/sys/send.php", data=form, timeout=5)
        assert len(answer.content) > 100_000
        assert len(answer.json()["phones"]) == 1500


async def test_files_reach_the_service(http2: bool) -> None:
    """A form with files is read as on any other host."""
    async with Sandbox(faults=Faults(), http2=http2) as sandbox, browser(sandbox) as client:
        files = {"file1": ("plan.pdf", b"PDF")}
        form = SEND | {
            "mail": "1",
            "phones": "a@b.example",
            "subj": "Plan",
            "sender": "c@d.example",
        }
        answer = await client.post("/sys/send.php", data=form, files=files)
        assert answer.json() == {"id": "m1", "cnt": 1}
        assert sandbox.messages[0].files == ("plan.pdf",)


async def test_what_is_read_no_more_stays_unread() -> None:
    """Nothing more over that connection is processed; others are as well as ever."""
    async with Sandbox(faults=Faults()) as sandbox, browser(sandbox) as client:
        sandbox.faults.add(Fault.STOP_READING, nth=2)
        await send(client)

        async def lost(text: str) -> None:
            with pytest.raises(httpx.TransportError):
                await send(client, mes=text)

        async with anyio.create_task_group() as group:
            group.start_soon(lost, "2")
            while not sandbox.faults.strikes:
                await anyio.sleep(0.001)
            group.start_soon(lost, "3")
        async with browser(sandbox) as another:
            await send(another, mes="4")
        assert [message.text for message in sandbox.messages] == ["Hi", "4"]


@pytest.mark.parametrize("piece", [1, 7, 10_000])
async def test_requests_of_http11_come_in_pieces(piece: int) -> None:
    """Two requests are answered one after the other, in whatever pieces they come."""
    async with Sandbox(faults=Faults(), http2=False) as sandbox:
        body = b"login=sandbox&psw=sandbox-password&fmt=3&cur=1"
        head = b"POST /sys/balance.php HTTP/1.1\r\nhost: localhost\r\ncontent-length: 46\r\n\r\n"
        asked, heard = (head + body) * 2, b""
        async with await plain(sandbox) as stream:
            for start in range(0, len(asked), piece):
                await stream.send(asked[start : start + piece])
            with anyio.fail_after(5):
                while heard.count(b'"currency": "RUR"}') < 2:
                    heard += await stream.receive()
        assert heard.count(b"HTTP/1.1 200") == 2


async def plain(sandbox: Sandbox) -> anyio.abc.ByteStream:
    """Open a bare connection."""
    trust = ssl.create_default_context(cafile=sandbox.ca)
    return await anyio.connect_tcp(
        "localhost", sandbox.hosts[0].port, ssl_context=trust, tls_standard_compatible=False
    )


async def test_a_client_that_wants_no_more_gets_its_answer_and_the_end() -> None:
    """After `connection: close` an HTTP/1.1 connection is closed; half a request gets nothing."""
    async with Sandbox(faults=Faults(), http2=False) as sandbox:
        async with await plain(sandbox) as stream:
            await stream.send(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            assert (await until_the_end(stream)).startswith(b"HTTP/1.1 404")
        async with await plain(sandbox) as stream:
            await stream.send(b"GET / HTTP")
        async with await plain(sandbox) as stream:
            await stream.send(b"What is this?\r\n\r\n")
            assert await until_the_end(stream) == b""


async def until_the_end(stream: anyio.abc.ByteStream) -> bytes:
    heard = b""
    with anyio.fail_after(5):
        try:
            while True:
                heard += await stream.receive()
        except (anyio.EndOfStream, anyio.BrokenResourceError):
            return heard


async def test_a_host_with_faults_dies_and_comes_back(http2: bool) -> None:
    """It is killed and started again as any other."""
    async with Sandbox(faults=Faults(), http2=http2) as sandbox, browser(sandbox) as client:
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
        async with await plain(sandbox) as stream:
            await stream.send(b"GET / HTTP/1.1\r\n\r\n")
            await until_the_end(stream)
        assert (await send(client)).status_code == 200


@pytest.mark.parametrize(("nth", "times"), [(0, 1), (1, 0)])
def test_counts_begin_with_one(nth: int, times: int) -> None:
    """There is no request before the first, and no fault that hits none."""
    with pytest.raises(ValueError, match="count from 1"):
        Faults().add(Fault.LATE, nth=nth, times=times)


HTTP2_ALONE = (Fault.REFUSE_STREAM, Fault.GOAWAY_GRACEFUL, Fault.GOAWAY_UNPROCESSED)


@pytest.mark.parametrize("fault", HTTP2_ALONE)
def test_what_http11_does_not_have_is_refused(fault: Fault) -> None:
    """Whether it is added before or after the sandbox is made, or chosen by a function."""
    faults = Faults()
    faults.add(fault)
    with pytest.raises(ValueError, match=f"no {fault.name} in HTTP/1.1"):
        Sandbox(http2=False, faults=faults)

    chosen = Faults(lambda script, host: (fault, 0.0))
    sandbox = Sandbox(http2=False, faults=chosen)
    with pytest.raises(ValueError, match=f"no {fault.name} in HTTP/1.1"):
        sandbox.faults.add(fault)
    with pytest.raises(ValueError, match=f"no {fault.name} in HTTP/1.1"):
        chosen.strike("send.php", 0)


def test_a_sandbox_without_faults() -> None:
    """It has none to add to."""
    with pytest.raises(RuntimeError, match="made without faults"):
        _ = Sandbox().faults
