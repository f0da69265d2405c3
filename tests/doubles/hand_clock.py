"""A clock without waiting, for code that only looks at the time."""

from __future__ import annotations

import attrs

__all__ = ["HandClock"]


@attrs.define
class HandClock:
    """Seconds that only a hand moves: `clock.now += 60`."""

    now: float = 5000.0

    def __call__(self) -> float:
        """Return the seconds since some fixed moment."""
        return self.now
