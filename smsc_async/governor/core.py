"""Who may go now, and when the next one may; pure: time comes in as an argument."""

from __future__ import annotations

from bisect import bisect_right, insort
from typing import TYPE_CHECKING, Final

import attrs

from .base import LINGER, Need, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Core", "Place", "Refusal", "join", "owner", "split"]

_NEVER: Final = 2**63
_MINE: Final = 32
"""The lower bits of a number are the request's, those above its governor's."""

Place = tuple[float, int]
"""When it comes free, and the number of its request: negative once that moment is known."""

_Places = list[Place]


@attrs.frozen
class Refusal:
    """There is no place under `need` for `wait` seconds, unless someone gives one back earlier.

    Of several needs without a place it is the one that takes longest, so that after `wait` all
    of them have one, if nobody else comes.
    """

    need: Need
    wait: float


@attrs.define(eq=False)
class Core:
    """The places taken under every key, each as the moment it comes free and whose it is.

    Times are seconds of one clock that never goes back. A place is free again *at* its moment. A
    key without places is forgotten. Numbers of governors with another `name` differ from all here.
    """

    name: int = 0
    _taken: dict[str, _Places] = attrs.field(factory=dict[str, _Places], init=False)
    _last: int = attrs.field(init=False)
    _sweep_at: int = attrs.field(default=256, init=False)

    def __attrs_post_init__(self) -> None:
        self._last = join(self.name, 0)

    def __len__(self) -> int:
        """Return how many keys are remembered."""
        return len(self._taken)

    def try_acquire(self, now: float, needs: Sequence[Need], lease: float) -> int | Refusal:
        """Take a place under every need and return the permit's number, or take none.

        Of needs with the same key each has to have a place, and the first takes one. A permit
        that is not settled counts as in flight until its lease runs out.
        """
        refusal = self.refusal(now, needs)
        if refusal is not None:
            return refusal
        self._last = number = self._last + 1
        self.take(now, needs, lease, number)
        if len(self._taken) > self._sweep_at:
            self.sweep(now)
        return number

    def take(self, now: float, needs: Sequence[Need], lease: float, number: int) -> None:
        """Take a place under every need for the request of that number, whether there is one."""
        end = now + lease
        done: set[str] = set()
        for need in needs:
            if need.key not in done:
                done.add(need.key)
                insort(self._taken.setdefault(need.key, []), (end + need.hold, number))

    def refusal(self, now: float, needs: Sequence[Need]) -> Refusal | None:
        """Return what `try_acquire` would refuse with now; None if it would not."""
        slowest, longest = None, 0.0
        for need in needs:
            wait = self.wait(now, need)
            if wait > longest:
                slowest, longest = need, wait
        return None if slowest is None else Refusal(slowest, longest)

    def wait(self, now: float, need: Need) -> float:
        """Return the seconds until the need has a place if nobody comes or gives one back."""
        taken = self._taken.get(need.key)
        if taken is None:
            return 0.0
        excess = _prune(taken, now, streak=need.streak) - need.limit
        if excess < 0:
            return 0.0
        return taken[-1 if need.streak else excess][0] - now

    def wait_for(self, now: float, need: Need, ahead: int) -> float:
        """Return the seconds the need has to wait at the least while `ahead` others go first.

        It supposes that every request in flight is answered now, and those ahead at once.
        """
        taken = self._taken.get(need.key, [])
        count = _prune(taken, now, streak=need.streak)
        free = max(0, need.limit - count)
        if ahead < free:
            return 0.0
        moments = sorted(_at_the_earliest(place, now, need) for place in taken)
        if need.streak:
            cycles, _ = divmod(ahead - free, need.limit)
            first = max(moments[-1:], default=now)
            return max(first, now + need.hold if free else now) - now + cycles * need.hold
        cycles, turn = divmod(ahead, need.limit)
        index = count + turn - need.limit
        return (moments[index] - now if index >= 0 else 0.0) + cycles * need.hold

    def settle(self, now: float, number: int, needs: Sequence[Need], outcome: Outcome) -> None:
        """Say what became of a request: its places come free when the outcome allows it.

        Only the first time counts, and only while the permit's lease runs.
        """
        believed = now + LINGER if outcome is Outcome.UNKNOWN else now
        for need in needs:
            taken = self._taken.get(need.key)
            at = -1 if taken is None else _find(taken, number)
            if taken is None or at < 0 or taken[at][0] <= now + need.hold:
                continue
            del taken[at]
            free_at = believed + need.hold
            if outcome is not Outcome.NOT_SENT and free_at > now:
                insort(taken, (free_at, -number))
            if not taken:
                del self._taken[need.key]

    def fill(self, now: float, need: Need, seconds: float, leave: int) -> None:
        """Leave at most `leave` of the need's places for that long, counting those taken longer."""
        until = now + seconds
        taken = self._taken.get(need.key, [])
        _prune(taken, now, streak=need.streak)
        outlast = sum(_at_the_earliest(place, now, need) >= until for place in taken)
        missing = need.limit - leave - outlast
        if missing <= 0:
            return
        brief = [p for p in taken if p[1] <= 0 and p[0] < until][:missing]
        for place in brief:
            taken.remove(place)
        for _ in range(missing):
            insort(taken, (until, -join(self.name, 0)))
        self._taken[need.key] = taken

    def sweep(self, now: float) -> None:
        """Forget the keys whose places are all free; now and then `try_acquire` does it itself."""
        for key, taken in list(self._taken.items()):
            if not taken or taken[-1][0] <= now:
                del self._taken[key]
        self._sweep_at = max(256, 2 * len(self._taken))


def _prune(taken: _Places, now: float, *, streak: bool) -> int:
    """Drop the places that are free, and return how many are left."""
    if taken and taken[0][0] <= now:
        if not streak:
            del taken[: bisect_right(taken, (now, _NEVER))]
        elif taken[-1][0] <= now:
            taken.clear()
    return len(taken)


def _find(taken: _Places, number: int) -> int:
    """Return where a request's place is; from the end, where those in flight are."""
    for at in range(len(taken) - 1, -1, -1):
        if taken[at][1] == number:
            return at
    return -1


def _at_the_earliest(place: Place, now: float, need: Need) -> float:
    """Return when the place comes free if its request is answered now."""
    free_at, number = place
    return free_at if number <= 0 else min(free_at, now + need.hold)


def owner(number: int) -> int:
    """Return the name of the governor whose request it is."""
    return abs(number) >> _MINE


def split(number: int) -> tuple[int, int]:
    """Return the name of the governor, and which of its requests it is."""
    return divmod(number, 1 << _MINE)


def join(name: int, turn: int) -> int:
    """Return the number of a governor's request."""
    return (name << _MINE) + turn
