"""balance.php: the money on the account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..account import money

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..account import Account

__all__ = ["SCRIPT", "handle"]

SCRIPT: Final = "balance.php"


def handle(account: Account, form: Mapping[str, str]) -> object:
    """Answer with the balance, and its currency if that is asked for."""
    account.count(SCRIPT, "balance.any")
    answer = {"balance": money(account.balance)}
    if form.get("cur") == "1":
        if account.credit:
            answer["credit"] = money(account.credit)
        answer["currency"] = account.currency
    return answer
