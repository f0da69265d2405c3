"""How many messages a recipient had in a streak: most had few, and are counted together.

The service refuses the fifty-first message of a streak to one recipient. To count each of a million
recipients for the minute that a streak lasts would take hundreds of megabytes. Here recipients
share counters: a counter never shows less than any of them has had, so whose counter is low has
had few, and only the others are counted one by one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["FEW", "StreakCounters"]

FEW: Final = 8
"""Messages in a streak that are not counted one by one."""

_CELLS: Final = 1 << 20
_EPOCH: Final = 62.0
_MOST: Final = 255


class StreakCounters:
    """Counts the messages of streaks, some recipients together, in two megabytes.

    A streak is over when nothing was added for an epoch, of 62 seconds, and for as long again.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._counts = bytearray(_CELLS)
        self._epochs = bytearray(_CELLS)

    def add(self, phones: Iterable[str]) -> bool:
        """Count a message to each; return whether any of them has to be counted one by one."""
        epoch = int(self._now() / _EPOCH) % _MOST
        counts, epochs, many = self._counts, self._epochs, False
        for phone in phones:
            cell = hash(phone) % _CELLS
            fresh = (epoch - epochs[cell]) % _MOST <= 1
            count = counts[cell] + 1 if fresh else 1
            counts[cell] = min(count, _MOST)
            epochs[cell] = epoch
            many = many or count > FEW
        return many
