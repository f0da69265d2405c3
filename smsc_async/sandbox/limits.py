"""The service's own counting: by the moment a request arrives, as its documentation says.

An earlier request counts for sixty seconds, the last moment included. What was refused counts
only if that is asked for.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Hashable
from typing import TYPE_CHECKING, Final

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Limits"]

_MINUTE: Final = 60.0
_SIMULTANEOUS: Final = 15
_SIMULTANEOUS_STATUS: Final = 5
_FLOOD: Final = 50
_STATUS: Final = "status.php"

# Name, how many requests for the same thing are taken, in how many seconds.
_TABLE: Final = (
    ("send.identical", 1, _MINUTE),
    ("send.cost.identical", 5, _MINUTE),
    ("status.same_message", 5, _MINUTE),
    ("status.mass", 1, _MINUTE),
    ("balance.any", 10, _MINUTE),
    ("templates.identical", 3, _MINUTE),
    ("op_templates.identical", 10, _MINUTE),
    ("ping.identical", 5, _MINUTE),
    ("jobs.identical", 1, _MINUTE),
    ("phones.identical", 3, _MINUTE),
    ("users.add", 3, _MINUTE),
    ("users.chg.same_user", 3, _MINUTE),
    ("documents.any", 1, _MINUTE),
    ("senders.get.identical", 3, _MINUTE),
    ("senders.add", 5, _MINUTE),
    ("senders.send_code.same_sender", 1, 8 * 60 * _MINUTE),
    ("get_messages.identical", 3, _MINUTE),
    ("get_messages.hour", 30, 60 * _MINUTE),
    ("get_answers.identical", 3, _MINUTE),
    ("get_stat.any", 3, _MINUTE),
    ("get_price.identical", 3, _MINUTE),
    ("get_operator.identical", 3, _MINUTE),
    ("get_operator.any", 100, _MINUTE),
    ("tinyurls.identical", 3, _MINUTE),
    ("receive_phones.identical", 2, _MINUTE),
    ("wait_call.identical", 50, _MINUTE),
)


@attrs.define
class _Window:
    """What arrived lately, in order, and how often each thing is among it."""

    limit: int
    seconds: float
    arrivals: deque[tuple[float, Hashable]] = attrs.field(factory=deque[tuple[float, Hashable]])
    counts: Counter[Hashable] = attrs.field(factory=Counter[Hashable])

    def full(self, now: float, what: Hashable) -> bool:
        while self.arrivals and self.arrivals[0][0] < now - self.seconds:
            _, gone = self.arrivals.popleft()
            self.counts[gone] -= 1
            if not self.counts[gone]:
                del self.counts[gone]
        return self.counts[what] >= self.limit

    def add(self, now: float, what: Hashable) -> None:
        self.arrivals.append((now, what))
        self.counts[what] += 1


class Limits:
    """Counts requests; says which limit one breaks, and the most there ever were at a time."""

    def __init__(
        self, time: Callable[[], float], *, enforce: bool, count_refused: bool = False
    ) -> None:
        self._time = time
        self._enforce = enforce
        self._count_refused = count_refused
        self._windows = {name: _Window(limit, seconds) for name, limit, seconds in _TABLE}
        self._streaks: dict[str, tuple[int, float]] = {}
        self._present: Counter[str] = Counter()
        self._counted: Counter[str] = Counter()
        self.peak_in_flight: int = 0
        self.peak_status_in_flight: int = 0

    def enter(self, script: str) -> str | None:
        """Count a request as in flight until `leave`; return the limit that it breaks, if any."""
        self._present[script] += 1
        self.peak_in_flight = max(self.peak_in_flight, self._present.total())
        self.peak_status_in_flight = max(self.peak_status_in_flight, self._present[_STATUS])
        broken = self._crowd(script) if self._enforce else None
        if broken is None or self._count_refused:
            self._counted[script] += 1
        return broken

    def leave(self, script: str, broken: str | None) -> None:
        """Count a request as answered; `broken` is what `enter` returned for it."""
        self._present[script] -= 1
        if broken is None or self._count_refused:
            self._counted[script] -= 1

    def count(self, name: str, what: Hashable = None) -> bool:
        """Count a request for this thing under a limit; return whether it breaks the limit."""
        if not self._enforce:
            return False
        now = self._time()
        window = self._windows[name]
        broken = window.full(now, what)
        if not broken or self._count_refused:
            window.add(now, what)
        return broken

    def floods(self, phone: str) -> bool:
        """Count a message to a recipient; return whether it is one too many in a row."""
        if not self._enforce:
            return False
        now = self._time()
        length, last = self._streaks.get(phone, (0, now))
        length = length + 1 if now - last <= _MINUTE else 1
        self._streaks[phone] = length, now
        return length > _FLOOD

    def _crowd(self, script: str) -> str | None:
        if script == _STATUS and self._counted[_STATUS] + 1 >= _SIMULTANEOUS_STATUS:
            return "status.concurrency"
        return "concurrency" if self._counted.total() + 1 >= _SIMULTANEOUS else None
