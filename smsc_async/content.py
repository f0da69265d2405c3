"""What a message can be. A plain `str` is an `Sms`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import attrs

from ._options import option_params, recipients
from .errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Content", "Flash", "Hlr", "Line", "Ping", "Sms", "as_content"]

MAX_TEXT: Final = 1000


def _check_text(_: object, attribute: attrs.Attribute[str], value: object) -> None:
    if not isinstance(value, str):
        raise InvalidRequest(attribute.name, f"has to be a str, not {type(value).__name__}")
    if not value:
        raise InvalidRequest(attribute.name, "is empty")
    if len(value) > MAX_TEXT:
        raise InvalidRequest(
            attribute.name, f"has {len(value)} characters, and at most {MAX_TEXT} are taken"
        )
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidRequest(attribute.name, "has a character that is half of one") from None


@attrs.frozen
class Sms:
    """A text message, of at most 1000 characters.

    One unit holds 160 Latin or 70 other characters; a longer text is split into units of 153 or
    67, and each is billed. https://smscentre.com/api/http/send/
    """

    text: str = attrs.field(validator=_check_text)

    def params(self) -> Mapping[str, str]:
        """Return its form fields."""
        return {"mes": self.text}


@attrs.frozen
class Flash:
    """A text message that the phone shows at once and does not keep."""

    text: str = attrs.field(validator=_check_text)

    def params(self) -> Mapping[str, str]:
        """Return its form fields."""
        return {"mes": self.text, "flash": "1"}


@attrs.frozen
class Hlr:
    """A look at the recipient's home register: is the number in use, and where? Nobody notices.

    Its status is an `HlrStatus`.
    """

    def params(self) -> Mapping[str, str]:
        """Return its form fields."""
        return {"hlr": "1"}


@attrs.frozen
class Ping:
    """An invisible message: its status tells whether the phone is on."""

    def params(self) -> Mapping[str, str]:
        """Return its form fields."""
        return {"ping": "1"}


def _numbers(value: str | Iterable[str]) -> tuple[str, ...]:
    numbers = recipients(value)
    if any(number.startswith("G") for number in numbers):
        raise InvalidRequest("to", "a line of a list has phone numbers, not groups")
    return numbers


def _check_line(_: object, attribute: attrs.Attribute[str], value: str) -> None:
    _check_text(_, attribute, value)
    if "\\n" in value:
        raise InvalidRequest(
            attribute.name, r"has \n spelt out, which a list cannot tell from a new line"
        )


def _check_front(_: object, attribute: attrs.Attribute[str | None], value: str | None) -> None:
    if value is not None and set(value) & set("|:,\n"):
        raise InvalidRequest(attribute.name, "cannot have | : , or a new line in a list")


@attrs.frozen
class Line:
    """One text of a list, and the recipients who get it.

    `sender` is its own sender name; `tz` the zone of its recipients in whole hours from Moscow
    time, which the service takes only together with a sender name and a naive `time`.
    """

    to: tuple[str, ...] = attrs.field(converter=_numbers)
    text: str = attrs.field(validator=_check_line, repr=False)
    sender: str | None = attrs.field(default=None, validator=_check_front)
    tz: int | None = None

    def __attrs_post_init__(self) -> None:
        if self.sender is not None:
            option_params({"sender": self.sender}, None)
        if self.tz is not None and self.sender is None:
            raise InvalidRequest("tz", "needs a sender name on the same line")

    def row(self) -> str:
        """Return it as the service reads it: one line, the first colon ends the recipients."""
        zone = "" if self.tz is None else f",{self.tz}"
        front = "" if self.sender is None else f"{self.sender}{zone}|"
        text = self.text.replace("\n", "\\n")
        return f"{front}{','.join(self.to)}:{text}"


Content: TypeAlias = Sms | Flash | Hlr | Ping


def as_content(value: str | Content) -> Content:
    """Return the content that was meant; anything but a `str` or a content is refused."""
    if isinstance(value, str):
        return Sms(value)
    if isinstance(value, Content):
        return value
    raise InvalidRequest(
        "content", f"has to be a str or a content value, not {type(value).__name__}"
    )
