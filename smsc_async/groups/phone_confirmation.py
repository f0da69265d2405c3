"""Confirming a phone number by a call from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from .._call import Caller
from .._command import Command
from .._convert import Answer, as_object, reader, wire
from .._fields import Fields, needed
from .._limits import RULES
from .._options import phone

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ExpectedCall", "PhoneConfirmation"]

_DOCS: Final = "https://smscentre.com/api/http/miscellaneous/waitcall/"


@attrs.frozen
class ExpectedCall(Answer):
    """The number to be called, within 15 minutes, from the phone that is to be confirmed.

    `all_numbers` are those of which the service has chosen `number`, in the phone's country.
    """

    number: str = attrs.field(metadata=wire("phone"))
    all_numbers: tuple[str, ...] = attrs.field(default=(), metadata=wire("all_phones"))


_READ: Final = reader(ExpectedCall)


def _expected(document: object) -> ExpectedCall:
    """Read the answer; a lone number may stand for the array of one."""
    fields = as_object(document)
    numbers = None if fields is None else fields.get("all_phones")
    if fields is not None and isinstance(numbers, str | int):
        alone: Mapping[str, object] = {**fields, "all_phones": [numbers]}
        return _READ(alone)
    return _READ(document)


def _phone(name: str, value: object) -> str:
    return phone(str(value), name)


_FIELDS: Final = Fields(phone=("phone", _phone))

_EXPECT: Final = Command(
    "wait_call.php", _expected, rules=(RULES["wait_call.identical"],), docs=_DOCS
)


@attrs.frozen(eq=False)
class PhoneConfirmation:
    """Confirming that somebody has a phone, by a call from it.

    The service takes fifty identical requests a minute.
    """

    _call: Caller = attrs.field(repr=False)

    async def expect(self, phone: str) -> ExpectedCall:
        """Have the service expect a call from a phone, and return the number that it has to call.

        Show the number to whoever is to be confirmed: the call has to come within 15 minutes. When
        it does, there is an incoming message from that phone with the text "[waitcall]", and your
        callback handler is told. The account pays for it. Raises `InsufficientFunds`, and
        `OperationFailed` for a phone on the account's blacklist.
        https://smscentre.com/api/http/miscellaneous/waitcall/
        """
        needed(phone=phone)
        return await self._call(_EXPECT, _FIELDS.write({"phone": phone}))
