"""Requests and answers as bytes; no network, no event loop."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsc_async import ApiError, Attachment, BadReply, Balance, InvalidNumber, NotFound
from smsc_async._command import Command
from smsc_async._convert import acknowledged
from smsc_async._multipart import Multipart
from smsc_async._wire import Auth, Form, decode, encode
from smsc_async.groups.account import BALANCE
from smsc_async.groups.messages import _QUOTE, _SEND
from smsc_async.groups.statuses import _DELETE, _STATUS, _STATUSES

if TYPE_CHECKING:
    from smsc_async._wire import BodyFormat

LOGIN = Auth({"login": "alex", "psw": "secret-password"})
KEY = Auth({"apikey": "secret-key"})
HOST = "smscentre.com"


def text_of(form: Form) -> str:
    """The body of a form without files."""
    assert isinstance(form.body, bytes)
    return form.body.decode()


def test_form() -> None:
    """A form has who asks, the command, what is asked, JSON and UTF-8; nothing that is None."""
    form = encode(_QUOTE, LOGIN, {"phones": "7999", "mes": "Привет & пока", "sender": None})

    assert dict(parse_qsl(text_of(form))) == {
        "login": "alex",
        "psw": "secret-password",
        "cost": "1",
        "phones": "7999",
        "mes": "Привет & пока",
        "fmt": "3",
        "charset": "utf-8",
    }


def test_form_with_a_key() -> None:
    """An API key goes instead of login and password."""
    assert encode(BALANCE, KEY, {}).body == b"apikey=secret-key&fmt=3&charset=utf-8"


def test_json() -> None:
    """As JSON a message has the same fields, in another place; what is no message stays a form."""
    form = encode(_QUOTE, LOGIN, {"phones": "7999", "mes": "Привет", "valid": 3}, (), "json")

    assert form.path == "/rest/send/"
    assert form.content_type == "application/json; charset=utf-8"
    assert json.loads(text_of(form)) == {
        "login": "alex",
        "psw": "secret-password",
        "cost": "1",
        "phones": "7999",
        "mes": "Привет",
        "valid": "3",
        "fmt": "3",
        "charset": "utf-8",
    }
    assert encode(BALANCE, KEY, {}, (), "json") == encode(BALANCE, KEY, {})


@pytest.mark.parametrize("body_format", ["form", "json"])
def test_files(body_format: BodyFormat) -> None:
    """With files it is a form in parts, whatever it would be without, and shows no secret."""
    files = (Attachment(b"x", "a.jpg"),)
    form = encode(_SEND, LOGIN, {"mes": "Привет"}, files, body_format)

    assert form.path == "/sys/send.php"
    assert form.content_type.startswith("multipart/form-data; boundary=")
    assert isinstance(form.body, Multipart)
    assert form.body.files == files
    assert form.body.fields == {
        "login": "alex",
        "psw": "secret-password",
        "mes": "Привет",
        "fmt": "3",
        "charset": "utf-8",
    }
    assert "secret" not in repr(form)


@given(st.text())
def test_every_text_arrives(text: str) -> None:
    """Whatever the text is, it comes out of the form as it went in."""
    if any(0xD800 <= ord(character) <= 0xDFFF for character in text):
        return
    form = encode(_SEND, KEY, {"mes": text})

    got = dict(parse_qsl(text_of(form), keep_blank_values=True))

    assert got["mes"] == text


@pytest.mark.parametrize("auth", [LOGIN, KEY])
def test_secrets_do_not_show(auth: Auth) -> None:
    """Neither who we are nor a form shows a secret, nor what stands for the account."""
    form = encode(BALANCE, auth, {})
    shown = f"{auth!r} {form!r} {form.fields} {auth.account}"

    assert "secret" not in shown
    assert "alex" not in shown


@pytest.mark.parametrize(
    "given_auth",
    [
        (None, None, None),
        ("alex", None, None),
        (None, "password", None),
        ("alex", "password", "key"),
        ("", "", ""),
    ],
)
def test_one_way_to_say_who_we_are(given_auth: tuple[str | None, str | None, str | None]) -> None:
    """Login and password, or a key; not both, not half."""
    assert Auth.of(*given_auth) is None
    assert Auth.of("alex", "secret-password", None) == LOGIN
    assert Auth.of(None, None, "secret-key") == KEY


def test_answer() -> None:
    """An answer becomes its class."""
    assert decode(BALANCE, b'{"balance": "250.80"}', HOST) == Balance(Decimal("250.80"))


def test_numbers_keep_their_digits() -> None:
    """A JSON number does not go through binary fractions."""
    assert decode(BALANCE, b'{"balance": 0.1}', HOST).amount == Decimal("0.1")


@pytest.mark.parametrize(
    "body",
    [
        '{"balance": "1", "currency": "руб"}'.encode(),
        b'{"balance": "1", "currency": "\\u0440\\u0443\\u0431"}',
        '{"balance": "1", "currency": "руб"}'.encode("windows-1251"),
        b"\xef\xbb\xbf" + '{"balance": "1", "currency": "руб"}'.encode(),
    ],
)
def test_charsets(body: bytes) -> None:
    """UTF-8 whatever the label says, with or without a mark; windows-1251 when it is not UTF-8."""
    assert decode(BALANCE, body, HOST).currency == "руб"


def test_error_with_an_id() -> None:
    """An error that carries an id is an error, and says for which message."""
    body = b'{"error": "invalid number", "error_code": "7", "id": 34}'

    with pytest.raises(InvalidNumber) as caught:
        decode(_SEND, body, HOST)

    error = caught.value
    assert (error.code, error.vendor_text, error.message_id, error.host) == (
        7,
        "invalid number",
        "34",
        HOST,
    )


def test_unknown_code_is_still_an_api_error() -> None:
    """A code that no table knows is a plain ApiError."""
    with pytest.raises(ApiError) as caught:
        decode(_SEND, b'{"error": "new", "error_code": 99}', HOST)

    assert type(caught.value) is ApiError


@pytest.mark.parametrize(
    ("body", "text", "path"),
    [
        (b"", "empty", None),
        (b" \r\n", "empty", None),
        (b"<html><body>502 Bad Gateway</body></html>", "a web page", None),
        (b'{"balance": "250', "not JSON", None),
        (b'{"balance": NaN}', "not JSON", None),
        (b"[" * 100_000, "not JSON", None),
        (b"{}", "missing", "$.balance"),
        (b'{"balance": {}}', "Decimal", "$.balance"),
        (b"[]", "object", "$"),
        (b"null", "object", "$"),
        (b'{"error_code": "many"}', "error code", "$.error_code"),
    ],
)
def test_not_the_api(body: bytes, text: str, path: str | None) -> None:
    """What is not the service's answer is a BadReply that says where it stops being one."""
    with pytest.raises(BadReply, match=text) as caught:
        decode(BALANCE, body, HOST)

    assert caught.value.path == path


