"""A governor, its clock, and those who ask it: what the tests of every store share."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import anyio
import attrs
from anyio.abc import TaskGroup
from clocks import FakeClock, let_others_act

from smsc_async.errors import RateLimited
from smsc_async.governor import Governor, MemoryGovernor, Need, Outcome, Permit
from smsc_async.governor.shared import SharedGovernor

__all__ = ["HOLD", "LEASE", "House", "Watched", "builders", "free_now", "memory", "slot", "window"]

builders: list[Callable[[FakeClock], Governor]] = [lambda clock: MemoryGovernor(clock=clock)]
"""The last of them makes the governors."""

LEASE = 30.0
HOLD = 62.0
START = 1000.0


def window(
    key: str = "w", limit: int = 1, *, hold: float = HOLD, patience: float | None = None
) -> Need:
    """A place in a window."""
    return Need(key, limit, hold, f"rule.{key}", patience=patience)


def slot(limit: int = 1) -> Need:
    """A place that is free with the answer."""
    return Need("slots", limit, 0.0, "concurrency")


@attrs.define
class House:
    """A governor with its clock, and what came of those who asked it."""

    group: TaskGroup
    clock: FakeClock = attrs.field(factory=FakeClock)
    governor: Governor = attrs.field(init=False)
    granted: dict[str, float] = attrs.field(factory=dict[str, float])
    permits: dict[str, Permit] = attrs.field(factory=dict[str, Permit])
    refused: dict[str, tuple[float, str, float]] = attrs.field(
        factory=dict[str, tuple[float, str, float]]
    )
    done: set[str] = attrs.field(factory=set[str])
    scopes: dict[str, anyio.CancelScope] = attrs.field(factory=dict[str, anyio.CancelScope])

    def __attrs_post_init__(self) -> None:
        self.governor = builders[-1](self.clock)
        if isinstance(self.governor, SharedGovernor):
            self.governor._store = Watched(self.governor._store)
            self.clock.others = Watched.let_others_act

    async def ask(self, name: str, *needs: Need, patience: float = math.inf) -> None:
        """Let somebody ask in a task of their own, until they have an answer or wait."""
        self.group.start_soon(self.asking, name, needs, patience)
        await self.clock.others()

    async def asking(self, name: str, needs: tuple[Need, ...], patience: float) -> None:
        """Ask, and keep what comes of it."""
        with anyio.CancelScope() as scope:
            self.scopes[name] = scope
            try:
                permit = await self.governor.acquire(needs, lease=LEASE, patience=patience)
            except RateLimited as error:
                self.refused[name] = (self.passed(), error.rule, error.retry_after)
                return
            self.permits[name] = permit
            self.granted[name] = self.passed()

    async def give_back(self, name: str, outcome: Outcome = Outcome.ANSWERED) -> None:
        """Let them say what became of their request, and others act on it."""
        self.done.add(name)
        await self.governor.release(self.permits[name], outcome)
        await self.clock.others()

    async def use_up(self, *needs: Need) -> None:
        """Take places and have the answer at once."""
        permit = await self.governor.acquire(needs, lease=LEASE, patience=0)
        await self.governor.release(permit, Outcome.ANSWERED)

    async def pass_time(self, seconds: float) -> None:
        """Let the time pass, and everybody act when theirs has come."""
        await self.clock.advance(seconds)

    def order(self) -> list[str]:
        """Return who got a permit, in the order in which the permits were given."""
        return sorted(self.permits, key=lambda name: self.permits[name].number)

    def passed(self) -> float:
        """Return the seconds since the start."""
        return self.clock.now() - START

    def nobody_waits(self) -> bool:
        """Whether every line is gone."""
        return not memory(self.governor)._queues


class Watched:
    """A store; of all of them together is known whether somebody waits for an answer."""

    asked = 0

    def __init__(self, store: Any) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        step = getattr(self._store, name)

        @functools.wraps(step)
        async def watched(*args: Any, **options: Any) -> Any:
            Watched.asked += 1
            try:
                return await step(*args, **options)
            finally:
                Watched.asked -= 1

        return watched

    @staticmethod
    async def let_others_act() -> None:
        """Return when every other task waits for something that only this one can bring."""
        await let_others_act()
        while Watched.asked:
            await anyio.sleep(0.0005)
            if not Watched.asked:
                await let_others_act()


def memory(governor: Governor) -> MemoryGovernor:
    """Return what a governor knows without asking its store."""
    found = governor._local if isinstance(governor, SharedGovernor) else governor
    assert isinstance(found, MemoryGovernor)
    return found


async def free_now(governor: Governor, *needs: Need) -> bool:
    """Whether one who asks gets a permit without waiting."""
    try:
        await governor.acquire(needs, lease=LEASE, patience=0)
    except RateLimited:
        return False
    return True
