"""wait_call.php: which number is to be called, to confirm the phone that calls it.

Phones whose messages cannot be delivered, by their fate, are on the blacklist.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from ..account import ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..account import Account

__all__ = ["EXPECTED_FOR", "SCRIPT", "Expected", "Shelf", "handle"]

SCRIPT: Final = "wait_call.php"

EXPECTED_FOR: Final = 900.0
"""Seconds in which the call has to come."""

_NUMBERS: Final = ("79580000001", "79580000002", "79580000003")
_BLACKLISTED: Final = 8


@attrs.frozen
class Expected:
    """A call that is expected: to which number, until when by the sandbox's clock."""

    number: str
    until: float


@attrs.define
class Shelf:
    """The calls that are expected, by the phone that is to make them."""

    calls: dict[str, Expected] = attrs.field(factory=dict[str, Expected])


def handle(account: Account, form: Mapping[str, str]) -> object:
    """Expect a call from the phone, and answer with the number for it."""
    phone = form.get("phone", "").strip().removeprefix("+")
    account.count(SCRIPT, "wait_call.identical", phone)
    if not phone.isdigit():
        raise ServiceError(1, "parameters error")
    if account.fate(phone).refusal == _BLACKLISTED:
        raise ServiceError(5, "phone is in black list")
    if account.balance + account.credit <= 0:
        raise ServiceError(3, "no money")
    number = _NUMBERS[int(phone) % len(_NUMBERS)]
    account.shelf(Shelf).calls[phone] = Expected(number, account.time() + EXPECTED_FOR)
    return {"phone": number, "all_phones": list(_NUMBERS)}
