"""HTTP/1.1 connections against a real server that does as it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import pytest

from smsc_async._clock import SystemClock
from smsc_async.transport import Sent, TransportFailure
from smsc_async.transport.http11 import Http11Connection

from .raw_server import Script, plain_http, serve
from .scripted_wire import HEAD, ScriptedWire

if TYPE_CHECKING:
    from .conftest import Certificates, OpenExchange
    from .raw_server import Peer

pytestmark = pytest.mark.anyio


OK = b"HTTP/1.1 200 OK\r\n"


async def read_request(peer: Peer) -> None:
    """Read `a=1` and what comes before it."""
    data = b""
    while not data.endswith(b"a=1"):
        data += await peer.stream.receive()
    peer.bodies[len(peer.bodies)] = b"a=1"


def replies(raw: bytes, *, then_hang: bool = False) -> Script:
    """Return a script that answers one request with these bytes."""

    async def script(peer: Peer) -> None:
        await read_request(peer)
        await peer.stream.send(raw)
        if then_hang:
            await anyio.sleep_forever()

    return script


async def test_answers_a_form(open_exchange: OpenExchange) -> None:
    """Plain http:// is HTTP/1.1, and the connection is kept for the next call."""
    async with serve(plain_http) as server, open_exchange(server.url) as exchange:
        for body in (b"a=1", b"x" * 200_000, b"", b"a=2"):
            reply = await exchange("/sys/send.php", body)
            assert (reply.status, reply.body, reply.http_version) == (200, body, "HTTP/1.1")
        assert len(server.peers) == 1
        assert server.peers[0].heads[0][b"host"] == reply.host.encode()


@pytest.mark.parametrize("protocols", [["http/1.1"], []])
async def test_falls_back_when_alpn_has_no_http2(
    protocols: list[str], open_exchange: OpenExchange, certificates: Certificates
) -> None:
    """A server without HTTP/2 gets a connection per call at once, and these are used again."""
    tls = certificates.server(*protocols) if protocols else certificates.server("spdy/1")
    async with serve(plain_http, tls) as server, open_exchange(server.url) as exchange:
        for _ in range(3):
            with anyio.fail_after(10):
                async with anyio.create_task_group() as group:
                    for number in range(5):
                        group.start_soon(exchange, "/x", b"%d" % number)
        assert sorted(server.posts) == sorted([b"%d" % number for number in range(5)] * 3)
        assert len(server.peers) <= 5


async def test_http2_can_be_left_out(
    open_exchange: OpenExchange, certificates: Certificates
) -> None:
    """With `http2=False` a server that has both is spoken to in HTTP/1.1."""
    tls = certificates.server("h2", "http/1.1")
    async with (
        serve(plain_http, tls) as server,
        open_exchange(server.url, http2=False) as exchange,
    ):
        assert (await exchange("/x", b"a=1")).http_version == "HTTP/1.1"
        assert server.peers[0].protocol == "http/1.1"


async def test_connection_used_last_is_used_first(open_exchange: OpenExchange) -> None:
    """Of several idle connections the one that was used last gets the next call."""
    go = [anyio.Event() for _ in range(3)]

    async def in_turn(peer: Peer) -> None:
        await read_request(peer)
        await go[peer.index].wait()
        await peer.stream.send(OK + b"content-length: 1\r\n\r\n%d" % peer.index)
        await read_request(peer)
        await peer.stream.send(OK + b"content-length: 1\r\n\r\n%d" % peer.index)
        await anyio.sleep_forever()

    async with serve(in_turn) as server, open_exchange(server.url) as exchange:
        done: list[bytes] = []

        async def call() -> None:
            done.append((await exchange("/x", b"a=1")).body)

        with anyio.fail_after(5):
            async with anyio.create_task_group() as group:
                for _ in range(3):
                    group.start_soon(call)
                for count, index in enumerate((2, 0, 1), 1):
                    go[index].set()
                    while len(done) < count:
                        await anyio.sleep(0.001)
            assert done == [b"2", b"0", b"1"]
            assert (await exchange("/x", b"a=1")).body == b"1"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        OK,
        OK + b"content-length: 10\r\n\r\nhalf",
        OK + b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
        OK + b"transfer-encoding: chunked\r\n\r\nnonsense",
        OK + b"content-length: x\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n",
        b"\0\0\0\4\0\0\0\0\0",
        b"HTTP/1.1 200 " + b"x" * 100_000,
    ],
)
async def test_broken_answers_are_unknown(raw: bytes, open_exchange: OpenExchange) -> None:
    """Whatever is not a whole answer is unknown, in the reply phase."""
    async with serve(replies(raw)) as server, open_exchange(server.url) as exchange:
        with anyio.fail_after(10), pytest.raises(TransportFailure) as caught:
            await exchange("/x", b"a=1")
        assert caught.value.sent is Sent.UNKNOWN
        assert [attempt.phase for attempt in caught.value.attempts] == ["reply"]
        assert server.posts == [b"a=1"]


