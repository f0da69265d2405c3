"""Texts that begin with what makes them another kind of message."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ..errors import InvalidRequest
from ._text import TAIL
from .call import Call
from .messengers import Social
from .short import Hlr, Ping, Sms
from .viber import Viber

if TYPE_CHECKING:
    from . import Content

__all__ = ["parse_prefix"]

_WRITTEN: Final = re.compile(r"__(CALL|VIBER|SOC|MAIL|BOT)__: ?(.*)", re.DOTALL)
_PARAM: Final = re.compile(r"(?:param=)?(\d{1,4}),(\d{1,4}),(\d{1,4})")


def parse_prefix(text: str) -> Content:
    """Return what a text means to the service that begins with one of its prefixes.

    "__CALL__: Hello" is a `Call`, "__VIBER__: Hello" a `Viber`, "__SOC__: Hello" a `Social`,
    "__HLR__" an `Hlr` and "__PING__" a `Ping`. A call may have its waiting time, its interval and
    its attempts behind a line of three tildes. "__MAIL__: ..." and "__BOT__: ..." are refused: they
    do not say which subject, sender or bot is meant. A text without a prefix is an `Sms`, what is
    behind a line of three tildes its comment.
    """
    if not isinstance(text, str):
        raise InvalidRequest("text", f"has to be a str, not {type(text).__name__}")
    if text.strip() in {"__HLR__", "__PING__"}:
        return Hlr() if text.strip() == "__HLR__" else Ping()
    written = _WRITTEN.fullmatch(text)
    if written is None:
        body, separator, comment = text.partition(TAIL)
        return Sms(body, comment if separator else None)
    kind, body = written.groups()
    match kind:
        case "CALL":
            return _call(body)
        case "VIBER":
            return Viber(body)
        case "SOC":
            return Social(body)
        case "MAIL":
            raise InvalidRequest("text", "does not say subject and sender of a letter: use Email")
        case _:
            raise InvalidRequest("text", "does not say which bot is meant: use Telegram")


def _call(body: str) -> Call:
    text, separator, tail = body.partition(TAIL)
    if not separator:
        return Call(text)
    param = _PARAM.fullmatch(tail.strip())
    if param is None:
        raise InvalidRequest("text", "has no three numbers behind the line of three tildes")
    wait, interval, attempts = map(int, param.groups())
    return Call(text, wait=wait, interval=interval, attempts=attempts)
