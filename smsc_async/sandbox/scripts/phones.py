"""phones.php: contacts, their groups, the blacklist."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..account import ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..account import Account

__all__ = ["SCRIPT", "handle"]

SCRIPT: Final = "phones.php"


def handle(account: Account, form: Mapping[str, str]) -> object:  # noqa: ARG001 - not there yet
    """Refuse everything."""
    raise ServiceError(1, "parameters error")
