"""The options of a send, their rules, and their names on the wire."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal, TypedDict, TypeVar

from .errors import InvalidRequest

if TYPE_CHECKING:
    from datetime import tzinfo
    from random import Random

C = TypeVar("C", bound=str)

__all__ = [
    "SendOptions",
    "check_choice",
    "check_id",
    "local_time",
    "mint_id",
    "option_params",
    "phone",
    "recipients",
]

_MESSAGE_ID = re.compile(r"[A-Za-z0-9._-]{1,40}")
_PHONE = re.compile(r"\+?[0-9]{5,15}")
_GROUP = re.compile(r"G[0-9]{1,10}")
_PUNCTUATION = str.maketrans("", "", " -().\u00a0")
_MAX_NUMBER: Final = 2**31 - 1


class SendOptions(TypedDict, total=False):
    """What `send` and `quote` take besides recipients and content."""

    id: str
    """Your own id of the message, instead of one made for you: up to 40 of A-Z a-z 0-9 . _ -"""
    sender: str
    """The sender name: up to 11 characters, or up to 15 digits."""
    time: datetime | timedelta
    """When to send: a moment, or a delay in whole minutes. A naive one is in the client's zone."""
    valid: int
    """For how many hours the operator tries to deliver, 1 to 24."""
    translit: Literal[0, 1, 2]
    """1 writes Cyrillic in Latin letters, 2 in Latin letters and signs that look alike."""
    tinyurl: bool
    """Shorten the links in the text."""
    maxsms: int
    """The most units a long text may take; what goes beyond is cut off."""


def mint_id(random: Random) -> str:
    """Make a message id nobody else has: 25 letters and digits.

    It starts with a letter, so that no reader takes it for a number.
    """
    return f"m{random.getrandbits(96):024x}"


def check_id(value: str, field: str = "id") -> str:
    """Return the message id, if it is one."""
    if not isinstance(value, str) or not _MESSAGE_ID.fullmatch(value):
        raise InvalidRequest(field, "has to be 1 to 40 of A-Z a-z 0-9 . _ -")
    if value.isdigit() and not 1 <= int(value) <= _MAX_NUMBER:
        raise InvalidRequest(field, f"a number has to be from 1 to {_MAX_NUMBER}")
    return value


def check_choice(field: str, value: C, choices: tuple[C, ...]) -> C:
    """Return the value, if it is one of these."""
    if value not in choices:
        raise InvalidRequest(field, "has to be " + " or ".join(f'"{choice}"' for choice in choices))
    return value


def phone(value: str, field: str = "phone") -> str:
    """Return the phone number as digits, with the plus it may have.

    With a plus the service takes the number as it is; without, it may correct it.
    """
    if not isinstance(value, str):
        raise InvalidRequest(field, f"has to be a str, not {type(value).__name__}")
    number = value.translate(_PUNCTUATION)
    if not _PHONE.fullmatch(number):
        raise InvalidRequest(field, "is not an international phone number of 5 to 15 digits")
    return number


def _recipient(value: str) -> str:
    """Return a recipient as a phone number, or a group code as it is."""
    return value if isinstance(value, str) and _GROUP.fullmatch(value) else phone(value, "to")


def recipients(to: str | Iterable[str], read: Callable[[str], str] = _recipient) -> tuple[str, ...]:
    """Return the recipients as `read` understands each, at least one, each only once."""
    if not isinstance(to, Iterable):
        raise InvalidRequest("to", f"has to be a str or many, not {type(to).__name__}")
    several = (to,) if isinstance(to, str) else tuple(to)
    if not several:
        raise InvalidRequest("to", "has no recipient")
    found = tuple(map(read, several))
    if len({one.lstrip("+") for one in found}) < len(found):
        raise InvalidRequest("to", "has a recipient twice")
    return found


def option_params(options: SendOptions, zone: tzinfo | None) -> dict[str, str | int | None]:
    """Check the options and return their form fields; an unknown one is refused."""
    params: dict[str, str | int | None] = {}
    for name, value in options.items():
        try:
            check = _CHECKS[name]
        except KeyError:
            raise InvalidRequest(name, "is not an option of a send") from None
        if value is not None:
            params[name] = check(name, value, zone)
    return params


def _id(name: str, value: object, _: tzinfo | None) -> str:
    return check_id(str(value), name)


def _sender(name: str, value: object, _: tzinfo | None) -> str:
    if isinstance(value, str) and len(value) <= (15 if value.isdigit() else 11):
        return value
    raise InvalidRequest(name, "has to be up to 11 characters or up to 15 digits")


def _time(name: str, value: object, zone: tzinfo | None) -> str:
    if isinstance(value, timedelta):
        minutes, rest = divmod(value, timedelta(minutes=1))
        if minutes < 1 or rest:
            raise InvalidRequest(name, "a delay has to be in whole minutes, one at least")
        return f"+{minutes}"
    if not isinstance(value, datetime):
        raise InvalidRequest(name, "has to be a datetime or a timedelta")
    if value.tzinfo is None:
        if zone is None:
            raise InvalidRequest(name, "needs a time zone: its own, or the client's `timezone`")
        value = value.replace(tzinfo=zone)
    return f"0{int(value.timestamp())}"


def local_time(value: datetime | timedelta | None) -> str:
    """Return a naive moment as the service reads it in each recipient's own zone."""
    if isinstance(value, datetime) and value.tzinfo is None:
        return f"{value:%d%m%y%H%M}"
    raise InvalidRequest("time", "has to be a naive datetime where lines have a `tz`")


def _whole(least: int, most: int) -> Callable[[str, object, tzinfo | None], int]:
    def check(name: str, value: object, _: tzinfo | None) -> int:
        if isinstance(value, int) and least <= value <= most:
            return int(value)
        raise InvalidRequest(name, f"has to be a whole number from {least} to {most}")

    return check


_CHECKS: Final[Mapping[str, Callable[[str, object, tzinfo | None], str | int]]] = {
    "id": _id,
    "sender": _sender,
    "time": _time,
    "valid": _whole(1, 24),
    "translit": _whole(0, 2),
    "tinyurl": _whole(0, 1),
    "maxsms": _whole(1, 255),
}
