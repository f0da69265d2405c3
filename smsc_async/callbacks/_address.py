"""The address to enter in the account's settings."""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import attrs

from ..errors import InvalidRequest
from ._charset import check_charset
from ._signature import ALGORITHMS, WeakSignatureWarning, check_algorithm, check_secrets
from .events import CallConfirmation, IncomingMessage, StatusEvent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._signature import Algorithm

__all__ = ["handler_url"]

_FORMATS: Final = {"form": "", "xml": "2", "json": "3"}
_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_LOOPBACK: Final = frozenset(("localhost", "127.0.0.1", "::1"))
_TAKEN: Final = frozenset(
    (
        *ALGORITHMS,
        *("charset", "fmt", "waitcall"),
        *(
            field.metadata["wire"]
            for cls in (StatusEvent, IncomingMessage, CallConfirmation)
            for field in attrs.fields(cls)
            if "wire" in field.metadata
        ),
    )
)


def handler_url(
    base: str,
    secret: str | None,
    *,
    algorithm: Algorithm = "sha1",
    charset: Literal["utf-8", "windows-1251", "koi8-r"] = "utf-8",
    format: Literal["form", "xml", "json"] = "form",
    extra: Mapping[str, str] | None = None,
    by_get: Mapping[str, str] | None = None,
) -> str:
    """Return the address to enter in the account: `base` with all that the service is to know.

    Keep it secret: the `secret` is in it. `secrets.token_urlsafe()` makes a good one. None asks for
    no control value, and anybody may then post to the handler.

    Args:
        base: Where the handler is, as "https://shop.example/smsc"; `http://` for loopback only.
        secret: Of Latin letters, digits, minus and underscore.
        algorithm: How the control value is made; "crc32" is no protection, and warns.
        charset: The encoding of what is posted; there is no koi8-r in XML and JSON.
        format: What is posted. The documentation shows no sample of XML and JSON.
        extra: What the service is to post in addition; it comes back as `extra` of each event.
        by_get: What it is to put in the address that it posts to.

    https://smscentre.com/api/http/miscellaneous/callback/
    """
    _check_base(base)
    _check_choices(algorithm, charset, format)
    address, _, query = base.partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True)) | dict(extra or {})
    for names in (options, by_get or {}):
        _check_names(names)
    asked = {"charset": charset, "fmt": _FORMATS[format]}
    if secret is not None:
        [asked[algorithm]] = check_secrets(secret)
        if algorithm == "crc32":
            warnings.warn("a crc32 protects from no attack", WeakSignatureWarning, stacklevel=2)
    by_post = {name: value for name, value in asked.items() if value} | options
    front = f"!{urlencode(by_get, quote_via=quote)}" if by_get else ""
    return f"{address}{front}?{urlencode(by_post, quote_via=quote)}"


def _check_base(base: str) -> None:
    try:
        parts = urlsplit(base)
        host = parts.hostname
    except ValueError:
        raise InvalidRequest("base", "has to be an address") from None
    if not host or parts.scheme not in ("http", "https"):
        raise InvalidRequest("base", "has to be an https address")
    if parts.scheme == "http" and host not in _LOOPBACK:
        raise InvalidRequest("base", "may be http on this machine only")
    if parts.fragment or parts.username is not None or "!" in base:
        raise InvalidRequest("base", "has to have no fragment, user or exclamation mark")


def _check_choices(algorithm: str, charset: str, format: str) -> None:
    check_algorithm(algorithm)
    check_charset(charset)
    if format not in _FORMATS:
        raise InvalidRequest("format", "has to be form, xml or json")
    if charset == "koi8-r" and format != "form":
        raise InvalidRequest("charset", "cannot be koi8-r in XML and JSON")


def _check_names(names: Mapping[str, str]) -> None:
    for name in names:
        if not _NAME.fullmatch(name):
            raise InvalidRequest("extra", "has to have names of Latin letters and digits")
        if name in _TAKEN:
            raise InvalidRequest("extra", f"cannot be called {name}: the service uses it itself")
