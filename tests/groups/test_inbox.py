"""Messages that come in."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import anyio
import pytest
from clocks import FakeClock, InstantClock
from service import InProcess, ScriptedExchange, caller, failure

from smsc_async import (
    ApiError,
    AuthenticationFailed,
    BadParameters,
    BadReply,
    InvalidRequest,
    IpBlocked,
    RateLimited,
    UntrustedHost,
)
from smsc_async.groups.inbox import Inbox, InboxMessage
from smsc_async.sandbox.incoming import NUMBER, receive
from smsc_async.transport import Sent, Untrusted

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable

    from smsc_async._clock import Clock

pytestmark = pytest.mark.anyio

PHONE = "79991234567"
HOUR = 3600.0


C = TypeVar("C", FakeClock, InstantClock)


class Trial(Generic[C]):
    """An inbox over a sandbox."""

    def __init__(self, clock: C) -> None:
        self.clock: C = clock
        self.service = InProcess(clock)
        self.inbox = Inbox(caller(self.service, clock=clock), clock)
        self.heard: list[str] = []

    async def listen(self, every: float = 30.0) -> None:
        """Follow the inbox for ever."""
        async for one in self.inbox.follow(every=every):
            self.heard += [one.text]

    def receive(self, *texts: str, phone: str = PHONE, to_phone: str = NUMBER) -> None:
        """Let somebody write to the account."""
        for text in texts:
            receive(self.service.account, phone, text, to_phone=to_phone)

    @property
    def asked(self) -> int:
        return self.service.account.requests.total()

    @property
    def refused(self) -> int:
        return len(self.service.account.refusals)


@pytest.fixture
async def trial() -> Trial[InstantClock]:
    """An inbox without messages, where nobody waits for long."""
    return Trial(InstantClock())


@pytest.fixture
async def slow() -> Trial[FakeClock]:
    """An inbox without messages, on a clock that is moved by hand."""
    return Trial(FakeClock())


def inbox(*replies: object, clock: Clock | None = None) -> tuple[Inbox, ScriptedExchange]:
    """An inbox that is answered as told, and what it was asked."""
    exchange, clock = ScriptedExchange(*replies), clock or InstantClock()
    return Inbox(caller(exchange, clock=clock), clock), exchange


def message(number: object, text: str = "Hi") -> dict[str, object]:
    """A message as the service has it."""
    return {"id": number, "message": text}


async def texts(messages: AsyncIterator[InboxMessage]) -> list[str]:
    """The texts of messages."""
    return [one.text async for one in messages]


async def first(messages: AsyncGenerator[InboxMessage, None], count: int) -> list[str]:
    """The texts of so many messages, after which nobody listens."""
    found = [(await anext(messages)).text for _ in range(count)]
    await messages.aclose()
    return found


async def test_what_came_is_there(trial: Trial[InstantClock]) -> None:
    """The oldest message comes first, as somebody wrote it; no messages are an empty list."""
    assert await trial.inbox.page() == []
    trial.receive("STOP", "Да", phone="+" + PHONE)

    one, other = await trial.inbox.page(limit=2)

    at = "15.01.2026 10:00:00"
    assert one == InboxMessage("1", PHONE, "STOP", NUMBER, at, at)
    assert (other.id, other.text) == ("2", "Да")
    assert "Да" not in repr(other)


async def test_only_some(trial: Trial[InstantClock]) -> None:
    """Hours, an id, the number and a limit choose among the messages; alone it is today's."""
    trial.receive("yesterday")
    trial.clock.pass_time(20 * HOUR)
    trial.receive("today", to_phone="79005550000")
    trial.receive("later")

    async def found(**options: Any) -> list[str]:
        return [one.text for one in await trial.inbox.page(**options)]

    assert await found() == ["today", "later"]
    assert await found(hours=24) == ["yesterday", "today", "later"]
    assert await found(hours=24, limit=1) == ["yesterday"]
    assert await found(after=1) == ["today", "later"]
    assert await found(after="2") == ["later"]
    assert await found(after="0") == ["yesterday", "today", "later"]
    assert await found(to_phone="+7 900 555-00-00") == ["today"]


async def test_all_of_them(trial: Trial[InstantClock]) -> None:
    """The iterator goes through all pages of a week, and each message comes once."""
    trial.receive("old")
    trial.clock.pass_time(8 * 24 * HOUR)
    written = [f"message {number}" for number in range(2500)]
    trial.receive(*written[:1200])
    trial.clock.pass_time(25 * HOUR)
    trial.receive(*written[1200:])

    assert await texts(trial.inbox.all()) == written
    assert trial.asked == 3
    assert await texts(trial.inbox.all(after=2400)) == written[2399:]
    assert await texts(trial.inbox.all(hours=1)) == written[1200:]
    assert await texts(trial.inbox.all(to_phone="79005550000")) == []


