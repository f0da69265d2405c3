"""Bytes over a real socket: what is seen before reading, and interrupted writes."""

from __future__ import annotations

import asyncio
import os
import socket
from typing import TYPE_CHECKING

import anyio
import pytest

from smsc_async.transport import Sent, TransportFailure
from smsc_async.transport.hosts import Origin
from smsc_async.transport.tls import Tls
from smsc_async.transport.wire import Wire, connect, describe

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

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
    wire.close()


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


async def test_cancelled_receive_loses_nothing(ends: Ends) -> None:
    """Who receives next gets what came, and until then nothing is waiting unseen."""
    wire, other = ends
    with anyio.move_on_after(0.01):
        await wire.receive()
    assert not wire.readable()
    other.send(b"late")
    with anyio.CancelScope() as scope:
        scope.cancel()
        await wire.receive()
    assert await wire.receive() == b"late"


async def test_closing_ends_a_wait_and_twice_is_once(ends: Ends) -> None:
    """Who waits is told; a closed wire can be closed again, and takes no bytes."""
    wire, _ = ends

    async def wait() -> None:
        with pytest.raises(anyio.ClosedResourceError):
            await wire.receive()

    async with anyio.create_task_group() as group:
        group.start_soon(wait)
        await anyio.wait_all_tasks_blocked()
        wire.close()
    wire.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        wire.write(b"x")


@pytest.mark.parametrize("job", ["receive", "drain"])
async def test_number_of_a_closed_socket_is_free_when_nobody_waits_on_it(
    job: str, ends: Ends
) -> None:
    """A new socket that got the number at once would lose its waiting to who ends the old one's."""
    wire, _ = ends
    assert not wire.write(bytes(8_000_000))
    number = wire._socket.fileno()

    async def wait() -> None:
        with pytest.raises(anyio.ClosedResourceError):
            await (wire.receive() if job == "receive" else wire.drain())

    async with anyio.create_task_group() as group:
        group.start_soon(wait)
        await anyio.wait_all_tasks_blocked()
        wire.close()
        pair = socket.socketpair()
        numbers = [sock.fileno() for sock in pair]
        for sock in pair:
            sock.close()
        assert number not in numbers
    assert wire._socket.fileno() < 0


def hear(sock: socket.socket, size: int) -> bytes:
    """Read so many bytes."""
    sock.settimeout(5)
    heard = bytearray()
    while len(heard) < size:
        heard += sock.recv(1 << 20)
    return bytes(heard)


async def drained(wire: Wire, other: socket.socket, size: int) -> bytes:
    """Drain the wire while so many bytes are read at its other end."""
    async with anyio.create_task_group() as group:
        group.start_soon(wire.drain)
        return await anyio.to_thread.run_sync(hear, other, size)
    raise AssertionError


async def test_what_the_socket_does_not_take_at_once_is_drained(ends: Ends) -> None:
    """A long write goes on while the other end reads, and what is written meanwhile follows."""
    wire, other = ends
    long = os.urandom(8_000_000)
    assert not wire.write(long)
    assert not wire.write(b"tail")
    assert await drained(wire, other, len(long) + 4) == long + b"tail"
    assert wire.write(b"more")


async def test_write_to_an_end_that_is_gone_is_an_error(ends: Ends) -> None:
    """It is the socket's own, and what it did not take is not tried again."""
    wire, other = ends
    other.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    other.close()
    with anyio.fail_after(5):
        while not wire.readable():
            await anyio.sleep(0.001)
    with pytest.raises(ConnectionError):
        wire.write(b"x")
    assert not wire.unsent


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_native_cancellation_does_not_lose_a_write(ends: Ends) -> None:
    """However often a task is cancelled while it writes, the next one goes on where it was."""
    wire, other = ends
    long = os.urandom(8_000_000)
    assert not wire.write(long)
    for _ in range(2):
        task = asyncio.ensure_future(wire.drain())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert not wire.write(b"tail")
    assert await drained(wire, other, len(long) + 4) == long + b"tail"


class EarlyTls(Tls):
    """Has something to read as soon as the hands are shaken."""

    def __init__(self) -> None:
        self.ended = False

    def decrypt(self, received: bytes) -> bytes:
        """Return what was there before anything else."""
        return received or b"early"


async def test_what_came_with_the_handshake_is_not_forgotten() -> None:
    """Bytes behind the end of the handshake are seen, and received first."""
    wire = Wire(socket.socket(), EarlyTls())
    assert wire.readable()
    assert await wire.receive() == b"early"
    wire.close()


async def test_unknown_name_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name without an address fails as not sent."""

    async def no_address(*args: object, **options: object) -> object:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(anyio, "getaddrinfo", no_address)
    with pytest.raises(TransportFailure, match="Name or service not known") as caught:
        await connect(Origin("https", "smsc.example", 443), None, 5)
    assert caught.value.sent is Sent.NO


def test_errors_are_described_in_a_line() -> None:
    """The kind of an error is told, also when it has no text."""
    assert describe(KeyError("a")) == "KeyError: 'a'"
    assert describe(anyio.EndOfStream()) == "EndOfStream"
