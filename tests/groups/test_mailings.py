"""Mailings."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from clocks import InstantClock
from hypothesis import given
from hypothesis import strategies as st
from service import InProcess, ScriptedExchange, caller, failure

from smsc_async import (
    ApiError,
    Attachment,
    BadReply,
    Binary,
    Call,
    Email,
    Flash,
    Hlr,
    InvalidRequest,
    Line,
    Mms,
    NotFound,
    OperationFailed,
    OutcomeUnknown,
    Ping,
    RateLimited,
    Social,
    Telegram,
    Viber,
    WapPush,
    WhatsApp,
)
from smsc_async.groups.mailings import AddedMailing, Mailing, Mailings
from smsc_async.groups.templates import Templates
from smsc_async.sandbox.kinds import Upload
from smsc_async.transport import Sent

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.anyio

PHONE = "79991234567"
OTHER = "79991234568"
LOST = "79995550020"
"""A number to which nothing is delivered."""
NOW = "15.01.2026 10:00:00"
"""When the tests begin, in Moscow."""
COMMON = {"login": "alex", "psw": "secret-password", "fmt": "3", "charset": "utf-8"}
ADDED = {"id": 701, "cost": "0.15"}
OK = {"result": "OK"}


@pytest.fixture
async def mailings(service: InProcess, clock: InstantClock) -> Mailings:
    """The mailings of an account without any; a call waits for a limit as long as it takes."""
    return Mailings(caller(service, clock=clock, patience=300))


def scripted(*replies: object) -> Mailings:
    return Mailings(caller(ScriptedExchange(*replies), patience=300, deadline=1000))


async def test_a_mailing_is_sent_at_once(
    mailings: Mailings, service: InProcess, clock: InstantClock
) -> None:
    """Without a time, its messages go out when it is made, and are counted when they arrive."""
    added = await mailings.add("Январь", [PHONE, OTHER], "Привет!", sender="Shop", valid=3)
    assert added == AddedMailing("701", Decimal("0.3"))
    assert [(one.phone, one.text) for one in service.account.messages] == [
        (PHONE, "Привет!"),
        (OTHER, "Привет!"),
    ]
    assert service.account.balance == Decimal("999.7")

    clock.pass_time(10)
    want = Mailing(
        id="701",
        name="Январь",
        changed=NOW,
        scheduled=NOW,
        last_sent=NOW,
        recipients=f"{PHONE},{OTHER}",
        text="Привет!",
        sender="Shop",
        status=1,
        format=0,
        cost=Decimal("0.3"),
        sent=2,
        delivered=2,
        created=NOW,
        repeat=0,
        repeat_count=0,
        valid="3",
    )
    assert await mailings.get(added.id) == want
    [listed] = await mailings.all()
    assert listed == Mailing(
        id="701",
        name="Январь",
        changed=NOW,
        scheduled=NOW,
        last_sent=NOW,
        recipients=f"{PHONE},{OTHER}",
        recipient_count=2,
        text="Привет!",
        sender="Shop",
        status=1,
        format=0,
        cost=Decimal("0.3"),
        sent=2,
        delivered=2,
    )


async def test_a_mailing_waits_and_is_cancelled(
    mailings: Mailings, service: InProcess, clock: InstantClock
) -> None:
    """One for later can be cancelled until it is sent; what was deleted is gone."""
    hour = timedelta(hours=1)
    first = await mailings.add("First", PHONE, "One", time=hour)
    second = await mailings.add("Second", PHONE, "Two", time=hour)
    assert service.account.messages == []
    assert (await mailings.get(first.id)).status == 0
    assert (await mailings.get(first.id)).scheduled == "15.01.2026 11:00:00"

    await mailings.cancel(first.id)
    clock.pass_time(3601)
    found = {one.name: (one.status, one.sent) for one in await mailings.all()}
    assert found == {"First": (2, 0), "Second": (1, 1)}
    assert [one.text for one in service.account.messages] == ["Two"]
    with pytest.raises(OperationFailed):
        await mailings.cancel(second.id)

    await mailings.delete(first.id)
    with pytest.raises(NotFound):
        await mailings.get(first.id)
    assert [one.name for one in await mailings.all()] == ["Second"]


@pytest.mark.parametrize("act", [lambda m: m.cancel(7), lambda m: m.delete("7")])
async def test_there_is_none(mailings: Mailings, act: Callable[[Mailings], Any]) -> None:
    """What is not there cannot be changed."""
    with pytest.raises(OperationFailed):
        await act(mailings)


async def test_letters_are_apart(mailings: Mailings) -> None:
    """A mailing of letters is found only by who asks for letters, with the addresses."""
    letter = Email("Hello!", "Hi", "alex2@mysite2.com")
    added = await mailings.add("Privet", "alex@mysite.com", letter)

    assert await mailings.all() == []
    with pytest.raises(NotFound):
        await mailings.get(added.id)
    [listed] = await mailings.all(email=True)
    assert listed.recipients == "alex@mysite.com"
    assert (await mailings.get(added.id, email=True)).subject == "Hi"
    await mailings.delete(added.id, email=True)
    assert await mailings.all(email=True) == []


async def test_days(mailings: Mailings, clock: InstantClock) -> None:
    """Without both days ten come at most; with them, all of those days."""
    for number in range(11):
        await mailings.add(f"Number {number}", PHONE, f"Text {number}")
    day = date(2026, 1, 15)

    assert len(await mailings.all()) == 10
    assert len(await mailings.all(start=day)) == 10
    assert len(await mailings.all(start=day, end=day)) == 11
    assert await mailings.all(start=date(2026, 1, 1), end=date(2026, 1, 14)) == []
    clock.pass_time(90 * 86400)
    assert await mailings.all() == []


async def test_a_template_and_a_fallback(
    mailings: Mailings, service: InProcess, clock: InstantClock
) -> None:
    """A template's text is sent; what does not arrive by Viber is sent again as an SMS."""
    template = await Templates(caller(service, clock=clock)).add("Greeting", "Добрый день")
    await mailings.add("Template", PHONE, template=template)
    await mailings.add(
        "Viber",
        [PHONE, LOST],
        Viber("Look"),
        sender="MyViber",
        fallback_text="Look here",
        fallback_sender="Shop",
    )
    clock.pass_time(60)
    await mailings.all()
    await mailings.all()

    sent = [(m.channel, m.phone, m.sender, m.text) for m in service.account.messages]
    assert sent == [
        ("", PHONE, "", "Добрый день"),
        ("viber", PHONE, "MyViber", "Look"),
        ("viber", LOST, "MyViber", "Look"),
        ("", LOST, "Shop", "Look here"),
    ]
    with pytest.raises(OperationFailed):
        await mailings.add("Template", PHONE, template=99)


