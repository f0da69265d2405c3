"""Sets of places in the source, written as ranges."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Coverage", "ranges", "size"]

_BITS = 8


def ranges(numbers: Iterable[int]) -> str:
    """Write the numbers as "0-99,101,105-107"."""
    ordered = sorted(numbers)
    if len(ordered) > 1 and ordered[-1] - ordered[0] == len(ordered) - 1:
        # Most are one range, and to see that is cheaper.
        return f"{ordered[0]}-{ordered[-1]}"
    spans: list[list[int]] = []
    for number in ordered:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ",".join(f"{a}-{b}" if a < b else str(a) for a, b in spans)


def size(written: str) -> int:
    """Return how many numbers `ranges` has written."""
    spans = (span.partition("-") for span in written.split(","))
    return sum(int(last or first) - int(first) + 1 for first, _, last in spans)


class Coverage:
    """The numbers that are covered: a bit for each."""

    def __init__(self, written: Iterable[str] = ()) -> None:
        self._bits = bytearray()
        for one in written:
            self.add(one)

    def add(self, written: str) -> None:
        """Add what `ranges` has written."""
        for span in filter(None, written.split(",")):
            first, _, last = span.partition("-")
            self._fill(int(first), int(last or first))

    def _fill(self, first: int, last: int) -> None:
        missing = last // _BITS + 1 - len(self._bits)
        if missing > 0:
            self._bits.extend(bytes(missing))
        for number in range(first, last + 1):
            self._bits[number // _BITS] |= 1 << number % _BITS

    def __contains__(self, number: int) -> bool:
        at = number // _BITS
        return at < len(self._bits) and bool(self._bits[at] >> number % _BITS & 1)
