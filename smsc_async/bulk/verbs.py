"""The verbs of the client that send in bulk."""

from __future__ import annotations

import json
import os
from collections.abc import Sized
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Unpack

from .._options import mint_id, option_params
from ..errors import InvalidRequest
from ..groups.statuses import Statuses
from .address import is_url, journal_at
from .feed import Feed
from .follow import DeliveryReport, Follower
from .memory_journal import MemoryJournal
from .outbox_run import OutboxRun
from .packing import Packer
from .run import Run, Terms, if_awaitable

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Awaitable, Callable, Iterable
    from datetime import tzinfo
    from random import Random

    import anyio

    from .._call import Caller
    from .._clock import Clock
    from .._options import SendOptions
    from .journal import Journal
    from .outgoing import Outgoing
    from .report import BulkReport
    from .run import OnProgress, OnResult

__all__ = ["Bulk"]

_SIZE = 100
_MOST = 1000


class Bulk(Statuses):
    """The verbs of the client that send in bulk."""

    _call: Caller
    _clock: Clock
    _random: Random
    _sender: str | None
    _zone: tzinfo | None

    async def send_many(
        self,
        messages: Iterable[Outgoing] | AsyncIterable[Outgoing] | None,
        *,
        journal: str | os.PathLike[str] | Journal | None = None,
        size: int = _SIZE,
        on_result: OnResult | None = None,
        on_progress: OnProgress | None = None,
        max_cost: Decimal | int | str | None = None,
        dry_run: bool = False,
        stop: anyio.Event | None = None,
        **options: Unpack[SendOptions],
    ) -> BulkReport:
        """Send many messages, each once, in few requests, and report what became of them.

        The source is read as fast as the messages go, and never held in memory. Messages are
        packed, up to `size` in a request: the same text to many, or many texts in a list. One who
        is refused fails nobody else.

        With a `journal`, the path of a file or an object, the run survives whatever happens to it:
        the same call again, with the same source from its beginning, goes on where it was. What
        was in flight is looked up first, so nothing is lost and nothing goes twice; another
        source, or other options, raise `JournalError`.

        Errors that would meet every message, as no money, a blocked address or a bad password,
        end the run, and so do fifty refusals in a row; the report says so in `stopped_by`, and in
        `left` what was not sent. A message whose answer was lost is asked about, once a minute
        together with others, and sent once more only if the service does not have it; what that
        does not settle is in doubt, and named in the results.

        Args:
            messages: What to send, lazily, from any iterable. None sends what the journal has, and
                was not sent.
            journal: Where to write down what is done: the path of a file, the URL
                `postgresql://…?run=june` of a database that many workers share, or an object.
            size: The most messages in a request, up to 1000. All of them share a doubt.
            on_result: Is told of each message what became of it, once that is written down; not
                again when the run goes on.
            on_progress: Is told how far the run has come, after each pack. Both may be coroutine
                functions; who is slow in them slows the run down, what they raise ends it.
            max_cost: The most that the whole run may cost; each pack is then quoted before it is
                sent, which takes twice the requests.
            dry_run: Quotes everything and sends nothing, and needs no journal.
            stop: Set it to end the run: what is in flight is waited for, nothing else is begun.
            options: As for `send`, for all messages; a message's own sender name goes before.

        https://smscentre.com/api/http/send/
        """
        if messages is None and journal is None:
            raise InvalidRequest("messages", "are needed where there is no journal")
        terms = Terms(on_result, on_progress, _amount(max_cost), stop, dry_run)
        book = None if dry_run else journal
        return await self._run_many(Run, messages, book, size=size, terms=terms, options=options)

    async def send_outbox(
        self,
        journal: str | os.PathLike[str] | Journal,
        *,
        stop: anyio.Event,
        size: int = _SIZE,
        on_result: OnResult | None = None,
        on_progress: OnProgress | None = None,
        **options: Unpack[SendOptions],
    ) -> BulkReport:
        """Send what others put into a journal, as it comes, until you set `stop`.

        For a journal on PostgreSQL: what your application inserts into the table `smsc_outbox` in
        its own transaction is sent once that is committed, at the latest a second after. As many
        workers as you like may do this on one run; what one of them had in flight when it died is
        looked up by another. Everything else is as in `send_many`: the errors that end it, too,
        are in the report.
        https://smscentre.com/api/http/send/
        """
        if isinstance(journal, str | os.PathLike) and not is_url(journal):
            raise InvalidRequest("journal", "has to be postgresql://…: a file has no outbox")
        terms = Terms(on_result, on_progress, stop=stop)
        return await self._run_many(
            OutboxRun, None, journal, size=size, terms=terms, options=options
        )

    async def _run_many(
        self,
        kind: type[Run],
        messages: Iterable[Outgoing] | AsyncIterable[Outgoing] | None,
        journal: str | os.PathLike[str] | Journal | None,
        *,
        size: int,
        terms: Terms,
        options: SendOptions,
    ) -> BulkReport:
        if "id" in options:
            raise InvalidRequest("id", "is made here, for each pack")
        if not isinstance(size, int) or not 1 <= size <= _MOST:
            raise InvalidRequest("size", f"has to be from 1 to {_MOST}")
        params = {"sender": self._sender, **option_params(options, self._zone)}
        base = {name: str(value) for name, value in params.items() if value is not None}
        mint = partial(mint_id, self._random)
        book: Journal = MemoryJournal()
        if journal is not None:
            book = journal_at(journal, size=size, base=base)
        try:
            known = await book.open(mint())
            feed = Feed(messages, Packer(size, base, mint), known, json.dumps(base))
            run = kind(self._call, self._clock, feed=feed, journal=book, mint=mint, terms=terms)
            try:
                return await run(len(messages) if isinstance(messages, Sized) else None)
            finally:
                await feed.aclose()
        finally:
            await book.aclose()

    async def follow_many(
        self,
        journal: str | os.PathLike[str] | Journal,
        *,
        timeout: float = 3600.0,
        on_progress: Callable[[DeliveryReport], Awaitable[object] | object] | None = None,
    ) -> DeliveryReport:
        """Follow the messages of a journal until all have a final status, or the time is over.

        Their statuses are written into the journal. They are asked for as the limits allow: many in
        one request, once a minute, or the last few one by one. What the service posts to you may
        be written there meanwhile, by the journal's `deliver`, and is not asked for any more.
        `timeout` is in seconds; a question that waits for its minute then is waited for. Follow
        messages within eight hours: later the service may have moved one to the archive, and its
        status stays what it was.
        https://smscentre.com/api/http/status_messages/
        """

        async def tell(report: DeliveryReport) -> None:
            if on_progress is not None:
                await if_awaitable(on_progress(report))

        book = journal_at(journal)
        return await Follower(self, self._clock, book, tell).run(timeout)


def _amount(value: Decimal | int | str | None) -> Decimal | None:
    if value is None:
        return None
    try:
        amount = Decimal(value)
    except (ArithmeticError, TypeError, ValueError):
        amount = Decimal("NaN")
    if not amount.is_finite() or amount <= 0:
        raise InvalidRequest("max_cost", "has to be an amount of money above 0")
    return amount
