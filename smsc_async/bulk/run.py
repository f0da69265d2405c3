"""A bulk run: workers who take packs from the source, claim them, send them and mark them.

One pack's way: `Feed.next` -> `Journal.claim`, committed -> `PackSender.send` -> `Journal.mark`,
committed -> the callbacks. A pack whose answer was lost goes to the `Settler` instead.
"""

from __future__ import annotations

import inspect
import math
from decimal import Decimal
from typing import TYPE_CHECKING, Final, TypeAlias

import anyio
import attrs

from ..errors import ApiError, CostLimitReached, OutcomeUnknown, SmscError
from .journal import Totals
from .report import BulkProgress, BulkReport
from .request import mark_of, refusal_of
from .sender import Ended, PackSender
from .settle import Settler, unknown

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from anyio.abc import TaskGroup

    from .._call import Caller
    from .._clock import Clock
    from .feed import Feed, Portion
    from .journal import Journal, Mark
    from .outgoing import BulkResult
    from .packing import Pack

__all__ = ["OnProgress", "OnResult", "Run", "Terms", "if_awaitable"]

OnResult: TypeAlias = "Callable[[BulkResult], Awaitable[object] | object]"
OnProgress: TypeAlias = "Callable[[BulkProgress], Awaitable[object] | object]"

_REFUSALS: Final = 50
"""Requests refused in a row after which a run stops: after a hundred the address is blocked."""

_AHEAD: Final = 2
"""Workers for each slot: while those wait for the journal these have something to send."""

_EXAMPLES: Final = 5
"""Refused messages that the report names itself."""


@attrs.frozen
class Terms:
    """What the caller wants to hear, and when the run has to end."""

    on_result: OnResult | None = None
    on_progress: OnProgress | None = None
    max_cost: Decimal | None = None
    stop: anyio.Event | None = None
    dry_run: bool = False


