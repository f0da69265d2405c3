"""phones.php: contacts with phone numbers, their groups, and the blacklist of numbers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from .. import address_book
from ..address_book import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..account import Account

__all__ = ["SCRIPT", "handle"]

SCRIPT: Final = "phones.php"

_PHONES: Final = Kind(
    SCRIPT, field="phone", blocked="phone", groups="0", address=re.compile(r"\d+")
)


def handle(account: Account, form: Mapping[str, str]) -> object:
    """Add, change, move, delete or list contacts, groups or blocked numbers."""
    return address_book.handle(account, form, _PHONES)