async def test_follow_begins_with_what_is_new(slow: Trial[FakeClock]) -> None:
    """What was there is left out; what comes is there within `every` seconds."""
    slow.receive(*[f"old {number}" for number in range(1500)])
    async with anyio.create_task_group() as group:
        group.start_soon(slow.listen, 20)
        await slow.clock.advance(10)
        slow.receive("first")
        await slow.clock.advance(30)
        assert slow.heard == ["first"]
        slow.receive("second", "third")
        await slow.clock.advance(30)
        assert slow.heard == ["first", "second", "third"]
        await slow.clock.advance(HOUR)
        slow.receive("last")
        await slow.clock.advance(30)
        assert slow.heard[3:] == ["last"]
        group.cancel_scope.cancel()

    assert slow.refused == 0
    # About three a minute, and never more.
    assert 120 < slow.asked < 190


async def test_follow_of_an_empty_inbox(slow: Trial[FakeClock]) -> None:
    """Where nothing was, the first message that comes is new."""
    async with anyio.create_task_group() as group:
        group.start_soon(slow.listen)
        await slow.clock.advance(10)
        slow.receive("first")
        await slow.clock.advance(19)
        assert slow.heard == []
        await slow.clock.advance(2)
        assert slow.heard == ["first"]
        group.cancel_scope.cancel()


async def test_follow_goes_on_after_an_id(trial: Trial[InstantClock]) -> None:
    """With `after` everything later comes, however old, page after page without a pause."""
    trial.receive(*[f"message {number}" for number in range(1, 2501)])
    trial.clock.pass_time(30 * 24 * HOUR)
    start = trial.clock.now()

    heard = await first(trial.inbox.follow(after="100"), 2400)

    assert heard == [f"message {number}" for number in range(101, 2501)]
    assert trial.clock.now() - start < 1


async def test_two_follow_at_once(slow: Trial[FakeClock]) -> None:
    """Those who ask the same wait for one another, and break no limit."""
    async with anyio.create_task_group() as group:
        group.start_soon(slow.listen, 20)
        group.start_soon(slow.listen, 20)
        await slow.clock.advance(HOUR)
        slow.receive("one")
        await slow.clock.advance(200)
        group.cancel_scope.cancel()

    assert slow.heard == ["one", "one"]
    assert slow.refused == 0


async def test_follow_survives_what_passes(caplog: pytest.LogCaptureFixture) -> None:
    """No network, a lost answer, a web page, a limit: it says so, and asks again."""
    lost, unsent = failure(Sent.UNKNOWN), failure(Sent.NO)
    caplog.set_level(logging.WARNING, logger="smsc_async")
    clock = InstantClock()
    troubles: list[object] = [unsent] * 4 + [lost] * 4 + [b"<html>"] * 4
    troubles += [{"error": "duplicate request", "error_code": 9}] * 4
    letters, exchange = inbox(*troubles, [message(5)], clock=clock)

    assert await first(letters.follow(after=4), 1) == ["Hi"]

    assert not exchange.replies
    warnings = [record.getMessage() for record in caplog.records]
    assert all(warning.startswith("the inbox is asked again in ") for warning in warnings)
    assert {"30 s", "60 s", "120 s"} <= {" ".join(one.split()[6:8])[:-1] for one in warnings}


async def test_follow_waits_while_the_address_is_blocked() -> None:
    """After error 4 it asks again when the service may, and not before."""
    clock = InstantClock()
    blocked = {"error": "ip is blocked", "error_code": 4}
    letters, exchange = inbox(blocked, blocked, [message(5)], clock=clock)
    start = clock.now()

    assert await first(letters.follow(after=4), 1) == ["Hi"]

    assert 660 <= clock.now() - start < 700
    assert len(exchange.asked) == 3


async def test_pauses_grow_to_five_minutes() -> None:
    """In a long outage it asks every five minutes; a longer `every` stays as it is."""
    clock = InstantClock()
    letters, _ = inbox(*[failure(Sent.NO)] * 40, [message(5)], clock=clock)
    await first(letters.follow(after=4), 1)
    assert [nap for nap in clock.naps if nap > 20][:6] == [30, 60, 120, 240, 300, 300]

    clock = InstantClock()
    letters, _ = inbox(*[failure(Sent.NO)] * 40, [message(5)], clock=clock)
    await first(letters.follow(after=4, every=400), 1)
    assert {nap for nap in clock.naps if nap > 20} == {400}


@pytest.mark.parametrize(("code", "error"), [(1, BadParameters), (2, AuthenticationFailed)])
async def test_follow_ends_with_what_does_not_pass(code: int, error: type[ApiError]) -> None:
    """A wrong password is the caller's business, and so is a form that the service refuses."""
    letters, exchange = inbox({"error": "no", "error_code": code})
    with pytest.raises(error):
        await anext(letters.follow())
    assert len(exchange.asked) == 1


