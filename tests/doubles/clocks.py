"""Clocks for tests: one that stands still, one whose sleepers never wait, one that runs fast."""

from __future__ import annotations

import itertools
import time
from heapq import heappop, heappush
from typing import TYPE_CHECKING

import anyio
import anyio.lowlevel

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["FakeClock", "InstantClock", "ScaledClock"]


class FakeClock:
    """Stands still until it is advanced; whoever sleeps wakes at his very moment."""

    def __init__(self) -> None:
        self._now = 1000.0
        self._alarms: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def now(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        await self.wait(anyio.Event(), seconds)

    async def wait(self, event: anyio.Event, seconds: float) -> bool:
        with anyio.CancelScope() as scope:
            heappush(self._alarms, (self._now + seconds, next(self._order), scope.cancel))
            await event.wait()
        return event.is_set()

    async def advance(self, seconds: float) -> None:
        """Let time pass, and everybody do what they do meanwhile."""
        until = self._now + seconds
        await anyio.wait_all_tasks_blocked()
        while self._alarms and self._alarms[0][0] <= until:
            self._now, _, ring = heappop(self._alarms)
            ring()
            await anyio.wait_all_tasks_blocked()
        self._now = until
        await anyio.wait_all_tasks_blocked()


class InstantClock:
    """Whoever sleeps wakes at once, and it is later then."""

    def __init__(self) -> None:
        self._now = 1000.0
        self.naps: list[float] = []

    def now(self) -> float:
        return self._now

    def pass_time(self, seconds: float) -> None:
        self._now += seconds

    async def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self._now += seconds
        await anyio.lowlevel.checkpoint()

    async def wait(self, event: anyio.Event, seconds: float) -> bool:
        await anyio.lowlevel.checkpoint()
        if not event.is_set():
            await self.sleep(seconds)
        return event.is_set()


class ScaledClock:
    """The machine's clock, some times as fast."""

    def __init__(self, factor: float) -> None:
        self._factor = factor

    def now(self) -> float:
        return time.monotonic() * self._factor

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds / self._factor)

    async def wait(self, event: anyio.Event, seconds: float) -> bool:
        with anyio.move_on_after(seconds / self._factor):
            await event.wait()
        return event.is_set()
