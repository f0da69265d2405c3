"""Who may go now when several governors share the places: the core, and whose turn it is; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from .core import Core, Place, owner
from .store import Answer, Granted, Lack, Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .base import Need

__all__ = ["TICKET", "FairCore", "Tickets"]

TICKET: Final = 0.5
"""Seconds for which one who was refused is known to wait; it has to ask again before."""

Tickets = dict[int, float]
"""Until when each governor is known to wait."""


@attrs.define(eq=False)
class FairCore(Core):
    """A core in which no governor can starve the others.

    A place is kept for each governor that is known to wait and has fewer places than the one who
    asks; who is not known to wait yields to those who have just as many, too. So places are
    shared out evenly, and a governor within its share goes on at once.
    """

    tickets: dict[str, Tickets] = attrs.field(factory=dict[str, Tickets], init=False)

    def ask(
        self, now: float, number: int, needs: Sequence[Need], lease: float, *, waits: bool
    ) -> Answer:
        """Take a place under every need or none, and say what is left or what is lacking."""
        name = owner(number)
        rooms = [self._room(now, need, name) for need in needs]
        lacking = [index for index, room in enumerate(rooms) if room <= 0]
        if lacking:
            if waits:
                for index in lacking:
                    self.tickets.setdefault(needs[index].key, {})[name] = now + TICKET
            return Refused(tuple(self._lack(now, index, needs[index], name) for index in lacking))
        self.take(now, needs, lease, number)
        for need in needs:
            self.tickets.get(need.key, {}).pop(name, None)
        return Granted(tuple(room - 1 for room in rooms))

    def fill_for(self, now: float, name: int, need: Need, seconds: float, leave: int) -> None:
        """Leave at most `leave` of the need's places for that long, in a governor's name."""
        self.name = name
        self.fill(now, need, seconds, leave)

    def restore(self, now: float, name: int, key: str, places: Sequence[Place]) -> None:
        """Make these, by seconds from now, all the places that a governor has taken on the key."""
        others = [place for place in self._taken.get(key, ()) if owner(place[1]) != name]
        self._taken[key] = sorted([*others, *((now + wait, number) for wait, number in places)])

    def _room(self, now: float, need: Need, name: int) -> int:
        """Return how many places a governor may have, after those whose turn it is."""
        self.wait(now, need)
        taken = self._taken.get(need.key, ())
        free = need.limit - len(taken)
        tickets = self.tickets.get(need.key)
        if not tickets or free <= 0:
            return free
        counts = dict.fromkeys((name, *tickets), 0)
        for _, number in taken:
            who = owner(number)
            if who in counts:
                counts[who] += 1
        mine = counts[name] + (tickets.get(name, now) <= now)
        return free - sum(
            until > now and who != name and counts[who] < mine for who, until in tickets.items()
        )

    def _lack(self, now: float, index: int, need: Need, name: int) -> Lack:
        others = (p for p in self._taken.get(need.key, ()) if owner(p[1]) != name)
        return Lack(index, self.wait(now, need), tuple((at - now, who) for at, who in others))
