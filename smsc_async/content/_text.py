"""What all texts have in common: their length, the tail behind them, words that mean something."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

from .._fields import text as text_writer
from .._options import phone
from ..errors import InvalidRequest

if TYPE_CHECKING:
    import attrs

    from .._attachments import Attachment

__all__ = [
    "MAX_TEXT",
    "TAIL",
    "Fileless",
    "ToPhones",
    "check_comment",
    "check_line",
    "check_long",
    "check_optional",
    "check_text",
    "every",
    "group_code",
    "phone_or_group",
    "with_tail",
]

MAX_TEXT: Final = 1000
TAIL: Final = "\n~~~\n"
"""Ends the text; what follows is not sent to anybody."""

T = TypeVar("T")

PREFIX: Final = re.compile(r"\s*__(CALL|VIBER|SOC|MAIL|BOT|PING|HLR)__")

_GROUP: Final = re.compile(r"[Gg]([0-9]{1,10})")
_short: Final = text_writer(MAX_TEXT, least=1)
_long: Final = text_writer(least=1)


class Fileless:
    """Content that takes no files."""

    __slots__ = ()

    files: ClassVar[tuple[Attachment, ...]] = ()


class ToPhones:
    """Content whose recipients are phone numbers and groups of them."""

    __slots__ = ()

    def recipient(self, value: str) -> str:
        """Return the recipient as the service reads it, a phone number or a group code."""
        return phone_or_group(value)


def group_code(value: object) -> str | None:
    """Return the group code as "G12", or None if it is none."""
    group = _GROUP.fullmatch(value) if isinstance(value, str) else None
    return f"G{group[1]}" if group else None


def phone_or_group(value: str) -> str:
    """Return a phone number as digits, with the plus it may have, or a group code."""
    return group_code(value) or phone(value, "to")


def check_text(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Refuse what is no text of 1 to 1000 characters."""
    _check_meaning(attribute.name, _short(attribute.name, value))


def check_long(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Refuse what is no text; the limit is that of short messages, and not held against others."""
    _check_meaning(attribute.name, _long(attribute.name, value))


def check_optional(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Refuse what is no text, unless it is empty."""
    if value != "":
        check_long(_, attribute, value)


def check_line(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Refuse what is no single line of text."""
    text = _long(attribute.name, value)
    if not text.strip():
        raise InvalidRequest(attribute.name, "is blank")
    if "\n" in text or "\r" in text:
        raise InvalidRequest(attribute.name, "has to be one line")


def check_comment(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Refuse what is no comment, unless there is none."""
    if value is not None and TAIL in f"{_long(attribute.name, value)}\n":
        raise InvalidRequest(attribute.name, "has a line of three tildes, which ends a text")


def every(field: str, cls: type[T], values: Iterable[T]) -> tuple[T, ...]:
    """Return the values; refuse what is not many, and one that is not of the class."""
    if not isinstance(values, Iterable):
        raise InvalidRequest(field, f"has to be many, not {type(values).__name__}")
    several = tuple(values)
    for value in several:
        if not isinstance(value, cls):
            raise InvalidRequest(field, f"has a {type(value).__name__}, which is no {cls.__name__}")
    return several


def with_tail(text: str, tail: str | None) -> str:
    """Return the text with what the recipient does not get to see."""
    return text if tail is None else f"{text}{TAIL}{tail}"


def _check_meaning(field: str, text: str) -> None:
    # With a tail behind it: a text may end in the beginning of one.
    if f"{text}{TAIL}".index(TAIL) < len(text):
        raise InvalidRequest(field, "has a line of three tildes, behind which nothing is sent")
    prefix = PREFIX.match(text)
    if prefix:
        raise InvalidRequest(
            field,
            f"begins with __{prefix[1]}__, which makes it another kind of message: "
            "if that is meant, `parse_prefix` returns it",
        )
