"""The journal in a file, by the standard library's sqlite3."""

from __future__ import annotations

import math
import time
from bisect import bisect_right
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Final

from . import sqlite_work as at
from .codec import result_of, rows_of
from .database import Database, inspect
from .pages import Pages

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncIterator, Mapping, Sequence

    from .codec import Row
    from .journal import Adopted, Delivered, Known, Mark, SourceMark, Totals
    from .outgoing import BulkResult
    from .packing import Pack

__all__ = ["SqliteJournal"]

_number: Final = itemgetter(0)


class SqliteJournal:
    """The journal of a run in a file, which one worker at a time may use.

    The file keeps the texts of messages only until it is known what became of them; it keeps phone
    numbers. What only reads may look at it at any time, also while a run is going on, and needs
    no `open`.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        self._database = Database(self._path, at.SCHEMA)
        self._worker = ""

    @property
    def lease(self) -> float:
        """For ever: there is one worker at a time."""
        return math.inf

    async def open(self, worker: str) -> Known:
        """Begin, as this worker; a file that is not there is made."""
        await self._database.open()
        self._worker = worker
        return await self._database.run(at.known, None)

    async def renew(self) -> None:
        """Do nothing: whoever has the file has it until his process ends."""

    async def adopt(self) -> Sequence[Adopted]:
        """Claim what was claimed before, and never marked."""
        return await self._database.run(at.adopt, self._worker)

    async def claim(
        self, packs: Sequence[Pack], *, source: SourceMark | None, instead_of: Pack | None = None
    ) -> None:
        """Write down that these packs are going to be sent."""
        now = time.time()
        rows = [at.claimed_row(pack, self._worker, now) for pack in packs]
        gone = None if instead_of is None else at.place_of(instead_of)
        await self._database.run(at.claim, at.Claims(rows, source, gone))

    async def take(self) -> Pack | None:
        """Claim a pack that was given back."""
        return await self._database.run(at.take, (self._worker, time.time()))

    async def release(self, pack: Pack) -> None:
        """Give a claim back."""
        await self._database.run(at.release, at.place_of(pack))

    async def mark(self, mark: Mark) -> None:
        """Write down what became of a pack."""
        if all(result.outcome == "in doubt" for result in mark.results):
            # The claim stays: what nobody knows now may be known later.
            return
        await self._database.run(at.mark, (at.place_of(mark.pack), at.marked_row(mark)))

    async def refuse(self, results: Sequence[BulkResult], *, source: SourceMark | None) -> None:
        """Write down messages that were refused before they came into a pack."""
        if results:
            await self._database.run(at.refuse, (at.refused_row(results), source))

    async def totals(self) -> Totals:
        """Count everything that has been written down."""
        return await inspect(self._path, at.totals)

    def results(self) -> AsyncIterator[BulkResult]:
        """Return what became of each message, by number; at last those that are in doubt."""
        return Pages(
            _InOrder(self._path), lambda after: inspect(self._path, partial(at.claims, after))
        )

    async def undelivered(self, after: int, most: int) -> Sequence[BulkResult]:
        """Return accepted messages without a final status, by number, from behind `after`."""
        rows = await inspect(self._path, partial(at.undelivered, after, most))
        return [result_of(row) for row in rows]

    async def deliver(self, statuses: Sequence[Delivered]) -> int:
        """Write down how far messages have come; return how many of them are known here."""
        return await inspect(self._path, partial(at.deliver, statuses))

    async def deliveries(self) -> Mapping[int | None, int]:
        """Count the accepted messages by status."""
        return await inspect(self._path, at.deliveries)

    async def aclose(self) -> None:
        """Close the file."""
        await self._database.aclose()

    def __repr__(self) -> str:
        return f"<SqliteJournal {self._path}>"


class _InOrder:
    """Reads the results of packs by number, some at each call; packs may overlap."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._after = -1
        self._held: list[Row] = []

    async def __call__(self, _: int) -> Sequence[Row]:
        """Return the next ones: those up to where the packs that are still to be read begin."""
        packs = await inspect(self._path, partial(at.packs, self._after))
        for first, message_id, results in packs:
            self._held += rows_of(message_id, results)
            self._after = first
        self._held.sort(key=_number)
        ready = bisect_right(self._held, self._after, key=_number) if packs else len(self._held)
        rows, self._held = self._held[:ready], self._held[ready:]
        return rows