class Run:
    """One call of `send_many`. `mint` makes ids of packs."""

    def __init__(
        self,
        call: Caller,
        clock: Clock,
        *,
        feed: Feed,
        journal: Journal,
        mint: Callable[[], str],
        terms: Terms,
    ) -> None:
        self._call = call
        self._clock = clock
        self._feed = feed
        self._journal = journal
        self._mint = mint
        self._terms = terms
        self._totals = Totals()
        self._reserved: dict[str, Decimal] = {}
        self._refused_in_a_row = 0
        self._first_refused: list[BulkResult] = []
        self._sending_again = 0
        self._known = 0
        self._taken = False
        self._stopped_by: SmscError | None = None
        self._failure: Exception | None = None
        self._ended = anyio.Event()
        self._change = anyio.Event()
        self._reading = anyio.Lock()
        self._read_scope = anyio.CancelScope()
        self._telling = anyio.Lock()
        self._slots = anyio.Semaphore(call.concurrency, fast_acquire=True)
        self._sender = PackSender(call, clock, ended=self._ended, stop=self._stop)
        self._settler = Settler(
            call, clock, settled=self._finish, resend=self._resend, count=self._count
        )
        self._began = clock.now()

    async def __call__(self, length: int | None) -> BulkReport:
        """Send everything, and report. `length` is how many messages the source has, if known."""
        await self._feed.recognise()
        adopted = await self._journal.adopt()
        self._totals = await self._journal.totals()
        for one in adopted:
            self._totals.in_doubt -= len(one.pack)
            self._settler.add(one.pack, claimed_at=one.claimed_at)
        self._known = self._progress().done
        async with anyio.create_task_group() as group:
            self._group: TaskGroup = group
            for task in (self._settler.run, self._renew, self._watch):
                group.start_soon(self._safely, task)
            async with anyio.create_task_group() as workers:
                for _ in range(_AHEAD * self._call.concurrency):
                    workers.start_soon(self._safely, self._work)
            await self._quiet()
            group.cancel_scope.cancel()
        if self._failure is not None:
            raise self._failure
        for pack in self._settler.open:
            await self._finish(unknown(pack))
        # Others may have worked on it, too.
        self._totals = await self._journal.totals()
        return self._report(length)

    # The tasks

    async def _safely(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do the work; what it raises ends the run, and is raised in the end."""
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - also what callbacks and sources raise
            self._failure = self._failure or error
            self._group.cancel_scope.cancel()

    async def _work(self) -> None:
        while not self._ended.is_set():
            pack = await self._next()
            if pack is None:
                return
            await self._send(pack)

    async def _renew(self) -> None:
        while self._journal.lease < math.inf:
            await self._clock.sleep(self._journal.lease / 3)
            await self._journal.renew()
            for one in await self._journal.adopt():
                self._settler.add(one.pack, claimed_at=one.claimed_at)

    async def _watch(self) -> None:
        if self._terms.stop is not None:
            await self._terms.stop.wait()
            self._stop(None)

    async def _quiet(self) -> None:
        """Wait until it is known what became of every pack, or until the run has to end."""
        while self._sending_again or (self._settler.open and not self._ended.is_set()):
            self._change = anyio.Event()
            await self._change.wait()

    def _stop(self, error: SmscError | None) -> None:
        """Begin no more packs; those in flight go on to their end."""
        self._stopped_by = self._stopped_by or error
        self._ended.set()
        self._change.set()
        self._read_scope.cancel()

    # A pack

    async def _next(self) -> Pack | None:
        """Return a pack that is claimed; None when there is no more."""
        async with self._reading:
            if not self._taken:
                pack = await self._take()
                if pack is not None:
                    return pack
                self._taken = True
            portion = await self._read()
            while portion is not None and portion.pack is None:
                await self._journal.refuse(portion.refused, source=portion.mark)
                await self._note(portion.refused)
                portion = await self._read()
            if portion is None:
                # Others may have given something back meanwhile.
                return await self._take()
        if portion.pack is None:
            return None
        if portion.refused:
            await self._journal.refuse(portion.refused, source=None)
            await self._note(portion.refused)
        await self._journal.claim((portion.pack,), source=portion.mark)
        return portion.pack

    async def _take(self) -> Pack | None:
        return None if self._ended.is_set() else await self._journal.take()

    async def _read(self) -> Portion | None:
        """Read on in the source; who waits there for a message is woken when the run ends."""
        with anyio.CancelScope() as self._read_scope:
            if not self._ended.is_set():
                return await self._feed.next()
        return None

    async def _send(self, pack: Pack, *, again: bool = False) -> None:
        """Send a pack and finish it, or hand it on."""
        try:
            async with self._slots:
                await self._afford(pack)
                asked = self._sender.quote(pack) if self._terms.dry_run else None
                answer = await (asked or self._sender.send(pack, again=again))
        except Ended:
            self._reserved.pop(pack.id, None)
            await self._journal.release(pack)
        except OutcomeUnknown:
            self._settler.add(pack)
            self._change.set()
        except ApiError as error:
            await self._refused(pack, error)
        else:
            self._refused_in_a_row = 0
            await self._finish(mark_of(pack, answer))

    async def _afford(self, pack: Pack) -> None:
        """Set aside what the pack costs, if that is limited; end the run if there is not enough.

        It stays set aside until it is known what became of the pack.
        """
        if self._terms.max_cost is None or self._terms.dry_run or pack.id in self._reserved:
            return
        cost = (await self._sender.quote(pack)).cost
        if self._totals.cost + sum(self._reserved.values()) + cost > self._terms.max_cost:
            text = f"the next pack costs {cost}, and {self._totals.cost} was spent"
            self._stop(CostLimitReached(f"{text}: that is more than {self._terms.max_cost}"))
            raise Ended
        self._reserved[pack.id] = cost

    async def _refused(self, pack: Pack, error: ApiError) -> None:
        """Find those who are the reason: halve the pack, until one is refused alone."""
        self._refused_in_a_row += 1
        self._reserved.pop(pack.id, None)
        if self._refused_in_a_row >= _REFUSALS:
            self._stop(error)
            await self._journal.release(pack)
        elif len(pack) == 1:
            await self._finish(refusal_of(pack, error))
        else:
            halves = pack.split(self._mint)
            await self._journal.claim(halves, source=None, instead_of=pack)
            for half in halves:
                await self._send(half)

    async def _resend(self, pack: Pack) -> None:
        self._sending_again += 1
        self._group.start_soon(self._safely, lambda: self._send_again(pack))

    async def _send_again(self, pack: Pack) -> None:
        try:
            await self._send(pack, again=True)
        finally:
            self._sending_again -= 1
            self._change.set()

    # What is told

    async def _finish(self, mark: Mark) -> None:
        """Write down what became of a pack, and tell."""
        await self._journal.mark(mark)
        self._reserved.pop(mark.pack.id, None)
        self._totals.add(mark.results, mark.units, mark.cost)
        self._change.set()
        await self._tell(mark.results)

    async def _note(self, refused: Sequence[BulkResult]) -> None:
        self._totals.add(refused, 0, Decimal(0))
        await self._tell(refused)

    async def _tell(self, results: Sequence[BulkResult]) -> None:
        """Call the callbacks, one at a time; who is slow in them slows the run down."""
        if len(self._first_refused) < _EXAMPLES:
            self._first_refused += [one for one in results if one.outcome == "refused"]
        async with self._telling:
            if self._terms.on_result is not None:
                for result in results:
                    await if_awaitable(self._terms.on_result(result))
            if self._terms.on_progress is not None:
                await if_awaitable(self._terms.on_progress(self._progress()))

    def _count(self) -> None:
        self._sender.requests += 1

    def _progress(self) -> BulkProgress:
        totals, seconds = self._totals, self._clock.now() - self._began
        refused = totals.refused.total()
        here = totals.accepted + refused + totals.in_doubt - self._known
        return BulkProgress(
            totals.accepted,
            refused,
            totals.in_doubt,
            sum(map(len, self._settler.open)),
            totals.units,
            totals.cost,
            self._sender.requests,
            seconds,
            here / seconds if seconds > 0 else 0.0,
        )

    def _report(self, length: int | None) -> BulkReport:
        progress, totals = self._progress(), self._totals
        if length is None and self._feed.ended:
            length = self._feed.read
        return BulkReport(
            totals.accepted,
            dict(totals.refused),
            tuple(sorted(self._first_refused, key=lambda one: one.number)[:_EXAMPLES]),
            totals.in_doubt,
            totals.units,
            totals.cost,
            progress.requests,
            progress.seconds,
            None if length is None else max(totals.left, length - progress.done),
            self._stopped_by,
            self._journal,
        )


async def if_awaitable(value: object) -> None:
    """Wait for what a callback has returned, if it is something to wait for."""
    if inspect.isawaitable(value):
        await value
