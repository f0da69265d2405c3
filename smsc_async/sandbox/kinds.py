"""The kinds of messages: what asks for one, what it needs, how it is counted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Self

import attrs

from .account import ServiceError
from .message import HLR
from .voice_menu import check_menu

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["TAIL", "Kind", "Upload", "kind_of", "uploads", "without_prefix"]

TAIL: Final = "\n~~~\n"

_MAX_TEXT: Final = 1000
_MAX_FILES: Final = 20
_MAX_FILE: Final = 10 * 1024 * 1024
_MAX_UDH: Final = 139
_OCTETS: Final = (140, 134)
_SEPTETS: Final = (160, 153)
_WORDS: Final = (70, 67)
_SPOKEN: Final = 15

_PHONE: Final = re.compile(r"\d{7,15}")
_TYPED: Final = str.maketrans("", "", " -()")
_ADDRESS: Final = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_NAME: Final = re.compile(r"@?[A-Za-z][A-Za-z0-9_]{3,}|#\d+")
_UPLOAD: Final = re.compile(r"file\d*")
_PREFIX: Final = re.compile(r"__(CALL|VIBER|SOC|MAIL|BOT)__: ?")
_ALONE: Final = {"__PING__": "ping", "__HLR__": "hlr"}

_GSM: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./:;<=>?¡ÄÖÑÜ§¿äöñüà"
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz\f^{}\\[~]|€"
)
_TWO_SEPTETS: Final = re.compile(r"[\f^{}\\\[~\]|€]")


class Upload(str):
    """A file that came with a form, as the value of its field: its name and its size in bytes."""

    __slots__ = ("size",)

    size: int

    def __new__(cls, name: str, size: int) -> Self:
        """Make one."""
        upload = super().__new__(cls, name)
        upload.size = size
        return upload


def uploads(form: Mapping[str, str]) -> tuple[str, ...]:
    """Return the files that came with a form, in the order of their fields."""
    return tuple(value for name, value in form.items() if _UPLOAD.fullmatch(name))


@attrs.frozen
class Kind:
    """A kind of message.

    `field` is the form field that asks for it, and `number` what the status calls it. A `long`
    one may have more than 1000 characters.
    """

    field: str
    number: int
    long: bool = False

    @property
    def silent(self) -> bool:
        """Whether its text does not matter."""
        return self.field in {"hlr", "ping"}

    def check(self, form: Mapping[str, str], text: str) -> None:
        """Refuse a message without what it needs, or with what it cannot have."""
        spoken = text.partition(TAIL)[0]
        sent = bool(spoken or (self.field in {"call", "viber"} and _has_file(form)))
        fine = {
            "hlr": True,
            "ping": True,
            "mms": bool(spoken or form.get("subj")),
            "mail": sent and bool(form.get("subj")) and bool(form.get("sender")) and _fits(form),
            "bin": sent and (form.get("bin") != "2" or _is_binary(spoken)),
            "call": sent and check_menu(spoken),
        }
        if not fine.get(self.field, sent) or (len(spoken) > _MAX_TEXT and not self._may(spoken)):
            raise ServiceError(1, "parameters error")

    def recipient(self, given: str) -> tuple[str, bool]:
        """Return the recipient, and whether there can be such a one."""
        given = given.strip()
        if self.field == "mail":
            return given, _ADDRESS.fullmatch(given) is not None
        if self.field == "bot" and _NAME.fullmatch(given):
            return given, True
        exact = given.startswith("+")
        number = given.removeprefix("+") if exact else given.translate(_TYPED)
        return number, _PHONE.fullmatch(number) is not None

    def units(self, form: Mapping[str, str], text: str) -> int:
        """Return what it is billed as: parts of a short text, seconds of a call, or one."""
        if self.field == "call":
            return max(1, -(-len(text) // _SPOKEN))
        if self.field == "bin":
            return _parts(_octets(form, text), *_OCTETS)
        if self.silent or self.long or self.field == "push":
            return 1
        return _short_units(text)

    def _may(self, text: str) -> bool:
        """Whether the text may be as long as it likes."""
        return self.long or (self.field == "call" and "{menu" not in text)


_SMS: Final = Kind("", 0)
# The numbers are those of the status answers; WhatsApp and Telegram have none there.
_KINDS: Final = (
    Kind("flash", 1),
    Kind("bin", 2),
    Kind("push", 3),
    Kind("hlr", HLR),
    Kind("ping", 5),
    Kind("mms", 6, long=True),
    Kind("call", 7),
    Kind("mail", 8, long=True),
    Kind("viber", 10, long=True),
    Kind("soc", 12, long=True),
    Kind("whatsapp", 0, long=True),
    Kind("bot", 0, long=True),
)


def kind_of(form: Mapping[str, str]) -> Kind:
    """Return the kind of message that a form asks for."""
    return next((kind for kind in _KINDS if form.get(kind.field, "0") not in ("", "0")), _SMS)


def without_prefix(form: Mapping[str, str]) -> Mapping[str, str]:
    """Return the form as if a flag had asked for what the beginning of its text asks for."""
    text = form.get("mes", "")
    if text.strip() in _ALONE:
        return {**form, "mes": "", _ALONE[text.strip()]: "1"}
    prefix = _PREFIX.match(text)
    if prefix is None:
        return form
    said, _, tail = text[prefix.end() :].partition(TAIL)
    if prefix[1] == "CALL":
        return {**form, "mes": said, "call": "1", "param": tail.removeprefix("param=")}
    if prefix[1] == "MAIL":
        # Which subject and sender such a letter has is not documented.
        return {"subj": "-", "sender": "-", **form, "mes": text[prefix.end() :], "mail": "1"}
    field = prefix[1].lower()
    return {**form, "mes": text[prefix.end() :], field: form.get(field, "1")}


def _has_file(form: Mapping[str, str]) -> bool:
    return bool(form.get("fileurl") or uploads(form))


def _fits(form: Mapping[str, str]) -> bool:
    """Whether the files of a letter are not too many, nor too large."""
    files = uploads(form)
    sizes = [file.size for file in files if isinstance(file, Upload)]
    return len(files) <= _MAX_FILES and max(sizes, default=0) <= _MAX_FILE


def _is_binary(text: str) -> bool:
    """Whether a text is hexadecimal, with as long a header as its first byte says."""
    try:
        octets = bytes.fromhex(text)
    except ValueError:
        return False
    return bool(octets) and octets[0] <= min(_MAX_UDH, len(octets) - 1)


def _octets(form: Mapping[str, str], text: str) -> list[int]:
    count = len(text) // 2 if form.get("bin") == "2" else len(text)
    # Without a header, its length is not sent either.
    return [1] * (count - text.startswith("00" if form.get("bin") == "2" else "\0"))


def _short_units(text: str) -> int:
    """How many units a text is, of 160 and 153 septets, or of 70 and 67 words of UTF-16."""
    if _GSM.issuperset(text):
        if len(text) + len(_TWO_SEPTETS.findall(text)) <= _SEPTETS[0]:
            return 1
        return _parts([1 + bool(_TWO_SEPTETS.match(one)) for one in text], *_SEPTETS)
    return _parts([len(one.encode("utf-16-le")) // 2 for one in text], *_WORDS)


def _parts(widths: list[int], single: int, part: int) -> int:
    """How many parts hold the characters, each of them whole."""
    if sum(widths) <= single:
        return 1
    parts = left = 0
    for width in widths:
        if left < width:
            parts, left = parts + 1, part
        left -= width
    return parts