@pytest.mark.parametrize(
    ("raw", "body"),
    [
        (OK + b"\r\nuntil the end", b"until the end"),
        (b"HTTP/1.1 103 Early Hints\r\n\r\n" + OK + b"content-length: 2\r\n\r\nok", b"ok"),
        (OK + b"transfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", b"ok"),
    ],
)
async def test_whole_answers_in_every_form(
    raw: bytes, body: bytes, open_exchange: OpenExchange
) -> None:
    """Lengths, chunks, an end by closing, and hints before the answer are all understood."""
    async with serve(replies(raw)) as server, open_exchange(server.url) as exchange:
        assert (await exchange("/x", b"a=1")).body == body


async def test_no_answer_in_time_is_unknown(open_exchange: OpenExchange) -> None:
    """The deadline ends the call and the connection; the next call uses a new one."""

    async def slow_once(peer: Peer) -> None:
        if peer.index:
            await plain_http(peer)
        await read_request(peer)
        await anyio.sleep_forever()

    async with (
        serve(slow_once) as server,
        open_exchange(server.url, reply_timeout=0.2) as exchange,
    ):
        with pytest.raises(TransportFailure) as caught:
            await exchange("/x", b"a=1")
        assert caught.value.sent is Sent.UNKNOWN
        assert (await exchange("/x", b"a=1")).status == 200
        assert len(server.peers) == 2


async def test_cancelled_call_does_not_leave_its_answer_to_the_next(
    open_exchange: OpenExchange,
) -> None:
    """A connection whose call was cancelled is closed, so no answer goes astray."""
    asked = anyio.Event()

    async def late(peer: Peer) -> None:
        if peer.index:
            await plain_http(peer)
        await read_request(peer)
        asked.set()
        await anyio.sleep_forever()

    async with serve(late) as server, open_exchange(server.url) as exchange:
        async with anyio.create_task_group() as group:
            group.start_soon(exchange, "/x", b"a=1")
            await asked.wait()
            group.cancel_scope.cancel()
        assert (await exchange("/x", b"second")).body == b"second"


@pytest.mark.parametrize("unasked", [None, b"HTTP/1.1 408 Request Timeout\r\n\r\n"])
@pytest.mark.parametrize("tls", [False, True])
async def test_dead_idle_connection_is_noticed_before_writing(
    tls: bool, unasked: bytes | None, open_exchange: OpenExchange, certificates: Certificates
) -> None:
    """A kept connection that was closed, or spoke out of turn, is not written to."""

    async def once(peer: Peer) -> None:
        await read_request(peer)
        await peer.stream.send(OK + b"content-length: 0\r\n\r\n")
        if unasked is not None:
            await peer.stream.send(unasked)
            await anyio.sleep_forever()

    context = certificates.server("http/1.1") if tls else None
    async with serve(once, context) as server, open_exchange(server.url) as exchange:
        await exchange("/x", b"a=1")
        await anyio.sleep(0.02)
        assert (await exchange("/x", b"a=1")).status == 200
        assert server.posts == [b"a=1", b"a=1"]
        assert len(server.peers) == 2


async def test_too_large_an_answer_is_unknown(
    open_exchange: OpenExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer over the cap is given up."""
    monkeypatch.setattr("smsc_async.transport.http11.BODY_CAP", 1000)
    raw = OK + b"content-length: 1001\r\n\r\n" + b"z" * 1001
    async with serve(replies(raw)) as server, open_exchange(server.url) as exchange:
        with pytest.raises(TransportFailure, match="longer than") as caught:
            await exchange("/x", b"a=1")
        assert caught.value.sent is Sent.UNKNOWN


class StuckWire(ScriptedWire):
    """Takes nothing."""

    async def send(self, data: bytes) -> None:
        """Wait for ever."""
        await anyio.sleep_forever()


async def test_write_that_does_not_get_on_says_how_long() -> None:
    """It ends the call in the write phase, in doubt, after the shorter of the two times."""
    connection = Http11Connection(
        StuckWire([]), reply_timeout=0.1, most_requests=9, clock=SystemClock()
    )
    with anyio.fail_after(5), pytest.raises(TransportFailure) as caught:
        await connection.request(HEAD, b"a=1")
    assert (caught.value.sent, caught.value.phase) == (Sent.UNKNOWN, "write")
    assert str(caught.value) == "a write did not get on for 0.1 s"
    assert connection.finished