def as_bytes(document: object) -> bytes:
    """JSON as some servers write it, with NaN and all."""
    return json.dumps(document).encode()


WORDS = [
    *("id", "cnt", "cost", "balance", "phones", "phone", "status", "err", "error", "result"),
    *("last_timestamp", "error_code", "imsi", "type", "credit", "currency"),
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(WORDS) | st.text(max_size=5),
            inner,
            max_size=5,
        )
    ),
    max_leaves=10,
)


@pytest.mark.parametrize(
    "command", [BALANCE, _SEND, _QUOTE, _STATUS, _STATUSES, _DELETE], ids=lambda c: c.name
)
@given(body=st.binary() | JSON.map(as_bytes))
def test_any_answer_is_typed_or_an_error_of_ours(command: Command[object], body: bytes) -> None:
    """Whatever comes back is the command's answer, an error of the API, or a BadReply."""
    try:
        answer = decode(command, body, HOST)
    except (ApiError, BadReply):
        return
    assert answer is not None


FILE = Command("documents.php", acknowledged, raw=bytes.upper)


def test_a_file_has_no_format() -> None:
    """Where the answer is a file, the service is not asked for JSON."""
    assert encode(FILE, KEY, {"id": 5}).body == b"apikey=secret-key&id=5&charset=utf-8"
    assert decode(FILE, b"%pdf", HOST) == b"%PDF"


@pytest.mark.parametrize(
    "body",
    [
        b"ERROR = 7 (document not found)",
        b'{"error": "document not found", "error_code": 7}',
    ],
)
def test_an_error_in_place_of_a_file(body: bytes) -> None:
    """An error is one in plain text and in JSON."""
    with pytest.raises(NotFound) as caught:
        decode(FILE, body, HOST)
    assert (caught.value.code, caught.value.vendor_text) == (7, "document not found")
