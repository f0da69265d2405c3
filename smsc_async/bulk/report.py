"""What a bulk run tells: while it goes on, and in the end."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

import attrs

from ..errors import SmscError
from .journal import Journal
from .outgoing import BulkResult

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["BulkProgress", "BulkReport"]


@attrs.frozen
class BulkProgress:
    """How far a bulk run has come. What a journal knew before it began is counted, too.

    `settling` are messages of which it is being found out whether they were sent; `requests` and
    `seconds` are those of this call, and `rate` is how many messages a second it has finished.
    """

    accepted: int
    refused: int
    in_doubt: int
    settling: int
    units: int
    cost: Decimal
    requests: int
    seconds: float
    rate: float

    @property
    def done(self) -> int:
        """Of how many messages it is known what became of them."""
        return self.accepted + self.refused + self.in_doubt


@attrs.frozen
class BulkReport:
    """What became of a bulk run; iterate over it, with `async for`, for each message's result.

    Counts, units and cost are those of the whole run, with what its journal knew before; `requests`
    and `duration`, in seconds, are those of this call. `refused` counts by reason, `first_refused`
    are the results of the first few whom this call has found refused, as examples. `stopped_by` is
    the error that ended the run before its source did; `left` then says how many messages were not
    sent, as far as that is known: None for a source without a length. With a journal those that
    are `in_doubt` are asked about again when the run goes on.

    In a dry run what is called accepted was only quoted.
    """

    accepted: int
    refused: Mapping[str, int]
    first_refused: tuple[BulkResult, ...]
    in_doubt: int
    units: int
    cost: Decimal
    requests: int
    duration: float
    left: int | None
    stopped_by: SmscError | None
    _journal: Journal = attrs.field(repr=False, alias="journal")

    @property
    def complete(self) -> bool:
        """Whether every message of the source was sent, or refused."""
        return self.left == 0

    def __aiter__(self) -> AsyncIterator[BulkResult]:
        return self._journal.results()
