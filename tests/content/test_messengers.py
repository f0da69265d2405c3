"""Messages to messengers and social networks."""

from __future__ import annotations

from typing import Any

import pytest

from smsc_async import InvalidRequest
from smsc_async._attachments import Attachment
from smsc_async.content import Button, Social, Telegram, Viber, WhatsApp, external_file

PHONE = "79991234567"
SITE = Button("Site", link="http://smscentre.com")
UPLOAD = "http://smscentre.com/upload/files/sms/123456/"
PICTURE = Attachment(b"data", "1.png")
VIDEO = Attachment(b"data", "1.mp4")
DOCUMENT = Attachment(b"data", "1.pdf")


def test_plain_messengers() -> None:
    """Social networks and WhatsApp have a text and a flag."""
    assert Social("Hello").params() == {"mes": "Hello", "soc": "1"}
    assert WhatsApp("Hello").params() == {"mes": "Hello", "whatsapp": "1"}
    assert WhatsApp("Hello", file_url="https://example.com/a.pdf").params() == {
        "mes": "Hello",
        "whatsapp": "1",
        "fileurl": "https://example.com/a.pdf",
    }


def test_telegram() -> None:
    """A bot is named, and days may say when a phone number has to be confirmed again."""
    assert Telegram("Hello", "@mybot_bot").params() == {"mes": "Hello", "bot": "@mybot_bot"}
    assert Telegram(
        "Privet", "@mybot_bot", smsreq=25, file_url="https://example.com/a.pdf"
    ).params() == {
        "mes": "Privet",
        "bot": "@mybot_bot",
        "smsreq": "25",
        "fileurl": "https://example.com/a.pdf",
    }


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (PHONE, PHONE),
        ("+7 999 123-45-67", "+79991234567"),
        ("G12", "G12"),
        ("g12345", "G12345"),
        ("alex_nick", "alex_nick"),
        ("@alex_nick", "@alex_nick"),
        ("#1122334455", "#1122334455"),
    ],
)
def test_telegram_recipients(written: str, meant: str) -> None:
    """A bot knows people by phone number, nick or id; a nick is passed on as it is."""
    assert Telegram("Hello", "@mybot_bot").recipient(written) == meant


@pytest.mark.parametrize("recipient", ["a@b.ru", "#", "#12a", "al", "1nick", "a,b", "", 5])
def test_telegram_recipients_refused(recipient: Any) -> None:
    """What is none of them is refused."""
    with pytest.raises(InvalidRequest) as caught:
        Telegram("Hello", "@mybot_bot").recipient(recipient)

    assert caught.value.field == "to"


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("text", {"text": ""}),
        ("text", {"text": "__BOT__: Hello"}),
        ("bot", {"bot": "mybot_bot"}),
        ("bot", {"bot": "@alex"}),
        ("bot", {"bot": None}),
        ("smsreq", {"smsreq": 9}),
        ("smsreq", {"smsreq": 1000}),
        ("smsreq", {"smsreq": "25"}),
    ],
)
def test_telegram_refused(field: str, values: dict[str, Any]) -> None:
    """A bot has its form, and the days their range."""
    with pytest.raises(InvalidRequest) as caught:
        Telegram(**{"text": "Hello", "bot": "@mybot_bot"} | values)

    assert caught.value.field == field


def test_telegram_days_at_their_ends() -> None:
    """From 10 to 999 days are taken."""
    days = [Telegram("Hello", "@mybot_bot", smsreq=days).params()["smsreq"] for days in (10, 999)]
    assert days == ["10", "999"]


@pytest.mark.parametrize(
    ("button", "written"),
    [
        (SITE, "{button,http://smscentre.com,Site}"),
        (Button("Call us", dial="+7 (999) 999-99-99"), "{button,tel:79999999999,Call us}"),
        (Button("x" * 30, link="https://a.ru"), "{button,https://a.ru," + "x" * 30 + "}"),
    ],
)
def test_buttons(button: Button, written: str) -> None:
    """A button opens a link or dials; there are no blanks behind its commas."""
    assert str(button) == written


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("text", {"text": ""}),
        ("text", {"text": " "}),
        ("text", {"text": "x" * 31}),
        ("text", {"text": "a}b"}),
        ("text", {"text": "a\nb"}),
        ("link", {"link": None}),
        ("link", {"dial": PHONE}),
        ("link", {"link": "a.ru"}),
        ("link", {"link": "http://a.ru/?a,b"}),
        ("link", {"link": "http://a.ru/{a}"}),
        ("dial", {"link": None, "dial": "phone"}),
    ],
)
def test_buttons_refused(field: str, values: dict[str, Any]) -> None:
    """A button text has up to 30 characters, and a button one target."""
    with pytest.raises(InvalidRequest) as caught:
        Button(**{"text": "Site", "link": "http://a.ru"} | values)

    assert caught.value.field == field


