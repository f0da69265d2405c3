"""mails.php: contacts with e-mail addresses, their groups, and the blacklist of addresses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from .. import address_book
from ..address_book import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..account import Account

__all__ = ["SCRIPT", "handle"]

SCRIPT: Final = "mails.php"

# Yes: the contacts say "mail", the blacklist says "email".
_MAILS: Final = Kind(
    SCRIPT, field="mail", blocked="email", groups="1", address=re.compile(r"[^\s,;|]+@[^\s,;|]+")
)


def handle(account: Account, form: Mapping[str, str]) -> object:
    """Add, change, move, delete or list contacts, groups or blocked addresses."""
    return address_book.handle(account, form, _MAILS)
