"""The options of a send, their rules, and their names on the wire."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Literal, TypedDict, TypeVar, cast

from ._fields import Fields, code, ip, sender_name, switch, text, whole
from .errors import InvalidRequest

if TYPE_CHECKING:
    from datetime import tzinfo
    from random import Random

C = TypeVar("C", bound=str)

__all__ = [
    "ZONES",
    "SendOptions",
    "SharedOptions",
    "check_choice",
    "check_id",
    "mint_id",
    "option_params",
    "phone",
    "plain_phone",
    "recipients",
]

_MESSAGE_ID = re.compile(r"[A-Za-z0-9._-]{1,40}")
_PHONE = re.compile(r"\+?[0-9]{5,15}")
_GROUP = re.compile(r"G[0-9]{1,10}")
_PUNCTUATION = str.maketrans("", "", " -().\u00a0")
_MAX_NUMBER: Final = 2**31 - 1
_DAY: Final = 24
_SHORTEST: Final = Decimal("0.1")
_LONGEST: Final = Decimal(720)

ZONES: Final = (-15, 11)
"""The zones of the world, in hours from Moscow time."""


class SharedOptions(TypedDict, total=False):
    """What a send and a mailing may have, both of them."""

    sender: str
    """The sender name: up to 11 characters, or up to 15 digits."""
    time: datetime | timedelta | tuple[int, int] | Literal["now"]
    """When to send: a moment; a delay in whole minutes; only between these two hours of the day, or
    else when the first comes next; "now". A naive moment is in the client's zone."""
    tz: int
    """In which zone a naive `time` or its hours are: whole hours from Moscow time, -15 to 11."""
    period: float | Decimal
    """Over how many hours to spread the recipients, 0.1 to 720; goes together with `freq`."""
    freq: int
    """Minutes between one part of the recipients and the next, 1 to 1440."""
    valid: int | timedelta
    """How long the operator tries to deliver: 1 to 24 hours, or whole minutes up to as long."""
    translit: Literal[0, 1, 2]
    """1 writes Cyrillic in Latin letters, 2 in Latin letters and signs that look alike."""
    tinyurl: bool
    """Shorten the links in the text."""


class SendOptions(SharedOptions, total=False):
    """What `send` and `quote` take besides recipients and content."""

    id: str
    """Your own id of the message, instead of one made for you: up to 40 of A-Z a-z 0-9 . _ -"""
    maxsms: int
    """The most units a long text may take; what goes beyond is cut off."""
    imgcode: str
    """What the visitor of your site has read off the captcha's picture; goes with `userip`."""
    userip: str
    """The address of that visitor, to which the account's daily limit for one address applies."""
    pp: int | str
    """The id of the partner as whose client the account is to count, for this request."""


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


def plain_phone(name: str, value: object) -> str:
    """Write a phone number as digits alone."""
    return phone(cast("str", value), name).removeprefix("+")


def _recipient(value: str) -> str:
    """Return a recipient as a phone number, or a group code as it is."""
    return value if isinstance(value, str) and _GROUP.fullmatch(value) else phone(value, "to")


def recipients(to: str | Iterable[str], read: Callable[[str], str] = _recipient) -> tuple[str, ...]:
    """Return the recipients as `read` understands each, at least one, each only once."""
    if isinstance(to, str):
        return (read(to),)
    if not isinstance(to, Iterable):
        raise InvalidRequest("to", f"has to be a str or many, not {type(to).__name__}")
    several = tuple(to)
    if not several:
        raise InvalidRequest("to", "needs at least one recipient")
    found = tuple(_reading(read, several))
    if len({one.lstrip("+") for one in found}) < len(found):
        raise InvalidRequest("to", "has a recipient twice")
    return found


def _reading(read: Callable[[str], str], several: tuple[str, ...]) -> Iterator[str]:
    """Read the recipients; of many, the one that is refused is named by its place."""
    for place, one in enumerate(several, start=1):
        try:
            yield read(one)
        except InvalidRequest as error:
            if len(several) == 1:
                raise
            raise InvalidRequest(error.field, f"no. {place} {error.rule}") from None


def option_params(
    options: SendOptions, zone: tzinfo | None, *, local: bool = False
) -> dict[str, str | int | None]:
    """Check the options and return their form fields; an unknown one is refused.

    A naive time is in `zone`, unless there is a `tz`, or it is `local`: then it goes as it is.
    """
    given = {name: value for name, value in options.items() if value is not None}
    moment = given.pop("time", None)
    if moment is not None:
        given["time"] = _moment(moment, zone, local=local or "tz" in given)
    elif local or "tz" in given:
        raise InvalidRequest("time", "is needed where a `tz` says in which zone it is")
    if ("period" in given) != ("freq" in given):
        raise InvalidRequest("freq", "goes together with `period`")
    if "imgcode" in given and "userip" not in given:
        raise InvalidRequest("userip", "is needed with an imgcode")
    return _FIELDS.write(given)


def _moment(value: object, zone: tzinfo | None, *, local: bool) -> str:
    """Return how a time is written: a delay, hours of the day, or a moment."""
    if isinstance(value, tuple):
        return _hours(cast("tuple[object, ...]", value))
    if isinstance(value, datetime) and value.tzinfo is None and local:
        return f"{value:%d%m%y%H%M}"
    if local:
        raise InvalidRequest("time", "has to be a naive datetime, or hours, with a `tz`")
    if value == "now":
        return "0"
    if isinstance(value, timedelta):
        minutes, rest = divmod(value, timedelta(minutes=1))
        if minutes < 1 or rest:
            raise InvalidRequest("time", "a delay has to be in whole minutes, one at least")
        return f"+{minutes}"
    if not isinstance(value, datetime):
        raise InvalidRequest("time", 'has to be a datetime, a timedelta, two hours, or "now"')
    if value.tzinfo is None:
        if zone is None:
            raise InvalidRequest("time", "needs a time zone: its own, or the client's `timezone`")
        value = value.replace(tzinfo=zone)
    return f"0{int(value.timestamp())}"


def _hours(value: tuple[object, ...]) -> str:
    match value:
        case (int() as start, int() as end) if 0 <= start < end <= _DAY:
            return f"{int(start)}-{int(end)}"
        case _:
            pass
    raise InvalidRequest("time", "hours have to be two, as (9, 21), the earlier one first")


def _id(name: str, value: object) -> str:
    return check_id(str(value), name)


def _period(name: str, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise InvalidRequest(name, "has to be a number of hours from 0.1 to 720")
    hours = Decimal(str(value))
    if not hours.is_finite() or not _SHORTEST <= hours <= _LONGEST:
        raise InvalidRequest(name, "has to be a number of hours from 0.1 to 720")
    return f"{hours:f}"


def _valid(name: str, value: object) -> str:
    if isinstance(value, timedelta):
        minutes, rest = divmod(value, timedelta(minutes=1))
        if rest or not 1 <= minutes <= _DAY * 60:
            raise InvalidRequest(name, "has to be in whole minutes, up to 24 hours")
        return f"{minutes // 60:02}:{minutes % 60:02}"
    return whole(1, _DAY)(name, value)


_FIELDS: Final = Fields(
    id=("id", _id),
    sender=("sender", sender_name),
    time=("time", text()),
    tz=("tz", whole(*ZONES)),
    period=("period", _period),
    freq=("freq", whole(1, 1440)),
    valid=("valid", _valid),
    translit=("translit", whole(0, 2)),
    tinyurl=("tinyurl", switch),
    maxsms=("maxsms", whole(1, 255)),
    imgcode=("imgcode", text(least=1)),
    userip=("userip", ip),
    pp=("pp", code),
)
