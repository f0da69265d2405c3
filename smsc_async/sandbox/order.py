"""What a form asks send.php to do: to whom, what, as what kind of message, when."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import attrs

from .account import PRICE, ServiceError
from .ids import read_id
from .kinds import TAIL, Kind, kind_of, uploads, without_prefix
from .message import Message
from .schedule import delay

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from .message import Step

__all__ = ["Line", "Order", "read_order"]


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
    """The messages of a request; `channel` is the field that asks for their kind, "" for SMS."""

    id: str | None
    kind: int
    channel: str
    lines: tuple[Line, ...]
    delay: float
    subject: str
    files: tuple[str, ...]

    @property
    def sameness(self) -> tuple[str, tuple[tuple[str, str], ...], str, tuple[str, ...]]:
        """What makes two requests identical: kind, recipients and content; not their ids."""
        messages = tuple(sorted((line.recipient, line.text) for line in self.lines))
        return self.channel, messages, self.subject, self.files

    def message(
        self,
        line: Line,
        message_id: str,
        *,
        cost: Decimal,
        accepted_at: float,
        timestamp: int,
        steps: tuple[Step, ...],
    ) -> Message:
        """Return the message of one of its lines, as it is when it is taken."""
        return Message(
            id=message_id,
            phone=line.recipient,
            text=line.text,
            comment=line.comment,
            sender=line.sender,
            kind=self.kind,
            units=line.units,
            cost=cost,
            accepted_at=accepted_at,
            timestamp=timestamp,
            steps=steps,
            channel=self.channel,
            subject=self.subject,
            files=self.files,
        )


def read_order(form: Mapping[str, str], now: float) -> Order:
    """Read the form; `now` is a Unix time."""
    form = without_prefix(form)
    kind = kind_of(form)
    given = form.get("id", "")
    message_id = read_id(given) if given else None
    if given and message_id is None:
        raise ServiceError(1, "parameters error")
    lines = tuple(
        _line(form, kind, recipient, text, sender)
        for recipients, text, sender in _rows(form, kind)
        for recipient in re.split("[,;]", recipients)
        if recipient.strip()
    )
    if not lines:
        raise ServiceError(1, "parameters error")
    return Order(
        message_id,
        kind.number,
        kind.field,
        lines,
        delay(form.get("time", ""), form.get("tz", ""), now),
        form.get("subj", ""),
        _files(form),
    )


def _rows(form: Mapping[str, str], kind: Kind) -> list[tuple[str, str, str]]:
    """Return recipients, text and sender name of each text of the form."""
    sender = form.get("sender", "")
    if form.get("list"):
        rows = [_row(line, sender) for line in form["list"].split("\n") if line.strip()]
    else:
        rows = [(form.get("phones", ""), form.get("mes", ""), sender)]
    for _, text, _ in rows:
        kind.check(form, text)
    return rows


def _row(line: str, sender: str) -> tuple[str, str, str]:
    front, colon, text = line.partition(":")
    own, bar, recipients = front.rpartition("|")
    if not colon or not text:
        raise ServiceError(1, "parameters error")
    return recipients, text.replace("\\n", "\n"), own.partition(",")[0] if bar else sender


def _line(form: Mapping[str, str], kind: Kind, given: str, text: str, sender: str) -> Line:
    recipient, valid = kind.recipient(given)
    said, _, comment = ("", "", "") if kind.silent else text.partition(TAIL)
    return Line(recipient, valid, said, comment, sender, kind.units(form, said))


def _files(form: Mapping[str, str]) -> tuple[str, ...]:
    address = form.get("fileurl")
    return (*uploads(form), address) if address else uploads(form)
