"""The local side of a shared governor: its own places, and what it heard of others'."""

from __future__ import annotations

from bisect import insort
from random import Random
from typing import TYPE_CHECKING, Final

import attrs

from .base import Outcome, Permit
from .core import Core, Place, owner
from .memory import MemoryGovernor
from .wait_queue import Waiter

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from .base import Need
    from .store import Granted, Refused

__all__ = ["LocalCore", "LocalGovernor"]

_LOOK: Final = (0.05, 0.25)
"""Seconds after which to look again for what others may have given back, at random."""

_FORGET: Final = 256

_SOMEBODY: Final = 1
"""Stands for a request in flight of which nothing is known."""


@attrs.define(eq=False)
class LocalCore(Core):
    """A core that also holds what it heard of others' places."""

    def learn(self, now: float, need: Need, others: Sequence[Place], wait: float) -> None:
        """Replace what is known of others under a need that has no place for `wait` seconds."""
        mine = [place for place in self._taken.get(need.key, ()) if owner(place[1]) == self.name]
        heard = [(now + seconds, number) for seconds, number in others]
        self._taken[need.key] = taken = sorted([*mine, *heard])
        self.wait(now, need)
        # The store may know places of ours that we know nothing of, or keep some for others.
        for _ in range(need.limit - len(taken)):
            insort(taken, (now + wait, _SOMEBODY))

    def doubtful(self, key: str) -> int:
        """Return how many places others hold that they may give back at any moment."""
        return sum(map(self._is_doubtful, self._taken.get(key, ())))

    def doubt(self, key: str, count: int) -> None:
        """Forget so many of the places that others may have given back."""
        taken = self._taken.get(key, [])
        for place in [place for place in taken if self._is_doubtful(place)][:count]:
            taken.remove(place)

    def own(self, now: float, without: AbstractSet[int]) -> dict[str, list[Place]]:
        """Return the places that are not others', by key, as seconds from now."""
        found: dict[str, list[Place]] = {}
        for key, taken in self._taken.items():
            mine = [
                (at - now, number)
                for at, number in taken
                if owner(number) == self.name and number not in without
            ]
            if mine and max(mine)[0] > 0:
                found[key] = mine
        return found

    def _is_doubtful(self, place: Place) -> bool:
        return place[1] > 0 and owner(place[1]) != self.name


@attrs.define(eq=False)
class LocalGovernor(MemoryGovernor):
    """A memory governor whose permits have yet to be confirmed by a store.

    What it heard of others is believed for as long as it is certain. Where others may give
    something back any moment, the first of the queue looks again, after a random while.
    """

    _random: Random = attrs.field(kw_only=True, alias="random")
    _heard: LocalCore = attrs.field(kw_only=True, alias="core")
    _looks: dict[str, float] = attrs.field(factory=dict[str, float], init=False)
    """When to look again for each key of which others hold doubtful places."""

    def __attrs_post_init__(self) -> None:
        self._core = self._heard

    @property
    def name(self) -> int:
        """What tells its places from those of others."""
        return self._heard.name

    def arrive(self, needs: tuple[Need, ...], lease: float, patience: float) -> Waiter:
        """Give somebody a place in the order of arrivals, which they keep until they are gone."""
        self._arrivals += 1
        now = self._clock.now()
        return Waiter(self._arrivals, needs, lease, patience, since=now, blocked=needs[0])

    async def admit(self, waiter: Waiter) -> Permit:
        """Wait for a permit; again for one that had a permit and could not use it."""
        now = self._clock.now()
        taken = self._take(waiter.arrival, waiter.needs, waiter.lease, now)
        if isinstance(taken, Permit):
            waiter.tried = True
            return taken
        self._refuse_hopeless(waiter.needs, waiter.left(now), now, last=not waiter.tried)
        waiter.permit = None
        waiter.tried = True
        self._stand(waiter, taken, now)
        return await self._wait(waiter, now)

    def confirm(self, permit: Permit, granted: Granted) -> None:
        """Hear that the store has granted it; who waits for what is left may try as well."""
        now = self._clock.now()
        for need, room in zip(permit.needs, granted.rooms, strict=True):
            if need.key in self._looks and room > 0:
                self._heard.doubt(need.key, room)
                if not self._heard.doubtful(need.key):
                    del self._looks[need.key]
                self._serve((need.key,), now)

    def refuse(self, permit: Permit, refused: Refused) -> None:
        """Hear that the store has not, and why: it does not hold for now."""
        now = self._clock.now()
        self._core.settle(now, permit.number, permit.needs, Outcome.NOT_SENT)
        for lack in refused.lacks:
            need = permit.needs[lack.index]
            look = self._random.uniform(*_LOOK)
            self._heard.learn(now, need, lack.others, lack.wait or look)
            if self._heard.doubtful(need.key):
                self._looks[need.key] = now + look
        if len(self._looks) > _FORGET:
            self._forget(now)
        self._serve((need.key for need in permit.needs), now)

    def cancel(self, permit: Permit) -> None:
        """Take it back: the store could not be asked."""
        self._settle(permit, Outcome.NOT_SENT)

    def settle(self, permit: Permit, outcome: Outcome) -> None:
        """Say what became of the request."""
        self._settle(permit, outcome)

    def own(self, without: AbstractSet[int]) -> dict[str, list[Place]]:
        """Return the places given from here, by key, as seconds from now, `without` some."""
        return self._heard.own(self._clock.now(), without)

    def _take(
        self, arrival: int, needs: tuple[Need, ...], lease: float, now: float
    ) -> Permit | Need:
        if self._looks and self._held_up(arrival, needs) is None:
            self._look(needs, now)
        return super()._take(arrival, needs, lease, now)

    def _look(self, needs: tuple[Need, ...], now: float) -> None:
        """Let one try where it is time to look again."""
        for need in needs:
            at = self._looks.get(need.key)
            if at is not None and at <= now:
                self._looks[need.key] = now + self._random.uniform(*_LOOK)
                while self._heard.wait(now, need) > 0 and self._heard.doubtful(need.key):
                    self._heard.doubt(need.key, 1)

    def _due(self, waiter: Waiter, now: float) -> float:
        due = super()._due(waiter, now)
        look = self._looks.get(waiter.blocked.key)
        first = waiter.queue is not None and waiter.queue.first() is waiter
        return due if look is None or not first else min(due, max(look, now))

    def _forget(self, now: float) -> None:
        """Forget what was heard of keys that nobody has asked for since it was time to look."""
        for key, at in list(self._looks.items()):
            if at <= now and key not in self._queues:
                self._heard.doubt(key, _FORGET)
                del self._looks[key]
