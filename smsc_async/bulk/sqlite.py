"""The journal in a file, by the standard library's sqlite3."""

from __future__ import annotations

import json
import math
import time
from collections import Counter
from decimal import Decimal
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .codec import NUMBERS, pack_of, result_of, write_pack
from .database import Database, inspect
from .journal import Adopted, Known, SourceMark, Totals
from .pages import Pages
from .ranges import Coverage, ranges

if TYPE_CHECKING:
    import os
    import sqlite3
    from collections.abc import AsyncIterator, Mapping, Sequence

    from .codec import Row
    from .journal import Delivered, Mark
    from .outgoing import BulkResult
    from .packing import Pack

__all__ = ["SqliteJournal"]

_READY: Final = 0
_CLAIMED: Final = 1
_DONE: Final = 2
_GONE: Final = 3
"""States of a pack: for anybody to take, somebody's, marked, split into others."""

_PAGE: Final = 1000
_AT_ONCE: Final = 100
_FINAL: Final = 1

_SCHEMA: Final = """
CREATE TABLE source (
  one INTEGER PRIMARY KEY CHECK (one = 1), read INTEGER NOT NULL, digest TEXT NOT NULL
);
CREATE TABLE pack (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  state INTEGER NOT NULL,
  worker TEXT NOT NULL,
  claimed_at REAL NOT NULL,
  covers TEXT NOT NULL,
  body TEXT,
  accepted INTEGER NOT NULL DEFAULT 0,
  in_doubt INTEGER NOT NULL DEFAULT 0,
  refused TEXT NOT NULL DEFAULT '{}',
  units INTEGER NOT NULL DEFAULT 0,
  cost TEXT NOT NULL DEFAULT '0'
);
CREATE INDEX pack_open ON pack (state) WHERE state < 2;
CREATE TABLE result (
  number INTEGER PRIMARY KEY,
  phone TEXT NOT NULL,
  pack INTEGER REFERENCES pack,
  outcome INTEGER NOT NULL,
  reason TEXT,
  cost TEXT,
  status INTEGER,
  error INTEGER,
  changed_at INTEGER
);
"""

_RESULTS: Final = """
SELECT result.number, phone, pack.id, outcome, reason, result.cost, status, error, changed_at
FROM result LEFT JOIN pack ON pack.number = result.pack
"""


