"""The account: its money."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

import attrs

from .._command import Command, Repeat
from .._convert import KEEP, reader, wire
from .._limits import RULES

__all__ = ["BALANCE", "Balance"]


@attrs.frozen
class Balance:
    """The money on the account.

    `currency` is the service's own name of it, as "RUR"; `credit` is there only where the account
    has one.
    """

    amount: Decimal = attrs.field(metadata=wire("balance"))
    currency: str | None = None
    credit: Decimal | None = None
    extra: Mapping[str, object] = attrs.field(
        factory=dict[str, object], kw_only=True, repr=False, metadata=KEEP
    )


BALANCE: Final = Command(
    "balance.php",
    reader(Balance),
    rules=(RULES["balance.any"],),
    repeat=Repeat.ALWAYS,
    docs="https://smscentre.com/api/http/balance/",
)
