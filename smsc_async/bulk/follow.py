"""Following the messages of a journal until they are delivered, or failed; and a table of them."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import anyio
import attrs

from ..errors import (
    AuthenticationFailed,
    ClientClosed,
    IpBlocked,
    RateLimited,
    SmscError,
    UntrustedHost,
)
from ..groups.statuses import DeliveryStatus
from .journal import Delivered

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncIterable, Awaitable, Callable, Sequence

    from .._clock import Clock
    from ..groups.statuses import HlrStatus, MessageStatus, Statuses
    from .journal import Journal
    from .outgoing import BulkResult

__all__ = ["DeliveryReport", "Follower", "export_csv"]

_MOST: Final = 3000
"""Messages asked about in one request, of which the service takes one a minute."""

_FEW: Final = 20
"""Messages that are asked about one by one; the service takes five questions a minute of each."""

_AT_ONCE: Final = 2
_HOPELESS: Final = (AuthenticationFailed, IpBlocked, UntrustedHost, ClientClosed)
"""What would be said to every question; others are simply asked again."""

_FIRST_PAUSE: Final = 15.0
_LONGEST_PAUSE: Final = 300.0


@attrs.frozen
class DeliveryReport:
    """How far the messages of a run have come: how many were delivered, failed, are on their way.

    `failed` counts by status, as "EXPIRED". Read ones and those with a clicked link are delivered.
    """

    delivered: int = 0
    failed: Mapping[str, int] = attrs.field(factory=dict[str, int])
    waiting: int = 0

    @classmethod
    def of(cls, statuses: Mapping[int | None, int]) -> DeliveryReport:
        """Make it of how many messages have which status, None being none yet."""
        failed: Counter[str] = Counter()
        delivered = waiting = 0
        for code, count in statuses.items():
            status = DeliveryStatus.WAITING if code is None else DeliveryStatus(code)
            if status.is_delivered:
                delivered += count
            elif status.is_final:
                failed[status.name] += count
            else:
                waiting += count
        return cls(delivered, dict(failed), waiting)


class Follower:
    """Asks for the statuses of a journal's messages, within the limits, and writes them down."""

    def __init__(
        self,
        ask: Statuses,
        clock: Clock,
        journal: Journal,
        tell: Callable[[DeliveryReport], Awaitable[None]],
    ) -> None:
        self._ask = ask
        self._clock = clock
        self._journal = journal
        self._tell = tell

    async def run(self, timeout: float) -> DeliveryReport:
        """Follow them until all have a final status, or the time is over."""
        until, pause = self._clock.now() + timeout, _FIRST_PAUSE
        while True:
            await self._pass(until)
            report = DeliveryReport.of(await self._journal.deliveries())
            await self._tell(report)
            if not report.waiting or self._clock.now() + pause > until:
                return report
            await self._clock.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def _pass(self, until: float) -> None:
        """Ask once about every message that has no final status yet."""
        after = -1
        while page := await self._journal.undelivered(after, _MOST):
            after = page[-1].number
            if len(page) <= _FEW:
                await self._one_by_one(page)
            elif not await self._together(page, until):
                return
            if len(page) < _MOST:
                return
            await self._tell(DeliveryReport.of(await self._journal.deliveries()))

    async def _one_by_one(self, page: Sequence[BulkResult]) -> None:
        limiter = anyio.CapacityLimiter(_AT_ONCE)
        found: list[Delivered] = []
        hopeless: list[SmscError] = []

        async def ask(result: BulkResult) -> None:
            async with limiter:
                if hopeless:
                    return
                try:
                    status = await self._ask.status(result.message_id or "", result.phone)
                except _HOPELESS as error:
                    hopeless.append(error)
                except SmscError:
                    pass  # It is asked again.
                else:
                    found.extend(_delivered(result, status))

        async with anyio.create_task_group() as group:
            for result in page:
                group.start_soon(ask, result)
        await self._journal.deliver(found)
        if hopeless:
            raise hopeless[0]

    async def _together(self, page: Sequence[BulkResult], until: float) -> bool:
        """Ask about many, when their minute has come; return False if that is too late."""
        pairs = [(result.message_id or "", result.phone) for result in page]
        while True:
            try:
                statuses = await self._ask.statuses(pairs, detail=1)
            except RateLimited as limited:
                if self._clock.now() + limited.retry_after > until:
                    return False
                await self._clock.sleep(max(1.0, limited.retry_after))
            except _HOPELESS:
                raise
            except SmscError:
                return True
            else:
                break
        found = [one for pair in zip(page, statuses, strict=True) for one in _delivered(*pair)]
        await self._journal.deliver(found)
        return True


def _delivered(result: BulkResult, status: MessageStatus | HlrStatus) -> Sequence[Delivered]:
    if status.status == DeliveryStatus.NOT_FOUND:
        return ()
    changed = None if status.changed_at is None else int(status.changed_at.timestamp())
    its_id = result.message_id or ""
    return (Delivered(its_id, result.phone, int(status.status), status.error, changed),)


_COLUMNS: Final = (
    "number",
    "phone",
    "message_id",
    "outcome",
    "reason",
    "cost",
    "status",
    "error",
    "changed_at",
)
_ROWS: Final = 1000


async def export_csv(
    results: AsyncIterable[BulkResult], path: str | os.PathLike[str], *, encoding: str = "utf-8"
) -> int:
    """Write the results of a report or a journal into a CSV file; return how many there are."""
    count = 0
    async with await anyio.open_file(path, "w", encoding=encoding, newline="") as file:
        buffer = io.StringIO()
        writer = csv.writer(buffer)
        writer.writerow(_COLUMNS)
        async for result in results:
            writer.writerow(_cells(result))
            count += 1
            if count % _ROWS == 0:
                await file.write(buffer.getvalue())
                buffer.seek(0)
                buffer.truncate()
        await file.write(buffer.getvalue())
    return count


def _cells(result: BulkResult) -> Sequence[object]:
    return (
        result.number,
        result.phone,
        result.message_id,
        result.outcome,
        result.reason,
        result.cost,
        None if result.status is None else result.status.name,
        result.error,
        None if result.changed_at is None else result.changed_at.isoformat(),
    )
