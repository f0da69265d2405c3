"""What the service is asked, read from a form, a form with files, or JSON."""

from __future__ import annotations

import json
import re
from email.parser import BytesParser
from email.policy import HTTP
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import parse_qsl, quote

from .account import ServiceError
from .kinds import Upload

if TYPE_CHECKING:
    from collections.abc import Mapping
    from email.message import MIMEPart

__all__ = ["read_form", "read_json"]

_CHARSET: Final = re.compile(rb"(?:^|&)charset=([^&]*)")
_CHARSETS: Final = {b"utf-8": "utf-8", b"koi8-r": "koi8-r"}
_DEFAULT_CHARSET: Final = "windows-1251"
_ASCII: Final = "".join(map(chr, range(128)))
_MULTIPART: Final = b"multipart/form-data"


def read_form(query: bytes, body: bytes, content_type: bytes = b"") -> tuple[dict[str, str], str]:
    """Read a form; return it with the charset of the request."""
    if content_type.lower().startswith(_MULTIPART):
        return _parts(content_type, body)
    raw = b"&".join((query, body)) if query and body else query or body
    found = _CHARSET.search(raw)
    charset = _charset(found[1]) if found else _DEFAULT_CHARSET
    text = raw.decode("ascii") if raw.isascii() else quote(raw, safe=_ASCII)
    return dict(parse_qsl(text, keep_blank_values=True, encoding=charset)), charset


def read_json(body: bytes) -> Mapping[str, str]:
    """Read JSON; its answer is JSON, too, whatever `fmt` says."""
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise ServiceError(1, "parameters error")
    members = cast("dict[str, object]", document).items()
    form = {name: str(int(value) if isinstance(value, bool) else value) for name, value in members}
    return form | {"fmt": "3"}


def _parts(content_type: bytes, body: bytes) -> tuple[dict[str, str], str]:
    """Read a form with files; each is an `Upload` under the name of its field."""
    head = b"Content-Type: " + content_type + b"\r\n\r\n"
    message = BytesParser(policy=HTTP).parsebytes(head + body)
    found = {_name(part): part for part in message.iter_parts()}
    values = {name: _content(part) for name, part in found.items()}
    charset = _charset(values.get("charset", b""))
    form = {
        name: _upload(found[name], value) or value.decode(charset, "replace")
        for name, value in values.items()
    }
    return form, charset


def _name(part: MIMEPart) -> str:
    return str(part.get_param("name", "", "content-disposition"))


def _content(part: MIMEPart) -> bytes:
    return cast("bytes", part.get_payload(decode=True) or b"")


def _upload(part: MIMEPart, content: bytes) -> Upload | None:
    name = part.get_filename()
    return None if name is None else Upload(name, len(content))


def _charset(name: bytes) -> str:
    return _CHARSETS.get(name.lower(), _DEFAULT_CHARSET)
