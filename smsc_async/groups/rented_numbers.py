"""Numbers that can be rented, to receive messages at."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import attrs

from .._call import Caller
from .._convert import Answer, Code, acknowledged, list_reader, reader, wire
from .._fields import Fields, needed, switch
from .._limits import RULES
from .._options import plain_phone
from .._script import Script

__all__ = ["NumberKind", "RentableNumber", "RentedNumbers"]

_DOCS: Final = "https://smscentre.com/api/http/miscellaneous/receive/"


class NumberKind(Code):
    """What a number is: one of its own, of either of two sorts, or that of a hosted SIM card."""

    VIRTUAL = 1
    HOSTED_SIM = 2
    OTHER_VIRTUAL = 4


@attrs.frozen
class RentableNumber(Answer):
    """A number that is free to be rented, and its prices in the currency of the account.

    `cost` is that of a whole month; `current_cost` that of the days left in this one, which is
    what `buy` takes from the account. `info` names the operator, and what the number receives.
    """

    phone: str
    kind: NumberKind | None = attrs.field(default=None, metadata=wire("type"))
    cost: Decimal | None = None
    current_cost: Decimal | None = None
    info: str = ""


@attrs.frozen
class _Bought(Answer):
    """What was taken from the account."""

    cost: Decimal


def _not(name: str, value: object) -> str:
    return "0" if switch(name, value) == "1" else "1"


_FIELDS: Final = Fields(
    phone=("phone", plain_phone),
    renew=("noprolong", _not),
)

_SCRIPT: Final = Script("receive_phones.php", _DOCS, (RULES["receive_phones.identical"],))
_GET: Final = _SCRIPT.reading("get", list_reader(RentableNumber))
_BUY: Final = _SCRIPT.changing("buy", reader(_Bought))
_CHANGE: Final = _SCRIPT.changing("chg", acknowledged)


@attrs.frozen(eq=False)
class RentedNumbers:
    """Numbers to receive messages at. The service takes two identical requests a minute."""

    _call: Caller = attrs.field(repr=False)

    async def all(self) -> list[RentableNumber]:
        """Return the numbers that can be rented now, with their prices.

        Those that the account has rented are not among them.
        https://smscentre.com/api/http/miscellaneous/receive/
        """
        return await self._call(_GET, {})

    async def buy(self, phone: str, *, renew: bool | None = None) -> Decimal:
        """Rent a number, and return what was taken from the account for the rest of the month.

        This spends money, and accepts the service's terms of use for such numbers. The rent is
        renewed every month, and paid, unless `renew` is False or `change` makes it so. When the
        answer is lost nothing is repeated, and `OutcomeUnknown` raised: a number that is gone from
        `all` was taken, by you or by another. Raises `InsufficientFunds`.
        https://smscentre.com/api/http/miscellaneous/receive/
        """
        needed(phone=phone)
        fields = _FIELDS.write({"phone": phone, "renew": renew})
        return (await self._call(_BUY, fields)).cost

    async def change(self, phone: str, *, renew: bool) -> None:
        """Say whether the rent of a number is to be renewed, and paid, for the next month.

        https://smscentre.com/api/http/miscellaneous/receive/
        """
        needed(phone=phone, renew=renew)
        await self._call(_CHANGE, _FIELDS.write({"phone": phone, "renew": renew}))
