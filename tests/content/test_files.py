"""Messages with files: letters and MMS, the limits of each channel, marks in the text."""

from __future__ import annotations

from typing import Any

import pytest

from smsc_async import InvalidRequest
from smsc_async._attachments import Attachment
from smsc_async.content import Call, Email, Mms, Viber, external_file, file_mark, uploaded_file

ADDRESS = "alex2@mysite2.com"
UPLOADED = "/upload/files/sms/123abc/photo.jpg"


def file(name: str, size: int = 200) -> Attachment:
    """A file of so many bytes."""
    return Attachment(bytes(size), name)


def letter(**values: Any) -> Email:
    """A letter with a text, a subject and a sender, or others."""
    return Email(**{"text": "Hello", "subject": "Privet", "sender": ADDRESS} | values)


def test_letter() -> None:
    """A letter has text, subject and sender, all three."""
    assert letter().params() == {
        "mes": "Hello",
        "subj": "Privet",
        "sender": ADDRESS,
        "mail": "1",
    }


def test_letter_with_everything() -> None:
    """The link to unsubscribe is removed by a macro, once, and files are where their marks are."""
    photo = file("1.jpg")
    text = f"{file_mark(1)} {uploaded_file(UPLOADED, width=200, height=400)}"
    full = letter(
        text=text, files=[photo], file_url="https://example.com/a.pdf", no_unsubscribe=True
    )

    assert full.files == (photo,)
    assert full.params() == {
        "mes": f"<file 1> <file {UPLOADED} width=200 height=400>{{no_unsub}}",
        "subj": "Privet",
        "sender": ADDRESS,
        "mail": "1",
        "fileurl": "https://example.com/a.pdf",
    }
    written = letter(text="{no_unsub}Hello", no_unsubscribe=True)
    assert written.params()["mes"] == "{no_unsub}Hello"


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("text", {"text": ""}),
        ("text", {"text": "a\n~~~\nb"}),
        ("text", {"text": "__MAIL__: Hello"}),
        ("text", {"text": "<file 1>"}),
        ("text", {"text": "<file 0>", "files": [file("a.pdf")]}),
        ("text", {"text": "<file 2>", "files": [file("a.pdf")]}),
        ("text", {"text": "<file /etc/passwd>"}),
        ("text", {"text": "<file https://example.com/a.jpg>"}),
        ("subject", {"subject": ""}),
        ("subject", {"subject": "a\nb"}),
        ("subject", {"subject": "a\rb"}),
        ("sender", {"sender": "Shop"}),
        ("sender", {"sender": None}),
        ("files", {"files": [file("a.pdf")] * 21}),
        ("files", {"files": [file("a.pdf", 10_000_001)]}),
        ("files", {"files": [b"data"]}),
        ("files", {"files": 5}),
        ("file_url", {"file_url": "example.com/a.pdf"}),
    ],
)
def test_letters_refused(field: str, values: dict[str, Any]) -> None:
    """A letter that the service would refuse is refused when it is made."""
    with pytest.raises(InvalidRequest) as caught:
        letter(**values)

    assert caught.value.field == field


def test_letters_go_to_addresses() -> None:
    """A recipient of a letter is an address, or a group of them."""
    assert letter().recipient("alex@mysite.com") == "alex@mysite.com"
    assert letter().recipient("G12") == "G12"
    for recipient in ("79991234567", "alex", "a@b.ru,c@d.ru", 5):
        with pytest.raises(InvalidRequest) as caught:
            letter().recipient(recipient)  # type: ignore[arg-type]
        assert caught.value.field == "to"


def test_mms() -> None:
    """An MMS has a subject, a text, or both, and files."""
    assert Mms("Hello", subject="Privet").params() == {
        "mes": "Hello",
        "subj": "Privet",
        "mms": "1",
    }
    photos = (file("1.jpg"), file("2.PNG"))
    holiday = Mms(subject="Holiday", files=photos)
    assert (holiday.params(), holiday.files) == ({"subj": "Holiday", "mms": "1"}, photos)
    url = "https://example.com/a.jpg"
    assert Mms("Hello", file_url=url).params() == {"mes": "Hello", "mms": "1", "fileurl": url}
    assert Mms("Hello").recipient("79991234567") == "79991234567"


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("text", {}),
        ("text", {"files": [file("1.jpg")]}),
        ("text", {"text": "a\n~~~\nb"}),
        ("subject", {"subject": ""}),
        ("subject", {"subject": "a\nb"}),
    ],
)
def test_mms_refused(field: str, values: dict[str, Any]) -> None:
    """Files alone are no MMS."""
    with pytest.raises(InvalidRequest) as caught:
        Mms(**values)

    assert caught.value.field == field


