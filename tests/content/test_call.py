"""Voice calls."""

from __future__ import annotations

from typing import Any

import pytest

from smsc_async import InvalidRequest
from smsc_async._attachments import Attachment
from smsc_async.content import Call, MenuItem, VoiceMenu, file_mark

WAV = Attachment(b"data", "1.wav")
MENU = VoiceMenu("Press 1", [MenuItem(1, "One")])


@pytest.mark.parametrize(
    ("call", "params"),
    [
        (Call("Hello"), {"mes": "Hello"}),
        (
            Call("Hello world", voice="m", wait=20, interval=10, attempts=3),
            {"mes": "Hello world", "voice": "m", "param": "20,10,3"},
        ),
        (Call("Hello world", voice="w2"), {"mes": "Hello world", "voice": "w2"}),
        (Call("Hello", voice="w", language="fr"), {"mes": "Hello", "voice": "w,fr"}),
        (Call("Hello", language="en"), {"mes": "Hello", "voice": "m3,en"}),
        (
            Call(file_url="http://mysite.com/voice.wav"),
            {"fileurl": "http://mysite.com/voice.wav"},
        ),
        (
            Call("first file <file 1> and second file <file 2>", files=[WAV, WAV]),
            {"mes": "first file <file 1> and second file <file 2>"},
        ),
        (Call("Hello", files=[WAV]), {"mes": "Hello"}),
        (Call(files=[WAV, WAV]), {"mes": "<file 1> <file 2>"}),
        (
            Call("Hello", wait=35, interval=3600, attempts=9),
            {"mes": "Hello", "param": "35,3600,9"},
        ),
        (
            Call("Hello", wait=10, interval=10, attempts=1),
            {"mes": "Hello", "param": "10,10,1"},
        ),
        (Call("x" * 1001), {"mes": "x" * 1001}),
    ],
)
def test_call(call: Call, params: dict[str, str]) -> None:
    """A text is spoken, files are played, and three numbers say how often it rings."""
    assert call.params() == params | {"call": "1"}


def test_call_with_menu() -> None:
    """The menu stands between the text and the ending, with empty lines around it."""
    menu = "{menu: Press 1\n1: One}"
    assert Call("Hello", MENU).params()["mes"] == f"Hello\n\n{menu}"
    assert Call("Hello", MENU, "Bye").params()["mes"] == f"Hello\n\n{menu}\n\nBye"
    spoken = Call(menu=MENU, ending=f"Bye {file_mark(2)}", files=[WAV, WAV]).params()["mes"]
    assert spoken == f"<file 1>\n\n{menu}\n\nBye <file 2>"


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("text", {"text": ""}),
        ("text", {"text": " "}),
        ("text", {"text": "", "menu": MENU}),
        ("text", {"text": "Hello\n~~~\n20,10,3"}),
        ("text", {"text": "__CALL__: Hello"}),
        ("text", {"text": "Hello {menu: One\n1: One}"}),
        ("text", {"text": "Hello <file 1>"}),
        ("text", {"menu": MENU, "ending": "<file 2>", "files": [WAV]}),
        ("ending", {"ending": "Bye"}),
        ("ending", {"menu": MENU, "ending": "{menu: One\n1: One}"}),
        ("menu", {"menu": "{menu: One\n1: One}"}),
        ("menu", {"text": "x" * 980, "menu": MENU}),
        ("menu", {"text": "x" * 500, "menu": MENU, "ending": "x" * 480}),
        ("voice", {"voice": "m5"}),
        ("language", {"language": "english"}),
        ("language", {"language": 5}),
        ("wait", {"wait": 9, "interval": 10, "attempts": 3}),
        ("wait", {"wait": 36, "interval": 10, "attempts": 3}),
        ("interval", {"wait": 20, "interval": 9, "attempts": 3}),
        ("interval", {"wait": 20, "interval": 3601, "attempts": 3}),
        ("attempts", {"wait": 20, "interval": 10, "attempts": 0}),
        ("attempts", {"wait": 20, "interval": 10, "attempts": 10}),
        ("interval", {"wait": 20}),
        ("wait", {"interval": 20, "attempts": 3}),
        ("attempts", {"wait": 20, "interval": 20}),
        ("file_url", {"file_url": "voice.wav"}),
    ],
)
def test_calls_refused(field: str, values: dict[str, Any]) -> None:
    """What the service would refuse, cut or replace by its defaults is refused."""
    with pytest.raises(InvalidRequest) as caught:
        Call(**{"text": "Hello"} | values)

    assert caught.value.field == field


def test_a_call_shows_nothing() -> None:
    """Neither texts, nor the menu, nor addresses are shown; it goes to phones."""
    call = Call("Secret", VoiceMenu("Secret", [MenuItem(1, "Secret")]), "Secret")
    assert "Secret" not in repr((call, call.menu, Call(file_url="http://Secret")))
    assert call.recipient("79991234567") == "79991234567"
