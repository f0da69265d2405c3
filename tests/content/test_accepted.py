"""The service, as the sandbox plays it, takes every kind of message and knows it again."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hand_clock import HandClock

from smsc_async.content import (
    Binary,
    Button,
    Call,
    CallTo,
    Content,
    Email,
    Flash,
    Hlr,
    MenuItem,
    Mms,
    Ping,
    Sms,
    Social,
    Telegram,
    Viber,
    VoiceMenu,
    WapPush,
    WhatsApp,
)
from smsc_async.sandbox.account import Account, ServiceError
from smsc_async.sandbox.scripts import SCRIPTS
from smsc_async.units import count_units

PHONE = "79991234567"
MENU = VoiceMenu("Press 1", [MenuItem(1, ["One", CallTo(PHONE)])], back=True)
LINK = "https://example.com/a.png"
CHANNELS = {
    Sms: "",
    Flash: "flash",
    Binary: "bin",
    WapPush: "push",
    Hlr: "hlr",
    Ping: "ping",
    Mms: "mms",
    Call: "call",
    Email: "mail",
    Viber: "viber",
    Social: "soc",
    WhatsApp: "whatsapp",
    Telegram: "bot",
}


@pytest.fixture
def account() -> Account:
    """An account with money."""
    return Account(
        login="alex", password="secret", apikey="key", time=HandClock(), balance=Decimal(1000)
    )


def ask(account: Account, script: str, **form: str) -> Any:
    """The answer of a script."""
    return SCRIPTS[script](account, form)


@pytest.mark.parametrize(
    ("content", "recipient", "kind", "units"),
    [
        (Sms("Hello", comment="for Anna"), PHONE, 0, 1),
        (Sms("я" * 71), PHONE, 0, 2),
        (Flash("Hello"), PHONE, 1, 1),
        (Binary(b"x" * 150, b"\x05\x04abcd"), PHONE, 2, 2),
        (WapPush("http://wap.ru", "WAP.RU"), PHONE, 3, 1),
        (Hlr(), PHONE, 4, 1),
        (Ping(), PHONE, 5, 1),
        (Mms(subject="Holiday", file_url=LINK), PHONE, 6, 1),
        (Call("x" * 31), PHONE, 7, 3),
        (Call("Hello", MENU, "Bye", voice="w", language="fr"), PHONE, 7, 5),
        (Call(file_url="https://example.com/a.mp3"), PHONE, 7, 1),
        (Email("Hello " * 500, "Privet", "shop@example.com"), "alex@example.com", 8, 1),
        (Viber("Hello", Button("Site", link=LINK)), PHONE, 10, 1),
        (Viber(file_url=LINK), PHONE, 10, 1),
        (Social("Hello"), PHONE, 12, 1),
        (WhatsApp("Hello"), PHONE, 0, 1),
        (Telegram("Hello", "@my_bot", smsreq=25), "#1122334455", 0, 1),
        (Telegram("Hello", "@my_bot"), "alex_nick", 0, 1),
    ],
)
def test_every_kind_is_taken(
    account: Account, content: Content, recipient: str, kind: int, units: int
) -> None:
    """It is sent once, billed by its kind, and found again by id and recipient."""
    form = {"phones": content.recipient(recipient), **content.params()}

    quoted = ask(account, "send.php", cost="1", **form)
    sent = ask(account, "send.php", cost="3", id="m1", **form)
    seen = ask(account, "status.php", phone=recipient, id="m1", all="1")

    assert sent == {
        "id": "m1",
        "cnt": units,
        "cost": quoted["cost"],
        "balance": str((1000 - Decimal(quoted["cost"])).normalize()),
    }
    assert (seen["type"], seen["phone"], seen["status"]) == (kind, recipient, -1)
    [message] = account.messages
    assert message.units == units
    assert message.channel == CHANNELS[type(content)]


def test_what_comes_with_a_message_is_kept(account: Account) -> None:
    """Subjects, comments, senders and the addresses of files are where they belong."""
    letter = Email("Hello", "Privet", "shop@example.com", file_url=LINK)
    ask(account, "send.php", phones="alex@example.com", **letter.params())
    ask(account, "send.php", phones=PHONE, **Sms("Hi", comment="for Anna").params())

    [mail, sms] = account.messages
    assert (mail.channel, mail.subject, mail.files, mail.sender) == (
        "mail",
        "Privet",
        (LINK,),
        "shop@example.com",
    )
    assert (sms.channel, sms.text, sms.comment, sms.files) == ("", "Hi", "for Anna", ())


def test_one_text_through_two_channels_is_no_duplicate(account: Account) -> None:
    """The same text as SMS, WhatsApp and Telegram message is three messages; twice it is one."""
    for content in (Sms("Hi"), WhatsApp("Hi"), Telegram("Hi", "@my_bot")):
        ask(account, "send.php", phones=PHONE, **content.params())

    with pytest.raises(ServiceError) as caught:
        ask(account, "send.php", phones=PHONE, **WhatsApp("Hi").params())
    assert caught.value.code == 9


def test_a_letter_to_no_address(account: Account) -> None:
    """A wrong recipient among right ones is reported, alone it is an error."""
    letter = Email("Hello", "Privet", "shop@example.com").params()
    sent = ask(account, "send.php", phones=f"a@b.ru,{PHONE}", op="1", **letter)

    assert [one["error"] for one in sent["phones"]] == ["0", "249"]
    with pytest.raises(ServiceError) as caught:
        ask(account, "send.php", phones=PHONE, **letter)
    assert caught.value.code == 7


@pytest.mark.parametrize(
    "text",
    ["x" * 160, "x" * 161, "€" * 81, "€" * 153, "`", "я" * 134, "\N{GRINNING FACE}" * 67, "é|"],
)
def test_units_are_counted_alike(account: Account, text: str) -> None:
    """What is worked out here is what the sandbox bills."""
    sent = ask(account, "send.php", phones=PHONE, **Sms(text).params())

    assert sent["cnt"] == count_units(text).units
