"""The whole sandbox over TLS, HTTP/2 and HTTP/1.1, with a plain httpx."""

from __future__ import annotations

import gc
import socket
import ssl
import threading
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import anyio
import httpx
import pytest

from smsc_async.sandbox import Refusal, Sandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

pytestmark = pytest.mark.anyio

AUTH = {"login": Sandbox.login, "psw": Sandbox.password, "fmt": "3"}
ONE = AUTH | {"phones": "+79991234567", "mes": "Hi"}
HELLO = "Привет, мир"


@asynccontextmanager
async def browser(sandbox: Sandbox, *, http2: bool = True) -> AsyncIterator[httpx.AsyncClient]:
    """Open a plain client that trusts the sandbox and looks at the main host."""
    trust = ssl.create_default_context(cafile=sandbox.ca)
    async with httpx.AsyncClient(http2=http2, verify=trust, base_url=sandbox.urls[0]) as client:
        yield client


async def post(client: httpx.AsyncClient, script: str, **form: str) -> Any:
    """Return the parsed answer of a script of the main host."""
    return (await client.post(f"/sys/{script}", data=AUTH | form)).json()


async def test_it_serves_http2() -> None:
    """A script answers 200 and JSON over HTTP/2, labelled as the real service labels it."""
    async with Sandbox() as sandbox, browser(sandbox) as client:
        answer = await client.post("/sys/send.php", data=ONE | {"cost": "3"})
        assert (answer.http_version, answer.status_code) == ("HTTP/2", 200)
        assert answer.headers["content-type"] == "application/json; charset=windows-1251"
        assert answer.json() == {"id": 1, "cnt": 1, "cost": "0.15", "balance": "999.85"}
        assert [message.text for message in sandbox.messages] == ["Hi"]
        assert str(sandbox.balance) == "999.85"


@pytest.mark.parametrize(("server", "client_side"), [(True, False), (False, True)])
async def test_it_serves_http11(*, server: bool, client_side: bool) -> None:
    """HTTP/1.1 is spoken with those who ask for it, or with all."""
    async with Sandbox(http2=server) as sandbox, browser(sandbox, http2=client_side) as client:
        answer = await client.get("/sys/balance.php", params=AUTH)
        assert (answer.http_version, answer.json()) == ("HTTP/1.1", {"balance": "1000"})
        assert sandbox.requests(http_version="1.1") == 1


async def test_requests_are_counted() -> None:
    """They are counted by host, script and version of HTTP."""
    async with Sandbox() as sandbox, browser(sandbox) as client:
        await client.post("/sys/send.php", data=ONE)
        await client.post("/sys/balance.php", data=AUTH)
        await client.post(f"{sandbox.urls[1]}/sys/balance.php", data=AUTH)
        main, backup = sandbox.hosts
        counts = [sandbox.requests(host=host, script="balance.php") for host in (main, backup)]
        assert counts == [1, 1]
        assert (sandbox.requests(), sandbox.requests(http_version="2")) == (3, 3)
        assert (sandbox.requests(script="send.php"), sandbox.requests(host=main)) == (1, 2)


@pytest.mark.parametrize("charset", ["windows-1251", "koi8-r", "utf-8"])
async def test_texts_survive_in_every_charset(charset: str) -> None:
    """The charset of a request says how its text is encoded, and how the answer is."""
    async with Sandbox() as sandbox, browser(sandbox) as client:
        form = ONE | {"mes": HELLO} | ({} if charset == "windows-1251" else {"charset": charset})
        headers = {"content-type": "application/x-www-form-urlencoded"}
        content = urlencode(form, encoding=charset)
        await client.post("/sys/send.php", content=content, headers=headers)
        assert [message.text for message in sandbox.messages] == [HELLO]
        question = AUTH | {"phone": "79991234567", "id": "1", "all": "1", "charset": charset}
        answer = await client.post("/sys/status.php", data=question)
        assert HELLO in answer.content.decode(charset)


async def test_bytes_need_not_be_escaped() -> None:
    """Text that comes as bare bytes is understood, too."""
    async with Sandbox() as sandbox, browser(sandbox) as client:
        content = b"phones=79991234567&mes=" + HELLO.encode("windows-1251")
        await client.post("/sys/send.php", content=content, params=AUTH)
        assert [message.text for message in sandbox.messages] == [HELLO]


async def test_json_can_be_posted() -> None:
    """/rest/send/ takes the same names as send.php, in UTF-8, and answers JSON unasked."""
    async with Sandbox() as sandbox, browser(sandbox) as client:
        document = {"apikey": Sandbox.apikey, "phones": 79991234567, "mes": HELLO, "op": True}
        answer = (await client.post("/rest/send/", json=document)).json()
        assert (answer["id"], answer["phones"][0]["phone"]) == (1, "79991234567")
        assert [message.text for message in sandbox.messages] == [HELLO]
        assert sandbox.requests(script="send.php") == 1


