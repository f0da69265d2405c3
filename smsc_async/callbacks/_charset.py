"""Which encoding a callback is in, and reading it."""

from __future__ import annotations

import re
from typing import Final

from ..errors import InvalidRequest

__all__ = ["CHARSETS", "check_charset", "choose", "decode"]

CHARSETS: Final = ("utf-8", "windows-1251", "koi8-r")

_DEFAULT: Final = "windows-1251"
_SPELLINGS: Final = {
    **{name: name for name in CHARSETS},
    "utf8": "utf-8",
    "cp1251": "windows-1251",
    "koi8r": "koi8-r",
}
_LABEL: Final = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9_-]+)", re.IGNORECASE)


def check_charset(charset: str) -> None:
    """Refuse an encoding that the service does not post in."""
    if charset not in CHARSETS:
        raise InvalidRequest("charset", "has to be utf-8, windows-1251 or koi8-r")


def choose(raw: bytes, *, given: str | None, echoed: str, label: str) -> str:
    """Return the encoding of these bytes.

    `given` is what the owner of the handler says, `echoed` the parameter of its address that the
    service sends back. Without both, what is valid UTF-8 is UTF-8. What the content type says comes
    last: the service labels its UTF-8 as windows-1251 elsewhere.
    """
    said = given or _SPELLINGS.get(echoed.strip().lower())
    if said:
        return said
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        found = _LABEL.search(label)
        return _SPELLINGS.get(found[1].lower() if found else "", _DEFAULT)
    return "utf-8"


def decode(raw: bytes, charset: str) -> str:
    """Read the bytes; what is none of the encoding becomes a question mark in a diamond."""
    return raw.decode(charset, "replace")
