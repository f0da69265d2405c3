"""Addresses of a host, raced: which are tried, when, and what becomes of the others."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, TypeAlias

import anyio
import pytest

from smsc_async.transport import dial as dial_module
from smsc_async.transport.dial import dial

if TYPE_CHECKING:
    from collections.abc import Iterator

Found: TypeAlias = list[tuple[object, ...]]

pytestmark = pytest.mark.anyio

V4, V6 = socket.AF_INET, socket.AF_INET6


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Return a socket that takes connections."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        yield sock


@pytest.fixture
def deaf() -> Iterator[int]:
    """Return a port where nobody answers: its backlog is full."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen(0)
        port = sock.getsockname()[1]
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        yield port
        for filler in fillers:
            filler.close()


def closed_port() -> int:
    """Return a port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port: int = sock.getsockname()[1]
        return port


def resolve_to(monkeypatch: pytest.MonkeyPatch, *ports: int) -> None:
    """Let every name have these addresses."""
    found: Found = [(V4, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)) for port in ports]

    async def getaddrinfo(*args: object, **options: object) -> Found:
        return found

    monkeypatch.setattr(anyio, "getaddrinfo", getaddrinfo)


async def test_socket_is_connected_and_does_not_block(listener: socket.socket) -> None:
    """It sends small pieces at once, and never keeps the event loop waiting."""
    host, port = listener.getsockname()
    with await dial(host, port) as sock:
        assert sock.getpeername() == (host, port)
        assert not sock.getblocking()
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


async def test_refusal_moves_on_at_once(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An address that refuses is followed by the next without its head start."""
    port = listener.getsockname()[1]
    resolve_to(monkeypatch, closed_port(), port)
    monkeypatch.setattr(dial_module, "HEAD_START", 3600)
    with anyio.fail_after(5):
        sock = await dial("smsc.example", 443)
    with sock:
        assert sock.getpeername()[1] == port


async def test_silent_address_is_overtaken(
    listener: socket.socket, deaf: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After its head start the next address is tried beside it, and wins."""
    port = listener.getsockname()[1]
    resolve_to(monkeypatch, deaf, port)
    monkeypatch.setattr(dial_module, "HEAD_START", 0.01)
    with anyio.fail_after(5):
        sock = await dial("smsc.example", 443)
    with sock:
        assert sock.getpeername()[1] == port


async def test_first_failure_is_told_when_all_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every address refuses."""
    resolve_to(monkeypatch, closed_port(), closed_port())
    with pytest.raises(ConnectionRefusedError):
        await dial("smsc.example", 443)


async def test_host_without_an_address_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """The resolver knows the name, and nothing to connect to."""
    resolve_to(monkeypatch)
    with pytest.raises(OSError, match="no address"):
        await dial("smsc.example", 443)


async def test_second_winner_is_closed(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two addresses that answer at once leave one connection."""
    port = listener.getsockname()[1]
    resolve_to(monkeypatch, port, port)
    monkeypatch.setattr(dial_module, "HEAD_START", 0)
    together = anyio.Event()
    waiting = 0

    async def wait_writable(sock: socket.socket) -> None:
        nonlocal waiting
        waiting += 1
        if waiting == 2:
            together.set()
        await together.wait()

    monkeypatch.setattr(anyio, "wait_writable", wait_writable)
    with await dial("smsc.example", 443):
        others = [listener.accept()[0] for _ in range(2)]
        assert sum(map(has_ended, others)) == 1
    for other in others:
        other.close()


def has_ended(sock: socket.socket) -> bool:
    """Whether the other end is closed."""
    try:
        return sock.recv(1, socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False


async def test_cancelled_dial_leaves_nothing_open(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even a connection that was made at the same moment."""
    port = listener.getsockname()[1]
    with anyio.CancelScope() as scope:

        async def wait_writable(sock: socket.socket) -> None:
            scope.cancel()

        monkeypatch.setattr(anyio, "wait_writable", wait_writable)
        await dial("127.0.0.1", port)
    assert scope.cancelled_caught
    other, _ = listener.accept()
    with other:
        assert other.recv(1) == b""


@pytest.mark.parametrize(
    ("families", "turns"),
    [
        ([V6, V6, V6, V4], [V6, V4, V6, V6]),
        ([V4, V4, V6], [V4, V6, V4]),
        ([V4, V4], [V4, V4]),
    ],
)
def test_families_take_turns(
    families: list[socket.AddressFamily], turns: list[socket.AddressFamily]
) -> None:
    """The resolver's favourite first, then one of each."""
    found = [(family, (f"address {place}", 443)) for place, family in enumerate(families)]
    ordered = dial_module._by_turns(found)
    assert [family for family, _ in ordered] == turns
    assert sorted(ordered) == sorted(found)
