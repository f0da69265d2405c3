"""The history of messages sent."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from clocks import InstantClock
from hypothesis import given
from hypothesis import strategies as st
from service import InProcess, ScriptedExchange, caller, failure, refused_field

from smsc_async import (
    ApiError,
    AuthenticationFailed,
    BadParameters,
    BadReply,
    DeliveryStatus,
    InvalidRequest,
    IpBlocked,
    RateLimited,
)
from smsc_async._delivery import DeliveryError, MessageType
from smsc_async.groups.history import History, HistoryMessage
from smsc_async.sandbox.scripts import SCRIPTS
from smsc_async.transport import Sent

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.anyio

PHONE = "79991234567"
# The sandbox's first day, and the day after it.
FIRST, SECOND = date(2026, 1, 15), date(2026, 1, 16)
DAY = 86400.0


class Trial:
    """A history over a sandbox with money for many messages."""

    def __init__(self, *, patience: float = 60.0) -> None:
        self.clock = InstantClock()
        self.service = InProcess(self.clock, balance=Decimal(10_000))
        self.history = History(caller(self.service, clock=self.clock, patience=patience))

    def send(self, *phones: str, **form: str) -> None:
        """Put messages into the account."""
        SCRIPTS["send.php"](self.service.account, {"phones": ",".join(phones), "mes": "Hi"} | form)

    @property
    def asked(self) -> int:
        return self.service.account.requests.total()

    @property
    def refused(self) -> int:
        return len(self.service.account.refusals)


@pytest.fixture
async def trial() -> Trial:
    """An account without messages."""
    return Trial()


def numbers(count: int) -> list[str]:
    """So many phone numbers."""
    return [f"7900{number:07}" for number in range(count)]


async def test_what_was_sent_is_there(trial: Trial) -> None:
    """The latest message comes first, with what became of it; no messages are an empty list."""
    assert await trial.history.page() == []
    trial.send(PHONE, id="m1", sender="Shop")
    trial.send("79995550003", PHONE, id="7", mes="Привет")
    trial.clock.pass_time(10)

    later, expired, first = await trial.history.page(limit=3)

    assert [later.id, expired.id, first.id] == ["7", "7", "m1"]
    assert [later.global_id, expired.global_id, first.global_id] == ["3", "2", "1"]
    assert (first.status, first.error, first.reason) == (DeliveryStatus.DELIVERED, 0, None)
    assert first.is_final
    assert (first.phone, first.text, first.sender, first.units) == (PHONE, "Hi", "Shop", 1)
    assert (first.cost, first.type) == (Decimal("0.15"), MessageType.SMS)
    assert first.sent_at == datetime(2026, 1, 15, 7, tzinfo=UTC)
    assert expired.error is DeliveryError.OFFLINE
    assert expired.reason == DeliveryError.OFFLINE.meaning
    assert "Привет" not in repr(later)


async def test_only_some(trial: Trial) -> None:
    """Days, phones, the kind and a limit choose among the messages."""
    trial.send(PHONE, id="first")
    trial.clock.pass_time(DAY)
    trial.send(PHONE, "79990000001", id="second")
    trial.send("a@example.com", "b@example.com", id="mail", mail="1", subj="Hi", sender="me@x.org")

    async def found(**options: Any) -> list[tuple[str | None, str | None]]:
        return [(one.id, one.phone) for one in await trial.history.page(**options)]

    of_second = [("second", "79990000001"), ("second", PHONE)]
    assert await found(start=SECOND, end=SECOND) == of_second
    assert await found(end=FIRST) == [("first", PHONE)]
    assert await found(phones="+" + PHONE) == [("second", PHONE), ("first", PHONE)]
    assert await found(phones=[PHONE, "79990000001"], limit=2) == of_second
    assert await found(before=3) == [("second", PHONE), ("first", PHONE)]
    assert await found(emails="a@example.com") == [("mail", "a@example.com")]
    letters = [("mail", "b@example.com"), ("mail", "a@example.com")]
    assert await found(kind="email") == letters
    assert [one.is_email for one in await trial.history.page(kind="email")] == [True, True]


async def test_all_of_them(trial: Trial) -> None:
    """The iterator goes through all pages, and each message comes once."""
    trial.send(*numbers(2050))

    found = [one async for one in trial.history.all(FIRST, SECOND)]

    assert [one.phone for one in found] == numbers(2050)[::-1]
    assert trial.asked == 3


async def test_it_goes_on_where_it_was_left(trial: Trial) -> None:
    """A walk that was broken off goes on before the last message it had."""
    trial.send(*numbers(1500))
    walk = trial.history.all(FIRST, FIRST)
    had = [await anext(walk) for _ in range(1200)]
    await walk.aclose()

    rest = trial.history.all(FIRST, FIRST, before=had[-1].global_id)

    assert [one.phone for one in had] + [one.phone async for one in rest] == numbers(1500)[::-1]


async def test_it_waits_for_the_hour(trial: Trial) -> None:
    """When the thirty questions of an hour are used up, the walk waits, and breaks no limit."""
    trial.send(*numbers(2050))
    for limit in range(1, 30):
        await trial.history.page(limit=limit)
    start = trial.clock.now()

    found = [one async for one in trial.history.all(FIRST, SECOND)]

    assert len(found) == 2050
    assert trial.clock.now() - start > 3500
    assert trial.refused == 0


async def test_a_page_has_the_patience_of_the_client() -> None:
    """A fourth identical question within a minute is not waited for longer than that."""
    trial = Trial(patience=5.0)
    trial.send(PHONE)
    for _ in range(3):
        await trial.history.page(limit=1)

    with pytest.raises(RateLimited) as caught:
        await trial.history.page(limit=1)

    assert caught.value.rule == "get_messages.identical"
    assert trial.asked == 3


async def test_on_the_wire() -> None:
    """Every option reaches its documented field."""
    exchange = ScriptedExchange([])

    await History(caller(exchange)).page(
        start=FIRST,
        end=date(2026, 7, 15),
        limit=1000,
        before="123",
        phones=["+7 999 123-45-67", "79990000001"],
        emails=["a@example.com", "b@example.com"],
        kind="sms",
    )

    [(path, form)] = exchange.asked
    assert path == "/sys/get.php"
    common = {"login", "psw", "fmt", "charset"}
    assert {name: value for name, value in form.items() if name not in common} == {
        "get_messages": "1",
        "start": "15.01.2026",
        "end": "15.07.2026",
        "phone": "79991234567,79990000001",
        "email": "a@example.com,b@example.com",
        "format": "0",
        "cnt": "1000",
        "prev_id": "123",
    }


@pytest.mark.parametrize(
    ("options", "want"),
    [
        ({"limit": 10}, {"cnt": "10"}),
        ({"phones": "79999999999"}, {"phone": "79999999999"}),
        ({"emails": "a@example.com"}, {"email": "a@example.com", "format": "8"}),
    ],
)
async def test_nothing_else_is_sent(options: dict[str, Any], want: dict[str, str]) -> None:
    """What was not given is not sent; asking for addresses asks for e-mails."""
    exchange = ScriptedExchange([])

    await History(caller(exchange)).page(**options)

    [(_, form)] = exchange.asked
    common = {"login", "psw", "fmt", "charset", "get_messages"}
    assert {name: value for name, value in form.items() if name not in common} == want


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@pytest.mark.parametrize(
    ("field", "act"),
    [
        ("limit", lambda h: h.page(limit=0)),
        ("limit", lambda h: h.page(limit=1001)),
        ("before", lambda h: h.page(before="m1")),
        ("phones", lambda h: h.page(phones="phone")),
        ("phones", lambda h: h.page(phones=[])),
        ("emails", lambda h: h.page(emails="a,b@example.com")),
        ("kind", lambda h: h.page(kind="fax")),
        ("kind", lambda h: h.page(kind=[])),
        ("start", lambda h: h.page(start="15.01.2026")),
        ("start", lambda h: h.page(start=FIRST, end=date(2026, 7, 16))),
        ("end", lambda h: h.page(start=SECOND, end=FIRST)),
        ("end", lambda h: h.page(end=datetime(2026, 1, 15, tzinfo=UTC))),
        ("colour", lambda h: h.page(colour="red")),
        ("start", lambda h: h.all(None, FIRST)),
        ("end", lambda h: h.all(FIRST, None)),
        ("before", lambda h: h.all(FIRST, FIRST, before=0)),
        ("phones", lambda h: h.all(FIRST, FIRST, phones="phone")),
    ],
)
async def test_refused_before_the_network(field: str, act: Callable[[History], Any]) -> None:
    """What breaks a rule is refused with the name of the option."""
    assert await refused_field(History, act) == field


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(-3, 190))
def test_six_months(start: date, days: int) -> None:
    """The last day is the first one's namesake of six months later, or the end of its month."""
    end = date.fromordinal(start.toordinal() + days)
    year, month = divmod(12 * start.year + start.month - 1 + 6, 12)
    latest = date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))
    history = History(None)  # type: ignore[arg-type]  # nobody is asked

    refused: str | None = None
    try:
        history.all(start, end)
    except InvalidRequest as error:
        refused = error.field

    assert refused == ("end" if end < start else "start" if end > latest else None)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (1, BadParameters),
        (2, AuthenticationFailed),
        (4, IpBlocked),
        (99, ApiError),
    ],
)
async def test_error_codes(code: int, error: type[ApiError]) -> None:
    """Each documented code has its meaning, and so has one that is not documented."""
    exchange = ScriptedExchange(*[{"error": "no", "error_code": code}] * 4)
    with pytest.raises(error) as caught:
        await History(caller(exchange, patience=1.0)).page()
    assert caught.value.code == code


