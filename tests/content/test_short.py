"""Messages of the phone network: text, flash, binary, WAP-push, HLR, ping, and lines of a list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsc_async import InvalidRequest
from smsc_async.content import Binary, Flash, Hlr, Line, Ping, Sms, WapPush, as_content

PHONE = "79991234567"
TEXT_KINDS = pytest.mark.parametrize("kind", [Sms, Flash])


@TEXT_KINDS
def test_comment(kind: type[Sms | Flash]) -> None:
    """A comment goes behind a line of three tildes."""
    assert kind("Hello!").params()["mes"] == "Hello!"
    assert kind("Hello!", comment="Comment").params()["mes"] == "Hello!\n~~~\nComment"


@TEXT_KINDS
@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("text", {"text": ""}),
        ("text", {"text": "x" * 1001}),
        ("text", {"text": "\ud800"}),
        ("text", {"text": 5}),
        ("text", {"text": "Hello\n~~~\nthere"}),
        ("text", {"text": "Hello\n~~~", "comment": "there"}),
        ("text", {"text": "__CALL__: Hello"}),
        ("text", {"text": " __HLR__"}),
        ("comment", {"comment": ""}),
        ("comment", {"comment": "a\n~~~\nb"}),
        ("comment", {"comment": 5}),
    ],
)
def test_texts_refused(kind: type[Sms | Flash], field: str, values: dict[str, Any]) -> None:
    """A text that would become something else on its way is refused, without being repeated."""
    with pytest.raises(InvalidRequest) as caught:
        kind(**{"text": "Hello"} | values)

    assert caught.value.field == field
    assert "Hello" not in str(caught.value)


@pytest.mark.parametrize("text", ["~~~", "a ~~~ b", "~~~\nb", "a\n~~\nb", "call __CALL__: me", "_"])
def test_texts_that_only_look_like_it(text: str) -> None:
    """Tildes and underscores mean something in their places only."""
    assert Sms(text).params() == {"mes": text}


@given(st.text(min_size=1, max_size=1000), st.none() | st.text(min_size=1))
def test_the_tail_can_be_told_from_the_text(text: str, comment: str | None) -> None:
    """Whatever is taken, the first separator ends the text and nothing else does."""
    try:
        mes = Sms(text, comment).params()["mes"]
    except InvalidRequest:
        return

    said, separator, tail = mes.partition("\n~~~\n")
    assert (said, tail if separator else None) == (text, comment)


def test_the_kinds_without_a_text() -> None:
    """HLR requests and pings are nothing but their flag."""
    assert Hlr().params() == {"hlr": "1"}
    assert Ping().params() == {"ping": "1"}


@pytest.mark.parametrize(
    ("value", "mes"),
    [
        (
            Binary(b"Hello, World!", bytes.fromhex("0A03070560")),
            "050A0307056048656C6C6F2C20576F726C6421",
        ),
        (Binary(b"Hi"), "004869"),
        (Binary(b"", b"\x01\x00"), "020100"),
        (Binary(b"Hi", pid=64, dcs=245), "004869\n~~~\npid: 64, dcs: 245"),
        (Binary(b"Hi", pid=0, dcs=0), "004869\n~~~\npid: 0, dcs: 0"),
    ],
)
def test_binary(value: Binary, mes: str) -> None:
    """The header has its length in front; it all is hexadecimal; the tail is plain text."""
    assert value.params() == {"mes": mes, "bin": "2"}


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("payload", {"payload": "Hi"}),
        ("payload", {"payload": b""}),
        ("payload", {"payload": b"x" * 500}),
        ("udh", {"udh": "Hi"}),
        ("udh", {"udh": b"\x05"}),
        ("udh", {"udh": b"\x05\x04ab"}),
        ("udh", {"udh": b"\x05\x01ab"}),
        ("udh", {"udh": b"\x05\x8a" + bytes(138)}),
        ("dcs", {"pid": 1}),
        ("pid", {"dcs": 1}),
        ("pid", {"pid": 256, "dcs": 1}),
        ("dcs", {"pid": 1, "dcs": -1}),
        ("dcs", {"pid": 1, "dcs": True}),
    ],
)
def test_binary_refused(field: str, values: dict[str, Any]) -> None:
    """Broken headers, and octets that are none, are refused."""
    with pytest.raises(InvalidRequest) as caught:
        Binary(**{"payload": b"Hi"} | values)

    assert caught.value.field == field


@given(st.binary(min_size=1, max_size=200), st.lists(st.tuples(st.integers(0, 255), st.binary())))
def test_binary_can_be_read_back(payload: bytes, elements: list[tuple[int, bytes]]) -> None:
    """Header and payload come out of what is sent as they went in."""
    udh = b"".join(bytes((kind, len(data))) + data for kind, data in elements)
    if len(udh) > 139:
        return

    sent = bytes.fromhex(Binary(payload, udh).params()["mes"])

    assert (sent[1 : 1 + sent[0]], sent[1 + sent[0] :]) == (udh, payload)


def test_wap_push() -> None:
    """The link and its title are two lines."""
    assert WapPush("http://wap.ru", "WAP.RU").params() == {
        "mes": "http://wap.ru\nWAP.RU",
        "push": "1",
    }


def test_wap_push_as_long_as_can_be() -> None:
    """Link, new line and title have 1000 characters together."""
    assert len(WapPush("http://wap.ru", "x" * 986).params()["mes"]) == 1000


@pytest.mark.parametrize(
    ("field", "link", "title"),
    [
        ("link", "wap.ru", "Title"),
        ("link", "http://wap.ru/a b", "Title"),
        ("title", "http://wap.ru", ""),
        ("title", "http://wap.ru", " "),
        ("title", "http://wap.ru", "two\nlines"),
        ("title", "http://wap.ru", "x" * 987),
    ],
)
def test_wap_push_refused(field: str, link: str, title: str) -> None:
    """A full address, one line of a title, and 1000 characters together."""
    with pytest.raises(InvalidRequest) as caught:
        WapPush(link, title)

    assert caught.value.field == field


def test_line_comment() -> None:
    """In a list the tail is in the same line as the rest."""
    line = Line(PHONE, "Hello1!", comment="Comment1\nand more")

    assert line.row() == rf"{PHONE}:Hello1!\n~~~\nComment1\nand more"


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("to", {"to": "G12"}),
        ("sender", {"sender": "a,b"}),
        ("sender", {"sender": "far too long a name"}),
        ("tz", {"tz": 2}),
        ("text", {"text": "Hello\n~~~\nthere"}),
        ("text", {"text": "__CALL__: Hello"}),
        ("text", {"text": r"a\nb"}),
        ("comment", {"comment": r"a\nb"}),
        ("comment", {"comment": "a\n~~~\nb"}),
    ],
)
def test_lines_refused(field: str, values: dict[str, Any]) -> None:
    """What is refused in a text is refused in a line, and in its comment."""
    with pytest.raises(InvalidRequest) as caught:
        Line(**{"to": PHONE, "text": "Hello"} | values)

    assert caught.value.field == field


SHORT = pytest.mark.parametrize(
    "make",
    [
        lambda: Sms("Secret", "Secret"),
        lambda: Flash("Secret", "Secret"),
        lambda: Binary(b"Secret", b"\x01\x06Secret"),
        lambda: WapPush("http://Secret", "Secret"),
        Hlr,
        Ping,
    ],
)


@SHORT
def test_what_all_have(make: Callable[[], Any]) -> None:
    """They show no text, have no files, go to phones and groups, and are contents."""
    content = make()

    assert "Secret" not in repr(content)
    assert content.files == ()
    assert content.recipient("+7 (999) 123-45-67") == "+79991234567"
    assert content.recipient("g12") == "G12"
    assert as_content(content) is content
    strangers: list[Any] = ["alex_nick", "a@b.ru", "#112233", "", 5]
    for recipient in strangers:
        with pytest.raises(InvalidRequest) as caught:
            content.recipient(recipient)
        assert caught.value.field == "to"


def test_lines_show_nothing() -> None:
    """A line shows neither phones nor texts."""
    shown = repr(Line(PHONE, "Secret", comment="Secret"))
    assert PHONE not in shown
    assert "Secret" not in shown
