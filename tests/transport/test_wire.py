"""Bytes over a real socket: what is seen before reading, and interrupted writes."""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

import anyio
import pytest
from anyio.abc import SocketStream

from smsc_async.transport import Sent, TransportFailure
from smsc_async.transport.hosts import Origin
from smsc_async.transport.tls import Tls
from smsc_async.transport.wire import Wire, connect, describe

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

Ends = tuple[Wire, socket.socket]
pytestmark = pytest.mark.anyio


@pytest.fixture
async def ends() -> AsyncIterator[Ends]:
    """Return a wire and the bare socket at its other end."""
    listener = socket.create_server(("127.0.0.1", 0))
    wire = await connect(Origin("http", "127.0.0.1", listener.getsockname()[1]), None, 5)
    other, _ = listener.accept()
    listener.close()
    yield wire, other
    other.close()
    await wire.aclose()


async def test_bytes_go_both_ways(ends: Ends) -> None:
    """What is sent arrives, what comes is received, the end is told."""
    wire, other = ends
    assert wire.write(b"ping")
    assert other.recv(10) == b"ping"
    other.send(b"pong")
    assert await wire.receive() == b"pong"
    other.close()
    with pytest.raises(anyio.EndOfStream):
        await wire.receive()


@pytest.mark.parametrize("close", [True, False])
async def test_readable_sees_bytes_and_the_end_without_reading(ends: Ends, close: bool) -> None:
    """Nothing is readable at first; then bytes are, and so is the end."""
    wire, other = ends
    assert not wire.readable()
    if close:
        other.close()
    else:
        other.send(b"x")
    with anyio.fail_after(5):
        while not wire.readable():
            await anyio.sleep(0.001)


async def test_cancelled_receive_leaves_a_doubt(ends: Ends) -> None:
    """After a cancelled receive something may be waiting, until somebody has looked."""
    wire, _ = ends
    with anyio.move_on_after(0.01):
        await wire.receive()
    assert wire.readable()
    wire.settle()
    assert not wire.readable()


async def test_closing_twice_is_closing_once(ends: Ends) -> None:
    """A closed wire can be closed again, and takes no bytes."""
    wire, _ = ends
    await wire.aclose()
    await wire.aclose()
    with pytest.raises(anyio.BrokenResourceError):
        wire.write(b"x")


async def test_what_the_socket_does_not_take_at_once_is_drained(ends: Ends) -> None:
    """A long write goes on while the other end reads, and what is written meanwhile follows."""
    wire, other = ends
    long = os.urandom(8_000_000)
    assert not wire.write(long)
    assert not wire.write(b"tail")
    other.settimeout(5)
    heard: list[bytes] = []

    def hear() -> None:
        while sum(map(len, heard)) < len(long) + 4:
            heard.append(other.recv(1 << 20))

    async with anyio.create_task_group() as group:
        group.start_soon(anyio.to_thread.run_sync, hear)
        await wire.drain()
    assert b"".join(heard) == long + b"tail"
    assert wire.write(b"more")


async def test_write_to_an_end_that_is_gone_breaks_the_wire(ends: Ends) -> None:
    """The error is raised, and nothing is taken any more."""
    wire, other = ends
    other.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    other.close()
    with anyio.fail_after(5):
        while not wire.readable():
            await anyio.sleep(0.001)
    with pytest.raises(ConnectionError):
        wire.write(b"x")
    with pytest.raises(anyio.BrokenResourceError):
        wire.write(b"x")


@contextmanager
def full_socket() -> Iterator[socket.socket]:
    """Return a socket that takes nothing more."""
    full, other = socket.socketpair()
    with full, other:
        full.setblocking(False)
        with pytest.raises(BlockingIOError):
            while True:
                full.send(b"x" * 65_536)
        yield full


class Yielding(SocketStream):
    """A stream that yields before it takes the bytes, as older versions of anyio do."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.taken = b""
        self.full = False

    @property
    def _raw_socket(self) -> socket.socket:
        return self.sock

    async def receive(self, max_bytes: int = 65536) -> bytes:
        """Never be asked to."""
        raise AssertionError

    async def send(self, item: bytes) -> None:
        """Yield, wait if full, take the bytes, yield."""
        await asyncio.sleep(0)
        if self.full:
            await asyncio.sleep(5)
        self.taken += item
        await asyncio.sleep(0)

    async def send_eof(self) -> None:
        """Never be asked to."""
        raise AssertionError

    async def aclose(self) -> None:
        """Leave the socket to the test."""


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.parametrize("steps", [0, 1])
async def test_native_cancellation_does_not_lose_a_write(steps: int) -> None:
    """A task cancelled while it writes has written, and is cancelled."""
    with full_socket() as sock:
        stream = Yielding(sock)
        wire = Wire(stream)
        assert not wire.write(b"whole")
        task = asyncio.ensure_future(wire.drain())
        await asyncio.sleep(0)
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert stream.taken == b"whole"
        assert not wire.write(b" more")
        await wire.drain()
        assert stream.taken == b"whole more"
        await wire.aclose()


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_second_interrupted_write_breaks_the_wire(monkeypatch: pytest.MonkeyPatch) -> None:
    """Interrupted while an interrupted write is still under way: nobody knows what was taken."""
    with full_socket() as sock:
        stream = Yielding(sock)
        stream.full = True
        wire = Wire(stream)
        for _ in range(2):
            assert not wire.write(b"x")
            task = asyncio.ensure_future(wire.drain())
            await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        with pytest.raises(anyio.BrokenResourceError):
            wire.write(b"y")
        assert stream.taken == b""
        await wire.aclose()


class EarlyTls(Tls):
    """Has something to read as soon as the hands are shaken."""

    def __init__(self) -> None:
        self.ended = False

    def decrypt(self, received: bytes) -> bytes:
        """Return what was there before anything else."""
        return received or b"early"


async def test_what_came_with_the_handshake_is_not_forgotten() -> None:
    """Bytes behind the end of the handshake are seen, and received first."""
    with socket.socket() as sock:
        wire = Wire(Yielding(sock), EarlyTls())
        assert wire.readable()
        assert await wire.receive() == b"early"
        await wire.aclose()


async def test_unknown_name_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name without an address fails as not sent."""

    async def no_address(*args: object) -> object:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(anyio, "connect_tcp", no_address)
    with pytest.raises(TransportFailure, match="Name or service not known") as caught:
        await connect(Origin("https", "smsc.example", 443), None, 5)
    assert caught.value.sent is Sent.NO


def test_errors_are_described_in_a_line() -> None:
    """The kind of an error is told, also when it has no text."""
    assert describe(KeyError("a")) == "KeyError: 'a'"
    assert describe(anyio.EndOfStream()) == "EndOfStream"