async def test_follow_ends_where_the_host_is_not_trusted() -> None:
    """No question will be answered until somebody says whom to trust."""
    letters, exchange = inbox(Untrusted("the certificate is not trusted"))
    with pytest.raises(UntrustedHost):
        await anext(letters.follow())
    assert len(exchange.asked) == 1


async def test_a_service_that_repeats_itself() -> None:
    """A full page without anything new is a `BadReply`, and for `follow` a passing one."""
    same = [message(number) for number in range(1, 1001)]
    letters, exchange = inbox(same, same)
    with pytest.raises(BadReply, match="no later message"):
        await texts(letters.all())
    assert len(exchange.asked) == 2

    letters, _ = inbox(same, [message(1001, "new")])
    assert await first(letters.follow(after=1000), 1) == ["new"]


async def test_whatever_the_order(trial: Trial[InstantClock]) -> None:
    """Messages are put in the order of their ids, and what was there before is left out."""
    letters, exchange = inbox([message("10"), message(9), message(3), message(2)])
    assert [one.id async for one in letters.all(after=2)] == ["3", "9", "10"]
    assert exchange.asked[0][1].items() >= {("after_id", "2"), ("cnt", "1000")}


async def test_on_the_wire() -> None:
    """Every option reaches its documented field, and nothing else is sent."""
    letters, exchange = inbox([], [])

    await letters.page(limit=10_000, hours=168, after="1234567", to_phone="+7 900 000-00-00")
    await letters.page(limit=10)

    common = {"login", "psw", "fmt", "charset"}
    asked = [
        (path, {name: value for name, value in form.items() if name not in common})
        for path, form in exchange.asked
    ]
    everything = {"cnt": "10000", "hour": "168", "after_id": "1234567", "to_phone": "79000000000"}
    assert asked == [
        ("/sys/get.php", {"get_answers": "1"} | everything),
        ("/sys/get.php", {"get_answers": "1", "cnt": "10"}),
    ]


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@pytest.mark.parametrize(
    ("field", "act"),
    [
        ("limit", lambda i: i.page(limit=0)),
        ("limit", lambda i: i.page(limit=10_001)),
        ("hours", lambda i: i.page(hours=169)),
        ("hours", lambda i: i.all(hours=0)),
        ("after", lambda i: i.page(after="m1")),
        ("after", lambda i: i.all(after=-1)),
        ("after", lambda i: i.follow(after=True)),
        ("to_phone", lambda i: i.page(to_phone="phone")),
        ("every", lambda i: i.follow(every=19.9)),
        ("every", lambda i: i.follow(every=float("nan"))),
        ("every", lambda i: i.follow(every="30")),
    ],
)
async def test_refused_before_the_network(field: str, act: Callable[[Inbox], Any]) -> None:
    """What breaks a rule is refused with the name of the option."""
    letters, exchange = inbox()
    with pytest.raises(InvalidRequest) as caught:
        await act(letters)
    assert caught.value.field == field
    assert exchange.asked == []


@pytest.mark.parametrize(
    ("code", "error"),
    [(1, BadParameters), (2, AuthenticationFailed), (4, IpBlocked), (99, ApiError)],
)
async def test_error_codes(code: int, error: type[ApiError]) -> None:
    """Each documented code has its meaning, and so has one that is not documented."""
    letters, _ = inbox({"error": "no", "error_code": code})
    with pytest.raises(error) as caught:
        await letters.page()
    assert caught.value.code == code


async def test_too_many_questions() -> None:
    """After error 9 the minute of somebody else's questions is waited for, or named."""
    refused = {"error": "duplicate request", "error_code": 9}
    letters, _ = inbox(refused)
    with pytest.raises(RateLimited) as caught:
        await letters.page()
    assert caught.value.rule == "get_answers.identical"


async def test_nothing_found_is_empty() -> None:
    """Should the service call it an error that there is nothing, it is still an empty list."""
    letters, _ = inbox({"error": "not found", "error_code": 3})
    assert await letters.page() == []


async def test_odd_answers() -> None:
    """Ids may be strings, fields missing or new, and one message without brackets."""
    letters, _ = inbox({"id": "7", "phone": 79991234567, "new": "x"})
    assert await letters.page() == [InboxMessage("7", PHONE, extra={"new": "x"})]


@pytest.mark.parametrize("answer", ["no", 5, [5], [{}], [{"id": "m1"}]])
async def test_answers_that_are_none(answer: object) -> None:
    """What is no list of messages with numbers is a `BadReply`."""
    letters, _ = inbox(*[answer] * 4)
    with pytest.raises(BadReply):
        await letters.page()
