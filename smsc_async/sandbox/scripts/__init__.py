"""The scripts of the stand-in service: one file each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from . import balance, send, status

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..account import Account

__all__ = ["SCRIPTS"]

SCRIPTS: Final[Mapping[str, Callable[[Account, Mapping[str, str]], object]]] = {
    "balance.php": balance.handle,
    "send.php": send.handle,
    "status.php": status.handle,
}
