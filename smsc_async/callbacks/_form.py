"""Forms, as names and values in bytes."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from ..errors import MalformedCallback

__all__ = ["MAX_FIELDS", "read_form", "read_urlencoded"]

MAX_FIELDS: Final = 1000

_BOUNDARY: Final = re.compile(
    r"multipart/form-data\b.*?\bboundary=\"?([^\s\";,]{1,70})", re.IGNORECASE
)
_NAME: Final = re.compile(rb";\s*name=\"?([^\";\r\n]*)", re.IGNORECASE)
_LINE: Final = b"\r\n"


def read_form(body: bytes, label: str) -> dict[bytes, bytes]:
    """Read a form; `label` is its content type. Of two fields of one name the last counts."""
    boundary = _BOUNDARY.search(label)
    if boundary is None:
        return read_urlencoded(body)
    parts = body.split(b"--" + boundary[1].encode("latin-1", "replace"), MAX_FIELDS + 2)
    _check(len(parts) - 2)
    return dict(filter(None, map(_part, parts[1:])))


def read_urlencoded(body: bytes) -> dict[bytes, bytes]:
    """Read names and values with plus signs for blanks and percents for the rest."""
    parts = body.split(b"&", MAX_FIELDS)
    _check(len(parts))
    split = (part.replace(b"+", b" ").partition(b"=") for part in parts if part)
    return {unquote_to_bytes(name): unquote_to_bytes(value) for name, _, value in split}


def _part(part: bytes) -> tuple[bytes, bytes] | None:
    head, blank, value = part.partition(_LINE + _LINE)
    name = _NAME.search(head)
    return (name[1], value.removesuffix(_LINE)) if blank and name else None


def _check(fields: int) -> None:
    if fields > MAX_FIELDS:
        raise MalformedCallback(f"it has more than {MAX_FIELDS} fields")
