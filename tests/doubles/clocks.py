"""Clocks for tests: one that stands still, one that never waits, one that runs faster."""

from __future__ import annotations

import heapq
import time
from collections.abc import Awaitable, Callable

import anyio
import anyio.lowlevel

__all__ = ["FakeClock", "InstantClock", "ScaledClock", "let_others_act"]


async def let_others_act() -> None:
    """Return when every other task waits for something that only this one can bring."""
    # Under asyncio anyio looks only every tenth of a second; most often this is enough.
    for _ in range(20):
        await anyio.lowlevel.checkpoint()
    await anyio.wait_all_tasks_blocked()


class FakeClock:
    """Time that only `advance` moves; waits end in the order of their moments."""

    def __init__(self, start: float = 1000.0) -> None:
        self.others: Callable[[], Awaitable[None]] = let_others_act
        self._now = start
        self._moments: list[tuple[float, int]] = []
        self._scopes: dict[int, anyio.CancelScope] = {}
        self._count = 0

    def now(self) -> float:
        """Return the seconds since some fixed moment."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock was moved that far."""
        await self.wait(anyio.Event(), seconds)

    async def wait(self, event: anyio.Event, seconds: float) -> bool:
        """Wait for the event or until the clock was moved that far; return whether it came."""
        if seconds <= 0:
            await anyio.lowlevel.checkpoint()
            return event.is_set()
        self._count += 1
        number = self._count
        with anyio.CancelScope() as scope:
            self._scopes[number] = scope
            heapq.heappush(self._moments, (self._now + seconds, number))
            try:
                await event.wait()
            finally:
                del self._scopes[number]
        return event.is_set()

    async def advance(self, seconds: float) -> None:
        """Move the clock; at every moment that somebody waits for, let them act before the next."""
        end = self._now + seconds
        await self.others()
        while self._moments and self._moments[0][0] <= end:
            moment, number = heapq.heappop(self._moments)
            scope = self._scopes.get(number)
            if scope is not None:
                self._now = max(self._now, moment)
                scope.cancel()
                await self.others()
        self._now = end
        await self.others()


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
        for _ in range(20):
            await anyio.lowlevel.checkpoint()
            if event.is_set():
                return True
        await self.sleep(seconds)
        return event.is_set()


class ScaledClock:
    """The machine's clock, `factor` times as fast."""

    def __init__(self, factor: float) -> None:
        self._factor = factor

    def now(self) -> float:
        """Return the scaled seconds since some fixed moment."""
        return time.monotonic() * self._factor

    async def sleep(self, seconds: float) -> None:
        """Wait that many scaled seconds."""
        await anyio.sleep(seconds / self._factor)

    async def wait(self, event: anyio.Event, seconds: float) -> bool:
        """Wait for the event, for at most that many scaled seconds; return whether it came."""
        with anyio.move_on_after(seconds / self._factor):
            await event.wait()
        return event.is_set()
