"""ping.php: notifications of the account's one task group. Nobody is told; they are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from ..account import ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..account import Account

__all__ = ["GROUP", "SCRIPT", "Shelf", "handle"]

SCRIPT: Final = "ping.php"

GROUP: Final = "1"
"""The id of the task group that there is."""

_TEXTS: Final = {"0": "{NAME} ({HOST}) failed: {INFO}", "1": "{NAME} ({HOST}) is well: {INFO}"}


@attrs.define
class Shelf:
    """The texts of the notifications."""

    notifications: list[str] = attrs.field(factory=list[str])


def handle(account: Account, form: Mapping[str, str]) -> object:
    """Make the text of a notification, and keep it."""
    account.count(SCRIPT, "ping.identical", tuple(sorted(form.items())))
    text = _TEXTS.get(form.get("ok", "0"))
    if text is None or not form.get("id", "").isdigit():
        raise ServiceError(1, "parameters error")
    if form["id"] != GROUP:
        raise ServiceError(3, "group not found")
    for macro in ("name", "host", "info"):
        text = text.replace(f"{{{macro.upper()}}}", form.get(macro, ""))
    account.shelf(Shelf).notifications.append(text)
    return {"result": "OK"}
