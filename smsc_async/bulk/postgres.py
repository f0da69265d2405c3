"""The journal on PostgreSQL: many runs in one database, many workers on one run, and an outbox."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from random import SystemRandom
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import anyio
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from .._options import mint_id
from ..errors import InvalidRequest, JournalError
from . import postgres_work as at
from .codec import result_of
from .outgoing import BulkResult
from .packing import Packer
from .pages import Pages
from .postgres_pool import Pool

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from .journal import Adopted, Delivered, Known, Mark, SourceMark, Totals
    from .packing import Pack

__all__ = ["PostgresJournal"]

_LEASE: Final = 60.0
_SIZE: Final = 100


class PostgresJournal:
    """The journal of a run on PostgreSQL, on which many workers may work at once, on many hosts.

    `url` is libpq's, with two parameters more: `?run=june&lease=60`. Runs of different names share
    the tables, which the first worker makes (`postgres_schema.SCHEMA`). A worker that has not been
    heard of for `lease` seconds, of the server's clock, is taken for dead, and others adopt what it
    had in flight: a process must never be held up for longer and then go on, as a suspended
    virtual machine does. One worker reads the source of a run; others help it with
    `send_many(None, …)`.

    What your application inserts into `smsc_outbox` is packed when it is taken, up to `size` in a
    pack, with the form fields `base`; the number of its result is that of its row there.
    """

    def __init__(
        self,
        url: str,
        *,
        run: str | None = None,
        lease: float | None = None,
        size: int = _SIZE,
        base: Mapping[str, str] | None = None,
    ) -> None:
        bare, options = _parted(url)
        self._run = run or options.get("run") or "default"
        self._lease = _seconds(options.get("lease", _LEASE) if lease is None else lease)
        self._size = size
        self._base = dict(base or {})
        self._pool = Pool(bare)
        self._worker = ""
        self._portions = 0
        self._mint = partial(mint_id, SystemRandom())

    @property
    def lease(self) -> float:
        """For how many seconds a worker's claims are its own after `open` or `renew`."""
        return self._lease

    async def open(self, worker: str) -> Known:
        """Begin, as this worker; tables that are not there are made."""
        self._worker = worker
        self._pool.open()
        await self._pool.run(at.prepare)
        self._portions, known = await self._pool.run(
            partial(at.enter, self._run, worker, self._lease)
        )
        return known

    async def renew(self) -> None:
        """Say that the worker is alive; raise `JournalError` if it was taken for dead."""
        await self._pool.run(partial(at.renew, self._worker, self._lease))

    async def adopt(self) -> Sequence[Adopted]:
        """Claim what workers have claimed that are gone, and never marked."""
        return await self._pool.run(partial(at.adopt, self._run, self._worker, self._lease))

    async def claim(
        self, packs: Sequence[Pack], *, source: SourceMark | None, instead_of: Pack | None = None
    ) -> None:
        """Write down that these packs are going to be sent.

        Raises `JournalError` if another worker reads the source, or has read on in it.
        """
        await self._pool.run(
            partial(self._claim, packs=packs, source=source, instead_of=instead_of)
        )

    def _claim(
        self,
        connection: at.Connection,
        *,
        packs: Sequence[Pack],
        source: SourceMark | None,
        instead_of: Pack | None,
    ) -> None:
        if source is not None:
            at.read_on(self._run, self._worker, self._portions, source, connection)
        if instead_of is None:
            at.insert_packs(self._run, self._worker, packs, connection)
        else:
            at.split(self._run, self._worker, instead_of, packs, connection)

    async def take(self) -> Pack | None:
        """Claim a pack that was given back, or one of messages of the outbox."""
        while True:
            more, pack = await self._pool.run(self._take)
            if pack is not None or not more:
                return pack

    def _take(self, connection: at.Connection) -> tuple[bool, Pack | None]:
        """Return whether there may be more, and the pack."""
        pack = at.take_pack(self._run, self._worker, connection)
        if pack is not None:
            return True, pack
        messages = at.take_messages(self._run, self._size, connection)
        packer = Packer(self._size, self._base, self._mint)
        refused: list[BulkResult] = []
        for number, message in messages:
            try:
                packer.add(number, message)
            except InvalidRequest as error:
                reason = f"InvalidRequest: {error.text}"
                refused.append(BulkResult(number, message.to, None, "refused", reason))
        packer.flush()
        at.insert_results(self._run, refused, None, connection)
        ready = list(packer.ready)
        at.insert_packs(self._run, self._worker, ready[:1], connection, outbox=True)
        at.insert_packs(self._run, None, ready[1:], connection, outbox=True)
        return bool(messages), ready[0] if ready else None

    async def release(self, pack: Pack) -> None:
        """Give a claim back."""
        await self._pool.run(partial(at.release, self._run, self._worker, pack))

    async def mark(self, mark: Mark) -> None:
        """Write down what became of a pack; raise `JournalError` if another has adopted it."""
        await self._pool.run(partial(at.mark_pack, self._run, self._worker, mark))

    async def refuse(self, results: Sequence[BulkResult], *, source: SourceMark | None) -> None:
        """Write down messages that were refused before they came into a pack."""
        await self._pool.run(partial(self._refuse, results, source))

    def _refuse(
        self, results: Sequence[BulkResult], source: SourceMark | None, connection: at.Connection
    ) -> None:
        at.read_on(self._run, self._worker, self._portions, source, connection)
        at.insert_results(self._run, results, None, connection)

    async def totals(self) -> Totals:
        """Count everything that has been written down; what waits in the outbox is left."""
        return await self._pool.run(partial(at.totals, self._run))

    def results(self) -> AsyncIterator[BulkResult]:
        """Return what became of each message, by number; at last those that are in doubt."""
        return Pages(
            lambda after: self._pool.run(partial(at.page, self._run, after)),
            lambda after: self._pool.run(partial(at.claims, self._run, after)),
        )

    async def undelivered(self, after: int, most: int) -> Sequence[BulkResult]:
        """Return accepted messages without a final status, by number, from behind `after`."""
        rows = await self._pool.run(partial(at.undelivered, self._run, after, most))
        return [result_of(row) for row in rows]

    async def deliver(self, statuses: Sequence[Delivered]) -> int:
        """Write down how far messages have come; return how many of them are known here."""
        return await self._pool.run(partial(at.deliver, self._run, statuses))

    async def deliveries(self) -> Mapping[int | None, int]:
        """Count the accepted messages by status."""
        return await self._pool.run(partial(at.deliveries, self._run))

    async def aclose(self) -> None:
        """Let others adopt what is still claimed, at once, and close the connections.

        If the server is gone, they adopt it when the lease is over.
        """
        worker, self._worker = self._worker, ""
        with anyio.CancelScope(shield=True):
            if worker:
                with suppress(JournalError):
                    await self._pool.run(partial(at.leave, worker), patient=False)
            await self._pool.aclose()

    def __repr__(self) -> str:
        return f"<PostgresJournal {self._run}>"


def _parted(url: str) -> tuple[str, dict[str, str]]:
    """Return the URL for libpq, and what is ours of its parameters."""
    try:
        parts = urlsplit(url)
        given = parse_qsl(parts.query, keep_blank_values=True)
        ours = {name: value for name, value in given if name in {"run", "lease"}}
        rest = [(name, value) for name, value in given if name not in ours]
        # libpq takes a plus for a plus.
        bare = urlunsplit(parts._replace(query=urlencode(rest, quote_via=quote)))
        conninfo_to_dict(bare)
    except (ValueError, ProgrammingError):
        # What they say may have the password in it.
        form = "postgresql://user:password@host:5432/database?run=june and libpq's parameters"
        raise InvalidRequest("journal", f"has to be {form}") from None
    return bare, ours


def _seconds(value: str | float) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = 0.0
    if not 1.0 <= seconds <= 24 * 3600.0:
        raise InvalidRequest("lease", "has to be from 1 second to a day")
    return seconds
