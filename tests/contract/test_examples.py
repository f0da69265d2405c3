"""Every request that the vendor's pages show, made by a call of the public API."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest
from recorder import EXAMPLES, Example, Recorder, client, make

from smsc_async import (
    ApiError,
    Attachment,
    Binary,
    BlockedMessages,
    Button,
    Call,
    Email,
    Flash,
    Hlr,
    Line,
    Mms,
    Sms,
    SubclientKind,
    Telegram,
    Viber,
    WapPush,
    external_file,
    parse_prefix,
    uploaded_file,
)
from smsc_async.sandbox.kinds import Upload

if TYPE_CHECKING:
    from recorder import Call as Made

pytestmark = pytest.mark.anyio

PHONE = "79999999999"
BOT = "@mybot_bot"
SITE = Button("Site", link="http://smscentre.com")
UPLOADS = "http://smscentre.com/upload/files/sms"
PICTURE = "https://mysite.com/sms/picture.jpg"
JANUARY, FEBRUARY = date(2014, 1, 1), date(2014, 2, 1)
PORT = bytes.fromhex("0A0307056048656C6C6F2C20576F726C6421")
PHOTOS = (Attachment(b"1", "1.jpg"), Attachment(b"2", "2.jpg"))
SOUNDS = (Attachment(b"1", "1.mp3"), Attachment(b"2", "2.wav"))

OURS = {"fmt": "3", "charset": "utf-8"}
OURS_TOO = {"id", "cost", "op"}
"""What the client adds: an id, so that it can look, and what it wants to be told."""

NAMES: list[Made] = [
    lambda smsc: smsc.senders.all(),
    lambda smsc: smsc.senders.add("my_shop", comment="test"),
    lambda smsc: smsc.senders.send_code(PHONE),
    lambda smsc: smsc.senders.send_code(PHONE, subclient="subalex", from_site="mysite.ru"),
    lambda smsc: smsc.senders.check_code(PHONE, "338824"),
    lambda smsc: smsc.senders.delete(name="my_shop"),
]
"""Six requests that three pages show."""

MADE: dict[str, Made] = {
    **dict(
        zip(("000-276", "000-278", "000-280", "000-282", "000-284", "000-286"), NAMES, strict=True)
    ),
    **dict(
        zip(("001-295", "001-298", "001-301", "001-304", "001-307", "001-310"), NAMES, strict=True)
    ),
    **dict(
        zip(
            ("003-2836", "003-2839", "003-2842", "003-2845", "003-2848", "003-2851"),
            NAMES,
            strict=True,
        )
    ),
    "003-335a": lambda smsc: smsc.send(PHONE, "Hello!"),
    "003-335b": lambda smsc: smsc.send_list([Line(PHONE, "Hello!"), Line(PHONE, "Hello\nworld!")]),
    "003-340": lambda smsc: smsc.send(
        PHONE,
        Flash("Hello world!"),
        translit=1,
        time=datetime(2012, 1, 1, tzinfo=UTC),
        sender="ivan",
    ),
    "003-346": lambda smsc: smsc.send(PHONE, Binary(PORT[5:], PORT[:5])),
    "003-351": lambda smsc: smsc.send(
        PHONE,
        Binary(
            bytes.fromhex("DC0601AE02056A0045C60C037761702E72752F0001037761702E7275000101"),
            bytes.fromhex("05040B8423F0"),
        ),
    ),
    "003-356": lambda smsc: smsc.send(PHONE, WapPush("http://wap.ru", "WAP.RU")),
    "003-372": lambda smsc: smsc.send([PHONE, "78888888888"], Sms("Hello!", comment="Comment")),
    "003-381": lambda smsc: smsc.send_list(
        [
            Line(PHONE, "Hello1!", comment="Comment1"),
            Line("78888888888", "Hello2!", comment="Comment2"),
        ]
    ),
    "003-391": lambda smsc: smsc.send(["G777", "g888"], "Hello!"),
    "003-405": lambda smsc: smsc.send(PHONE, Hlr()),
    "003-418": lambda smsc: smsc.send(PHONE, Mms("Hello", subject="Privet")),
    "003-423": lambda smsc: smsc.send(PHONE, Mms(subject="Holiday", files=PHOTOS)),
    "003-445": lambda smsc: smsc.send(
        "alex@mysite.com", Email("Hello", "Privet", "alex2@mysite2.com")
    ),
    "003-450": lambda smsc: smsc.send(
        "alex@mysite.com", Email("Hello", "Holiday", "alex2@mysite2.com", files=PHOTOS)
    ),
    "003-457": lambda smsc: smsc.send(
        "alex@mysite.com",
        Email(
            "Hello, this is my photo "
            + uploaded_file("/upload/files/sms/123abc/photo.jpg", width=200, height=400),
            "Hello",
            "alex2@mysite2.com",
        ),
    ),
    "003-532": lambda smsc: smsc.send([PHONE, "79999999998"], Call("Hello")),
    "003-572": lambda smsc: smsc.send(PHONE, Call("Hello")),
    "003-575": lambda smsc: smsc.send(PHONE, Call("Hello"), sender="79991234567"),
    "003-578": lambda smsc: smsc.send(
        PHONE, Call("Hello world", voice="m", wait=20, interval=10, attempts=3)
    ),
    "003-581": lambda smsc: smsc.send(PHONE, Call("Hello world", voice="w2")),
    "003-584": lambda smsc: smsc.send(PHONE, Call(file_url="http://mysite.com/voice.wav")),
    "003-589": lambda smsc: smsc.send(
        PHONE, Call("first file <file 1> and second file <file 2>", files=SOUNDS)
    ),
    "003-645": lambda smsc: smsc.send(PHONE, Viber("Hello")),
    "003-648": lambda smsc: smsc.send(PHONE, Viber(f"Test {SITE} {UPLOADS}/1856f97d/6_1.jpg")),
    "003-651": lambda smsc: smsc.send(PHONE, Viber(f"test {SITE} {external_file(PICTURE)}")),
    "003-654": lambda smsc: smsc.send(PHONE, Viber("test", button=SITE, file_url=PICTURE)),
    "003-657": lambda smsc: smsc.send(
        PHONE,
        Viber(
            f"Видео и кнопка {UPLOADS}/123456/1.png\n{UPLOADS}/123456/1.mp4\n",
            button=Button("Кнопка smsc", link="http://smscentre.com"),
        ),
    ),
    "003-669": lambda smsc: smsc.send(PHONE, Telegram("Hello", BOT)),
    "003-672": lambda smsc: smsc.send("alex_nick", Telegram("hello", BOT)),
    "003-675": lambda smsc: smsc.send("#1122334455", Telegram("Hi", BOT)),
    "003-678": lambda smsc: smsc.send(PHONE, Telegram("Privet", BOT, smsreq=25)),
    "003-700": lambda smsc: smsc.send(PHONE, parse_prefix("__CALL__: Privet")),
    "003-703": lambda smsc: smsc.send(PHONE, parse_prefix("__PING__")),
    "003-706": lambda smsc: smsc.send(PHONE, parse_prefix("__HLR__")),
    "003-1389": lambda smsc: smsc.mailings.add("Privet", PHONE, "Hello!"),
    "003-1392": lambda smsc: smsc.mailings.add("Privet", PHONE, Call("Hello!", voice="w2")),
    "003-1395": lambda smsc: smsc.mailings.add(
        "Privet", "alex@mysite.com", Email("Hello!", "Hi", "alex2@mysite2.com")
    ),
    "003-1398": lambda smsc: smsc.mailings.add(
        "rassilka1",
        [PHONE, "78888888888"],
        Viber("{Name}, this is a Viber message"),
        sender="MyViber",
        fallback_text="This is an SMS for {Name}",
    ),
    "003-1401": lambda smsc: smsc.mailings.delete(701),
    "003-1404": lambda smsc: smsc.mailings.cancel(701),
    "003-2229": lambda smsc: smsc.contacts.add(PHONE, name="Contact", groups=321),
    "003-2232": lambda smsc: smsc.contact_groups.add("Group"),
    "003-2235": lambda smsc: smsc.contacts.change(PHONE, name="Contact1"),
    "003-2238": lambda smsc: smsc.contact_groups.change(321, "Group1"),
    "003-2241": lambda smsc: smsc.contacts.delete(PHONE),
    "003-2244": lambda smsc: smsc.contact_groups.delete(321),
    "003-2247": lambda smsc: smsc.contacts.page(group=321),
    "003-2250": lambda smsc: smsc.contacts.get(PHONE),
    "003-2253": lambda smsc: smsc.contact_groups.all(),
    "003-2256": lambda smsc: smsc.blacklist.add(PHONE, blocked=BlockedMessages.MAILINGS),
    "003-2259": lambda smsc: smsc.blacklist.delete(PHONE),
    "003-2545": lambda smsc: smsc.subclients.add(
        "mylogin", "mypassword", phone=PHONE, main_senders=True
    ),
    "003-2548": lambda smsc: smsc.subclients.change(
        "mylogin",
        password="mypassword",
        new_login="mylogin2",
        kind=SubclientKind.SHARED,
        allowed_codes=[7, -77],
    ),
    "003-2551": lambda smsc: smsc.subclients.statistics(independent=None, electronic_balance=True),
    "003-2554": lambda smsc: smsc.subclients.statistics(login="sub_alex"),
    "003-2557": lambda smsc: smsc.subclients.statistics(
        independent=None, main_currency=True, start=JANUARY, end=FEBRUARY
    ),
    "003-2994": lambda smsc: smsc.history.page(limit=10),
    "003-2997": lambda smsc: smsc.history.page(phones=PHONE),
    "003-3086": lambda smsc: smsc.inbox.page(limit=10),
    "003-3089": lambda smsc: smsc.inbox.page(hours=48, limit=15),
    "003-3092": lambda smsc: smsc.inbox.page(after=1234567, limit=20),
    "003-3177": lambda smsc: smsc.account.statistics(JANUARY, FEBRUARY, own_currency=True),
    "003-3291": lambda smsc: smsc.account.tariffs(),
    "003-3374": lambda smsc: smsc.lookup.get(PHONE),
    "003-3464": lambda smsc: smsc.short_links.get(id=145142),
    "003-3467": lambda smsc: smsc.short_links.get("mywebsite.ru"),
    "003-3590": lambda smsc: smsc.rented_numbers.all(),
    "003-3593": lambda smsc: smsc.rented_numbers.buy(PHONE),
    "003-3596": lambda smsc: smsc.rented_numbers.change(PHONE, renew=False),
    "003-3735": lambda smsc: smsc.captcha.image(),
    "003-3751": lambda smsc: smsc.send(PHONE, "Hello", imgcode="a7f", userip="10.0.0.7"),
}

OTHERWISE: dict[str, dict[str, str]] = {
    # A moment goes as a timestamp, so that no account's zone can shift it.
    "003-340": {"time": "01325376000"},
    # Group codes are written alike.
    "003-391": {"phones": "G777,G888"},
    # What the page says in the text itself, the client says in fields of their own.
    "003-700": {"mes": "Privet", "call": "1"},
    "003-703": {"ping": "1"},
    "003-706": {"hlr": "1"},
    # The page leaves the text out, or shows what stands for it.
    "003-532": {"mes": "Hello"},
    "003-672": {"phones": "alex_nick"},
    "003-3751": {"phones": PHONE, "mes": "Hello", "imgcode": "a7f", "userip": "10.0.0.7"},
}
"""Fields that the client writes in another way, which means the same."""

GONE = {"003-703": {"mes"}, "003-706": {"mes"}}


def test_every_example_is_here() -> None:
    """There is a call for each of them."""
    assert MADE.keys() == {example.id for example in EXAMPLES}


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@pytest.mark.parametrize("example", [pytest.param(one, id=one.id) for one in EXAMPLES])
async def test_example(example: Example) -> None:
    """The request has the fields of the page's, and only those that the client always adds."""
    recorder = Recorder(b'{"error": "parameters error", "error_code": 1}')
    async with client(recorder) as smsc:
        with suppress(ApiError):
            await make(MADE[example.id], smsc)

    [(path, fields)] = recorder.asked
    assert path.removeprefix("/sys/") == example.command.partition("/")[0]
    files = [str(value) for value in fields.values() if isinstance(value, Upload)]
    assert files == example.files
    written = {name: one for name, one in fields.items() if not isinstance(one, Upload)}
    shown = {name: value for name, value in example.fields.items() if value != ""}
    ours = {name: one for name, one in OURS.items() if name in fields}
    want = ours | shown | OTHERWISE.get(example.id, {})
    for name in GONE.get(example.id, ()):
        del want[name]
    assert {
        name: one for name, one in written.items() if name not in OURS_TOO - want.keys()
    } == want
