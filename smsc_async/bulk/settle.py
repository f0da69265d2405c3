"""Packs of which nobody knows whether they were processed: asked about together, once a minute.

The service shows a message within seconds, and takes no identical one within a minute. So a pack is
found, or it was still missing a minute after the last request for it, to every recipient, and is
sent once more, under the same id and with the same bytes; up to three times. A question that fails
says nothing, and a pack that stays unknown is in doubt: it is not sent again.
"""

from __future__ import annotations

import time
from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import anyio
import attrs

from .._look import MISSING, Search, Seen, look_up
from ..errors import ClientClosed, SmscError
from .journal import Mark
from .outgoing import BulkResult
from .packing import Pack

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from .._call import Caller
    from .._clock import Clock
    from .._look import Look

__all__ = ["Settler", "unknown"]

_FIRST_LOOK: Final = 2.0
_MINUTE: Final = 62.0
_LOOKS: Final = 4
_RESENDS: Final = 3
_MOST: Final = 10_000
_LEAST: Final = 100
"""Messages asked about in one request: the service names no limit, and shows it if it has one."""

_ARCHIVED: Final = 8 * 3600.0
"""Seconds after which a message may be in the archive, and has no status any more."""


@attrs.define(eq=False)
class _Doubt:
    """A pack, since when its outcome is unknown, and how often it was asked about."""

    pack: Pack
    since: float
    claimed_at: float | None
    looks: int = 0


class Settler:
    """Asks what became of packs, and hands on what it finds, until it is told to end.

    `settled` is given what is known, in doubt or not; `resend` the packs that certainly were not
    processed.
    """

    def __init__(
        self,
        call: Caller,
        clock: Clock,
        *,
        settled: Callable[[Mark], Awaitable[None]],
        resend: Callable[[Pack], Awaitable[None]],
        count: Callable[[], None],
    ) -> None:
        self._call = call
        self._clock = clock
        self._settled = settled
        self._resend = resend
        self._count = count
        self._doubts: list[_Doubt] = []
        self._sent_again: Counter[str] = Counter()
        self._most = _MOST
        self._news = anyio.Event()

    @property
    def open(self) -> tuple[Pack, ...]:
        """The packs of which it does not know yet."""
        return tuple(doubt.pack for doubt in self._doubts)

    def add(self, pack: Pack, *, claimed_at: float | None = None) -> None:
        """Find out about a pack. `claimed_at` is the Unix time of another worker's claim."""
        self._doubts.append(_Doubt(pack, self._clock.now(), claimed_at))
        self._news.set()

    async def run(self) -> None:
        """Ask, as often as there is something to ask."""
        while True:
            await self._news.wait()
            while self._doubts:
                await self._clock.sleep(max(0.0, self._due() - self._clock.now()))
                await self._ask()
            self._news = anyio.Event()

    def _due(self) -> float:
        """Return when the next question makes sense: soon after a doubt, then after a minute."""
        return min(
            doubt.since + (_MINUTE if doubt.looks else _FIRST_LOOK) for doubt in self._doubts
        )

    async def _ask(self) -> None:
        """Ask about the oldest doubts, in one request, and act on what it says of each."""
        chosen: list[_Doubt] = []
        for doubt in self._doubts:
            if chosen and sum(len(one.pack) for one in chosen) + len(doubt.pack) > self._most:
                break
            chosen.append(doubt)
        pairs = [(doubt.pack.id, to) for doubt in chosen for to in doubt.pack.phones]
        self._count()
        # The question may wait for its minute; what it says is true of when it was asked at last.
        began = self._clock.now()
        try:
            seen = await look_up(self._call, pairs, patient=True)
        except ClientClosed:
            raise
        except SmscError:
            seen = {}
        if 0 < len(seen) < len(pairs):
            self._most = max(_LEAST, len(seen))
        for doubt in chosen:
            doubt.looks += 1
            await self._judge(doubt, seen, began)

    async def _judge(
        self, doubt: _Doubt, seen: Mapping[tuple[str, str], Seen | Look], asked: float
    ) -> None:
        pack, late = doubt.pack, asked >= doubt.since + _MINUTE
        known = [seen.get((pack.id, to)) for to in pack.phones]
        found = sum(isinstance(one, Seen) for one in known)
        # Until the minute is over who is missing may still appear.
        if found == len(known) or (found and late and None not in known):
            await self._close(doubt, _found(pack, known))
        elif pack.findable and all(one is MISSING for one in known):
            if late:
                await self._miss(doubt)
        elif doubt.looks >= _LOOKS:
            await self._close(doubt, _found(pack, known) if found else unknown(pack))

    async def _miss(self, doubt: _Doubt) -> None:
        """The service does not have it: send it again, unless the archive may have it."""
        pack = doubt.pack
        if doubt.claimed_at is not None and not 0 <= time.time() - doubt.claimed_at < _ARCHIVED:
            search = Search(self._call, pack.id, pack.phones)
            self._count()
            try:
                found = await search.search_history()
            except ClientClosed:
                raise
            except SmscError:
                return await self._close(doubt, unknown(pack))
            if found:
                return await self._close(doubt, _found(pack, list(search.seen.values())))
            if search.cut_off:
                return await self._close(doubt, unknown(pack))
        if self._sent_again[pack.id] >= _RESENDS:
            return await self._close(doubt, unknown(pack))
        self._doubts.remove(doubt)
        self._sent_again[pack.id] += 1
        await self._resend(pack)
        return None

    async def _close(self, doubt: _Doubt, mark: Mark) -> None:
        self._doubts.remove(doubt)
        if any(result.outcome != "in doubt" for result in mark.results):
            self._call.doubts.settle(doubt.pack.id)
        await self._settled(mark)


def _found(pack: Pack, known: Sequence[Seen | Look | None]) -> Mark:
    """The service has it: those who are missing were refused, of the others nobody knows."""
    results: list[BulkResult] = []
    units, cost = 0, Decimal(0)
    for (number, phone), one in zip(pack.pieces, known, strict=True):
        if isinstance(one, Seen):
            results.append(BulkResult(number, phone, pack.id, "accepted", None, one.cost))
            units += one.units or 0
            cost += one.cost or 0
        elif one is MISSING and pack.findable:
            results.append(BulkResult(number, phone, pack.id, "refused", "not found"))
        else:
            results.append(BulkResult(number, phone, pack.id, "in doubt"))
    return Mark(pack, results, units, cost)


def unknown(pack: Pack) -> Mark:
    """Say that nobody knows what became of a pack."""
    results = [BulkResult(number, phone, pack.id, "in doubt") for number, phone in pack.pieces]
    return Mark(pack, results)
