"""What a form asks send.php to do: to whom, what, as what kind of message, when."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import attrs

from .account import PRICE, ServiceError
from .ids import read_id
from .message import HLR
from .schedule import delay

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

__all__ = ["Line", "Order", "read_order"]

_PING: Final = 5
_MMS: Final = 6
_MAIL: Final = 8

# The numbers are those of the status answers; WhatsApp and Telegram have none there.
_KINDS: Final = {
    "flash": 1,
    "bin": 2,
    "push": 3,
    "hlr": HLR,
    "ping": _PING,
    "mms": _MMS,
    "call": 7,
    "mail": _MAIL,
    "viber": 10,
    "soc": 12,
}
_PHONE: Final = re.compile(r"\d{7,15}")
_TYPED: Final = str.maketrans("", "", " -()")
_COMMENT: Final = "\n~~~\n"
_MAX_TEXT: Final = 1000
# Kinds whose text is no short text.
_LONG: Final = frozenset((2, _MMS, _MAIL, 10, 12))


@attrs.frozen
class Line:
    """A message to one recipient; `valid` says whether there can be such a recipient."""

    recipient: str
    valid: bool
    text: str
    comment: str
    sender: str
    units: int

    @property
    def cost(self) -> Decimal:
        """The price of it."""
        return self.units * PRICE


@attrs.frozen
class Order:
    """The messages of a request."""

    id: str | None
    kind: int
    lines: tuple[Line, ...]
    delay: float

    @property
    def sameness(self) -> tuple[int, tuple[tuple[str, str], ...]]:
        """What makes two requests identical: their kind, recipients and texts; not their ids."""
        return self.kind, tuple(sorted((line.recipient, line.text) for line in self.lines))


def read_order(form: Mapping[str, str], now: float) -> Order:
    """Read the form; `now` is a Unix time."""
    kind = next((code for name, code in _KINDS.items() if form.get(name, "0") not in ("", "0")), 0)
    given = form.get("id", "")
    message_id = read_id(given) if given else None
    if given and message_id is None:
        raise ServiceError(1, "parameters error")
    lines = tuple(
        _line(recipient, text, sender, kind, bot="bot" in form)
        for recipients, text, sender in _rows(form, kind)
        for recipient in re.split("[,;]", recipients)
        if recipient.strip()
    )
    if not lines:
        raise ServiceError(1, "parameters error")
    return Order(message_id, kind, lines, delay(form.get("time", ""), form.get("tz", ""), now))


def _rows(form: Mapping[str, str], kind: int) -> list[tuple[str, str, str]]:
    """Return recipients, text and sender name of each text of the form."""
    sender = form.get("sender", "")
    if form.get("list"):
        return [_row(line, sender) for line in form["list"].split("\n") if line.strip()]
    text = form.get("mes", "")
    textless = kind in (HLR, _PING) or form.get("fileurl") or (kind == _MMS and form.get("subj"))
    if not text and not textless:
        raise ServiceError(1, "parameters error")
    return [(form.get("phones", ""), text, sender)]


def _row(line: str, sender: str) -> tuple[str, str, str]:
    front, colon, text = line.partition(":")
    own, bar, recipients = front.rpartition("|")
    if not colon or not text:
        raise ServiceError(1, "parameters error")
    return recipients, text.replace("\\n", "\n"), own.partition(",")[0] if bar else sender


def _line(recipient: str, text: str, sender: str, kind: int, *, bot: bool) -> Line:
    text, _, comment = text.partition(_COMMENT)
    if len(text) > _MAX_TEXT and kind not in _LONG:
        raise ServiceError(1, "parameters error")
    recipient = recipient.strip()
    valid = True
    if kind != _MAIL and not bot:
        exact = recipient.startswith("+")
        recipient = recipient.removeprefix("+") if exact else recipient.translate(_TYPED)
        valid = _PHONE.fullmatch(recipient) is not None
    return Line(recipient, valid, text, comment, sender, _units(text, kind))


def _units(text: str, kind: int) -> int:
    if kind in (HLR, _PING) or kind in _LONG:
        return 1
    single, part = (160, 153) if text.isascii() else (70, 67)
    return 1 if len(text) <= single else -(-len(text) // part)
