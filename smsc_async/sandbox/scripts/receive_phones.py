"""receive_phones.php: numbers for rent. What is bought is paid for, and gone from the list."""

from __future__ import annotations

from calendar import monthrange
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Final

import attrs

from ..account import ServiceError, money
from ..schedule import MOSCOW

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..account import Account

__all__ = ["SCRIPT", "Shelf", "handle"]

SCRIPT: Final = "receive_phones.php"

_KOPECK: Final = Decimal("0.01")


@attrs.frozen
class _Number:
    """A number that can be rented."""

    type: int
    cost: Decimal
    info: str


def _numbers() -> dict[str, _Number]:
    return {
        "79580000011": _Number(1, Decimal(300), "МТС, SMS"),
        "79580000012": _Number(4, Decimal(450), "Билайн, SMS"),
        "79580000013": _Number(2, Decimal(5000), "МегаФон, SMS, звонки"),
    }


@attrs.define
class Shelf:
    """The numbers that are free, and of those rented, whether each is renewed."""

    free: dict[str, _Number] = attrs.field(factory=_numbers)
    rented: dict[str, bool] = attrs.field(factory=dict[str, bool])


def handle(account: Account, form: Mapping[str, str]) -> object:
    """List what is free, rent a number, or change whether it is renewed."""
    account.count(SCRIPT, "receive_phones.identical", tuple(sorted(form.items())))
    shelf = account.shelf(Shelf)
    if form.get("get") == "1":
        return [_item(account, phone, number) for phone, number in shelf.free.items()]
    phone = form.get("phone", "").removeprefix("+")
    renewed = {"0": True, "1": False}.get(form.get("noprolong", "0"))
    if renewed is None:
        raise ServiceError(1, "parameters error")
    if form.get("buy") == "1":
        return _buy(account, shelf, phone, renewed)
    if form.get("chg") != "1" or phone not in shelf.rented or "noprolong" not in form:
        raise ServiceError(1, "parameters error")
    shelf.rented[phone] = renewed
    return {"result": "OK"}


def _buy(account: Account, shelf: Shelf, phone: str, renewed: bool) -> object:
    if phone not in shelf.free:
        raise ServiceError(1, "parameters error")
    cost = _current(account, shelf.free[phone])
    if cost > account.balance + account.credit:
        raise ServiceError(3, "no money")
    account.balance -= cost
    del shelf.free[phone]
    shelf.rented[phone] = renewed
    return {"cost": money(cost)}


def _item(account: Account, phone: str, number: _Number) -> object:
    return {
        "phone": phone,
        "type": number.type,
        "cost": money(number.cost),
        "current_cost": money(_current(account, number)),
        "info": number.info,
    }


def _current(account: Account, number: _Number) -> Decimal:
    """Return the price of the days that are left of this month, today included."""
    today = datetime.fromtimestamp(account.unix_time, MOSCOW)
    days = monthrange(today.year, today.month)[1]
    left = days - today.day + 1
    return (number.cost * left / days).quantize(_KOPECK, ROUND_HALF_UP)
