"""The scripts of the stand-in service: one file each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from . import (
    balance,
    get,
    info,
    send,
    status,
    templates,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..account import Account

__all__ = ["SCRIPTS"]

SCRIPTS: Final[Mapping[str, Callable[[Account, Mapping[str, str]], object]]] = {
    script.SCRIPT: script.handle
    for script in (
        balance,
        get,
        info,
        send,
        status,
        templates,
    )
}
"""What answers each script: it returns what becomes JSON, or raises `ServiceError`."""
