"""The governor of one process: everything in memory, everybody in one event loop."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import anyio
import attrs

from ..errors import RateLimited
from ._line import Line, Waiter
from .base import Need, Outcome, Permit
from .core import Core

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .._clock import Clock

__all__ = ["MemoryGovernor"]


@attrs.define(eq=False)
class MemoryGovernor:
    """Keeps to the limits among all who share it, first come, first served.

    Whoever waits for a place stands in the line of one key. The first of a line also waits for
    the moment the key comes free by itself; the others only to be called. Nobody passes one who
    waits for something they need as well, and nobody waits behind one who does not.

    It belongs to one event loop, and starts no tasks. When nobody waits, `acquire` comes back
    without giving other tasks a turn; `release` and `fill` always do, so a cancelled task can
    give its permit back.
    """

    _clock: Clock = attrs.field(kw_only=True)
    _core: Core = attrs.field(factory=Core, init=False)
    _lines: dict[str, Line] = attrs.field(factory=dict, init=False)
    _arrivals: int = attrs.field(default=0, init=False)

    async def acquire(self, needs: Sequence[Need], *, lease: float, patience: float) -> Permit:
        """Wait for a place under every need at once, and take all of them or none.

        Raises `RateLimited` as soon as it is known that it would take longer than `patience`
        seconds; 0 tries once. A need with a patience of its own is judged by that alone, and the
        time spent waiting for it is not charged to the call. `retry_after` is the least time it
        would take; where only requests in flight are in the way, it is the most.
        """
        needs = tuple(needs)
        now = self._clock.now()
        if not self._lines:
            number = self._core.try_acquire(now, needs, lease)
            if isinstance(number, int):
                return Permit(number, needs)
        self._arrivals += 1
        waiter = Waiter(self._arrivals, needs, lease, patience, since=now)
        obstacle = self._try(waiter, now)
        if obstacle is not None:
            self._refuse_now(waiter, now)
            self._stand(waiter, obstacle, now)
            await self._wait(waiter)
        assert waiter.permit is not None  # noqa: S101 - what the lines above are for
        return waiter.permit

    async def release(self, permit: Permit, outcome: Outcome) -> None:
        """Say what became of the request; those who waited for its places get their turn."""
        self._settle(permit, outcome)

    async def fill(self, need: Need, seconds: float, *, leave: int = 0) -> None:
        """Take all but `leave` of the need's places for that long: somebody else has used them."""
        now = self._clock.now()
        self._core.fill(now, need, seconds, leave)
        self._serve((need.key,), now)

    async def aclose(self) -> None:
        """Do nothing: memory is all there is."""

    def _settle(self, permit: Permit, outcome: Outcome) -> None:
        now = self._clock.now()
        self._core.settle(now, permit.number, permit.needs, outcome)
        if self._lines:
            self._serve((need.key for need in permit.needs), now)

    async def _wait(self, waiter: Waiter) -> None:
        """Stand in lines until there is a permit; leave nothing behind when it comes to nothing."""
        try:
            while waiter.permit is None:
                self._judge(waiter)
                await self._clock.wait(waiter.called, waiter.due - self._clock.now())
                if waiter.called.is_set():
                    waiter.called = anyio.Event()
                if waiter.line is not None:
                    waiter.due = math.inf
                    self._serve((waiter.line.key,), self._clock.now())
        except BaseException:
            self._withdraw(waiter)
            raise

    def _withdraw(self, waiter: Waiter) -> None:
        if waiter.permit is not None:
            self._settle(waiter.permit, Outcome.NOT_SENT)
        elif waiter.line is not None:
            key = waiter.line.key
            self._leave(waiter)
            self._serve((key,), self._clock.now())

    def _serve(self, keys: Iterable[str], now: float) -> None:
        """Give permits to those at the front of these lines, as long as there are places."""
        for key in keys:
            line = self._lines.get(key)
            while line is not None and (first := line.first()) is not None:
                obstacle = self._try(first, now)
                if obstacle is not None and obstacle.key == key:
                    first.blocked = obstacle
                    self._remind(first, now)
                    break
                self._leave(first)
                if obstacle is None:
                    first.called.set()
                else:
                    self._stand(first, obstacle, now)

    def _try(self, waiter: Waiter, now: float) -> Need | None:
        """Give the waiter its permit, or return the need it has to wait for first."""
        held = self._held_up(waiter)
        if held is not None:
            refusal = self._core.refusal(now, waiter.needs)
            return held if refusal is None else refusal.need
        number = self._core.try_acquire(now, waiter.needs, waiter.lease)
        if isinstance(number, int):
            waiter.permit = Permit(number, waiter.needs)
            return None
        return number.need

    def _held_up(self, waiter: Waiter) -> Need | None:
        """Return a need that somebody who came earlier waits for, if there is one."""
        for need in waiter.needs:
            line = self._lines.get(need.key)
            first = None if line is None else line.first()
            if first is not None and first.arrival < waiter.arrival:
                return need
        return None
