"""TCP to a host: whichever of its addresses answers first."""

from __future__ import annotations

import os
import socket
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import anyio

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypeAlias

    Address: TypeAlias = tuple[str, int] | tuple[str, int, int, int]
    Target: TypeAlias = tuple[socket.AddressFamily, Address]

__all__ = ["dial"]

HEAD_START: Final = 0.25
"""Seconds an address has to itself before the next is tried beside it (RFC 8305)."""


async def dial(host: str, port: int) -> socket.socket:
    """Connect and return the socket, which does not block; raises `OSError`."""
    found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    race = _Race()
    try:
        async with anyio.create_task_group() as group:
            for target in _by_turns((family, address) for family, *_, address in found):
                over = anyio.Event()
                group.start_soon(race.run, target, over, group.cancel_scope)
                with anyio.move_on_after(HEAD_START):
                    await over.wait()
    except BaseException:
        if race.winner is not None:
            race.winner.close()
        raise
    if race.winner is None:
        raise race.failures[0] if race.failures else OSError("the host has no address")
    return race.winner


class _Race:
    """The connections being tried: the first one wins, the others are ended."""

    def __init__(self) -> None:
        self.winner: socket.socket | None = None
        self.failures: list[OSError] = []

    async def run(self, target: Target, over: anyio.Event, others: anyio.CancelScope) -> None:
        try:
            sock = await _connect(*target)
        except OSError as error:
            self.failures.append(error)
        else:
            if self.winner is None:
                self.winner = sock
                others.cancel()
            else:
                sock.close()
        finally:
            over.set()


def _by_turns(targets: Iterable[Target]) -> list[Target]:
    """Let the families take turns, so that one without a route costs one head start."""
    seen: Counter[int] = Counter()
    places: list[tuple[int, Target]] = []
    for target in targets:
        places.append((seen[target[0]], target))
        seen[target[0]] += 1
    return [target for _, target in sorted(places, key=lambda place: place[0])]


async def _connect(family: socket.AddressFamily, address: Address) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await _reach(sock, address)
    except BaseException:
        sock.close()
        raise
    return sock


async def _reach(sock: socket.socket, address: Address) -> None:
    with suppress(BlockingIOError):
        sock.connect(address)
    await anyio.wait_writable(sock)
    if code := sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
        raise OSError(code, os.strerror(code))