async def test_too_many_questions() -> None:
    """Error 9 does not say which limit somebody else has used up: the minute's is waited for."""
    exchange = ScriptedExchange({"error": "duplicate request", "error_code": 9})
    with pytest.raises(RateLimited) as caught:
        await History(caller(exchange)).page()
    assert caught.value.rule == "get_messages.identical"


async def test_not_found_is_empty() -> None:
    """That there is no message is no error, in a page or in a walk."""
    none = {"error": "message not found", "error_code": 3}
    history = History(caller(ScriptedExchange(none, none)))

    assert await history.page() == []
    assert [one async for one in history.all(FIRST, FIRST)] == []


async def test_a_lost_answer_is_asked_for_again() -> None:
    """It only reads, so it is repeated when the answer was lost."""
    exchange = ScriptedExchange(failure(Sent.UNKNOWN), [])
    assert await History(caller(exchange)).page() == []
    assert len(exchange.asked) == 2


async def test_odd_answers() -> None:
    """Numbers and strings change places, fields are missing or new, one stands without brackets."""
    message = {"status": "20", "err": "", "int_id": 5, "crc": 77, "type": 11, "new": "x"}
    [one] = await History(caller(ScriptedExchange(message))).page()
    want = HistoryMessage(
        DeliveryStatus.UNDELIVERABLE,
        global_id="5",
        crc="77",
        type=MessageType(11),
        extra={"new": "x"},
    )
    assert one == want


