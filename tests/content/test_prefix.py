"""Texts that begin with what makes them another kind of message."""

from __future__ import annotations

from typing import Any

import pytest

from smsc_async import InvalidRequest
from smsc_async.content import (
    Call,
    Content,
    Hlr,
    Ping,
    Sms,
    Social,
    Viber,
    as_content,
    parse_prefix,
)


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("Hello", Sms("Hello")),
        ("Hello\n~~~\nComment", Sms("Hello", comment="Comment")),
        ("__CALL__: Privet", Call("Privet")),
        ("__CALL__:Privet", Call("Privet")),
        ("__CALL__: two\nlines", Call("two\nlines")),
        ("__CALL__: Privet\n~~~\n20,10,3", Call("Privet", wait=20, interval=10, attempts=3)),
        ("__CALL__: Hi\n~~~\nparam=20,10,3", Call("Hi", wait=20, interval=10, attempts=3)),
        ("__VIBER__: Hello", Viber("Hello")),
        ("__SOC__: Hello", Social("Hello")),
        ("__PING__", Ping()),
        ("__HLR__", Hlr()),
    ],
)
def test_understood(text: str, content: Content) -> None:
    """A prefix is understood as the service understands it."""
    assert parse_prefix(text) == content


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("text", "__MAIL__: Hello"),
        ("text", "__BOT__: Hello"),
        ("text", "__CALL__ Hello"),
        ("text", "__CALL__: "),
        ("text", "__CALL__: Hello\n~~~\nsoon"),
        ("wait", "__CALL__: Hello\n~~~\n99,10,3"),
        ("text", "__CALL__: __CALL__: Hello"),
        ("text", "__HLR__ Hello"),
        ("text", "__SOC__: a\n~~~\nb"),
        ("text", ""),
        ("text", 5),
    ],
)
def test_refused(field: str, text: Any) -> None:
    """What does not say enough, or is not written like a prefix, is refused."""
    with pytest.raises(InvalidRequest) as caught:
        parse_prefix(text)

    assert caught.value.field == field


def test_a_text_is_a_text() -> None:
    """What somebody else has written does not turn a text into a call, unless it is asked for."""
    with pytest.raises(InvalidRequest, match="parse_prefix"):
        as_content("__CALL__: Hello")
