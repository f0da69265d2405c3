"""The request of a pack, and what its answer says of each recipient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final

import attrs

from .._command import Command, Repeat
from .._convert import as_list, as_object
from .._limits import RULES
from ..errors import ApiError
from ..groups.statuses import DeliveryStatus
from .journal import Mark
from .outgoing import BulkResult
from .streaks import FEW

if TYPE_CHECKING:
    from .packing import Pack

__all__ = ["QUOTE", "SEND", "SEND_COUNTED", "PackAnswer", "mark_of", "refusal_of"]

_DOCS: Final = "https://smscentre.com/api/http/send/"


@attrs.frozen
class PackAnswer:
    """What the service answers to a pack; `items` is what it says of recipients, if it does."""

    units: int
    cost: Decimal
    items: Sequence[Mapping[str, object]] = attrs.field(repr=False)


def _read(document: object) -> PackAnswer:
    fields = as_object(document)
    if fields is None or "cnt" not in fields:
        raise ValueError("expected the number of units")
    items = [as_object(item) for item in as_list(fields.get("phones", []))]
    known = [item for item in items if item is not None]
    if len(known) < len(items):
        raise TypeError("expected an array of objects")
    return PackAnswer(_whole(fields["cnt"]), _money(fields.get("cost")), known)


SEND: Final = Command("send.php", _read, rules=(RULES["send.identical"],), docs=_DOCS)
"""To recipients of whom it is known that they have had but a few messages lately."""

_FLOOD: Final = RULES["send.flood"]
SEND_COUNTED: Final = attrs.evolve(
    SEND, rules=(*SEND.rules, attrs.evolve(_FLOOD, limit=_FLOOD.limit - FEW))
)
QUOTE: Final = Command(
    "send.php",
    _read,
    flag={"cost": "1"},
    rules=(RULES["send.cost.identical"],),
    repeat=Repeat.ALWAYS,
    docs=_DOCS,
)


def mark_of(pack: Pack, answer: PackAnswer) -> Mark:
    """Say what became of each message of a pack that was answered.

    A recipient is known by his phone, or by his place where the answer names as many as there are;
    one who is not named was not refused.
    """
    named = {str(item.get("phone", "")).lstrip("+"): item for item in answer.items}
    in_order = answer.items if len(answer.items) == len(pack) else ()
    results: list[BulkResult] = []
    for place, (number, phone) in enumerate(pack.pieces):
        item = named.get(phone.lstrip("+"))
        if item is None and in_order:
            item = in_order[place]
        results.append(_result(pack.id, number, phone, item))
    return Mark(pack, results, answer.units, answer.cost)


def refusal_of(pack: Pack, error: ApiError) -> Mark:
    """Say that the service has refused a pack."""
    reason = type(error).__name__ if type(error) is not ApiError else f"error {error.code}"
    return Mark(
        pack,
        [BulkResult(number, phone, pack.id, "refused", reason) for number, phone in pack.pieces],
    )


def _result(
    message_id: str, number: int, phone: str, item: Mapping[str, object] | None
) -> BulkResult:
    if item is None:
        return BulkResult(number, phone, message_id, "accepted")
    error = item.get("error")
    if error in (None, "", "0", 0):
        cost = item.get("cost")
        known = None if cost is None else _money(cost)
        return BulkResult(number, phone, message_id, "accepted", None, known)
    status = _whole(item.get("status", 0))
    reason = f"{DeliveryStatus(status).name} {error}"
    return BulkResult(number, phone, message_id, "refused", reason)


def _whole(value: object) -> int:
    try:
        return int(str(value))
    except ValueError:
        return 0


def _money(value: object) -> Decimal:
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return Decimal(0)
    return amount if amount.is_finite() else Decimal(0)
