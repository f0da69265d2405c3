"""The governor of one process: everything in memory, everybody in one event loop."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import anyio
import attrs

from .._clock import Clock
from ..errors import RateLimited
from .base import Need, Notice, Outcome, Permit
from .core import Core, Refusal
from .notices import NoticeBoard
from .wait_queue import Waiter, WaitQueue

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["MemoryGovernor"]


@attrs.define(eq=False)
class MemoryGovernor:
    """Keeps to the limits among all who share it, first come, first served.

    Whoever waits stands in the queue of one key. Nobody passes one who waits for something they
    need as well, and nobody waits behind one who does not.

    It belongs to one event loop and starts no tasks: the first of each queue also waits for the
    moment the key comes free by itself. An `acquire` that need not wait returns without giving
    other tasks a turn and cannot be cancelled, and so do `release` and `fill`, always: a
    cancelled task can give its permit back.
    """

    _clock: Clock = attrs.field(kw_only=True, alias="clock")
    _core: Core = attrs.field(factory=Core, init=False)
    _queues: dict[str, WaitQueue] = attrs.field(factory=dict[str, WaitQueue], init=False)
    _arrivals: int = attrs.field(default=0, init=False)
    _board: NoticeBoard = attrs.field(factory=NoticeBoard, init=False)

    async def acquire(self, needs: Sequence[Need], *, lease: float, patience: float) -> Permit:
        """Wait for a place under every need at once, and take all of them or none.

        Raises `RateLimited` as soon as it is known that it would take longer than `patience`
        seconds; 0 tries once. A need with a patience of its own is judged by that alone, and the
        time spent waiting for it is not charged to the call. `retry_after` is the least time it
        takes; when only requests in flight are in the way, the most.
        """
        needs = tuple(needs)
        now = self._clock.now()
        taken = self._take(self._arrivals + 1, needs, lease, now)
        if isinstance(taken, Permit):
            return taken
        self._refuse_hopeless(needs, patience, now)
        self._arrivals += 1
        waiter = Waiter(self._arrivals, needs, lease, patience, since=now, blocked=taken)
        self._stand(waiter, taken, now)
        return await self._wait(waiter, now)

    async def release(self, permit: Permit, outcome: Outcome) -> None:
        """Say what became of the request; those who waited for its places get their turn."""
        self._settle(permit, outcome)

    async def fill(self, need: Need, seconds: float, *, leave: int = 0) -> None:
        """Take all but `leave` of the need's places for that long: somebody else has used them."""
        now = self._clock.now()
        self._core.fill(now, need, seconds, leave)
        self._serve((need.key,), now)

    async def notice(self, key: str) -> Notice | None:
        """Return what is posted on a key."""
        return self._board.read(key, self._clock.now())

    async def post(self, key: str, text: str, seconds: float, *, instead_of: str) -> bool:
        """Post a text on a key for that long, if what is there is `instead_of`."""
        return self._board.post(key, text, seconds, instead_of, self._clock.now())

    async def aclose(self) -> None:
        """Do nothing: there is nothing but memory."""

    def _settle(self, permit: Permit, outcome: Outcome) -> None:
        now = self._clock.now()
        self._core.settle(now, permit.number, permit.needs, outcome)
        if self._queues:
            self._serve((need.key for need in permit.needs), now)

    def _take(
        self, arrival: int, needs: tuple[Need, ...], lease: float, now: float
    ) -> Permit | Need:
        """Take all places, or return the need to wait for first."""
        held = self._held_up(arrival, needs) if self._queues else None
        if held is not None:
            return self._obstacle(needs, now) or held
        taken = self._core.try_acquire(now, needs, lease)
        if isinstance(taken, Refusal):
            return self._obstacle(needs, now) or taken.need
        return Permit(taken, needs, self._board.find(needs, now) if self._board else None)

    def _obstacle(self, needs: tuple[Need, ...], now: float) -> Need | None:
        """Return the need without a place that certainly takes longest, if there is one."""
        lacking = [need for need in needs if self._core.wait(now, need) > 0]
        if len(lacking) <= 1:
            return lacking[0] if lacking else None
        return max(lacking, key=lambda need: self._core.wait_for(now, need, 0))

    def _held_up(self, arrival: int, needs: tuple[Need, ...]) -> Need | None:
        """Return a need that somebody who came earlier waits for, if there is one."""
        for need in needs:
            queue = self._queues.get(need.key)
            first = None if queue is None else queue.first()
            if first is not None and first.arrival < arrival:
                return need
        return None

    def _refuse_hopeless(
        self, needs: tuple[Need, ...], patience: float, now: float, *, last: bool = True
    ) -> None:
        """Raise `RateLimited` if it is known already that patience will not do.

        Who comes `last` has everybody who waits ahead of them, others perhaps nobody.
        """
        worst: RateLimited | None = None
        for need in needs:
            queue = self._queues.get(need.key) if last else None
            ahead = 0 if queue is None else queue.length
            left = patience if need.patience is None else need.patience
            least = self._core.wait_for(now, need, ahead)
            if least > left and (worst is None or least > worst.retry_after):
                worst = RateLimited(need.rule, least)
        if worst is not None:
            raise worst

    async def _wait(self, waiter: Waiter, now: float) -> Permit:
        """Stand in queues until there is a permit; leave nothing behind if it comes to nothing."""
        try:
            while waiter.permit is None:
                # Judged at the moment it was served: a place that came free since is not missed.
                waiter.due = self._due_unless_hopeless(waiter, now)
                await self._clock.wait(waiter.called, waiter.due - now)
                if waiter.called.is_set():
                    waiter.called = anyio.Event()
                now = self._clock.now()
                if waiter.queue is not None:
                    self._serve((waiter.queue.key,), now)
        except BaseException:
            self._withdraw(waiter)
            raise
        return waiter.permit

    def _due(self, waiter: Waiter, now: float) -> float:
        """Return when the waiter has to look by itself; never, as -inf, if it waits in vain."""
        need, deadline = waiter.blocked, waiter.deadline()
        if self._core.wait_for(now, need, 0) > deadline - now:
            return -math.inf
        if waiter.queue is None or waiter.queue.first() is not waiter:
            return deadline
        return min(deadline, now + self._core.wait(now, need))

    def _due_unless_hopeless(self, waiter: Waiter, now: float) -> float:
        due, need = self._due(waiter, now), waiter.blocked
        if due == -math.inf or now >= waiter.deadline():
            least = self._core.wait_for(now, need, 0)
            raise RateLimited(need.rule, least or self._core.wait(now, need))
        return due

    def _withdraw(self, waiter: Waiter) -> None:
        """Give back what the waiter has: a permit that it cannot use, or its place in a queue."""
        if waiter.permit is not None:
            self._settle(waiter.permit, Outcome.NOT_SENT)
        elif waiter.queue is not None:
            key, now = waiter.queue.key, self._clock.now()
            self._leave(waiter, now)
            self._serve((key,), now)

    def _serve(self, keys: Iterable[str], now: float) -> None:
        """Give permits to the first of these queues, for as long as there are places."""
        for key in keys:
            queue = self._queues.get(key)
            while queue is not None and (first := queue.first()) is not None:
                taken = self._take(first.arrival, first.needs, first.lease, now)
                if isinstance(taken, Need) and taken.key == key:
                    first.call(self._due(first, now))
                    break
                self._leave(first, now)
                if isinstance(taken, Permit):
                    first.permit = taken
                    first.call(-math.inf)
                else:
                    self._stand(first, taken, now)
                    first.call(self._due(first, now))

    def _stand(self, waiter: Waiter, need: Need, now: float) -> None:
        """Put the waiter into the queue for a need."""
        waiter.blocked = need
        queue = self._queues.get(need.key)
        if queue is None:
            queue = self._queues[need.key] = WaitQueue(need.key)
        queue.join(waiter, now)

    def _leave(self, waiter: Waiter, now: float) -> None:
        """Take the waiter out of the queue it stands in."""
        queue = waiter.queue
        if queue is not None:
            queue.leave(waiter, now)
            if not queue.length:
                del self._queues[queue.key]
