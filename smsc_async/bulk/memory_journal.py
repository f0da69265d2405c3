"""The journal of a run that has none: it keeps results, and nothing that a crash would ask for."""

from __future__ import annotations

import json
import math
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Self
from weakref import finalize

import attrs

from .codec import result_of, row_of
from .journal import Adopted, Delivered, Known, Mark, SourceMark, Totals
from .outgoing import BulkResult

if TYPE_CHECKING:
    from .packing import Pack

__all__ = ["MemoryJournal"]

_IN_MEMORY: Final = 4 * 1024 * 1024


class MemoryJournal:
    """Keeps results in memory, and what is more than some megabytes in a file without a name."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed with it
        finalize(self, self._file.close)
        self._totals = Totals()
        self._ends: list[int] = []

    @property
    def lease(self) -> float:
        """For ever: there is one worker at a time."""
        return math.inf

    async def open(self, worker: str) -> Known:  # noqa: ARG002 - there is but one
        """Begin; nothing is known."""
        return Known()

    async def renew(self) -> None:
        """Do nothing."""

    async def adopt(self) -> Sequence[Adopted]:
        """There is nobody to adopt from."""
        return ()

    async def claim(
        self, packs: Sequence[Pack], *, source: SourceMark | None, instead_of: Pack | None = None
    ) -> None:
        """Do nothing: after a crash nobody asks."""

    async def take(self) -> Pack | None:
        """Return nothing: what is given back is given up."""
        return None

    async def release(self, pack: Pack) -> None:
        """Do nothing: the run counts what is left."""

    async def mark(self, mark: Mark) -> None:
        """Keep the results."""
        self._totals.add(mark.results, mark.units, mark.cost)
        self._write(mark.results)

    async def refuse(self, results: Sequence[BulkResult], *, source: SourceMark | None) -> None:  # noqa: ARG002
        """Keep the results."""
        self._totals.add(results, 0, Decimal(0))
        self._write(results)

    async def totals(self) -> Totals:
        """Return what was counted."""
        return attrs.evolve(self._totals, refused=Counter(self._totals.refused))

    def results(self) -> AsyncIterator[BulkResult]:
        """Return the results, in the order they came in."""
        return _Results(self)

    async def undelivered(self, after: int, most: int) -> Sequence[BulkResult]:  # noqa: ARG002
        """Return nothing: a run without a journal is not followed."""
        return ()

    async def deliver(self, statuses: Sequence[Delivered]) -> int:  # noqa: ARG002
        """Know nobody."""
        return 0

    async def deliveries(self) -> Mapping[int | None, int]:
        """Count those of whom nothing is known."""
        return {None: self._totals.accepted}

    async def aclose(self) -> None:
        """Do nothing: results are read after the run."""

    def read(self, place: int) -> list[BulkResult] | None:
        """Return the results that came in together at this place; None behind the last."""
        if place >= len(self._ends):
            return None
        begin = self._ends[place - 1] if place else 0
        self._file.seek(begin)
        rows = json.loads(self._file.read(self._ends[place] - begin))
        self._file.seek(0, 2)
        return [result_of(tuple(row)) for row in rows]

    def _write(self, results: Sequence[BulkResult]) -> None:
        # A write into the page cache is shorter than the way to a thread.
        self._file.write(json.dumps([row_of(one) for one in results]).encode())
        self._ends.append(self._file.tell())


class _Results(AsyncIterator[BulkResult]):
    def __init__(self, journal: MemoryJournal) -> None:
        self._journal = journal
        self._place = 0
        self._page: list[BulkResult] = []

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> BulkResult:
        while not self._page:
            page = self._journal.read(self._place)
            if page is None:
                raise StopAsyncIteration
            self._place += 1
            self._page = page[::-1]
        return self._page.pop()
