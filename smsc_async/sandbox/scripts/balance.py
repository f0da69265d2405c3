"""balance.php: the money on the account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..refuse import check_limit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..account import Account

__all__ = ["handle"]


def handle(account: Account, form: Mapping[str, str]) -> object:
    """Answer with the balance, and its currency if that is asked for."""
    check_limit(account, "balance.php", "balance")
    answer = {"balance": f"{account.balance:.2f}"}
    if form.get("cur") == "1":
        answer["currency"] = "RUR"
    return answer
