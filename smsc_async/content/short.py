"""Messages of the phone network itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from .._fields import url, whole
from ..errors import InvalidRequest
from ._text import MAX_TEXT, Fileless, ToPhones, check_comment, check_line, check_text, with_tail

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Binary", "Flash", "Hlr", "Ping", "Sms", "WapPush"]

_octet: Final = whole(0, 255)
_MAX_UDH: Final = 139


@attrs.frozen
class Sms(Fileless, ToPhones):
    """A text message, of at most 1000 characters.

    One unit holds 160 Latin or 70 other characters; a longer text is split into units of 153 or
    67, and each is billed. The `comment` is for your own history: it is not sent, and costs
    nothing. https://smscentre.com/api/http/send/
    """

    text: str = attrs.field(validator=check_text, repr=False)
    comment: str | None = attrs.field(default=None, validator=check_comment, repr=False)

    def params(self) -> Mapping[str, str]:
        """Return its form fields."""
        return {"mes": with_tail(self.text, self.comment)}


@attrs.frozen
class Flash(Fileless, ToPhones):
    """A text message that the phone shows at once and does not keep."""

    text: str = attrs.field(validator=check_text, repr=False)
    comment: str | None = attrs.field(default=None, validator=check_comment, repr=False)

    def params(self) -> Mapping[str, str]:
        """Return its form fields."""
        return {"mes": with_tail(self.text, self.comment), "flash": "1"}


@attrs.frozen
class Hlr(Fileless, ToPhones):
    """A look at the recipient's home register: is the number in use, and where? Nobody notices.

    Its status is an `HlrStatus`.
    """

    def params(self) -> Mapping[str, str]:
        """Return its form fields."""
        return {"hlr": "1"}


@attrs.frozen
class Ping(Fileless, ToPhones):
    """An invisible message: its status tells whether the phone is on."""

    def params(self) -> Mapping[str, str]:
        """Return its form fields."""
        return {"ping": "1"}


def _check_bytes(_: object, attribute: attrs.Attribute[bytes], value: object) -> None:
    if not isinstance(value, bytes):
        raise InvalidRequest(attribute.name, f"has to be bytes, not {type(value).__name__}")


def _check_udh(_: object, attribute: attrs.Attribute[bytes], value: bytes) -> None:
    """A header is elements of a kind, a length, and so many bytes."""
    _check_bytes(_, attribute, value)
    at = 0
    while at < len(value):
        at += 2 + (value[at + 1] if at + 1 < len(value) else 0)
    if at != len(value) or at > _MAX_UDH:
        raise InvalidRequest(
            attribute.name,
            f"has to be whole elements (kind, length, data) of up to {_MAX_UDH} bytes, "
            "without the length of the header",
        )


@attrs.frozen
class Binary(Fileless, ToPhones):
    """A binary message: the bytes of `payload` behind a user data header.

    `udh` is the header without its length, which is put in front. `pid` and `dcs`, the protocol
    and the coding, go together. https://smscentre.com/api/http/send/
    """

    payload: bytes = attrs.field(validator=_check_bytes, repr=False)
    udh: bytes = attrs.field(default=b"", validator=_check_udh, repr=False)
    pid: int | None = None
    dcs: int | None = None

    def __attrs_post_init__(self) -> None:
        if not self.payload and not self.udh:
            raise InvalidRequest("payload", "is empty")
        if len(self._hex) > MAX_TEXT:
            raise InvalidRequest("payload", f"has more than {MAX_TEXT} hexadecimal digits with udh")
        if (self.pid is None) is not (self.dcs is None):
            raise InvalidRequest("dcs" if self.dcs is None else "pid", "go together, or not at all")
        if self.pid is not None:
            _octet("pid", self.pid)
            _octet("dcs", self.dcs)

    @property
    def _hex(self) -> str:
        return (bytes((len(self.udh),)) + self.udh + self.payload).hex().upper()

    def params(self) -> Mapping[str, str]:
        """Return its form fields."""
        tail = None if self.pid is None else f"pid: {self.pid}, dcs: {self.dcs}"
        return {"mes": with_tail(self._hex, tail), "bin": "2"}


def _check_url(_: object, attribute: attrs.Attribute[str], value: object) -> None:
    url(attribute.name, value)


@attrs.frozen
class WapPush(Fileless, ToPhones):
    """A link that the phone offers to open, under a title."""

    link: str = attrs.field(validator=_check_url, repr=False)
    title: str = attrs.field(validator=check_line, repr=False)

    def __attrs_post_init__(self) -> None:
        if len(self.params()["mes"]) > MAX_TEXT:
            raise InvalidRequest("title", f"has, with the link, more than {MAX_TEXT} characters")

    def params(self) -> Mapping[str, str]:
        """Return its form fields."""
        return {"mes": f"{self.link}\n{self.title}", "push": "1"}
