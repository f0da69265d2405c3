"""Message ids: which ones there can be, and how they look in an answer."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["read_id", "wire_id"]

_ALLOWED: Final = re.compile(r"[A-Za-z0-9._-]{1,40}")
_MAX_NUMBER: Final = 2**31 - 1


def read_id(given: str) -> str | None:
    """Return the id as it is kept, or None when there cannot be such an id."""
    given = given.strip()
    if not _ALLOWED.fullmatch(given):
        return None
    return str(int(given)) if _is_number(given) else given


def wire_id(message_id: str) -> int | str:
    """Return the id as it stands in JSON: a number where it is one of 32 bits."""
    return int(message_id) if _is_number(message_id) else message_id


def _is_number(text: str) -> bool:
    return text.isdigit() and 1 <= int(text) <= _MAX_NUMBER
