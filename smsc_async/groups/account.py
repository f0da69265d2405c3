"""The account: its money, its statistics, its tariffs."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

import attrs

from .._call import Caller
from .._command import Command, Repeat
from .._convert import Answer, as_list, as_object, list_reader, reader, wire
from .._fields import Fields, day, in_order, switch
from .._limits import RULES
from .._listing import listed
from .._script import Script
from ..errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

__all__ = [
    "BALANCE",
    "Account",
    "Balance",
    "OperatorTariff",
    "Statistics",
    "Tariffs",
    "ZoneTariff",
]

_DOCS: Final = "https://smscentre.com/api/http/get_data/"


@attrs.frozen
class Balance(Answer):
    """The money on the account.

    `currency` is the service's own name of it, as "RUR"; `credit` is there only where the account
    has one.
    """

    amount: Decimal = attrs.field(metadata=wire("balance"))
    currency: str | None = None
    credit: Decimal | None = None


BALANCE: Final = Command(
    "balance.php",
    reader(Balance),
    rules=(RULES["balance.any"],),
    repeat=Repeat.ALWAYS,
    docs="https://smscentre.com/api/http/balance/",
)


@attrs.frozen
class Statistics(Answer):
    """How many messages a login has sent, and for how much money.

    The vendor's page explains `credit` as debit and `debit` as credit: they are as they came.
    """

    login: str
    messages: int = attrs.field(metadata=wire("sms"))
    credit: Decimal | None = None
    debit: Decimal | None = None
    currency: str | None = None


@attrs.frozen
class ZoneTariff(Answer):
    """What messages to a tariff zone cost: to a country, an operator, or several of them.

    `sms` is an SMS sent through the API, as this package does it; `sms_from_site` one sent from
    the vendor's web site.
    """

    zone: str
    name: str = ""
    sms: Decimal | None = attrs.field(default=None, metadata=wire("api"))
    sms_from_site: Decimal | None = attrs.field(default=None, metadata=wire("mass"))
    mms: Decimal | None = None
    hlr: Decimal | None = None
    call: Decimal | None = None


@attrs.frozen
class OperatorTariff(Answer):
    """What a message to one operator costs, by a tariff of the account's own."""

    mccmnc: str
    cost: Decimal


@attrs.frozen
class Tariffs(Answer):
    """What messages cost this account; `operators` goes before `zones`, and may be empty."""

    zones: tuple[ZoneTariff, ...] = ()
    operators: tuple[OperatorTariff, ...] = attrs.field(default=(), metadata=wire("codes"))
    email: Decimal | None = attrs.field(default=None, metadata=wire("mail"))


_FIELDS: Final = Fields(
    start=("start", day),
    end=("end", day),
    own_currency=("mycur", switch),
    electronic_balance=("balance2", switch),
)

_read_tariffs: Final = reader(Tariffs)


def _tariffs(document: object) -> Tariffs:
    """Read the tariffs; a table may be missing or empty, or have one row without its brackets."""
    fields = as_object(document)
    if fields is None or not fields.keys() & {"zones", "codes", "mail"}:
        raise TypeError("expected an object with zones, codes or mail")
    tables: Mapping[str, object] = {
        name: as_list(fields[name]) if fields.get(name) else [] for name in ("zones", "codes")
    }
    return _read_tariffs({**fields, **tables})


_SCRIPT: Final = Script("get.php", _DOCS)
_STATISTICS: Final = _SCRIPT.reading(
    "get_stat", list_reader(Statistics), rules=(RULES["get_stat.any"],)
)
_TARIFFS: Final = _SCRIPT.reading("get_price", _tariffs, rules=(RULES["get_price.identical"],))


@attrs.frozen(eq=False)
class Account:
    """What the account has sent, and what it pays."""

    _call: Caller = attrs.field(repr=False)

    async def statistics(
        self,
        start: date,
        end: date,
        *,
        own_currency: bool = False,
        electronic_balance: bool = False,
    ) -> list[Statistics]:
        """Return what was sent from one day to another, both included; nothing is an empty list.

        `own_currency` asks for amounts in the currency that the account has now;
        `electronic_balance` for the messages paid from the second, electronic balance. The service
        takes three such requests a minute, whatever they ask.
        https://smscentre.com/api/http/get_data/
        """
        options = {
            "start": start,
            "end": end,
            "own_currency": own_currency or None,
            "electronic_balance": electronic_balance or None,
        }
        fields = _FIELDS.write(options)
        for name in ("start", "end"):
            if name not in fields:
                raise InvalidRequest(name, "has to be given")
        in_order(start, end)
        return await listed(self._call, _STATISTICS, fields)

    async def tariffs(self) -> Tariffs:
        """Return what messages cost, by the account's own tariffs; it reads, and sends nothing.

        Amounts are in the currency of the account. The service takes three such requests a minute.
        https://smscentre.com/api/http/get_data/
        """
        return await self._call(_TARIFFS, {})
