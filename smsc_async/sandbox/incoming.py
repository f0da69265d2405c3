"""Messages that come in: what people write to the account's numbers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import attrs

if TYPE_CHECKING:
    from .account import Account

__all__ = ["NUMBER", "Incoming", "IncomingShelf", "receive"]

NUMBER: Final = "79000000000"
"""The number of the account that people write to."""


@attrs.frozen
class Incoming:
    """A message from somebody; `timestamp` is when it came, in Unix time."""

    id: int
    phone: str
    text: str
    to_phone: str
    timestamp: int


@attrs.define
class IncomingShelf:
    """What has come in, in order."""

    messages: list[Incoming] = attrs.field(factory=list[Incoming])
    ids: Iterator[int] = attrs.field(factory=lambda: itertools.count(1))


def receive(account: Account, phone: str, text: str, *, to_phone: str = NUMBER) -> str:
    """Let somebody write to the account, now; return the id of the message."""
    shelf = account.shelf(IncomingShelf)
    message = Incoming(
        next(shelf.ids),
        phone.removeprefix("+"),
        text,
        to_phone.removeprefix("+"),
        int(account.unix_time),
    )
    shelf.messages.append(message)
    return str(message.id)
