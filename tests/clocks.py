"""Clocks for tests: one that stands still until it is moved, one that runs faster."""

from __future__ import annotations

import heapq
import time

import anyio
import anyio.lowlevel

__all__ = ["FakeClock", "ScaledClock"]


class FakeClock:
    """Time that only `advance` moves; waits end in the order of their moments."""

    def __init__(self, start: float = 1000.0) -> None:
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
        await anyio.wait_all_tasks_blocked()
        while self._moments and self._moments[0][0] <= end:
            moment, number = heapq.heappop(self._moments)
            scope = self._scopes.get(number)
            if scope is not None:
                self._now = max(self._now, moment)
                scope.cancel()
                await anyio.wait_all_tasks_blocked()
        self._now = end
        await anyio.wait_all_tasks_blocked()


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
