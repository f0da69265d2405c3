"""How packs and results are written: as JSON, and as rows of plain values."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from itertools import repeat
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar, cast

from ..groups.statuses import DeliveryStatus
from .outgoing import OUTCOMES, BulkResult
from .packing import Pack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .outgoing import ResultOutcome

__all__ = [
    "NUMBERS",
    "Row",
    "pack_of",
    "result_of",
    "row_of",
    "rows_of",
    "write_pack",
    "write_results",
    "write_rows",
]

T = TypeVar("T")

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


def write_results(results: Sequence[BulkResult]) -> str:
    """Write fresh results of one pack together, all but its id: a column after the other."""
    cost = _column([one.cost for one in results])
    return _encode(
        [
            _places([one.number for one in results]),
            [one.phone for one in results],
            _column([NUMBERS[one.outcome] for one in results]),
            _column([one.reason for one in results]),
            [_amount(one) for one in cost] if isinstance(cost, list) else _amount(cost),
            *(None, None, None),
        ]
    )


def write_rows(rows: Sequence[Row]) -> str:
    """Write results of one pack as `write_results` does, from their rows."""
    number, phone, _, *columns = map(list, zip(*rows, strict=True))
    return _encode([_places(number), phone, *map(_column, columns)])


def rows_of(message_id: str | None, written: str) -> list[Row]:
    """Read what was written together."""
    place: list[int] | int
    phones: list[str]
    columns: list[list[object] | str | int | None]
    place, phones, *columns = json.loads(written)
    count = len(phones)
    numbers = place if isinstance(place, list) else range(place, place + count)
    each = [column if isinstance(column, list) else repeat(column, count) for column in columns]
    rows = zip(numbers, phones, repeat(message_id, count), *each, strict=True)
    return cast("list[Row]", list(rows))


def _places(numbers: list[int]) -> list[int] | int:
    """Return the first number if the others follow one by one, else all."""
    first = numbers[0]
    return first if numbers == list(range(first, first + len(numbers))) else numbers


def _column(values: list[T]) -> list[T] | T:
    """Return the one value that all are, else all."""
    first = values[0]
    return first if values.count(first) == len(values) else values


def _amount(cost: Decimal | None) -> str | None:
    return None if cost is None else str(cost)
