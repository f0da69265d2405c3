"""The governor of one process: the pure core, and a queue for each key that is used up."""

from __future__ import annotations

import itertools
import math
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

import anyio
import attrs

from ..errors import RateLimited
from .base import Outcome, Permit
from .core import Core

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .._clock import Clock
    from .base import Need
    from .core import Refusal

__all__ = ["MemoryGovernor"]


@attrs.define(eq=False)
class _Waiter:
    """Somebody who waits in the queue of the key that refused him."""

    arrival: int
    needs: tuple[Need, ...]
    lease: float
    patience: float
    blocked_by: Need
    until: float
    event: anyio.Event = attrs.field(factory=anyio.Event)
    leads: bool = False
    """Whether he watches the clock for his queue."""
    result: Permit | RateLimited | None = None

    def __lt__(self, other: _Waiter) -> bool:
        return self.arrival < other.arrival

    def end(self, result: Permit | RateLimited) -> None:
        self.result = result
        self.event.set()


class MemoryGovernor:
    """Keeps the limits for everybody who shares this object, in one process and one event loop.

    First come, first served for each key; who waits for one key does not hold up those who do not
    need it. With nobody in the way, taking and giving back a permit does not suspend.
    """

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._core = Core()
        self._queues: dict[str, list[_Waiter]] = {}
        self._arrivals = itertools.count()

    async def acquire(
        self, needs: Sequence[Need], *, lease: float, patience: float
    ) -> Permit:
        """Wait for a place under every need at once; see `Governor.acquire`."""
        wanted = tuple(needs)
        now = self._clock.now()
        refusal = self._in_line(now, wanted)
        if refusal is None:
            taken = self._core.try_acquire(now, wanted, lease)
            if isinstance(taken, int):
                return Permit(taken, wanted)
            refusal = taken
        waiter = _Waiter(
            next(self._arrivals), wanted, lease, patience, refusal.need, until=now + patience
        )
        if not self._join(waiter, refusal, now):
            raise _too_long(refusal)
        return await self._wait(waiter)

    async def release(self, permit: Permit, outcome: Outcome) -> None:
        """Say what became of the request; see `Governor.release`."""
        self._give_back(permit, outcome)

    async def fill(self, need: Need, seconds: float, *, leave: int = 0) -> None:
        """Take what somebody else has used; see `Governor.fill`."""
        self._core.fill(self._clock.now(), need, seconds, leave)

    async def aclose(self) -> None:
        """Do nothing: nothing is held open."""

    def _in_line(self, now: float, needs: tuple[Need, ...]) -> Refusal | None:
        """Refuse who needs what others wait for already."""
        for need in needs:
            if queue := self._queues.get(need.key):
                return self._core.refusal(now, need, ahead=len(queue))
        return None

    def _join(self, waiter: _Waiter, refusal: Refusal, now: float) -> bool:
        """Put the waiter into the queue of what refused him, unless that would take too long."""
        need = refusal.need
        if need.patience is None and waiter.until == math.inf > waiter.patience:
            # He came from a queue in which his own patience did not count.
            waiter.until = now + waiter.patience
        patience = waiter.until - now if need.patience is None else need.patience
        if patience <= 0 or refusal.soonest > patience:
            return False
        waiter.blocked_by = need
        waiter.until = now + patience
        heappush(self._queues.setdefault(need.key, []), waiter)
        return True

    async def _wait(self, waiter: _Waiter) -> Permit:
        try:
            while waiter.result is None:
                await self._clock.wait(waiter.event, self._nap(waiter))
                if waiter.result is None:
                    waiter.event = anyio.Event()
                    self._look(waiter)
        except BaseException:
            self._leave(waiter)
            raise
        if isinstance(waiter.result, RateLimited):
            raise waiter.result
        return waiter.result

    def _nap(self, waiter: _Waiter) -> float:
        now = self._clock.now()
        nap = waiter.until - now
        waiter.leads = self._queues[waiter.blocked_by.key][0] is waiter
        if waiter.leads:
            nap = min(nap, self._core.refusal(now, waiter.blocked_by).latest)
        return max(nap, 0.0)

    def _look(self, waiter: _Waiter) -> None:
        """After a nap: serve the queue, and give up when patience has run out."""
        need = waiter.blocked_by
        self._serve(need.key)
        now = self._clock.now()
        if waiter.result is None and now >= waiter.until:
            ahead = sum(other < waiter for other in self._queues[waiter.blocked_by.key])
            waiter.result = _too_long(self._core.refusal(now, waiter.blocked_by, ahead))
            self._drop(waiter)

    def _serve(self, key: str) -> None:
        """Let in whoever is first in the queue, as long as there is a place."""
        now = self._clock.now()
        while queue := self._queues.get(key):
            first = queue[0]
            taken = self._core.try_acquire(now, first.needs, first.lease)
            if not isinstance(taken, int) and taken.need.key == key:
                self._promote(key)
                return
            heappop(queue)
            if not queue:
                del self._queues[key]
            if isinstance(taken, int):
                first.end(Permit(taken, first.needs))
            elif self._join(first, taken, now):
                first.leads = False
                self._promote(taken.need.key)
            else:
                first.end(_too_long(taken))

    def _promote(self, key: str) -> None:
        """Wake the first of the queue, if he does not watch the clock yet."""
        if (queue := self._queues.get(key)) and not queue[0].leads:
            queue[0].leads = True
            queue[0].event.set()

    def _give_back(self, permit: Permit, outcome: Outcome) -> None:
        self._core.settle(self._clock.now(), permit.number, permit.needs, outcome)
        for need in permit.needs:
            if need.key in self._queues:
                self._serve(need.key)

    def _leave(self, waiter: _Waiter) -> None:
        """Undo everything for a waiter who was cancelled."""
        if isinstance(waiter.result, Permit):
            self._give_back(waiter.result, Outcome.NOT_SENT)
        elif waiter.result is None:
            self._drop(waiter)

    def _drop(self, waiter: _Waiter) -> None:
        key = waiter.blocked_by.key
        queue = self._queues[key]
        queue.remove(waiter)
        heapify(queue)
        if queue:
            self._promote(key)
        else:
            del self._queues[key]


def _too_long(refusal: Refusal) -> RateLimited:
    return RateLimited(refusal.need.rule, refusal.latest)
