"""How values are written in a form, and which are refused before it is sent."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from ipaddress import ip_address
from typing import Final, TypeAlias, cast

from .errors import InvalidRequest

__all__ = [
    "Fields",
    "FormFields",
    "Writer",
    "choice",
    "code",
    "day",
    "email",
    "exactly_one",
    "in_order",
    "ip",
    "money",
    "needed",
    "sender_name",
    "several",
    "switch",
    "text",
    "url",
    "whole",
]

Writer: TypeAlias = Callable[[str, object], str]
"""Returns how a value is written; raises `InvalidRequest` with the name that it is given."""

FormFields: TypeAlias = dict[str, str | int | None]
"""Form fields by their names on the wire; None is left out."""

_EMAIL: Final = re.compile(r"[^\s@,;]+@[^\s@,;]+\.[^\s@,;]+")
_URL: Final = re.compile(r"https?://[^\s/]+(/\S*)?")


class Fields:
    """The names of some options on the wire, and how their values are written.

    `Fields(name=("fnm", text()))` writes the option `name` as the field `fnm`.
    """

    def __init__(self, **fields: tuple[str, Writer]) -> None:
        self._fields = fields

    @property
    def names(self) -> frozenset[str]:
        """The options it knows."""
        return frozenset(self._fields)

    def write(self, options: Mapping[str, object]) -> FormFields:
        """Return the form fields of the options; those that are None are left out."""
        written: FormFields = {}
        for name, value in options.items():
            if name not in self._fields:
                raise InvalidRequest(name, "is not an option of this call")
            if value is not None:
                field, writer = self._fields[name]
                written[field] = writer(name, value)
        return written


def text(most: int | None = None, *, least: int = 0) -> Writer:
    """A string of so many characters; an empty one clears the field."""

    def write(name: str, value: object) -> str:
        if not isinstance(value, str):
            raise InvalidRequest(name, f"has to be a str, not {type(value).__name__}")
        if len(value) < least:
            raise InvalidRequest(name, "is empty" if least == 1 else f"is under {least} characters")
        if most is not None and len(value) > most:
            raise InvalidRequest(
                name, f"has {len(value)} characters, and at most {most} are allowed"
            )
        try:
            value.encode()
        except UnicodeEncodeError:
            raise InvalidRequest(
                name, "has half of a surrogate pair, which cannot be encoded"
            ) from None
        return value

    return write


def whole(least: int, most: int | None = None) -> Writer:
    """A whole number in a range."""
    rule = f"of {least} or more" if most is None else f"from {least} to {most}"

    def write(name: str, value: object) -> str:
        if isinstance(value, bool) or not isinstance(value, int):
            raise InvalidRequest(name, f"has to be a whole number {rule}")
        if value < least or (most is not None and value > most):
            raise InvalidRequest(name, f"has to be a whole number {rule}")
        return str(int(value))

    return write


def code(name: str, value: object) -> str:
    """An id that the service has given: a number, as `int` or as digits."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return value
    return whole(1)(name, value)


def switch(name: str, value: object) -> str:
    """On or off."""
    if not isinstance(value, bool) and value not in (0, 1):
        raise InvalidRequest(name, "has to be True or False")
    return "1" if value else "0"


def choice(*values: str) -> Writer:
    """One of these."""

    def write(name: str, value: object) -> str:
        if value not in values:
            options = " or ".join(f'"{one}"' for one in values)
            raise InvalidRequest(name, f"has to be {options}")
        return str(value)

    return write


def day(name: str, value: object) -> str:
    """A calendar day."""
    if isinstance(value, datetime) or not isinstance(value, date):
        raise InvalidRequest(name, "has to be a date without a time")
    return f"{value:%d.%m.%Y}"


def money(name: str, value: object) -> str:
    """An amount of more than nothing, in the currency of the account, exactly as given."""
    if isinstance(value, int | str) and not isinstance(value, bool):
        try:
            value = Decimal(value)
        except ArithmeticError:
            value = None
    if not isinstance(value, Decimal) or not value.is_finite() or value <= 0:
        raise InvalidRequest(name, "has to be a Decimal, or a number in a str, above 0")
    return f"{value:f}"


def email(name: str, value: object) -> str:
    """An e-mail address."""
    if not isinstance(value, str) or not _EMAIL.fullmatch(value):
        raise InvalidRequest(name, "is not an e-mail address")
    return value


def ip(name: str, value: object) -> str:
    """An address of version 4 or 6."""
    try:
        return str(ip_address(str(value)))
    except ValueError:
        raise InvalidRequest(name, "is not an IP address") from None


def url(name: str, value: object) -> str:
    """A full http or https address."""
    if not isinstance(value, str) or not _URL.fullmatch(value):
        raise InvalidRequest(name, "has to be a full http or https address")
    return value


def several(writer: Writer, separator: str = ",") -> Writer:
    """One or many of them, in one field."""

    def write(name: str, value: object) -> str:
        if isinstance(value, str | int):
            return writer(name, value)
        if not isinstance(value, Iterable):
            raise InvalidRequest(name, f"has to be one or many, not {type(value).__name__}")
        parts = [writer(name, one) for one in cast("Iterable[object]", value)]
        if not parts:
            raise InvalidRequest(name, "is empty")
        if any(separator in part for part in parts):
            raise InvalidRequest(name, f'has a "{separator}" in it, which separates them')
        return separator.join(parts)

    return write


def sender_name(name: str, value: object) -> str:
    """A sender name: up to 11 characters or up to 15 digits; an empty one clears the field."""
    written = text()(name, value)
    if len(written) > (15 if written.isascii() and written.isdigit() else 11):
        raise InvalidRequest(name, "has to be up to 11 characters or up to 15 digits")
    return written


def exactly_one(**options: object) -> None:
    """Refuse options of which not one, or more than one, is given."""
    if sum(value is not None for value in options.values()) != 1:
        names = " or ".join(f"`{name}`" for name in options)
        raise InvalidRequest(next(iter(options)), f"exactly one of {names} has to be given")


def in_order(start: object, end: object) -> None:
    """Refuse an `end` before the `start`, where both are days."""
    if isinstance(start, date) and isinstance(end, date) and end < start:
        raise InvalidRequest("end", "is before the start")


def needed(**options: object) -> None:
    """Refuse options that are None, where that would leave out what the call is about."""
    for name, value in options.items():
        if value is None:
            raise InvalidRequest(name, "is needed")