async def test_a_list(mailings: Mailings, service: InProcess) -> None:
    """Each line of a list goes to its own recipients."""
    lines = [Line(PHONE, "Hello"), Line([OTHER], "One\nTwo", "Shop")]
    added = await mailings.add_list("List", lines)

    assert added.cost == Decimal("0.3")
    assert [(m.phone, m.sender, m.text) for m in service.account.messages] == [
        (PHONE, "", "Hello"),
        (OTHER, "Shop", "One\nTwo"),
    ]


async def test_not_enough_money(mailings: Mailings, service: InProcess) -> None:
    """What cannot be paid is not kept."""
    service.account.balance = Decimal("0.1")
    with pytest.raises(OperationFailed):
        await mailings.add("Hello", PHONE, "Hello")
    assert await mailings.all() == []


async def sent_by(act: Callable[[Mailings], Any], *, sender: str | None = None) -> dict[str, str]:
    """Return the form fields of adding a mailing, without those that every one has."""
    exchange = ScriptedExchange(ADDED)
    await act(Mailings(caller(exchange), sender, ZoneInfo("Asia/Omsk")))
    [(path, form)] = exchange.asked
    assert path == "/sys/jobs.php"
    assert form.items() >= (COMMON | {"add": "1", "cost": "1"}).items()
    return {name: form[name] for name in form if name not in {*COMMON, "add", "cost"}}


