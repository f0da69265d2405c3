"""The fields of a request to the handler, whatever its format and its encoding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from ..errors import MalformedCallback
from ._charset import choose, decode
from ._document import read_json, read_xml
from ._form import read_form, read_urlencoded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["MAX_BODY", "Field", "read_body", "read_query"]

MAX_BODY: Final = 256 * 1024
"""The most bytes that a callback may have; the largest there can be are a tenth of that."""

_BOM: Final = b"\xef\xbb\xbf"
_DOCUMENTS: Final[Mapping[bytes, Callable[[str], dict[str, str]]]] = {
    b"<": read_xml,
    b"{": read_json,
    b"[": read_json,
}


@attrs.frozen
class Field:
    """What a field says: as text, and as the bytes that came."""

    text: str
    raw: bytes


def read_body(body: bytes, label: str, charset: str | None) -> dict[str, Field]:
    """Read form, JSON or XML, by how it begins: the content type need not fit.

    `label` is that content type, and `charset` what the handler's address asks for, if known.
    """
    _check(body)
    body = body.removeprefix(_BOM)
    read = _DOCUMENTS.get(body.lstrip()[:1])
    if read is None:
        return _fields(read_form(body, label), label, charset)
    charset = choose(body, given=charset, echoed="", label=label)
    values = read(decode(body, charset).strip())
    return {name: Field(text, text.encode(charset, "replace")) for name, text in values.items()}


def read_query(query: bytes, charset: str | None) -> dict[str, Field]:
    """Read what stands in the address behind its question mark."""
    _check(query)
    return _fields(read_urlencoded(query), "", charset)


def _fields(raw: dict[bytes, bytes], label: str, charset: str | None) -> dict[str, Field]:
    # What the handler's address says behind its question mark is posted as well.
    echoed = decode(raw.get(b"charset", b""), "utf-8")
    whole = b"\n".join(raw.values())
    charset = choose(whole, given=charset, echoed=echoed, label=label)
    return {
        decode(name, charset): Field(decode(value, charset), value) for name, value in raw.items()
    }


def _check(data: bytes) -> None:
    if len(data) > MAX_BODY:
        raise MalformedCallback(f"it has more than {MAX_BODY} bytes")
