"""The account: its money."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import attrs

from .._command import Command, Repeat
from .._convert import Answer, reader, wire
from .._limits import RULES

__all__ = ["BALANCE", "Balance"]


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