async def test_every_option_reaches_the_wire() -> None:
    """Each option is in its documented field."""
    form = await sent_by(
        lambda m: m.add(
            "Privet",
            [PHONE, "G12"],
            "Hello!",
            sender="Shop",
            time=datetime(2026, 12, 1, 12, 30),
            tz=3,
            period=2.5,
            freq=30,
            valid=timedelta(hours=2),
            translit=1,
            tinyurl=True,
            repeat_every="week",
            repeat_limit=5,
            fallback=True,
            fallback_text="Hi",
            fallback_sender="Shop2",
        )
    )
    assert form == {
        "name": "Privet",
        "phones": f"{PHONE},G12",
        "mes": "Hello!",
        "sender": "Shop",
        "time": "0112261230",
        "tz": "3",
        "period": "2.5",
        "freq": "30",
        "valid": "02:00",
        "translit": "1",
        "tinyurl": "1",
        "rpt": "5",
        "rptn": "5",
        "fl[5]": "1",
        "mes2": "Hi",
        "sender2": "Shop2",
    }


@pytest.mark.parametrize(
    ("every", "number"),
    [
        ("manually", "0"),
        ("hour", "1"),
        ("day", "2"),
        ("working day", "3"),
        ("weekend day", "4"),
        ("week", "5"),
        ("month", "6"),
        ("year", "7"),
    ],
)
async def test_periods(every: Any, number: str) -> None:
    """Each period has its documented number."""
    form = await sent_by(lambda m: m.add("Privet", PHONE, "Hello!", repeat_every=every))
    assert form["rpt"] == number


