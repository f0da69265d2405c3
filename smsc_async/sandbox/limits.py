"""The service's own counting: by the moment a request arrives, as its documentation says."""

from __future__ import annotations

from collections import defaultdict, deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

__all__ = ["Limits"]

_MINUTE: Final = 60.0
_SIMULTANEOUS: Final = 15
_SIMULTANEOUS_STATUS: Final = 5
_FLOOD: Final = 50

_LIMITS: Final = {
    "send": 1,
    "cost": 5,
    "status": 5,
    "mass status": 1,
    "balance": 10,
}


class Limits:
    """Counts requests; says which limit one breaks. A refused request does not count."""

    def __init__(self, now: Callable[[], float], *, enforce: bool) -> None:
        self._now = now
        self._enforce = enforce
        self._arrivals: dict[Hashable, deque[float]] = defaultdict(deque)
        self._streaks: dict[str, tuple[int, float]] = {}
        self._in_flight = 0
        self._status_in_flight = 0
        self.peak_in_flight = 0
        self.peak_status_in_flight = 0

    def enter(self, script: str) -> str | None:
        """Count a request as in flight until `leave`; return the limit that it breaks, if any."""
        status = script == "status.php"
        self._in_flight += 1
        self._status_in_flight += status
        self.peak_in_flight = max(self.peak_in_flight, self._in_flight)
        self.peak_status_in_flight = max(self.peak_status_in_flight, self._status_in_flight)
        if not self._enforce:
            return None
        if status and self._status_in_flight >= _SIMULTANEOUS_STATUS:
            return "status concurrency"
        return "concurrency" if self._in_flight >= _SIMULTANEOUS else None

    def leave(self, script: str) -> None:
        """Count a request as answered."""
        self._in_flight -= 1
        self._status_in_flight -= script == "status.php"

    def count(self, kind: str, *what: Hashable) -> str | None:
        """Count a request of this kind for this thing; return the limit that it breaks, if any."""
        if not self._enforce:
            return None
        now = self._now()
        arrivals = self._arrivals[kind, *what]
        while arrivals and arrivals[0] < now - _MINUTE:
            arrivals.popleft()
        if len(arrivals) >= _LIMITS[kind]:
            return kind
        arrivals.append(now)
        return None

    def floods(self, phone: str) -> bool:
        """Count a message to a recipient; return whether it is one too many in a row."""
        if not self._enforce:
            return False
        now = self._now()
        length, last = self._streaks.get(phone, (0, now))
        length = length + 1 if now - last < _MINUTE else 1
        self._streaks[phone] = length, now
        return length > _FLOOD
