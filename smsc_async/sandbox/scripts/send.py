"""send.php: takes messages, or says what they would cost."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from ..account import ServiceError, money
from ..ids import wire_id
from ..message import FLOODED, WAITING, WRONG_NUMBER, Fate, Message
from ..order import read_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..account import Account
    from ..order import Line, Order

__all__ = ["SCRIPT", "handle"]

SCRIPT: Final = "send.php"

_DENIED: Final = "message is denied"
_REFUSALS: Final = {6: _DENIED, 7: "invalid number", 8: "can't to deliver"}
_OPERATOR: Final = "25002"
_NOTHING: Final = Decimal(0)


def handle(account: Account, form: Mapping[str, str]) -> object:
    """Take the messages of the form and answer with what they cost."""
    order = read_order(form, account.unix_time)
    lines = [(line, _fate(account, line)) for line in order.lines]
    good = [line for line, fate in lines if not fate.refusal]
    total = sum((line.cost for line in good), _NOTHING)
    if form.get("cost") == "1":
        account.count(SCRIPT, "send.cost.identical", order.sameness)
        quoted: dict[str, object] = {"cost": money(total), "cnt": sum(line.units for line in good)}
        return quoted | _report(form, (_estimate(line, fate) for line, fate in lines))
    account.guard_against(SCRIPT, order.sameness)
    message_id = order.id or account.new_id()
    _check(account, lines, message_id, total)
    messages = [_take(account, order, line, message_id) for line in good]
    answer: dict[str, object] = {
        "id": wire_id(message_id),
        "cnt": sum(message.units for message in messages),
    }
    if form.get("cost") in ("2", "3"):
        answer["cost"] = money(sum((message.cost for message in messages), _NOTHING))
    if form.get("cost") == "3":
        answer["balance"] = money(account.balance)
    taken = iter(messages)
    items = (
        _refused(line, fate) if fate.refusal else _accepted(next(taken)) for line, fate in lines
    )
    return answer | _report(form, items)


def _fate(account: Account, line: Line) -> Fate:
    return account.fate(line.recipient) if line.valid else WRONG_NUMBER


def _check(
    account: Account, lines: list[tuple[Line, Fate]], message_id: str, total: Decimal
) -> None:
    """Refuse an order of which nothing can be sent."""
    if any("forbidden" in line.text.lower() for line, _ in lines):
        raise ServiceError(6, _DENIED, message_id)
    refusals = [fate.refusal for _, fate in lines]
    if all(refusals):
        raise ServiceError(refusals[0], _REFUSALS[refusals[0]], message_id)
    if not account.affords(total):
        raise ServiceError(3, "no money", message_id)


def _take(account: Account, order: Order, line: Line, message_id: str) -> Message:
    steps = account.course(line.recipient, order.delay)
    message = order.message(
        line,
        message_id,
        cost=_NOTHING if steps[0].status == FLOODED.status else line.cost,
        accepted_at=account.time(),
        timestamp=int(account.unix_time),
        steps=steps,
    )
    account.add(message)
    return message


def _report(form: Mapping[str, str], items: Iterable[object]) -> dict[str, object]:
    return {"phones": list(items)} if form.get("op") == "1" else {}


def _accepted(message: Message) -> object:
    first = message.steps[0]
    return _item(message.phone, message.cost, first.status, first.error)


def _refused(line: Line, fate: Fate) -> object:
    return _item(line.recipient, _NOTHING, fate.status, fate.error)


def _estimate(line: Line, fate: Fate) -> object:
    return _refused(line, fate) if fate.refusal else _item(line.recipient, line.cost, WAITING, 0)


def _item(phone: str, cost: Decimal, status: int, error: int) -> dict[str, str]:
    return {
        "phone": phone,
        "mccmnc": _OPERATOR,
        "cost": money(cost),
        "status": str(status),
        "error": str(error),
    }
