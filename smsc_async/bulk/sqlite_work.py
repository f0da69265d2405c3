"""The transactions of the journal in a file: each function is a part of one, in a thread.

Those that write are given what all who wait have to write, and answer each of them. What became of
a pack is one row, with the results of all its messages: to write a row for each message takes a run
several times as long, and hardly ever is one of them asked for alone.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal
from operator import itemgetter
from typing import TYPE_CHECKING, Final, TypeAlias

import attrs

from ..errors import JournalError
from .codec import NUMBERS, pack_of, rows_of, write_pack, write_results, write_rows
from .journal import Adopted, Known, SourceMark, Totals
from .ranges import Coverage, ranges, size

if TYPE_CHECKING:
    import sqlite3

    from .codec import Row
    from .journal import Delivered, Mark
    from .outgoing import BulkResult
    from .packing import Pack

__all__ = [
    "SCHEMA",
    "Claimed",
    "Claims",
    "Marked",
    "Place",
    "adopt",
    "claim",
    "claimed_row",
    "claims",
    "deliver",
    "deliveries",
    "known",
    "mark",
    "marked_row",
    "packs",
    "place_of",
    "refuse",
    "refused_row",
    "release",
    "take",
    "totals",
    "undelivered",
]

SCHEMA: Final = """
CREATE TABLE source (
  one INTEGER PRIMARY KEY CHECK (one = 1), read INTEGER NOT NULL, digest TEXT NOT NULL
);
CREATE TABLE claim (
  first INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  worker TEXT,
  claimed_at REAL NOT NULL,
  covers TEXT NOT NULL,
  body TEXT NOT NULL
);
CREATE TABLE pack (
  first INTEGER PRIMARY KEY,
  last INTEGER NOT NULL,
  id TEXT UNIQUE,
  covers TEXT NOT NULL,
  accepted INTEGER NOT NULL,
  in_doubt INTEGER NOT NULL,
  refused TEXT NOT NULL,
  units INTEGER NOT NULL,
  cost TEXT NOT NULL,
  waiting INTEGER NOT NULL,
  statuses TEXT,
  results TEXT NOT NULL
);
"""
"""`claim` are packs that a worker has, or without one anybody may take, `pack` what became of them.

