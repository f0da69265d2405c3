"""From a call to the bytes of its request, and from the bytes of the answer to its type. Pure."""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF8
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING, Final, Literal, NoReturn, TypeVar
from urllib.parse import quote_plus, urlencode

import attrs

from ._convert import UNFIT, as_object, misfit
from ._multipart import Multipart
from .errors import ApiError, BadReply

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    from ._attachments import Attachment
    from ._command import Command

__all__ = ["BODY_FORMATS", "Auth", "BodyFormat", "Form", "Params", "decode", "encode"]

T = TypeVar("T")

_CHARSET: Final = {"charset": "utf-8"}
_CHARSET_FORM: Final = urlencode(_CHARSET)
_COMMON: Final = {"fmt": "3", **_CHARSET}
_COMMON_FORM: Final = urlencode(_COMMON)
_PLAIN_ERROR: Final = re.compile(rb"\s*ERROR = (\d{1,9}) \(([^()]*)\)")

_UNSAFE: Final = re.compile("[^A-Za-z0-9_.~-]+")
_QUOTES: Final = {code: quote_plus(chr(code)) for code in range(128)}

_FORM: Final = "application/x-www-form-urlencoded"
_JSON_TYPE: Final = "application/json; charset=utf-8"
_REST: Final = {"send.php": "/rest/send/"}
"""Where the scripts are that take JSON, too."""

BodyFormat: TypeAlias = Literal["form", "json"]
BODY_FORMATS: Final[tuple[BodyFormat, ...]] = ("form", "json")

Params: TypeAlias = "Mapping[str, str | int | None]"


def _form_of(auth: Auth) -> str:
    return urlencode(auth.fields)


def _account_of(auth: Auth) -> str:
    name = auth.fields.get("login") or auth.fields["apikey"]
    return blake2b(name.encode(), digest_size=16).hexdigest()


@attrs.frozen
class Auth:
    """Who we are: a login with its password, or an API key. It never shows them."""

    fields: Mapping[str, str] = attrs.field(repr=False)
    form: str = attrs.field(
        init=False, repr=False, default=attrs.Factory(_form_of, takes_self=True)
    )
    """The fields as every form has them."""
    account: str = attrs.field(
        init=False, repr=False, default=attrs.Factory(_account_of, takes_self=True)
    )
    """What stands for the account in limit keys: the same for its clients, and no secret."""

    @classmethod
    def of(cls, login: str | None, password: str | None, apikey: str | None) -> Auth | None:
        """Choose between the two ways; None for both or neither.

        It raises nothing: its frame holds the secrets.
        """
        if apikey and not (login or password):
            return cls({"apikey": apikey})
        if login and password and not apikey:
            return cls({"login": login, "psw": password})
        return None


@attrs.frozen
class Form:
    """An encoded request. `fields` are without the credentials; `body` has them, and no repr."""

    fields: Mapping[str, str] = attrs.field(repr=False)
    body: bytes | Multipart = attrs.field(repr=False)
    path: str
    content_type: str = _FORM


def encode(
    command: Command[object],
    auth: Auth,
    params: Params,
    files: Sequence[Attachment] = (),
    body_format: BodyFormat = "form",
) -> Form:
    """Make the form of a call. Parameters that are None are left out.

    It is JSON only where the service takes that; with files it is always multipart.
    """
    if command.public:
        return Form({}, b"", command.path)
    fields = dict(command.flag)
    fields |= {name: str(value) for name, value in params.items() if value is not None}
    if files:
        return _with_files(command, auth, fields, files)
    if body_format == "json" and command.script in _REST:
        document = json.dumps({**auth.fields, **fields, **_COMMON}, ensure_ascii=False)
        path = _REST[command.script]
        return Form(fields | _COMMON, document.encode(), path, _JSON_TYPE)
    # The names are ours, and there is nothing to quote in them.
    own = [f"{name}={_quoted(value)}" for name, value in fields.items()]
    if command.raw is not None:
        # There is no format to choose where the answer is a file.
        body = "&".join((auth.form, *own, _CHARSET_FORM)).encode("ascii")
        return Form(fields | _CHARSET, body, command.path)
    body = "&".join((auth.form, *own, _COMMON_FORM)).encode("ascii")
    return Form(fields | _COMMON, body, command.path)


def _with_files(
    command: Command[object], auth: Auth, fields: Mapping[str, str], files: Sequence[Attachment]
) -> Form:
    body = Multipart({**auth.fields, **fields, **_COMMON}, files)
    return Form({**fields, **_COMMON}, body, command.path, body.content_type)


def _quoted(value: str) -> str:
    # As `quote_plus` does, but much faster: at once what is ASCII, run by run what is not.
    if value.isascii():
        return value if value.isalnum() else value.translate(_QUOTES)
    return _UNSAFE.sub(_quoted_run, value).replace("%20", "+")


def _quoted_run(found: re.Match[str]) -> str:
    return f"%{found[0].encode().hex('%')}"


def decode(command: Command[T], body: bytes, host: str) -> T:
    """Read an answer: return it typed, or raise the error that it is.

    The HTTP status and the declared charset say nothing here: errors come with 200, and UTF-8 is
    labelled windows-1251. An error may carry an `id`, so `error_code` is looked for first.
    """
    if command.raw is not None:
        plain = _PLAIN_ERROR.match(body)
        if plain is not None:
            raise _api_error(command, {"error_code": int(plain[1]), "error": _text(plain[2])}, host)
        if not body.lstrip().startswith(b"{"):
            return _read(partial(command.raw, body))
    document = _parse(body)
    fields = as_object(document)
    if fields is not None and "error_code" in fields:
        raise _api_error(command, fields, host)
    return _read(partial(command.answer, document))


def _read(reading: Callable[[], T]) -> T:
    try:
        return reading()
    except UNFIT as error:
        raise misfit(error) from error


def _parse(body: bytes) -> object:
    if not body.strip():
        raise BadReply("the answer is empty")
    text = _text(body)
    try:
        return _JSON.decode(text)
    except (ValueError, RecursionError) as error:
        what = "a web page" if text.lstrip().startswith("<") else "not JSON"
        raise BadReply(f"the answer is {what} ({len(body)} bytes)") from error


def _text(body: bytes) -> str:
    try:
        return body.removeprefix(BOM_UTF8).decode()
    except UnicodeDecodeError:
        return body.decode("windows-1251", errors="replace")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_JSON: Final = json.JSONDecoder(parse_float=Decimal, parse_constant=_no_constant)


def _api_error(
    command: Command[object], document: Mapping[str, object], host: str
) -> ApiError | BadReply:
    try:
        code = int(str(document["error_code"]))
    except ValueError:
        return BadReply("the error code is not a number", "$.error_code")
    error = command.error_for(code)(code, str(document.get("error", "")), host)
    message_id = document.get("id")
    return error.about(message_id=None if message_id is None else str(message_id))
