"""How packs and results are written: as JSON, and as rows of plain values."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final, TypeAlias

from ..groups.statuses import DeliveryStatus
from .outgoing import OUTCOMES, BulkResult
from .packing import Pack

if TYPE_CHECKING:
    from .outgoing import ResultOutcome

__all__ = ["NUMBERS", "Row", "pack_of", "result_of", "row_of", "write_pack"]

Row: TypeAlias = (
    "tuple[int, str, str | None, int, str | None, str | None, int | None, int | None, int | None]"
)
"""A result: number, phone, message id, outcome, reason, cost, status, error, changed at."""

NUMBERS: Final[dict[ResultOutcome, int]] = {name: at for at, name in enumerate(OUTCOMES)}
"""The outcomes as they are written."""


_encode: Final = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), check_circular=False
).encode


def write_pack(pack: Pack) -> str:
    """Write a pack, all but its id."""
    return _encode([dict(pack.common), pack.lines])


def pack_of(message_id: str, written: str) -> Pack:
    """Read what `write_pack` has written."""
    common, lines = json.loads(written)
    return Pack(
        message_id,
        common,
        tuple((text, tuple((number, phone) for number, phone in pieces)) for text, pieces in lines),
    )


def row_of(result: BulkResult) -> Row:
    """Write a result."""
    return (
        result.number,
        result.phone,
        result.message_id,
        NUMBERS[result.outcome],
        result.reason,
        None if result.cost is None else str(result.cost),
        None if result.status is None else int(result.status),
        result.error,
        None if result.changed_at is None else int(result.changed_at.timestamp()),
    )


def result_of(row: Row) -> BulkResult:
    """Read what `row_of` has written."""
    number, phone, message_id, outcome, reason, cost, status, error, changed = row
    return BulkResult(
        number,
        phone,
        message_id,
        OUTCOMES[outcome],
        reason,
        None if cost is None else Decimal(cost),
        None if status is None else DeliveryStatus(status),
        error,
        None if changed is None else datetime.fromtimestamp(changed, UTC),
    )
