"""What the service has to tell the handler of an account, and in which form it does."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, quote, urlencode
from xml.sax.saxutils import escape

import attrs

from .account import money
from .ids import wire_id
from .message import HLR
from .schedule import MOSCOW

if TYPE_CHECKING:
    from .incoming import Incoming
    from .message import Message, Step

__all__ = ["NETWORK", "Handler", "Notice", "call_notice", "incoming_notice", "status_notice"]

_CALL: Final = 7
_CHARSETS: Final = ("utf-8", "koi8-r", "windows-1251")
_ALGORITHMS: Final = ("md5", "sha1", "crc32")
_NUMBERS: Final = frozenset(
    ("id", "status", "ts", "err", "cnt", "type", "flag", "sent", "waitcall", "calltime", "ringtime")
)
NETWORK: Final = {
    "imsi": "250021234567890",
    "msc": "79262000331",
    "mcc": "250",
    "mnc": "02",
    "cn": "Россия",
    "net": "МегаФон",
    "rcn": "",
    "rnet": "",
}
"""What a request for a subscriber's network finds out."""

_CENTRE: Final = "79262000331"


@attrs.frozen
class Notice:
    """Something to tell: its fields, and those of them that the control value is made of."""

    kind: str
    fields: Mapping[str, str] = attrs.field(repr=False)
    signed: tuple[str, ...]


def status_notice(message: Message, step: Step) -> Notice:
    """Tell that a message has come as far as this step."""
    changed = int(message.timestamp + step.at)
    moment = datetime.fromtimestamp(changed, UTC).astimezone(MOSCOW)
    fields = {
        "id": message.id,
        "phone": message.phone,
        "status": str(step.status),
        "time": f"{moment:%d.%m.%y %H:%M:%S}",
        "ts": str(changed),
        "cnt": str(message.units),
        "type": str(message.kind),
        "cost": money(message.cost),
        "flag": str(message.kind),
        "sender": message.sender,
        "cmt": message.comment,
    }
    if step.error:
        fields["err"] = str(step.error)
    if message.kind == HLR:
        fields |= NETWORK
    if message.kind == _CALL:
        keys = "1" if "{menu" in message.text else ""
        fields |= {"dtmf": keys, "calltime": str(message.units), "callmenu": keys, "ringtime": "5"}
    return Notice("status", fields, ("id", "phone", "status"))


def incoming_notice(message: Incoming, answers: str | None) -> Notice:
    """Tell that a message has come in, in answer to another one if that is known."""
    fields = {
        "id": str(message.id),
        "phone": message.phone,
        "mes": message.text,
        "to": message.to_phone,
        "smsc": _CENTRE,
        "sent": str(message.timestamp),
        "time": str(message.timestamp),
    }
    if answers is not None:
        fields["sms_id"] = answers
    return Notice("incoming", fields, ("phone", "mes", "to"))


def call_notice(phone: str, timestamp: int) -> Notice:
    """Tell that somebody has called to confirm a number."""
    fields = {"waitcall": "1", "phone": phone, "ts": str(timestamp)}
    return Notice("call", fields, ("phone", "ts"))


@attrs.frozen(repr=False)
class Handler:
    """The handler of an account, by the address that was entered: where and how to post."""

    url: str
    by_get: Mapping[str, str]
    by_post: Mapping[str, str]

    @classmethod
    def of(cls, entered: str) -> Handler:
        """Read an address: names behind `!` travel in the address, names behind `?` are posted."""
        front, _, by_post = entered.partition("?")
        url, _, by_get = front.partition("!")
        return cls(url, _options(by_get), _options(by_post))

    def address(self, notice: Notice) -> str:
        """Return where to post it."""
        query = urlencode(self._filled(self.by_get, notice), quote_via=quote)
        return f"{self.url}?{query}" if query else self.url

    def body(self, notice: Notice) -> tuple[bytes, str]:
        """Return what to post, and its content type."""
        charset = self._option("charset")
        charset = charset if charset in _CHARSETS else _CHARSETS[-1]
        fields = {**notice.fields, **self._filled(self.by_post, notice)}
        form = self._option("fmt")
        if form == "3":
            text = json.dumps(_typed(fields), ensure_ascii=False)
            return text.encode(charset, "replace"), f"application/json; charset={charset}"
        if form == "2":
            return _xml(fields, charset), f"text/xml; charset={charset}"
        body = urlencode(fields, quote_via=quote, encoding=charset, errors="replace")
        return body.encode(), "application/x-www-form-urlencoded"

    def _option(self, name: str) -> str:
        return self.by_post.get(name, self.by_get.get(name, ""))

    def _filled(self, options: Mapping[str, str], notice: Notice) -> dict[str, str]:
        """Put the control value in the place of the secret."""
        charset = self._option("charset")
        return {
            name: _control(name, notice, value, charset) if name in _ALGORITHMS else value
            for name, value in options.items()
        }


def _options(query: str) -> dict[str, str]:
    return dict(parse_qsl(query, keep_blank_values=True))


def _control(algorithm: str, notice: Notice, secret: str, charset: str) -> str:
    text = ":".join([*(notice.fields[name] for name in notice.signed), secret])
    data = text.encode(charset if charset in _CHARSETS else _CHARSETS[-1], "replace")
    if algorithm == "crc32":
        return str(zlib.crc32(data))
    return hashlib.new(algorithm, data, usedforsecurity=False).hexdigest()


def _typed(fields: Mapping[str, str]) -> dict[str, str | int]:
    return {
        name: wire_id(value) if name == "id" else int(value) if name in _NUMBERS else value
        for name, value in fields.items()
    }


def _xml(fields: Mapping[str, str], charset: str) -> bytes:
    rows = "".join(f"<{name}>{escape(value)}</{name}>\n" for name, value in fields.items())
    text = f'<?xml version="1.0" encoding="{charset}"?>\n<result>\n{rows}</result>\n'
    return text.encode(charset, "xmlcharrefreplace")
