"""What a bulk run writes down, so that after a crash nothing is lost and nothing goes twice.

The discipline: a pack is *claimed*, with its id, and the claim is committed before the first byte
of it is sent; what became of it is *marked* after the answer was read. A claim without a mark is
all that a crash leaves behind: whoever goes on *adopts* it, and asks the service whether it has
the message, before anything else happens to it. Any other order loses messages or repeats them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

import attrs

from .outgoing import BulkResult
from .packing import Pack
from .ranges import Coverage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping


__all__ = ["Adopted", "Delivered", "Journal", "Known", "Mark", "SourceMark", "Totals"]


@attrs.frozen
class SourceMark:
    """How far the source was read, and a digest of all its messages up to there."""

    read: int = 0
    digest: str = ""


@attrs.frozen
class Known:
    """What a journal knows of the source: how far it was read, and which messages it has."""

    mark: SourceMark = SourceMark()
    covers: Coverage = attrs.field(factory=Coverage)


@attrs.frozen
class Adopted:
    """A claim that nobody has marked, and the Unix time when it was made."""

    pack: Pack
    claimed_at: float


@attrs.frozen
class Mark:
    """What became of all messages of a pack; units and cost are those of the whole pack."""

    pack: Pack
    results: Sequence[BulkResult]
    units: int = 0
    cost: Decimal = Decimal(0)


@attrs.frozen
class Delivered:
    """How far a message has come: its status and error as numbers, and since when in Unix time."""

    message_id: str
    phone: str
    status: int
    error: int | None = None
    changed_at: int | None = None


@attrs.define
class Totals:
    """How many messages came to what.

    `in_doubt` counts those that are claimed as well; `left` those that were given back.
    """

    accepted: int = 0
    refused: Counter[str] = attrs.field(factory=Counter[str])
    in_doubt: int = 0
    left: int = 0
    units: int = 0
    cost: Decimal = Decimal(0)

    def add(self, results: Sequence[BulkResult], units: int, cost: Decimal) -> None:
        """Count the results of a pack, or of messages that no pack has taken."""
        for result in results:
            if result.outcome == "accepted":
                self.accepted += 1
            elif result.outcome == "refused":
                self.refused[result.reason or ""] += 1
            else:
                self.in_doubt += 1
        self.units += units
        self.cost += cost


class Journal(Protocol):
    """Where bulk runs write down what they do: one run, by one worker at a time or by several.

    A worker is a name that no other has had. Whatever a method has returned from is kept, come
    what may. From `totals` on they need no `open`, and may be called while somebody else works.
    Each raises `JournalError` if it cannot do its work.
    """

    @property
    def lease(self) -> float:
        """For how many seconds a worker's claims are its own after `open` or `renew`.

        `math.inf` says that there is but one worker at a time, and nothing to renew.
        """
        ...

    async def open(self, worker: str) -> Known:
        """Begin, as this worker, and return what is known of the source.

        Raises `JournalError` where there may be one worker only, and another is at it.
        """
        ...

    async def renew(self) -> None:
        """Say that the worker is alive: its claims stay its own."""
        ...

    async def adopt(self) -> Sequence[Adopted]:
        """Claim what workers have claimed that are gone, and never marked."""
        ...

    async def claim(
        self, packs: Sequence[Pack], *, source: SourceMark | None, instead_of: Pack | None = None
    ) -> None:
        """Write down that these packs are going to be sent, by this worker.

        `source` is how far the source has been read then. `instead_of` is a pack of this worker
        that is gone for good: these have its messages now.
        """
        ...

    async def take(self) -> Pack | None:
        """Claim a pack that nobody has: given back by `release`, or put there by somebody else."""
        ...

    async def release(self, pack: Pack) -> None:
        """Give a claim back: the pack was certainly not processed, and may be sent by anybody."""
        ...

    async def mark(self, mark: Mark) -> None:
        """Write down what became of a pack.

        Where a message is in doubt the claim stays open, and is adopted when the run goes on.
        """
        ...

    async def refuse(self, results: Sequence[BulkResult], *, source: SourceMark | None) -> None:
        """Write down messages that were refused before they came into a pack."""
        ...

    async def totals(self) -> Totals:
        """Count everything that has been written down."""
        ...

    def results(self) -> AsyncIterator[BulkResult]:
        """Return what became of each message so far, in no particular order."""
        ...

    async def undelivered(self, after: int, most: int) -> Sequence[BulkResult]:
        """Return accepted messages without a final status, by number, from behind `after`."""
        ...

    async def deliver(self, statuses: Sequence[Delivered]) -> int:
        """Write down how far messages have come; return how many of them are known here.

        A status never takes a final one's place, unless it is final, too. It may be called at any
        time and from anywhere, with what the service posts to you.
        """
        ...

    async def deliveries(self) -> Mapping[int | None, int]:
        """Count the accepted messages by status; None is that of those not followed yet."""
        ...

    async def aclose(self) -> None:
        """End the work of this worker. What it has claimed stays claimed."""
        ...