class SqliteJournal:
    """The journal of a run in a file, which one worker at a time may use.

    The file keeps the texts of messages only until it is known what became of them; it keeps phone
    numbers. What only reads may look at it at any time, also while a run is going on, and needs
    no `open`.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        self._database = Database(self._path, _SCHEMA)
        self._worker = ""

    @property
    def lease(self) -> float:
        """For ever: there is one worker at a time."""
        return math.inf

    async def open(self, worker: str) -> Known:
        """Begin, as this worker; a file that is not there is made."""
        await self._database.open()
        self._worker = worker
        return await self._database.run(_known)

    async def renew(self) -> None:
        """Do nothing: whoever has the file has it until his process ends."""

    async def adopt(self) -> Sequence[Adopted]:
        """Claim what was claimed before, and never marked."""
        return await self._database.run(partial(_adopt, self._worker))

    async def claim(
        self, packs: Sequence[Pack], *, source: SourceMark | None, instead_of: Pack | None = None
    ) -> None:
        """Write down that these packs are going to be sent."""
        await self._database.run(
            partial(_claim, self._worker, time.time(), packs, source=source, gone=instead_of)
        )

    async def take(self) -> Pack | None:
        """Claim a pack that was given back."""
        return await self._database.run(partial(_take, self._worker, time.time()))

    async def release(self, pack: Pack) -> None:
        """Give a claim back."""
        await self._database.run(partial(_release, pack), lasting=False)

    async def mark(self, mark: Mark) -> None:
        """Write down what became of a pack."""
        await self._database.run(partial(_mark, mark), lasting=False)

    async def refuse(self, results: Sequence[BulkResult], *, source: SourceMark | None) -> None:
        """Write down messages that were refused before they came into a pack."""
        await self._database.run(partial(_refuse, results, source), lasting=False)

    async def totals(self) -> Totals:
        """Count everything that has been written down."""
        return await inspect(self._path, _totals)

    def results(self) -> AsyncIterator[BulkResult]:
        """Return what became of each message, by number; at last those that are in doubt."""
        return Pages(
            lambda after: inspect(self._path, partial(_page, after)),
            lambda after: inspect(self._path, partial(_claims, after)),
        )

    async def undelivered(self, after: int, most: int) -> Sequence[BulkResult]:
        """Return accepted messages without a final status, by number, from behind `after`."""
        return await inspect(self._path, partial(_undelivered, after, most))

    async def deliver(self, statuses: Sequence[Delivered]) -> int:
        """Write down how far messages have come; return how many of them are known here."""
        return await inspect(self._path, partial(_deliver, statuses))

    async def deliveries(self) -> Mapping[int | None, int]:
        """Count the accepted messages by status."""
        return await inspect(self._path, _deliveries)

    async def aclose(self) -> None:
        """Close the file."""
        await self._database.aclose()

    def __repr__(self) -> str:
        return f"<SqliteJournal {self._path}>"


def _known(connection: sqlite3.Connection) -> Known:
    row = connection.execute("SELECT read, digest FROM source").fetchone()
    covers = Coverage(written for (written,) in connection.execute("SELECT covers FROM pack"))
    loose = connection.execute("SELECT number FROM result WHERE pack IS NULL")
    covers.add(ranges(number for (number,) in loose))
    return Known(SourceMark(*row) if row else SourceMark(), covers)


def _read_to(connection: sqlite3.Connection, source: SourceMark | None) -> None:
    if source is not None:
        connection.execute(
            "INSERT INTO source VALUES (1, ?, ?) ON CONFLICT (one) DO UPDATE"
            " SET read = excluded.read, digest = excluded.digest WHERE excluded.read > read",
            (source.read, source.digest),
        )


def _adopt(worker: str, connection: sqlite3.Connection) -> list[Adopted]:
    found = connection.execute(
        "SELECT id, body, claimed_at FROM pack WHERE state = ? AND worker <> ? ORDER BY number",
        (_CLAIMED, worker),
    ).fetchall()
    connection.execute("UPDATE pack SET worker = ? WHERE state = ?", (worker, _CLAIMED))
    return [Adopted(pack_of(message_id, body), at) for message_id, body, at in found]


def _claim(
    worker: str,
    now: float,
    packs: Sequence[Pack],
    connection: sqlite3.Connection,
    *,
    source: SourceMark | None,
    gone: Pack | None,
) -> None:
    connection.executemany(
        "INSERT INTO pack (id, state, worker, claimed_at, covers, body) VALUES (?, ?, ?, ?, ?, ?)",
        [
            (
                pack.id,
                _CLAIMED,
                worker,
                now,
                ranges(number for number, _ in pack.pieces),
                write_pack(pack),
            )
            for pack in packs
        ],
    )
    if gone is not None:
        connection.execute("UPDATE pack SET state = ?, body = NULL WHERE id = ?", (_GONE, gone.id))
    _read_to(connection, source)


def _take(worker: str, now: float, connection: sqlite3.Connection) -> Pack | None:
    row = connection.execute(
        "UPDATE pack SET state = ?, worker = ?, claimed_at = ? WHERE number ="
        " (SELECT number FROM pack WHERE state = ? ORDER BY number LIMIT 1) RETURNING id, body",
        (_CLAIMED, worker, now, _READY),
    ).fetchone()
    return pack_of(*row) if row else None


def _release(pack: Pack, connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE pack SET state = ? WHERE id = ?", (_READY, pack.id))


def _mark(mark: Mark, connection: sqlite3.Connection) -> None:
    outcomes = [result.outcome for result in mark.results]
    in_doubt = outcomes.count("in doubt")
    if in_doubt == len(mark.pack):
        # The claim stays: what nobody knows now may be known later.
        return
    refused = Counter(result.reason or "" for result in mark.results if result.outcome == "refused")
    accepted = outcomes.count("accepted")
    facts = (accepted, in_doubt, json.dumps(refused), mark.units, str(mark.cost))
    [number] = connection.execute(
        "UPDATE pack SET state = ?, body = NULL, accepted = ?, in_doubt = ?, refused = ?,"
        " units = ?, cost = ? WHERE id = ? RETURNING number",
        (_DONE, *facts, mark.pack.id),
    ).fetchone()
    _insert(connection, mark.results, number)


def _insert(
    connection: sqlite3.Connection, results: Sequence[BulkResult], pack: int | None
) -> None:
    for begin in range(0, len(results), _AT_ONCE):
        some = results[begin : begin + _AT_ONCE]
        values: list[object] = []
        for one in some:
            cost = None if one.cost is None else str(one.cost)
            values += (one.number, one.phone, pack, NUMBERS[one.outcome], one.reason, cost)
        connection.execute(_insertion(len(some)), values)


@cache
def _insertion(rows: int) -> str:
    """Return the statement for so many rows: one statement for all is three times as fast."""
    places = ",".join(["(?,?,?,?,?,?)"] * rows)
    return f"INSERT INTO result (number, phone, pack, outcome, reason, cost) VALUES {places}"  # noqa: S608


def _refuse(
    results: Sequence[BulkResult], source: SourceMark | None, connection: sqlite3.Connection
) -> None:
    _insert(connection, results, None)
    _read_to(connection, source)


def _totals(connection: sqlite3.Connection) -> Totals:
    totals = Totals()
    rows = connection.execute(
        "SELECT state, covers, accepted, in_doubt, refused, units, cost FROM pack"
    )
    for state, covers, accepted, in_doubt, refused, units, cost in rows:
        totals.accepted += accepted
        totals.in_doubt += _count(covers) if state == _CLAIMED else in_doubt
        totals.left += _count(covers) if state == _READY else 0
        if refused != "{}":
            totals.refused += Counter(json.loads(refused))
        totals.units += units
        totals.cost += Decimal(cost)
    totals.refused += Counter(
        dict(
            connection.execute(
                "SELECT reason, count(*) FROM result WHERE pack IS NULL GROUP BY reason"
            ).fetchall()
        )
    )
    return totals


def _count(covers: str) -> int:
    spans = (span.partition("-") for span in covers.split(","))
    return sum(int(last or first) - int(first) + 1 for first, _, last in spans)


def _undelivered(after: int, most: int, connection: sqlite3.Connection) -> list[BulkResult]:
    rows = connection.execute(
        f"{_RESULTS} WHERE result.number > ? AND outcome = 0"
        " AND (status IS NULL OR status < ?) ORDER BY result.number LIMIT ?",
        (after, _FINAL, most),
    )
    return [result_of(row) for row in rows]


def _deliver(statuses: Sequence[Delivered], connection: sqlite3.Connection) -> int:
    known = 0
    connection.execute("BEGIN IMMEDIATE")
    for one in statuses:
        row = connection.execute(
            "SELECT number, covers FROM pack WHERE id = ?", (one.message_id,)
        ).fetchone()
        if row is None:
            continue
        pack, covers = row
        spans = covers.replace(",", "-").split("-")
        changed = connection.execute(
            "UPDATE result SET status = ?1, error = ?2, changed_at = coalesce(?3, changed_at)"
            " WHERE number BETWEEN ?4 AND ?5 AND pack = ?6 AND ltrim(phone, '+') = ?7"
            " AND (status IS NULL OR status < ?8 OR ?1 >= ?8)",
            (
                one.status,
                one.error,
                one.changed_at,
                int(spans[0]),
                int(spans[-1]),
                pack,
                one.phone.lstrip("+"),
                _FINAL,
            ),
        )
        known += changed.rowcount
    connection.execute("COMMIT")
    return known


def _deliveries(connection: sqlite3.Connection) -> dict[int | None, int]:
    return dict(
        connection.execute(
            "SELECT status, count(*) FROM result WHERE outcome = 0 GROUP BY status"
        ).fetchall()
    )


def _page(after: int, connection: sqlite3.Connection) -> list[Row]:
    return connection.execute(
        f"{_RESULTS} WHERE result.number > ? ORDER BY result.number LIMIT ?",
        (after, _PAGE),
    ).fetchall()


def _claims(after: int, connection: sqlite3.Connection) -> list[tuple[int, str, str]]:
    return connection.execute(
        "SELECT number, id, body FROM pack WHERE state = ? AND number > ? ORDER BY number LIMIT 10",
        (_CLAIMED, after),
    ).fetchall()
