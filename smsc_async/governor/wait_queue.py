"""A queue of those who wait for a place under one key, first come, first served."""

from __future__ import annotations

import math
from heapq import heapify, heappop, heappush

import anyio
import attrs

from .base import Need, Permit

__all__ = ["WaitQueue", "Waiter"]


@attrs.define(eq=False)
class Waiter:
    """One who waits: for what, since when, and in which queue."""

    arrival: int
    needs: tuple[Need, ...]
    lease: float
    patience: float
    since: float
    blocked: Need
    """What it waits for at present."""
    queue: WaitQueue | None = None
    entered: float = 0.0
    """When it joined that queue."""
    spared: float = 0.0
    """Seconds in queues that are not charged to the call's patience."""
    due: float = -math.inf
    """Until when it sleeps if it is not called; long past once it is."""
    called: anyio.Event = attrs.field(factory=anyio.Event)
    permit: Permit | None = None
    tried: bool = False
    """Whether it has had a permit that came to nothing, or stood in a queue before."""

    def deadline(self) -> float:
        """Return when the patience for what it waits for ends."""
        if self.blocked.patience is not None:
            return self.since + self.blocked.patience
        return self.since + self.patience + self.spared

    def left(self, now: float) -> float:
        """Return how many seconds are left of the call's patience."""
        return self.patience - (now - self.since) + self.spared

    def call(self, due: float) -> None:
        """Wake it if it would sleep longer than until `due`."""
        if self.due > due:
            self.due = -math.inf
            self.called.set()


@attrs.define(eq=False)
class WaitQueue:
    """Waiters in the order of their arrival; leaving from the middle costs nothing at once."""

    key: str
    length: int = 0
    _heap: list[tuple[int, Waiter]] = attrs.field(factory=list[tuple[int, Waiter]], init=False)

    def first(self) -> Waiter | None:
        """Return whose turn is next."""
        return self._heap[0][1] if self._heap else None

    def join(self, waiter: Waiter, now: float) -> None:
        """Let the waiter in where its arrival puts it."""
        waiter.queue, waiter.entered = self, now
        self.length += 1
        heappush(self._heap, (waiter.arrival, waiter))

    def leave(self, waiter: Waiter, now: float) -> None:
        """Let the waiter go, wherever it stands."""
        if waiter.blocked.patience is not None:
            waiter.spared += now - waiter.entered
        waiter.queue = None
        self.length -= 1
        while self._heap and self._heap[0][1].queue is not self:
            heappop(self._heap)
        if len(self._heap) > 2 * self.length + 16:
            self._heap = [entry for entry in self._heap if entry[1].queue is self]
            heapify(self._heap)