@pytest.mark.parametrize("content", [b"", b"[1]", b"{", b"\xff"])
async def test_what_is_no_json_object_is_error_1(content: bytes) -> None:
    """/rest/send/ refuses what it cannot read."""
    async with Sandbox() as sandbox, browser(sandbox) as client:
        answer = (await client.post("/rest/send/", content=content)).json()
        assert answer == {"error": "parameters error", "error_code": 1}


async def test_errors_come_with_200() -> None:
    """An error is an answer like others; where it is about a message, it has the id."""
    async with Sandbox() as sandbox, browser(sandbox) as client:
        answer = await client.post("/sys/send.php", data=ONE | {"mes": "forbidden"})
        assert answer.status_code == 200
        assert answer.json() == {"error": "message is denied", "error_code": 6, "id": 1}
        answer = await client.post("/sys/send.php", data=ONE | {"psw": "wrong"})
        assert answer.json() == {"error": "authorise error", "error_code": 2}


async def test_other_formats_are_refused() -> None:
    """Without fmt=3 there is an error in plain text, and nothing is done."""
    async with Sandbox() as sandbox, browser(sandbox) as client:
        answer = await client.post("/sys/send.php", data=ONE | {"fmt": "0"})
        assert answer.text == "ERROR = 1 (the sandbox speaks fmt=3 only)"
        assert sandbox.messages == ()


@pytest.mark.parametrize("path", ["/sys/nothing.php", "/", "/send.php"])
async def test_an_unknown_script_is_no_json(path: str) -> None:
    """What is not there is answered with 404 and HTML, and not counted."""
    async with Sandbox() as sandbox, browser(sandbox) as client:
        answer = await client.post(path, data=AUTH)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html")
        assert sandbox.requests() == 0


async def crowd(client: httpx.AsyncClient, urls: list[str]) -> list[int]:
    """Ask all at once; return the error codes, 0 for none, sorted."""
    codes: list[int] = []

    async def ask(url: str, number: int) -> None:
        form = ONE | {"mes": f"No. {number}", "phone": "79991234567", "id": str(number + 1)}
        answer = (await client.post(url, data=form)).json()
        codes.append(answer.get("error_code", 0))

    async with anyio.create_task_group() as group:
        for number, url in enumerate(urls):
            group.start_soon(ask, url, number)
    return sorted(codes)


async def test_the_fifteenth_at_a_time_is_refused() -> None:
    """Fourteen requests are taken at a time, by all hosts together."""
    async with Sandbox(latency=0.5) as sandbox, browser(sandbox) as client:
        urls = [f"{sandbox.urls[number % 2]}/sys/send.php" for number in range(20)]
        assert await crowd(client, urls) == [0] * 14 + [9] * 6
        assert set(sandbox.refusals) == {Refusal("send.php", 9, "concurrency")}
        assert (sandbox.peak_in_flight, len(sandbox.messages)) == (20, 14)


async def test_the_fifth_status_at_a_time_is_refused() -> None:
    """Four requests to status.php are taken at a time."""
    async with Sandbox(latency=lambda: 0.5) as sandbox, browser(sandbox) as client:
        assert await crowd(client, ["/sys/status.php"] * 6) == [0] * 4 + [9] * 2
        assert set(sandbox.refusals) == {Refusal("status.php", 9, "status.concurrency")}
        assert (sandbox.peak_in_flight, sandbox.peak_status_in_flight) == (6, 6)


async def test_one_after_another_are_not_at_a_time() -> None:
    """A request that is answered is not in flight any more."""
    async with Sandbox() as sandbox, browser(sandbox) as client:
        for number in range(16):
            assert await post(client, "send.php", phones="79991234567", mes=str(number)) == {
                "id": number + 1,
                "cnt": 1,
            }
        assert sandbox.peak_in_flight == 1


async def test_nothing_is_refused_without_limits() -> None:
    """Without limits all is taken, and the peaks are known nevertheless."""
    async with Sandbox(limits=False, latency=0.5) as sandbox, browser(sandbox) as client:
        assert await crowd(client, ["/sys/send.php"] * 20) == [0] * 20
        assert (sandbox.refusals, sandbox.peak_in_flight) == ((), 20)


async def until(happened: Callable[[], bool]) -> None:
    """Wait until it happened."""
    with anyio.fail_after(5):
        while not happened():
            await anyio.sleep(0.002)


async def send_in_vain(client: httpx.AsyncClient, broken: list[Exception]) -> None:
    """Send a message whose answer does not come, and note why."""
    try:
        await client.post("/sys/send.php", data=ONE)
    except httpx.TransportError as error:
        broken.append(error)


