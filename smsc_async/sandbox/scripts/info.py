"""info.php: whose number it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..account import ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..account import Account

__all__ = ["SCRIPT", "handle"]

SCRIPT: Final = "info.php"

_KNOWN: Final = {
    "country": "Россия",
    "operator": "МегаФон",
    "region": "Москва",
    "mcc": "250",
    "mnc": "02",
    "tz": "0",
}


def handle(account: Account, form: Mapping[str, str]) -> object:
    """Answer with an object for one number, with an array for several."""
    phones = [phone.strip().removeprefix("+") for phone in form.get("phone", "").split(",")]
    if form.get("get_operator") != "1" or not all(phones):
        raise ServiceError(1, "parameters error")
    account.count(SCRIPT, "get_operator.identical", tuple(phones))
    account.count(SCRIPT, "get_operator.any")
    if not all(phone.isdigit() for phone in phones):
        raise ServiceError(3, "operator not found")
    if len(phones) == 1:
        return _KNOWN
    return [_KNOWN | {"phone": phone} for phone in phones]
