"""The transactions of the journal on PostgreSQL: each function is a part of one, in a thread."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from ..errors import JournalError
from .codec import NUMBERS, pack_of, write_pack
from .journal import Adopted, Known, SourceMark, Totals
from .outgoing import BulkResult, Outgoing
from .postgres_pool import Connection
from .postgres_schema import OUTBOX_FROM, SCHEMA, VERSION
from .ranges import Coverage, ranges

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal
    from typing import Any, LiteralString

    from .codec import Row
    from .journal import Delivered, Mark
    from .packing import Pack

__all__ = [
    "Connection",
    "adopt",
    "claims",
    "deliver",
    "deliveries",
    "enter",
    "insert_packs",
    "insert_results",
    "leave",
    "mark_pack",
    "page",
    "prepare",
    "read_on",
    "release",
    "renew",
    "split",
    "take_messages",
    "take_pack",
    "totals",
    "undelivered",
]

_READY: Final = 0
_CLAIMED: Final = 1
_DONE: Final = 2
_GONE: Final = 3
_FINAL: Final = 1
_PAGE: Final = 1000
_LOCK: Final = 0x534D5343

_ALIVE: Final = """
INSERT INTO smsc_worker (name, run, alive_until)
VALUES (%s, %s, now() + make_interval(secs => %s))
ON CONFLICT (name) DO UPDATE SET alive_until = excluded.alive_until
"""
_DEAD: Final = """
SELECT DISTINCT worker FROM smsc_pack
WHERE run = %(run)s AND state = 1 AND worker <> %(worker)s AND NOT EXISTS
  (SELECT FROM smsc_worker WHERE name = smsc_pack.worker AND alive_until > now())
"""
_ADOPT: Final = """
UPDATE smsc_pack SET worker = %(worker)s WHERE number IN (
  SELECT number FROM smsc_pack
  WHERE run = %(run)s AND state = 1 AND worker = ANY(%(dead)s)
  ORDER BY number FOR UPDATE SKIP LOCKED
)
RETURNING number, id, body, extract(epoch FROM claimed_at)::float8
"""
_READ_ON: Final = """
UPDATE smsc_run
SET reader = %(worker)s, portions = portions + 1,
  digest = CASE WHEN %(read)s > read THEN %(digest)s ELSE digest END,
  read = greatest(read, %(read)s)