@pytest.mark.parametrize(("late", "taken"), [(False, 1), (True, 0)])
async def test_a_request_is_processed_before_its_latency_or_after(
    *, late: bool, taken: int
) -> None:
    """A host that is killed in between has taken the message, unless the sandbox is a late one."""
    async with Sandbox(latency=60, late=late) as sandbox, browser(sandbox) as client:
        with anyio.fail_after(5):
            async with anyio.create_task_group() as group:
                group.start_soon(send_in_vain, client, [])
                await until(lambda: sandbox.peak_in_flight == 1)
                sandbox.hosts[0].kill()
        assert len(sandbox.messages) == taken


async def test_a_late_request_is_processed() -> None:
    """A late sandbox processes the request in the end, and answers at once."""
    async with Sandbox(latency=0.01, late=True) as sandbox, browser(sandbox) as client:
        assert await post(client, "balance.php") == {"balance": "1000"}


async def test_a_kill_resets_what_is_in_flight() -> None:
    """Whoever waits for an answer gets a broken connection at once; what was taken stays."""
    async with Sandbox(latency=60) as sandbox, browser(sandbox) as client:
        broken: list[Exception] = []
        with anyio.fail_after(5):
            async with anyio.create_task_group() as group:
                group.start_soon(send_in_vain, client, broken)
                await until(lambda: len(sandbox.messages) == 1)
                sandbox.hosts[0].kill()
        assert len(broken) == 1
        with pytest.raises(httpx.ConnectError):
            await client.post(f"{sandbox.urls[0]}/sys/send.php", data=ONE)
        assert len(sandbox.messages) == 1


async def test_the_backup_goes_on_with_the_same_account() -> None:
    """After the main host is killed, the backup knows its messages; it comes back as it was."""
    async with Sandbox() as sandbox, browser(sandbox) as client:
        question = {"phone": "79991234567", "id": "9"}
        await client.post("/sys/send.php", data=ONE | {"id": "9", "cost": "3"})
        sandbox.hosts[0].kill()
        answer = await client.post(f"{sandbox.urls[1]}/sys/status.php", data=AUTH | question)
        assert answer.json()["status"] == -1
        urls = sandbox.urls
        sandbox.hosts[0].restart()
        assert sandbox.urls == urls
        async with browser(sandbox) as again:
            assert (await post(again, "status.php", **question))["status"] == -1


def test_a_kill_is_a_reset() -> None:
    """The connection is reset; it does not end as a finished one does."""
    with Sandbox() as sandbox:
        trust = ssl.create_default_context(cafile=sandbox.ca)
        plain = socket.create_connection(("127.0.0.1", sandbox.hosts[0].port))
        secure = trust.wrap_socket(plain, server_hostname="localhost")
        # What is unread would make any end a reset.
        secure.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert secure.recv(4096).startswith(b"HTTP/1.1 404")
        # Below TLS, which takes a reset for an end.
        with socket.socket(fileno=secure.detach()) as connection:
            sandbox.hosts[0].kill()
            with pytest.raises(ConnectionResetError):
                list(iter(partial(connection.recv, 4096), b""))
        sandbox.hosts[0].kill()


def test_it_leaves_nothing_behind() -> None:
    """Its threads, files and ports are gone when it ends, and it can start again."""
    before = set(threading.enumerate())
    sandbox = Sandbox()
    for _ in range(2):
        with sandbox:
            assert len(sandbox.urls) == 2
            directory = Path(sandbox.ca).parent
            ports = [host.port for host in sandbox.hosts]
            assert len(set(threading.enumerate()) - before) == 2
        assert set(threading.enumerate()) <= before
        assert not directory.exists()
        for port in ports:
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", port)).close()
        gc.collect()
    with pytest.raises(RuntimeError, match="not running"):
        assert sandbox.ca


def test_ports_can_be_chosen() -> None:
    """The hosts are where they were asked for; a port in use is an error that leaves nothing."""
    before = set(threading.enumerate())
    with Sandbox(hosts=1) as first:
        free = [host.port for host in first.hosts]
    with Sandbox(ports=free) as second:
        assert second.urls == (f"https://localhost:{free[0]}",)
        with pytest.raises(OSError, match="in use"), Sandbox(ports=(0, free[0])):
            pass  # pragma: no cover
        with pytest.raises(RuntimeError, match="already"):
            second.start()
        with pytest.raises(RuntimeError, match="already"):
            second.hosts[0].start()
    assert set(threading.enumerate()) <= before
    gc.collect()


async def test_its_client_knows_the_way() -> None:
    """A client of the sandbox has its hosts, its certificate and its password."""
    async with Sandbox() as sandbox, sandbox.client() as smsc:
        sent = await smsc.send("+79991234567", HELLO)
        assert [message.id for message in sandbox.messages] == [sent.id]
    async with Sandbox() as sandbox, sandbox.client(apikey=sandbox.apikey) as smsc:
        assert (await smsc.balance()).amount == 1000