A pack is known by the first of its messages, which no other has. Without an id are messages that
were refused before they came into one. Of what was accepted `waiting` counts those that have no
final status, and `statuses` all by status, once there is one.
"""

_number: Final = itemgetter(0)
_ACCEPTED: Final = NUMBERS["accepted"]
_FINAL: Final = 1
_PAGE: Final = 10
"""Packs that are read at once."""

_MARK: Final = "INSERT INTO pack VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

Place: TypeAlias = tuple[int, str]
"""What a pack is known by: the number of its first message, and its id."""

Claimed: TypeAlias = tuple[int, str, str, float, str, str]
Marked: TypeAlias = tuple[
    int, int, "str | None", str, int, int, str, int, str, int, "str | None", str
]


@attrs.frozen
class Claims:
    """Packs that are going to be sent, how far the source was read then, and what they replace."""

    rows: Sequence[Claimed]
    source: SourceMark | None = None
    instead_of: Place | None = None


def place_of(pack: Pack) -> Place:
    """Return what a pack is known by."""
    return min(number for number, _ in pack.pieces), pack.id


def claimed_row(pack: Pack, worker: str, now: float) -> Claimed:
    """Write down that a worker has a pack."""
    numbers = [number for number, _ in pack.pieces]
    return min(numbers), pack.id, worker, now, ranges(numbers), write_pack(pack)


def marked_row(mark: Mark) -> Marked:
    """Write down what became of a pack."""
    return _marked(mark.pack.id, mark.results, mark.units, mark.cost)


def refused_row(results: Sequence[BulkResult]) -> Marked:
    """Write down what came into no pack."""
    return _marked(None, results, 0, Decimal(0))


def _marked(
    message_id: str | None, results: Sequence[BulkResult], units: int, cost: Decimal
) -> Marked:
    counted = Totals()
    counted.add(results, units, cost)
    numbers = [one.number for one in results]
    return (
        *(min(numbers), max(numbers), message_id, ranges(numbers)),
        *(counted.accepted, counted.in_doubt, json.dumps(counted.refused), units, str(cost)),
        *(counted.accepted, None, write_results(results)),
    )


def known(connection: sqlite3.Connection, asked: Sequence[None]) -> list[Known]:
    """Return what is known of the source."""
    row = connection.execute("SELECT read, digest FROM source").fetchone()
    written = connection.execute("SELECT covers FROM pack UNION ALL SELECT covers FROM claim")
    covers = Coverage(one for (one,) in written)
    return [Known(SourceMark(*row) if row else SourceMark(), covers)] * len(asked)


def _read_on(connection: sqlite3.Connection, sources: Iterable[SourceMark | None]) -> None:
    """Write down how far the source was read; what was read before that changes nothing."""
    furthest = max(
        (source for source in sources if source is not None),
        key=lambda source: source.read,
        default=None,
    )
    if furthest is not None:
        connection.execute(
            "INSERT INTO source VALUES (1, ?, ?) ON CONFLICT (one) DO UPDATE"
            " SET read = excluded.read, digest = excluded.digest WHERE excluded.read > read",
            (furthest.read, furthest.digest),
        )


def adopt(connection: sqlite3.Connection, workers: Sequence[str]) -> list[list[Adopted]]:
    """Claim for a worker what others have claimed."""
    adopted: list[list[Adopted]] = []
    for worker in workers:
        rows = connection.execute(
            "SELECT id, body, claimed_at FROM claim WHERE worker <> ? ORDER BY first", (worker,)
        ).fetchall()
        connection.execute("UPDATE claim SET worker = ? WHERE worker IS NOT NULL", (worker,))
        adopted.append([Adopted(pack_of(its_id, body), at) for its_id, body, at in rows])
    return adopted


def claim(connection: sqlite3.Connection, claims: Sequence[Claims]) -> list[None]:
    """Write down what is going to be sent; a pack that it takes the place of is gone before."""
    _forget(connection, [one.instead_of for one in claims if one.instead_of is not None])
    rows = [row for one in claims for row in one.rows]
    connection.executemany("INSERT INTO claim VALUES (?, ?, ?, ?, ?, ?)", rows)
    _read_on(connection, [one.source for one in claims])
    return [None] * len(claims)


def _forget(connection: sqlite3.Connection, packs: Sequence[Place]) -> None:
    """Let claims be gone, with their texts."""
    if packs:
        gone = connection.executemany("DELETE FROM claim WHERE first = ? AND id = ?", packs)
        if gone.rowcount < len(packs):
            raise JournalError(f"the pack {packs[0][1]} is not claimed")


def take(connection: sqlite3.Connection, takers: Sequence[tuple[str, float]]) -> list[Pack | None]:
    """Claim a pack that was given back."""
    rows = [
        connection.execute(
            "UPDATE claim SET worker = ?, claimed_at = ? WHERE first ="
            " (SELECT min(first) FROM claim WHERE worker IS NULL) RETURNING id, body",
            taker,
        ).fetchone()
        for taker in takers
    ]
    return [pack_of(*row) if row else None for row in rows]


def release(connection: sqlite3.Connection, packs: Sequence[Place]) -> list[None]:
    """Let anybody take these packs."""
    connection.executemany("UPDATE claim SET worker = NULL WHERE first = ? AND id = ?", packs)
    return [None] * len(packs)


def mark(connection: sqlite3.Connection, marked: Sequence[tuple[Place, Marked]]) -> list[None]:
    """Write down what became of packs."""
    _forget(connection, [place for place, _ in marked])
    connection.executemany(_MARK, [row for _, row in marked])
    return [None] * len(marked)


def refuse(
    connection: sqlite3.Connection, refused: Sequence[tuple[Marked, SourceMark | None]]
) -> list[None]:
    """Write down what came into no pack."""
    connection.executemany(_MARK, [row for row, _ in refused])
    _read_on(connection, [source for _, source in refused])
    return [None] * len(refused)


def totals(connection: sqlite3.Connection) -> Totals:
    """Count everything."""
    counted = Totals()
    # Else a pack that is marked meanwhile would be missing.
    connection.execute("BEGIN")
    rows = connection.execute("SELECT accepted, in_doubt, refused, units, cost FROM pack")
    for accepted, in_doubt, refused, units, cost in rows:
        counted.accepted += accepted
        counted.in_doubt += in_doubt
        if refused != "{}":
            counted.refused.update(json.loads(refused))
        counted.units += units
        counted.cost += Decimal(cost)
    for worker, covers in connection.execute("SELECT worker, covers FROM claim"):
        if worker is None:
            counted.left += size(covers)
        else:
            counted.in_doubt += size(covers)
    return counted


def packs(after: int, connection: sqlite3.Connection) -> list[tuple[int, str | None, str]]:
    """Return the next packs that were marked: first message, id and results."""
    return connection.execute(
        "SELECT first, id, results FROM pack WHERE first > ? ORDER BY first LIMIT ?",
        (after, _PAGE),
    ).fetchall()


def claims(after: int, connection: sqlite3.Connection) -> list[tuple[int, str, str]]:
    """Return the next packs that are claimed: first message, id and body."""
    return connection.execute(
        "SELECT first, id, body FROM claim WHERE worker IS NOT NULL AND first > ?"
        " ORDER BY first LIMIT ?",
        (after, _PAGE),
    ).fetchall()


def undelivered(after: int, most: int, connection: sqlite3.Connection) -> list[Row]:
    """Return accepted messages without a final status."""
    found: list[Row] = []
    behind = connection.execute(
        "SELECT first, id, results FROM pack WHERE last > ? AND waiting > 0 ORDER BY first",
        (after,),
    )
    for first, its_id, results in behind:
        if len(found) >= most:
            # Packs overlap: only what is before the next one's first is surely the next.
            found.sort(key=_number)
            if found[most - 1][0] < first:
                break
        found += [row for row in rows_of(its_id, results) if row[0] > after and _waits(row)]
    found.sort(key=_number)
    return found[:most]


def deliver(statuses: Sequence[Delivered], connection: sqlite3.Connection) -> int:
    """Write down how far messages have come."""
    by_pack: dict[str, list[Delivered]] = {}
    for one in statuses:
        by_pack.setdefault(one.message_id, []).append(one)
    count = 0
    connection.execute("BEGIN IMMEDIATE")
    for its_id, news in by_pack.items():
        written = connection.execute("SELECT results FROM pack WHERE id = ?", (its_id,)).fetchone()
        if written is None:
            continue
        rows = rows_of(its_id, *written)
        changed = _note(rows, news)
        if changed:
            accepted = [row for row in rows if row[3] == _ACCEPTED]
            counts = Counter(row[6] for row in accepted)
            connection.execute(
                "UPDATE pack SET waiting = ?, statuses = ?, results = ? WHERE id = ?",
                (
                    *(sum(map(_waits, accepted)), json.dumps(list(counts.items()))),
                    *(write_rows(rows), its_id),
                ),
            )
        count += changed
    connection.execute("COMMIT")
    return count


def _note(rows: list[Row], news: Sequence[Delivered]) -> int:
    """Write the news into the rows of a pack; return how many of them are known here."""
    places = {row[1].lstrip("+"): at for at, row in enumerate(rows)}
    known = 0
    for one in news:
        at = places.get(one.phone.lstrip("+"))
        if at is None:
            continue
        status, _, since = rows[at][6:]
        if status is None or status < _FINAL or one.status >= _FINAL:
            changed_at = since if one.changed_at is None else one.changed_at
            rows[at] = (*rows[at][:6], one.status, one.error, changed_at)
            known += 1
    return known


def _waits(row: Row) -> bool:
    """Whether a message was accepted, and has no final status."""
    return row[3] == _ACCEPTED and (row[6] is None or row[6] < _FINAL)


def deliveries(connection: sqlite3.Connection) -> dict[int | None, int]:
    """Count what was accepted, by status."""
    counts: Counter[int | None] = Counter()
    rows = connection.execute("SELECT accepted, statuses FROM pack WHERE accepted > 0")
    for accepted, statuses in rows:
        counts.update({None: accepted} if statuses is None else dict(json.loads(statuses)))
    return dict(counts)