WHERE name = %(run)s AND (
  reader = %(worker)s OR (portions = %(portions)s AND NOT EXISTS (
    SELECT FROM smsc_worker WHERE name = reader AND alive_until > now()
  ))
)
"""
_TAKE: Final = """
UPDATE smsc_pack SET state = 1, worker = %s, claimed_at = now() WHERE number = (
  SELECT number FROM smsc_pack WHERE run = %s AND state = 0
  ORDER BY number LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING id, body
"""
_MESSAGES: Final = """
DELETE FROM smsc_outbox WHERE number IN (
  SELECT number FROM smsc_outbox WHERE run = %s ORDER BY number LIMIT %s FOR UPDATE SKIP LOCKED
)
RETURNING number, phone, text, sender
"""
_INSERT: Final = """
INSERT INTO smsc_result (run, number, phone, pack, outcome, reason, cost)
SELECT %s, number, phone, %s, outcome, reason, cost
FROM unnest(%s::bigint[], %s::text[], %s::smallint[], %s::text[], %s::numeric[])
  AS one (number, phone, outcome, reason, cost)
"""
_DELIVER: Final = """
UPDATE smsc_result
SET status = %(status)s, error = %(error)s::bigint,
  changed_at = coalesce(%(changed_at)s::bigint, changed_at)
FROM smsc_pack
WHERE smsc_pack.run = %(run)s AND smsc_pack.id = %(id)s
  AND smsc_result.pack = smsc_pack.number AND ltrim(phone, '+') = ltrim(%(phone)s, '+')
  AND (status IS NULL OR status < %(final)s OR %(status)s >= %(final)s)
"""
_RESULTS: Final = """
SELECT smsc_result.number, phone, smsc_pack.id, outcome, reason, smsc_result.cost::text,
  status, error, changed_at
FROM smsc_result LEFT JOIN smsc_pack ON smsc_pack.number = smsc_result.pack
WHERE smsc_result.run = %s AND smsc_result.number > %s
"""


def prepare(connection: Connection) -> None:
    """Make the tables, if they are not there."""
    if not _has_tables(connection):
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        if not _has_tables(connection):
            connection.execute(SCHEMA)
    _check(connection)


def _has_tables(connection: Connection) -> bool:
    # to_regclass would remember, in a transaction that waited for the lock, that there are none.
    table = "SELECT FROM pg_class WHERE relname = 'smsc_schema' AND pg_table_is_visible(oid)"
    return bool(_all(connection, table))


def _check(connection: Connection) -> None:
    if _all(connection, "SELECT version FROM smsc_schema") != [(VERSION,)]:
        raise JournalError("the journal's tables are of another version")


def enter(run: str, worker: str, lease: float, connection: Connection) -> tuple[int, Known]:
    """Begin as a worker; return how often the source was read on in, and what is known of it."""
    connection.execute("INSERT INTO smsc_run (name) VALUES (%s) ON CONFLICT DO NOTHING", (run,))
    connection.execute(
        "DELETE FROM smsc_worker WHERE run = %s AND alive_until < now() - interval '1 day'", (run,)
    )
    connection.execute(_ALIVE, (worker, run, lease))
    # First the count: who reads on later than this is noticed by it.
    [(portions, read, digest)] = _all(
        connection, "SELECT portions, read, digest FROM smsc_run WHERE name = %s", run
    )
    packs = _all(
        connection, "SELECT covers FROM smsc_pack WHERE run = %s AND covers IS NOT NULL", run
    )
    covers = Coverage(written for (written,) in packs)
    loose = _all(
        connection,
        "SELECT number FROM smsc_result WHERE run = %s AND pack IS NULL AND number < %s",
        run,
        OUTBOX_FROM,
    )
    covers.add(ranges(number for (number,) in loose))
    return portions, Known(SourceMark(read, digest), covers)


def leave(worker: str, connection: Connection) -> None:
    """End as a worker."""
    connection.execute("DELETE FROM smsc_worker WHERE name = %s", (worker,))


def renew(worker: str, lease: float, connection: Connection) -> None:
    """Say that the worker is alive."""
    renewed = connection.execute(
        "UPDATE smsc_worker SET alive_until = now() + make_interval(secs => %s)"
        " WHERE name = %s AND alive_until > now()",
        (lease, worker),
    )
    if not renewed.rowcount:
        raise JournalError("the worker was taken for dead: its lease was over before it renewed it")


def adopt(run: str, worker: str, lease: float, connection: Connection) -> list[Adopted]:
    """Claim what the dead have claimed."""
    # It may have read in its source for long before this.
    connection.execute(_ALIVE, (worker, run, lease))
    known = {"run": run, "worker": worker}
    # Found first: to one statement, whoever began after it and overtook it would be dead as well.
    dead = [name for (name,) in connection.execute(_DEAD, known).fetchall()]
    if not dead:
        return []
    rows = connection.execute(_ADOPT, known | {"dead": dead}).fetchall()
    return [Adopted(pack_of(its_id, body), claimed) for _, its_id, body, claimed in sorted(rows)]


def read_on(
    run: str, worker: str, portions: int, source: SourceMark | None, connection: Connection
) -> None:
    """Write down how far the source was read; only one worker may, and only from where it was."""
    mark = source or SourceMark()
    read = connection.execute(
        _READ_ON,
        {
            "run": run,
            "worker": worker,
            "portions": portions,
            "read": mark.read,
            "digest": mark.digest,
        },
    )
    if not read.rowcount:
        raise JournalError("another worker reads the source of this run; help it without a source")


def insert_packs(
    run: str,
    worker: str | None,
    packs: Sequence[Pack],
    connection: Connection,
    *,
    outbox: bool = False,
) -> None:
    """Write packs down, claimed by the worker; without one they are for anybody to take."""
    state = _READY if worker is None else _CLAIMED
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO smsc_pack (run, id, state, worker, covers, size, body)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s)",
            [
                (
                    *(run, pack.id, state, worker or ""),
                    None if outbox else ranges(number for number, _ in pack.pieces),
                    *(len(pack), write_pack(pack)),
                )
                for pack in packs
            ],
        )


def split(run: str, worker: str, pack: Pack, parts: Sequence[Pack], connection: Connection) -> None:
    """Write down that the parts have the messages of the pack now."""
    rows = connection.execute(
        "UPDATE smsc_pack SET state = %s, body = NULL"
        " WHERE run = %s AND id = %s AND state = %s AND worker = %s RETURNING covers",
        (_GONE, run, pack.id, _CLAIMED, worker),
    ).fetchall()
    [(covers,)] = rows or _lost(pack)
    insert_packs(run, worker, parts, connection, outbox=covers is None)


def take_pack(run: str, worker: str, connection: Connection) -> Pack | None:
    """Claim a pack that nobody has."""
    row = connection.execute(_TAKE, (worker, run)).fetchone()
    return None if row is None else pack_of(*row)


def take_messages(run: str, most: int, connection: Connection) -> list[tuple[int, Outgoing]]:
    """Take messages out of the outbox, the oldest first."""
    rows = connection.execute(_MESSAGES, (run, most)).fetchall()
    rows.sort(key=lambda row: int(row[0]))
    return [(number, Outgoing(phone, text, sender)) for number, phone, text, sender in rows]


def release(run: str, worker: str, pack: Pack, connection: Connection) -> None:
    """Give a claim back, unless it is another's by now."""
    connection.execute(
        "UPDATE smsc_pack SET state = %s WHERE run = %s AND id = %s AND state = %s AND worker = %s",
        (_READY, run, pack.id, _CLAIMED, worker),
    )


def mark_pack(run: str, worker: str, mark: Mark, connection: Connection) -> None:
    """Write down what became of a pack."""
    counted = Totals()
    counted.add(mark.results, mark.units, mark.cost)
    if counted.in_doubt == len(mark.pack):
        # The claim stays: what nobody knows now may be known later.
        return
    rows = connection.execute(
        "UPDATE smsc_pack SET state = %s, body = NULL, accepted = %s, in_doubt = %s, refused = %s,"
        " units = %s, cost = %s WHERE run = %s AND id = %s AND state = %s AND worker = %s"
        " RETURNING number",
        (
            *(_DONE, counted.accepted, counted.in_doubt, json.dumps(counted.refused)),
            *(mark.units, mark.cost, run, mark.pack.id, _CLAIMED, worker),
        ),
    ).fetchall()
    [(number,)] = rows or _lost(mark.pack)
    insert_results(run, mark.results, number, connection)


def _lost(pack: Pack) -> list[tuple[None]]:
    raise JournalError(f"another worker has adopted {pack.id}: this one was taken for dead")


def insert_results(
    run: str, results: Sequence[BulkResult], pack: int | None, connection: Connection
) -> None:
    """Write down what became of messages."""
    if not results:
        return
    columns: list[list[object]] = [
        [one.number for one in results],
        # No text of PostgreSQL has this character, and some phone may be nonsense.
        [one.phone.replace("\0", "") for one in results],
        [NUMBERS[one.outcome] for one in results],
        [one.reason for one in results],
        [one.cost for one in results],
    ]
    connection.execute(_INSERT, (run, pack, *columns))


def totals(run: str, connection: Connection) -> Totals:
    """Count everything of a run."""
    _find(run, connection)
    counted = Totals()
    sums: list[tuple[int, int, int, int, int, Decimal]] = _all(
        connection,
        "SELECT state, sum(accepted)::bigint, sum(in_doubt)::bigint, sum(size)::bigint,"
        " sum(units)::bigint, sum(cost) FROM smsc_pack WHERE run = %s GROUP BY state",
        run,
    )
    for state, accepted, in_doubt, size, units, cost in sums:
        counted.accepted += accepted
        counted.in_doubt += size if state == _CLAIMED else in_doubt
        counted.left += size if state == _READY else 0
        counted.units += units
        counted.cost += cost
    [(waiting,)] = _all(connection, "SELECT count(*) FROM smsc_outbox WHERE run = %s", run)
    counted.left += waiting
    refusals = "SELECT reason, count(*) FROM smsc_result WHERE run = %s AND outcome = %s"
    counted.refused.update(
        dict(_all(connection, f"{refusals} GROUP BY reason", run, NUMBERS["refused"]))
    )
    return counted


def undelivered(run: str, after: int, most: int, connection: Connection) -> list[Row]:
    """Return accepted messages without a final status."""
    return _all(
        connection,
        f"{_RESULTS} AND outcome = 0 AND (status IS NULL OR status < %s)"
        " ORDER BY smsc_result.number LIMIT %s",
        *(run, after, _FINAL, most),
    )


def deliver(run: str, statuses: Sequence[Delivered], connection: Connection) -> int:
    """Write down how far messages have come."""
    rows = [
        {
            "run": run,
            "id": one.message_id,
            "phone": one.phone,
            "status": one.status,
            "error": one.error,
            "changed_at": one.changed_at,
            "final": _FINAL,
        }
        for one in sorted(statuses, key=lambda one: (one.message_id, one.phone.lstrip("+")))
    ]
    with connection.cursor() as cursor:
        cursor.executemany(_DELIVER, rows)
        return max(0, cursor.rowcount) if rows else 0


def deliveries(run: str, connection: Connection) -> Mapping[int | None, int]:
    """Count the accepted messages by status."""
    counts = "SELECT status, count(*) FROM smsc_result WHERE run = %s AND outcome = 0"
    return dict(_all(connection, f"{counts} GROUP BY status", run))


def page(run: str, after: int, connection: Connection) -> list[Row]:
    """Return the next results, by number."""
    if after < 0:
        _find(run, connection)
    return _all(connection, f"{_RESULTS} ORDER BY smsc_result.number LIMIT %s", run, after, _PAGE)


def claims(run: str, after: int, connection: Connection) -> list[tuple[int, str, str]]:
    """Return the next packs that are claimed."""
    return _all(
        connection,
        "SELECT number, id, body FROM smsc_pack WHERE run = %s AND state = 1 AND number > %s"
        " ORDER BY number LIMIT 10",
        run,
        after,
    )


def _all(connection: Connection, query: LiteralString, *values: object) -> list[Any]:
    return connection.execute(query, values or None).fetchall()


def _find(run: str, connection: Connection) -> None:
    if _has_tables(connection):
        _check(connection)
        if _all(connection, "SELECT FROM smsc_run WHERE name = %s", run):
            return
    raise JournalError(f"there is no journal of a run {run}")
