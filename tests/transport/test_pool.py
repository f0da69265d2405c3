"""When connections are opened, kept, and given up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import anyio.lowlevel
import httpx
import pytest

from smsc_async.transport import Sent, TransportFailure, wire
from smsc_async.transport.dial import dial
from smsc_async.transport.pool import ConnectionPool
from smsc_async.transport.tls import context_for

from .raw_server import answer_all, plain_http, serve

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import AsyncIterator

    from .conftest import Certificates, FakeClock
    from .raw_server import Peer, RawServer

pytestmark = pytest.mark.anyio


@pytest.fixture
async def pool(certificates: Certificates, clock: FakeClock) -> AsyncIterator[ConnectionPool]:
    """Return a pool whose connections do five requests each."""
    pool = ConnectionPool(
        context_for(certificates.client(), http2=True),
        connect_timeout=5,
        reply_timeout=5,
        clock=clock,
        most_requests=5,
    )
    yield pool
    await pool.aclose()


async def post(pool: ConnectionPool, server: RawServer, body: bytes = b"a=1") -> bytes:
    """Post the body and return the answer's."""
    request = httpx.Request("POST", server.url + "/x", content=body)
    response = await pool.handle_async_request(request)
    return await response.aread()


@pytest.mark.parametrize("secure", [True, False])
async def test_connection_rests_after_so_many_requests(
    secure: bool, pool: ConnectionPool, h2_tls: ssl.SSLContext
) -> None:
    """After its share of requests a connection is closed and the next one takes over."""
    script, tls = (answer_all, h2_tls) if secure else (plain_http, None)
    async with serve(script, tls) as server:
        for number in range(12):
            assert await post(pool, server, b"%d" % number) == b"%d" % number
        assert [len(peer.bodies) for peer in server.peers] == [5, 5, 2]


@pytest.mark.parametrize("secure", [True, False])
async def test_finished_connection_is_closed_at_once(
    secure: bool, pool: ConnectionPool, h2_tls: ssl.SSLContext
) -> None:
    """A connection that takes no more does not stay open until somebody looks."""
    script, tls = (answer_all, h2_tls) if secure else (plain_http, None)
    async with serve(script, tls) as server:
        for _ in range(5):
            await post(pool, server)
        with anyio.fail_after(5):
            await server.peers[0].ended.wait()


async def test_rotation_lets_the_last_requests_finish(
    pool: ConnectionPool, h2_tls: ssl.SSLContext
) -> None:
    """A connection that takes no more is closed only when its last request is answered."""

    async def answer_fives(peer: Peer) -> None:
        await peer.start()
        while True:
            for stream in [await peer.request() for _ in range(5)]:
                await peer.answer(stream, peer.bodies[stream])

    got: list[bytes] = []
    async with serve(answer_fives, h2_tls) as server:

        async def call(number: int) -> None:
            got.append(await post(pool, server, b"%d" % number))

        with anyio.fail_after(5):
            async with anyio.create_task_group() as group:
                for number in range(10):
                    group.start_soon(call, number)
        assert sorted(got) == [b"%d" % number for number in range(10)]
        assert [len(peer.bodies) for peer in server.peers] == [5, 5]


@pytest.mark.parametrize("secure", [True, False])
async def test_long_idle_connection_is_not_used(
    secure: bool, pool: ConnectionPool, clock: FakeClock, h2_tls: ssl.SSLContext
) -> None:
    """A connection idle for over a minute is closed, one idle for a minute is used."""
    script, tls = (answer_all, h2_tls) if secure else (plain_http, None)
    async with serve(script, tls) as server:
        await post(pool, server)
        clock.time += 60
        await post(pool, server)
        assert len(server.peers) == 1
        clock.time += 60.1
        await post(pool, server)
        assert len(server.peers) == 2


async def test_waiters_take_over_from_a_cancelled_connector(
    pool: ConnectionPool, h2_tls: ssl.SSLContext
) -> None:
    """The call that connects for all is cancelled: another connects, and all are answered."""
    got: list[bytes] = []
    async with serve(answer_all, h2_tls) as server:
        connector = anyio.CancelScope()

        async def first() -> None:
            with connector:
                await post(pool, server)

        async def follow() -> None:
            got.append(await post(pool, server))

        with anyio.fail_after(5):
            async with anyio.create_task_group() as group:
                group.start_soon(first)
                await anyio.lowlevel.checkpoint()
                for _ in range(5):
                    group.start_soon(follow)
                await anyio.lowlevel.checkpoint()
                await anyio.lowlevel.checkpoint()
                connector.cancel()
        assert got == [b"a=1"] * 5
        assert len([peer for peer in server.peers if peer.bodies]) == 1


async def test_waiters_share_a_failure_to_connect(
    pool: ConnectionPool, h2_tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A burst against a dead host tries to connect once, and every call is told."""
    async with serve(answer_all, h2_tls) as server:
        pass
    tries = 0

    async def counted(host: str, port: int) -> socket.socket:
        nonlocal tries
        tries += 1
        await anyio.sleep(0.01)
        return await dial(host, port)

    monkeypatch.setattr(wire, "dial", counted)
    failures: list[TransportFailure] = []

    async def call() -> None:
        with pytest.raises(TransportFailure) as caught:
            await post(pool, server)
        failures.append(caught.value)

    async with anyio.create_task_group() as group:
        for _ in range(12):
            group.start_soon(call)
    assert [failure.sent for failure in failures] == [Sent.NO] * 12
    assert tries == 1


async def test_closed_pool_sends_nothing(pool: ConnectionPool, h2_tls: ssl.SSLContext) -> None:
    """After `aclose` every call fails as not sent, and no connection is opened."""
    async with serve(answer_all, h2_tls) as server:
        await post(pool, server)
        await pool.aclose()
        with pytest.raises(TransportFailure, match="closed") as caught:
            await post(pool, server)
        assert caught.value.sent is Sent.NO
        assert len(server.peers) == 1


async def test_connection_made_while_closing_is_closed(
    pool: ConnectionPool, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pool closed while somebody connects keeps nothing open."""
    async with serve(answer_all, certificates.server("h2")) as server:

        async def closing(host: str, port: int) -> socket.socket:
            await pool.aclose()
            return await dial(host, port)

        monkeypatch.setattr(wire, "dial", closing)
        with pytest.raises(TransportFailure, match="closed"):
            await post(pool, server)
        assert server.posts == []


async def test_server_that_takes_no_stream_is_not_sent_to(
    pool: ConnectionPool, h2_tls: ssl.SSLContext
) -> None:
    """A server that allows no stream at all: a few connections are tried, nothing is sent twice."""

    async def none_at_all(peer: Peer) -> None:
        await peer.start(MAX_CONCURRENT_STREAMS=1)
        await peer.answer(await peer.request())
        peer.link.update_settings({3: 0})
        await peer.flush()
        await peer.linger()

    async with serve(none_at_all, h2_tls) as server:
        assert await post(pool, server) == b"{}"
        await anyio.sleep(0.01)
        assert await post(pool, server) == b"{}"
        assert len(server.peers) == 2
        assert server.posts == [b"a=1", b"a=1"]
