"""What a message can be. A plain `str` is an `Sms`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import attrs

from .errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Content", "Flash", "Hlr", "Ping", "Sms", "as_content"]

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