@pytest.mark.parametrize("answer", ["no", 5, [5], [{}], [{"status": "x"}]])
async def test_answers_that_are_none(answer: object) -> None:
    """What is no list of messages is a `BadReply`."""
    exchange = ScriptedExchange(*[answer] * 4)
    with pytest.raises(BadReply):
        await History(caller(exchange)).page()


def page(*ids: object) -> list[dict[str, object]]:
    """A page of messages with these numbers."""
    return [{"status": 1, "int_id": number} for number in ids]


async def test_the_message_to_go_on_from_may_come_again() -> None:
    """What came before is left out of the next page."""
    full = page(*range(2000, 1000, -1))
    exchange = ScriptedExchange(full, page(1001, 1000))

    found = [one.global_id async for one in History(caller(exchange)).all(FIRST, FIRST)]

    assert found == [str(number) for number in range(2000, 999, -1)]
    assert [form.get("prev_id") for _, form in exchange.asked] == [None, "1001"]

    again = History(caller(ScriptedExchange(page(1001, 1000)))).all(FIRST, FIRST, before=1001)
    assert [one.global_id async for one in again] == ["1000"]


@pytest.mark.parametrize("again", [page(*range(2000, 1000, -1)), page(*["-", "9" * 5000] * 500)])
async def test_a_history_that_does_not_go_on(again: object) -> None:
    """A service that sends the same page for ever is not asked for ever."""
    exchange = ScriptedExchange(page(*range(2000, 1000, -1)), again)
    with pytest.raises(BadReply, match="no older message"):
        _ = [one async for one in History(caller(exchange)).all(FIRST, FIRST)]
    assert len(exchange.asked) == 2