@pytest.mark.parametrize(
    ("content", "to", "fields"),
    [
        ("Hello", PHONE, {"mes": "Hello"}),
        (Flash("Hello"), PHONE, {"mes": "Hello", "flash": "1"}),
        (Binary(b"\1"), PHONE, {"mes": "0001", "bin": "2"}),
        (WapPush("https://a.b/c", "Open"), PHONE, {"mes": "https://a.b/c\nOpen", "push": "1"}),
        (Hlr(), PHONE, {"mes": "", "hlr": "1"}),
        (Ping(), PHONE, {"mes": "", "ping": "1"}),
        (
            Mms("Hello", subject="Hi", files=[Attachment(b"x", "a.jpg")]),
            PHONE,
            {"mes": "Hello", "subj": "Hi", "mms": "1"},
        ),
        (Social("Hello"), PHONE, {"mes": "Hello", "soc": "1"}),
        (
            WhatsApp("Hello", file_url="https://a.b/c.jpg"),
            PHONE,
            {"mes": "Hello", "whatsapp": "1", "fileurl": "https://a.b/c.jpg"},
        ),
        (
            Telegram("Hello", "@shop_bot", smsreq=30),
            "#1122334455",
            {"mes": "Hello", "bot": "@shop_bot", "smsreq": "30"},
        ),
        (
            Call("Hello", voice="w2", language="en", wait=20, interval=60, attempts=3),
            PHONE,
            {"mes": "Hello", "call": "1", "voice": "w2,en", "param": "20,60,3"},
        ),
        (Call(file_url="https://a.b/c.mp3"), PHONE, None),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_every_kind_reaches_the_wire(
    content: Any, to: str, fields: dict[str, str] | None
) -> None:
    """Each kind of message is in its documented fields; the text is there even if it is empty."""
    form = await sent_by(lambda m: m.add("Privet", to, content))
    if fields is None:
        fields = {"mes": "", "call": "1", "fileurl": "https://a.b/c.mp3"}
    files = {name for name, value in form.items() if isinstance(value, Upload)}
    assert len(files) == len(content.files if not isinstance(content, str) else ())
    assert {name: form[name] for name in form if name not in files} == {
        "name": "Privet",
        "phones": to,
        **fields,
    }


async def test_the_examples_of_the_page() -> None:
    """What the page shows can be asked for, field by field."""
    plain = {"phones": "79999999999", "name": "Privet", "mes": "Hello!"}
    assert await sent_by(lambda m: m.add("Privet", "79999999999", "Hello!")) == plain
    assert await sent_by(lambda m: m.add("Privet", "79999999999", Call("Hello!", voice="w2"))) == {
        **plain,
        "call": "1",
        "voice": "w2",
    }
    letter = Email("Hello!", "Hi", "alex2@mysite2.com")
    assert await sent_by(lambda m: m.add("Privet", "alex@mysite.com", letter)) == {
        **plain,
        "phones": "alex@mysite.com",
        "mail": "1",
        "subj": "Hi",
        "sender": "alex2@mysite2.com",
    }
    assert await sent_by(
        lambda m: m.add(
            "rassilka1",
            ["79999999999", "78888888888"],
            Viber("{Name}, this is a Viber message"),
            sender="MyViber",
            fallback_text="This is an SMS for {Name}",
        )
    ) == {
        "phones": "79999999999,78888888888",
        "name": "rassilka1",
        "mes": "{Name}, this is a Viber message",
        "mes2": "This is an SMS for {Name}",
        "sender": "MyViber",
        "fl[5]": "1",
        "viber": "1",
    }


async def test_senders() -> None:
    """The client's sender name is that of each mailing without its own, and is no letter's."""
    form = await sent_by(lambda m: m.add("Privet", PHONE, "Hello!"), sender="Client")
    assert form["sender"] == "Client"
    form = await sent_by(lambda m: m.add("P", PHONE, "Hello!", sender="Own"), sender="Client")
    assert form["sender"] == "Own"
    letter = Email("Hello!", "Hi", "a@example.com")
    form = await sent_by(lambda m: m.add("P", "b@example.com", letter), sender="Client")
    assert form["sender"] == "a@example.com"
    form = await sent_by(lambda m: m.add_list("P", [Line(PHONE, "Hello")]), sender="Client")
    assert form["sender"] == "Client"


async def test_times() -> None:
    """A naive time is in the client's zone; hours, a delay, and a fallback of its own text go."""
    naive = datetime(2026, 1, 15, 18)
    aware = datetime(2026, 1, 15, 12, tzinfo=UTC)
    form = await sent_by(lambda m: m.add("P", PHONE, "Hello", time=naive))
    assert form["time"] == f"0{int(aware.timestamp())}"
    form = await sent_by(lambda m: m.add("P", PHONE, "Hello", time=(9, 21), fallback=True))
    assert (form["time"], form["fl[5]"]) == ("9-21", "1")
    form = await sent_by(lambda m: m.add("P", PHONE, "Hello", fallback=False))
    assert "fl[5]" not in form


async def test_lists_and_templates_on_the_wire() -> None:
    """A list takes the place of recipients and text; a template that of the text."""
    rows = [Line([PHONE, OTHER], "a:b\nc"), Line(PHONE, "Hi", "Shop", 3)]
    noon = datetime(2026, 12, 1, 12)
    assert await sent_by(lambda m: m.add_list("P", rows, time=noon, tinyurl=False)) == {
        "name": "P",
        "list": f"{PHONE},{OTHER}:a:b\\nc\nShop,3|{PHONE}:Hi",
        "time": "0112261200",
        "tinyurl": "0",
    }
    assert await sent_by(lambda m: m.add("P", PHONE, template="17")) == {
        "name": "P",
        "phones": PHONE,
        "tpl": "17",
        "mes": "",
    }


async def test_other_commands_on_the_wire() -> None:
    """Ids, days and letters reach their documented fields."""
    exchange = ScriptedExchange([{"id": 7}], [{"id": 7}], [], [], OK, OK, OK)
    mailings = Mailings(caller(exchange))

    await mailings.get(701)
    await mailings.get("701", email=True)
    await mailings.all()
    await mailings.all(start=date(2026, 1, 2), end=date(2026, 1, 2), email=True)
    await mailings.cancel(701)
    await mailings.delete(701)
    await mailings.delete("701", email=True)

    assert {path for path, _ in exchange.asked} == {"/sys/jobs.php"}
    assert [dict(form.items() - COMMON.items()) for _, form in exchange.asked] == [
        {"get": "1", "id": "701"},
        {"get": "1", "id": "701", "mail": "1"},
        {"get_all": "1"},
        {"get_all": "1", "start": "02.01.2026", "end": "02.01.2026", "mail": "1"},
        {"cancel": "1", "id": "701"},
        {"del": "1", "id": "701"},
        {"del": "1", "id": "701", "mail": "1"},
    ]


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@pytest.mark.parametrize(
    ("field", "act"),
    [
        ("name", lambda m: m.add("", PHONE, "Hello")),
        ("name", lambda m: m.add(None, PHONE, "Hello")),
        ("name", lambda m: m.add_list("", [Line(PHONE, "Hello")])),
        ("to", lambda m: m.add("P", [], "Hello")),
        ("to", lambda m: m.add("P", "abc", "Hello")),
        ("to", lambda m: m.add("P", "abc", template=7)),
        ("to", lambda m: m.add("P", PHONE, Email("Hello", "Hi", "a@example.com"))),
        ("content", lambda m: m.add("P", PHONE)),
        ("content", lambda m: m.add("P", PHONE, "Hello", template=7)),
        ("content", lambda m: m.add("P", PHONE, 5)),
        ("text", lambda m: m.add("P", PHONE, "x" * 1001)),
        ("template", lambda m: m.add("P", PHONE, template="a")),
        (
            "sender",
            lambda m: m.add(
                "P", "b@example.com", Email("Hello", "Hi", "a@example.com"), sender="Shop"
            ),
        ),
        ("sender", lambda m: m.add("P", PHONE, "Hello", sender="A name too long")),
        ("freq", lambda m: m.add("P", PHONE, "Hello", period=1)),
        ("period", lambda m: m.add("P", PHONE, "Hello", period=721, freq=1)),
        ("valid", lambda m: m.add("P", PHONE, "Hello", valid=25)),
        ("repeat_every", lambda m: m.add("P", PHONE, "Hello", repeat_every="decade")),
        ("repeat_limit", lambda m: m.add("P", PHONE, "Hello", repeat_limit=3)),
        (
            "repeat_limit",
            lambda m: m.add("P", PHONE, "Hello", repeat_limit=3, repeat_every="manually"),
        ),
        ("repeat_limit", lambda m: m.add("P", PHONE, "Hi", repeat_limit=0, repeat_every="day")),
        ("fallback", lambda m: m.add("P", PHONE, "Hello", fallback="yes")),
        ("fallback_sender", lambda m: m.add("P", PHONE, "Hello", fallback_sender="Shop")),
        (
            "fallback_sender",
            lambda m: m.add("P", PHONE, "Hi", fallback=True, fallback_sender="A name too long"),
        ),
        (
            "fallback_text",
            lambda m: m.add("P", PHONE, "Hello", fallback=False, fallback_text="Hi"),
        ),
        ("fallback_text", lambda m: m.add("P", PHONE, "Hello", fallback_text="")),
        ("fallback_text", lambda m: m.add("P", PHONE, "Hello", fallback_text="x" * 1001)),
        ("id", lambda m: m.add("P", PHONE, "Hello", id="mine")),
        ("maxsms", lambda m: m.add("P", PHONE, "Hello", maxsms=3)),
        ("lines", lambda m: m.add_list("P", [])),
        ("time", lambda m: m.add_list("P", [Line(PHONE, "Hi", "Shop", 3)])),
        ("id", lambda m: m.get("a")),
        ("id", lambda m: m.cancel(None)),
        ("id", lambda m: m.delete(0)),
        ("email", lambda m: m.get(7, email="yes")),
        ("start", lambda m: m.all(start="01.01.2026")),
        ("start", lambda m: m.all(start=datetime(2026, 1, 1, tzinfo=UTC))),
        ("end", lambda m: m.all(start=date(2026, 1, 2), end=date(2026, 1, 1))),
    ],
)
async def test_refused_before_the_network(field: str, act: Callable[[Mailings], Any]) -> None:
    """What breaks a rule is refused with the name of the option."""
    with pytest.raises(InvalidRequest) as caught:
        await act(scripted())
    assert caught.value.field == field


ACTS: list[Callable[[Mailings], Any]] = [
    lambda m: m.add("P", PHONE, "Hello"),
    lambda m: m.add_list("P", [Line(PHONE, "Hello")]),
    lambda m: m.cancel(7),
    lambda m: m.delete(7),
    lambda m: m.get(7),
    lambda m: m.all(),
]


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@pytest.mark.parametrize("act", ACTS, ids=["add", "add_list", "cancel", "delete", "get", "all"])
@pytest.mark.parametrize("code", [1, 2, 3, 4, 5])
async def test_errors(act: Callable[[Mailings], Any], code: int) -> None:
    """Each documented error is raised as what it is."""
    with pytest.raises(ApiError) as caught:
        await act(scripted({"error": "x", "error_code": code}))
    assert caught.value.code == code
    assert type(caught.value) not in {ApiError, NotFound}


@pytest.mark.parametrize("act", ACTS[:4], ids=["add", "add_list", "cancel", "delete"])
@pytest.mark.parametrize("reply", [failure(Sent.UNKNOWN), b"<html>"], ids=["lost", "unreadable"])
async def test_nothing_is_repeated_in_doubt(act: Callable[[Mailings], Any], reply: object) -> None:
    """When nobody knows whether it was done, nothing is asked again."""
    exchange = ScriptedExchange(reply)
    with pytest.raises(OutcomeUnknown):
        await act(Mailings(caller(exchange)))
    assert len(exchange.asked) == 1


@pytest.mark.parametrize("act", ACTS, ids=["add", "add_list", "cancel", "delete", "get", "all"])
async def test_the_limit(act: Callable[[Mailings], Any]) -> None:
    """The second identical request in a minute has to wait, of those that only read as well."""
    exchange = ScriptedExchange({"error": "x", "error_code": 1}, OK)
    mailings = Mailings(caller(exchange))
    with pytest.raises(ApiError):
        await act(mailings)
    with pytest.raises(RateLimited):
        await act(mailings)
    await mailings.cancel(8)


@pytest.mark.parametrize(
    ("document", "want"),
    [
        ({"id": "x7"}, Mailing("x7")),
        (
            [{"id": 7, "emails": "a@example.com", "status": "5", "cost": 1, "frequency": ""}],
            Mailing("7", recipients="a@example.com", status=5, cost=Decimal(1)),
        ),
        ([{"id": 7, "new": 1}], Mailing("7", extra={"new": 1})),
        ([{"id": 7, "validity": 24, "period": 2}, {"id": 8}], Mailing("7", valid="24", period="2")),
    ],
)
async def test_odd_answers(document: object, want: Mailing) -> None:
    """An object alone, strings for numbers, missing and unknown fields are read."""
    assert await scripted(document).get(7) == want


async def test_odd_answers_of_adding() -> None:
    """The id may be a string, and the cost missing."""
    assert await scripted({"id": "7"}).add("P", PHONE, "Hello") == AddedMailing("7")


@pytest.mark.parametrize("document", [[{}], [7], "x", [{"id": 7, "status": "done"}]])
async def test_no_answer(document: object) -> None:
    """What is no mailing is a `BadReply`."""
    with pytest.raises(BadReply):
        await scripted(*[document] * 9).all()


async def test_a_mailing_that_is_not_there() -> None:
    """An empty answer to who asks for one mailing is `NotFound`, with the call it is about."""
    with pytest.raises(NotFound) as caught:
        await scripted([]).get(7)
    assert caught.value.command == "jobs.php get"


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@given(
    document=st.lists(
        st.dictionaries(
            st.sampled_from(["id", "emails", "phones", "status", "cost", "x"]),
            st.none() | st.integers(-3, 9) | st.text(max_size=3) | st.lists(st.integers()),
        )
    )
)
async def test_any_answer(document: object) -> None:
    """Any answer is read, or is a `BadReply`."""
    body = json.dumps(document).encode()
    try:
        found = await scripted(*[body] * 9).all()
    except BadReply:
        return
    assert all(isinstance(one, Mailing) for one in found)