@pytest.mark.parametrize(
    ("viber", "mes"),
    [
        (Viber("Hello"), "Hello"),
        (Viber(files=[PICTURE]), "<file 1>"),
        (Viber("Test", SITE), "Test {button,http://smscentre.com,Site}"),
        (Viber("Test\n", SITE), "Test\n{button,http://smscentre.com,Site}"),
        (
            Viber("Test", SITE, files=[PICTURE]),
            "Test {button,http://smscentre.com,Site} <file 1>",
        ),
        (Viber("Image", files=[PICTURE]), "Image <file 1>"),
        (Viber("<file 1> Image", files=[PICTURE]), "<file 1> Image"),
        (Viber(files=[DOCUMENT]), "<file 1>"),
        (Viber(files=[PICTURE, VIDEO]), "<file 1>\n<file 2>"),
        (Viber("See", files=[PICTURE, VIDEO]), "See <file 1>\n<file 2>"),
        (
            Viber("See", SITE, files=[PICTURE, VIDEO]),
            "See <file 1>\n<file 2>\n{button,http://smscentre.com,Site}",
        ),
        (
            Viber(f"Test {SITE} {UPLOAD}6_1.jpg"),
            f"Test {{button,http://smscentre.com,Site}} {UPLOAD}6_1.jpg",
        ),
        (
            Viber(f"See {UPLOAD}1.png\n{UPLOAD}1.mp4\n", SITE),
            f"See {UPLOAD}1.png\n{UPLOAD}1.mp4\n{{button,http://smscentre.com,Site}}",
        ),
        (
            Viber(f"test {SITE} {external_file('https://mysite.com/sms/picture.jpg')}"),
            f"test {SITE} <file https://mysite.com/sms/picture.jpg>",
        ),
        (
            Viber("Test {button, https://smscentre.com, site}"),
            "Test {button, https://smscentre.com, site}",
        ),
    ],
)
def test_viber(viber: Viber, mes: str) -> None:
    """A text, files and a button are sent in the combinations and the order of the page."""
    assert viber.params() == {"mes": mes, "viber": "1"}


def test_viber_file_url() -> None:
    """A file that the service fetches may be all there is."""
    url = "https://mysite.com/sms/picture.jpg"
    assert Viber(file_url=url).params() == {"viber": "1", "fileurl": url}
    full = Viber("test", SITE, file_url=url).params()
    assert full == {"viber": "1", "mes": f"test {SITE}", "fileurl": url}
    assert Viber(file_url="https://mysite.com/file?id=5", files=[VIDEO]).files == (VIDEO,)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("text", {}),
        ("text", {"text": "a\n~~~\nb"}),
        ("text", {"text": "__VIBER__: a"}),
        ("text", {"text": "<file 1>"}),
        ("text", {"text": "<file https://a.ru/1.mp4>"}),
        ("text", {"text": "a {button,http://a.ru}"}),
        ("text", {"text": "a {button,a.ru,Site}"}),
        ("text", {"text": "a {button,http://a.ru," + "x" * 31 + "}"}),
        ("text", {"text": "a {button,tel:phone,Call}"}),
        ("button", {"text": "a", "button": "Site"}),
        ("button", {"button": SITE, "files": [PICTURE]}),
        ("button", {"button": SITE, "text": f"{UPLOAD}1.png"}),
        ("button", {"button": SITE, "text": f"a {SITE}"}),
        ("files", {"files": [PICTURE, PICTURE]}),
        ("files", {"files": [PICTURE], "text": f"{UPLOAD}1.png"}),
        ("files", {"files": [PICTURE], "file_url": "https://a.ru/2.gif?x=1"}),
        ("files", {"files": [PICTURE], "text": "<file 1> <file https://a.ru/2.gif>"}),
        ("files", {"files": [VIDEO], "text": "<file 1>"}),
        ("files", {"files": [DOCUMENT], "text": "a"}),
        ("files", {"files": [DOCUMENT, PICTURE]}),
        ("files", {"files": [VIDEO]}),
        ("files", {"files": [VIDEO], "text": "a"}),
    ],
)
def test_viber_refused(field: str, values: dict[str, Any]) -> None:
    """A combination that is not on the page is refused, and so is a broken macro."""
    with pytest.raises(InvalidRequest) as caught:
        Viber(**values)

    assert caught.value.field == field


def test_they_show_nothing() -> None:
    """Neither texts, nor links, nor phones are shown."""
    shown = repr(
        (
            Social("Secret"),
            WhatsApp("Secret", file_url="http://Secret"),
            Telegram("Secret", "@my_bot"),
            Viber("Secret", Button("Secret", link="http://Secret")),
            Button("Secret", dial=PHONE),
        )
    )
    assert "Secret" not in shown
    assert PHONE not in shown
    assert "{" not in shown


@pytest.mark.parametrize("content", [Social("Hello"), WhatsApp("Hello"), Viber("Hello")])
def test_they_go_to_phones(content: Social | WhatsApp | Viber) -> None:
    """All but bots know people by their phone numbers alone."""
    assert content.recipient(PHONE) == PHONE
    with pytest.raises(InvalidRequest):
        content.recipient("alex_nick")