@pytest.mark.parametrize(
    ("kind", "values", "files"),
    [
        (Mms, {"text": "Hi"}, [file("1.jpg", 1)] * 20),
        (Mms, {"text": "Hi"}, [file("1.mp4", 150_000)] * 2),
        (Email, {"text": "Hi", "subject": "Hi", "sender": ADDRESS}, [file("a.exe", 10_000_000)]),
        (Call, {}, [file("1.wav", 5_000_000), *[file("1.mp3")] * 3]),
        (Viber, {}, [file("1.jpeg", 1_000_000)]),
    ],
)
def test_files_as_large_as_can_be(kind: Any, values: dict[str, Any], files: Any) -> None:
    """The limits themselves are within the limits."""
    assert kind(**values, files=files).files == tuple(files)


@pytest.mark.parametrize(
    ("kind", "values", "files", "rule"),
    [
        (Mms, {"text": "Hi"}, [file("1.jpg", 1)] * 21, "at most 20"),
        (Mms, {"text": "Hi"}, [file("1.jpg", 150_001)] * 2, "at most 300000"),
        (Mms, {"text": "Hi"}, [file("1.jpeg")], "no. 1 has to be one of"),
        (Mms, {"text": "Hi"}, [file("1.jpg"), file("photo")], "no. 2 has to be one of"),
        (Call, {}, [file("1.wav")] * 5, "at most 4"),
        (Call, {}, [file("1.wav"), file("2.wav", 5_000_001)], "no. 2 has 5000001 bytes"),
        (Call, {}, [file("1.ogg")], "mp3 wav"),
        (Viber, {}, [file("1.jpg", 1_000_001)], "at most 1000000"),
        (Viber, {}, [file("1.exe")], "no. 1 has to be one of"),
    ],
)
def test_files_refused(kind: Any, values: dict[str, Any], files: Any, rule: str) -> None:
    """Too many, too large, or of a format that the channel does not take: not sent at all."""
    with pytest.raises(InvalidRequest, match=rule) as caught:
        kind(**values, files=files)

    assert caught.value.field == "files"


def test_marks() -> None:
    """There is a mark for a file of the message, for an upload, and for one elsewhere."""
    assert file_mark(2) == "<file 2>"
    assert uploaded_file(UPLOADED) == f"<file {UPLOADED}>"
    assert uploaded_file(UPLOADED, height=400) == f"<file {UPLOADED} height=400>"
    assert external_file("https://example.com/a.jpg") == "<file https://example.com/a.jpg>"


@pytest.mark.parametrize(
    ("field", "make", "value"),
    [
        ("number", file_mark, 0),
        ("number", file_mark, True),
        ("path", uploaded_file, "/etc/passwd"),
        ("path", uploaded_file, "/upload/files/sms/a/b>c"),
        ("address", external_file, "example.com"),
        ("address", external_file, "https://example.com/a>b"),
        ("width", lambda value: uploaded_file(UPLOADED, width=value), 0),
        ("height", lambda value: uploaded_file(UPLOADED, height=value), "4"),
    ],
)
def test_marks_refused(field: str, make: Any, value: Any) -> None:
    """A mark that would end early, or mean nothing, is refused."""
    with pytest.raises(InvalidRequest) as caught:
        make(value)

    assert caught.value.field == field


def test_they_show_nothing() -> None:
    """Neither texts nor subjects, addresses or names of files are shown."""
    shown = repr(
        (
            letter(text="Secret", subject="Secret", sender="Secret@b.ru", files=[file("Secret.a")]),
            Mms("Secret", subject="Secret", file_url="https://Secret"),
        )
    )
    assert "Secret" not in shown
