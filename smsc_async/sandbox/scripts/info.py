"""info.php: whose number it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..account import ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..account import Account

__all__ = ["SCRIPT", "handle"]

SCRIPT: Final = "info.php"


def handle(account: Account, form: Mapping[str, str]) -> object:  # noqa: ARG001 - not there yet
    """Refuse everything."""
    raise ServiceError(1, "parameters error")
