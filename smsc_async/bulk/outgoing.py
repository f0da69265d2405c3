"""One message of a bulk run, and what becomes of it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Final, Literal, TypeAlias

import attrs

from ..content import Content
from ..groups.statuses import DeliveryStatus

__all__ = ["OUTCOMES", "BulkResult", "Outgoing", "ResultOutcome"]

ResultOutcome: TypeAlias = Literal["accepted", "refused", "in doubt"]
OUTCOMES: Final[tuple[ResultOutcome, ...]] = ("accepted", "refused", "in doubt")


@attrs.frozen
class Outgoing:
    """A message of a bulk run: to one recipient, a text or another content, a sender name.

    It is checked when its turn comes: one that nobody could send is refused in the results, and
    stops nothing. A group code is refused, too: who is in a group is not known here.
    """

    to: str = attrs.field(repr=False)
    text: str | Content = attrs.field(repr=False)
    sender: str | None = None


@attrs.frozen
class BulkResult:
    """What became of one message of a bulk run.

    `number` is its place in the source, from 0. `reason` says why it was refused: the name of an
    error, with field and rule where it was refused before it was sent, or of a delivery status with
    its error number. A message is in doubt when nobody knows
    whether the service has it; it was sent once, and is not sent again. `message_id` is that of
    its pack, None for what was refused before it was sent. `status`, `error` and `changed_at` say
    how far it has come, once it was followed.
    """

    number: int
    phone: str = attrs.field(repr=False)
    message_id: str | None
    outcome: ResultOutcome
    reason: str | None = None
    cost: Decimal | None = None
    status: DeliveryStatus | None = None
    error: int | None = None
    changed_at: datetime | None = None
