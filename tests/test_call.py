"""One call's life, over a scripted service."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

import anyio
import anyio.lowlevel
import pytest
from clocks import FakeClock
from service import Client, ScriptedExchange, failure

from smsc_async import (
    AuthenticationFailed,
    BadReply,
    DuplicateMessage,
    GovernorUnavailable,
    InvalidNumber,
    IpBlocked,
    MemoryGovernor,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    SmscError,
    TooManyRequests,
)
from smsc_async._wire import Form
from smsc_async.groups.account import BALANCE
from smsc_async.groups.mailings import Mailings
from smsc_async.transport import Progress, Reply, Sent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smsc_async._clock import Clock
    from smsc_async.governor import Need, Outcome, Permit

pytestmark = pytest.mark.anyio

PHONE = "79991234567"
EMPTY = Form({}, b"", "/sys/send.php")
MONEY = {"balance": "100.00"}
SENT = {"id": "m1", "cnt": 1, "cost": "0.15", "balance": "99.85"}
REPEATED = {"error": "duplicate request, wait a minute", "error_code": 9}
CONCURRENT = {"error": "too many concurrent requests", "error_code": 9}
BAD_LOGIN = {"error": "authorise error", "error_code": 2}


async def balance(smsc: Client) -> None:
    await smsc._call(BALANCE, {})


@pytest.mark.parametrize("trouble", [*map(failure, Sent), b"<html>502</html>", b"", CONCURRENT])
async def test_reads_are_repeated(trouble: object) -> None:
    """A read goes on through whatever may pass."""
    smsc = Client(ScriptedExchange(trouble, MONEY))

    await balance(smsc)

    assert len(smsc.asked) == 2


@pytest.mark.parametrize("sent", [Sent.NO, Sent.REFUSED])
async def test_unprocessed_send_is_repeated_as_it_was(sent: Sent) -> None:
    """A send that was certainly not processed is sent again, byte for byte."""
    smsc = Client(ScriptedExchange(failure(sent), SENT))

    await smsc.send(PHONE, "Hello")

    first, second = smsc.asked
    assert first == second


@pytest.mark.parametrize("trouble", [failure(Sent.UNKNOWN), b"<html>502</html>", b"", b'{"id": 1'])
async def test_send_that_may_have_been_processed_is_not_repeated(trouble: object) -> None:
    """After a lost or unreadable answer a send raises, with the id and the phones to ask for."""
    smsc = Client(ScriptedExchange(trouble, SENT))

    with pytest.raises(OutcomeUnknown) as caught:
        await smsc.send(["+79991234567", "79997654321"], "Hello", id="mine")

    assert caught.value.message_id == "mine"
    assert caught.value.phones == ("+79991234567", "79997654321")
    assert len(smsc.asked) == 1


async def test_unprocessed_to_the_end() -> None:
    """When no attempt reaches a host the call was not sent, and says so."""
    smsc = Client(ScriptedExchange(*[failure(Sent.NO)] * 4))

    with pytest.raises(NotSent) as caught:
        await smsc.send(PHONE, "Hello")

    assert caught.value.command == "send.php"
    assert len(smsc.asked) == 4


async def test_errors_say_what_they_are_about() -> None:
    """An API error names command, message and the vendor's page."""
    smsc = Client(ScriptedExchange({"error": "invalid number", "error_code": 7, "id": "m1"}))

    with pytest.raises(InvalidNumber) as caught:
        await smsc.send(PHONE, "Hello", id="m1")

    assert str(caught.value) == (
        "send.php: error 7: invalid number [message id m1] (https://smscentre.com/api/http/send/)"
    )


async def test_reads_that_never_fit() -> None:
    """A read whose answers are never the API's raises BadReply in the end."""
    smsc = Client(ScriptedExchange(*[b"<html>"] * 4))

    with pytest.raises(BadReply, match="web page"):
        await balance(smsc)


async def test_duplicate_is_told_before_the_network() -> None:
    """The same text to the same phone within a minute is refused here, with the exact wait."""
    smsc = Client(ScriptedExchange(SENT))
    await smsc.send(PHONE, "Hello")

    with pytest.raises(DuplicateMessage) as caught:
        await smsc.send("+7 999 123-45-67", "Hello")

    assert (caught.value.rule, caught.value.retry_after) == ("send.identical", 62.0)
    assert len(smsc.asked) == 1


async def test_duplicate_waits_when_asked_to() -> None:
    """With repeat="wait" the same text goes out when the minute is over, whatever the patience."""
    smsc = Client(ScriptedExchange(SENT, SENT), patience=5.0)
    await smsc.send(PHONE, "Hello")
    start = smsc.clock.now()

    await smsc.send(PHONE, "Hello", repeat="wait")

    assert smsc.clock.now() - start == 62.0


async def test_not_sent_leaves_no_duplicate() -> None:
    """A send that never left does not count as one: it may be tried again at once."""
    smsc = Client(ScriptedExchange(*[failure(Sent.NO)] * 4, SENT))
    with pytest.raises(NotSent):
        await smsc.send(PHONE, "Hello")

    await smsc.send(PHONE, "Hello")


async def test_unknown_counts_as_sent() -> None:
    """A send that may have been processed counts, and ten seconds longer."""
    smsc = Client(ScriptedExchange(failure(Sent.UNKNOWN)))
    with pytest.raises(OutcomeUnknown):
        await smsc.send(PHONE, "Hello")

    with pytest.raises(DuplicateMessage) as caught:
        await smsc.send(PHONE, "Hello")

    assert caught.value.retry_after == 72.0


async def test_somebody_elses_duplicate_is_remembered() -> None:
    """Error 9 on a send is a duplicate; the next one like it is refused here."""
    smsc = Client(ScriptedExchange(REPEATED))
    with pytest.raises(DuplicateMessage) as caught:
        await smsc.send(PHONE, "Hello")
    assert caught.value.retry_after == 62.0
    assert isinstance(caught.value.__cause__, TooManyRequests)

    with pytest.raises(DuplicateMessage):
        await smsc.send(PHONE, "Hello")

    assert len(smsc.asked) == 1


async def test_somebody_elses_duplicate_waits_when_asked_to() -> None:
    """With repeat="wait" a send survives error 9, and goes out a minute later with the same id."""
    smsc = Client(ScriptedExchange(REPEATED, SENT))
    start = smsc.clock.now()

    await smsc.send(PHONE, "Hello", repeat="wait")

    first, second = smsc.asked
    assert first == second
    assert smsc.clock.now() - start == pytest.approx(62.0)


async def test_window_used_up_by_somebody_else() -> None:
    """Error 9 on a read fills its window: who has the patience waits it out."""
    smsc = Client(ScriptedExchange(REPEATED, MONEY), patience=70.0)
    start = smsc.clock.now()

    await balance(smsc)

    assert 62.0 <= smsc.clock.now() - start < 63.0


async def test_window_used_up_is_told_to_the_impatient() -> None:
    """Who has less patience than the window is told at once, without asking again."""
    smsc = Client(ScriptedExchange(REPEATED))

    with pytest.raises(RateLimited) as caught:
        await balance(smsc)

    assert caught.value.rule == "balance.any"
    assert len(smsc.asked) == 1


async def test_no_room_for_another_attempt() -> None:
    """Where the limit is used up by the first attempt, what went wrong with that is told."""
    smsc = Client(ScriptedExchange(failure(Sent.UNKNOWN), []))

    with pytest.raises(OutcomeUnknown) as caught:
        await Mailings(smsc._call).all()

    assert isinstance(caught.value.__cause__, RateLimited)
    assert len(smsc.asked) == 1


async def test_crowd_lowers_the_slots() -> None:
    """After "too many concurrent requests" half the slots are left to others for a minute."""
    smsc = Client(ScriptedExchange(CONCURRENT, MONEY), patience=0.0)
    await balance(smsc)
    taken = 0
    with pytest.raises(RateLimited):
        for _ in range(12):
            await smsc._call._governor.acquire(
                smsc._call._begin(BALANCE, EMPTY, None, (), "raise").needs[-1:],
                lease=1.0,
                patience=0,
            )
            taken += 1

    assert taken == 6


async def test_crowded_send_is_repeated() -> None:
    """A send refused because of too many at once is sent again as it was: it filled no window."""
    smsc = Client(ScriptedExchange(CONCURRENT, SENT))

    await smsc.send(PHONE, "Hello")

    first, second = smsc.asked
    assert first == second


async def test_crowd_at_status_makes_it_strict() -> None:
    """After a crowd at status.php a status request waits until few others are in flight."""
    smsc = Client(ScriptedExchange(CONCURRENT, {"status": 1}, {"status": 1}))
    await smsc.status("m1", PHONE)

    await smsc.status("m2", PHONE)

    assert smsc._call._strict_status


async def test_two_bad_logins_are_the_last() -> None:
    """Twelve calls with a wrong password ask twice; the others are refused here."""
    smsc = Client(ScriptedExchange(BAD_LOGIN, BAD_LOGIN), clock=FakeClock())
    errors: list[AuthenticationFailed] = []

    async def call() -> None:
        with pytest.raises(AuthenticationFailed) as caught:
            await balance(smsc)
        errors.append(caught.value)

    async with anyio.create_task_group() as group:
        for _ in range(12):
            group.start_soon(call)

    assert len(errors) == 12
    assert len(smsc.asked) == 2


async def all_at_once(smsc: Client, count: int) -> list[SmscError]:
    """Make so many calls that fail, and return how."""
    errors: list[SmscError] = []

    async def call() -> None:
        try:
            await balance(smsc)
        except SmscError as error:
            errors.append(error)

    async with anyio.create_task_group() as group:
        for _ in range(count):
            group.start_soon(call)
    return errors


async def test_a_password_that_is_no_longer_good() -> None:
    """Calls that wait for a slot hear of it, too: only those in flight have asked."""
    smsc = Client(ScriptedExchange(MONEY, *[BAD_LOGIN] * 20), clock=FakeClock(), concurrency=2)
    await balance(smsc)

    errors = await all_at_once(smsc, 8)

    assert {type(error) for error in errors} == {AuthenticationFailed}
    assert len(smsc.asked) == 1 + 2


async def test_a_block_reaches_those_who_wait() -> None:
    """So it is when the address is blocked."""
    blocked = {"error": "ip is blocked", "error_code": 4}
    smsc = Client(ScriptedExchange(MONEY, *[blocked] * 20), clock=FakeClock(), concurrency=2)
    await balance(smsc)

    errors = await all_at_once(smsc, 8)

    assert {type(error) for error in errors} == {IpBlocked}
    assert len(smsc.asked) == 1 + 2


@pytest.mark.parametrize("trouble", [failure(Sent.NO), failure(Sent.UNKNOWN), b"<html>"])
async def test_no_answer_is_no_login(trouble: object) -> None:
    """Until the service has taken the password once, calls go one by one."""
    smsc = Client(ScriptedExchange(trouble, *[BAD_LOGIN] * 20))
    with pytest.raises(SmscError):
        await smsc.send(PHONE, "Hello")

    assert {type(error) for error in await all_at_once(smsc, 8)} == {AuthenticationFailed}
    assert len(smsc.asked) == 1 + 2


async def test_waiting_for_a_login_ends_with_the_deadline() -> None:
    """A call that waits behind another one's login gives up at its deadline, unsent."""
    clock = FakeClock()
    smsc = Client(ScriptedExchange(MONEY), clock=clock, deadline=30.0)
    smsc._call._login = anyio.Event()
    errors: list[SmscError] = []

    async def call() -> None:
        errors.extend(await all_at_once(smsc, 1))

    async with anyio.create_task_group() as group:
        group.start_soon(call)
        await clock.advance(31.0)

    assert {type(error) for error in errors} == {NotSent}
    assert smsc.asked == []


class Broken(MemoryGovernor):
    """A governor whose store is gone, for permits or for what becomes of them."""

    def __init__(self, clock: Clock, method: str) -> None:
        super().__init__(clock=clock)
        self.method = method

    async def acquire(self, needs: Sequence[Need], *, lease: float, patience: float) -> Permit:
        if self.method == "acquire":
            raise ConnectionError("the store is gone")
        return await super().acquire(needs, lease=lease, patience=patience)

    async def release(self, permit: Permit, outcome: Outcome) -> None:
        with anyio.CancelScope(shield=True):
            await anyio.lowlevel.checkpoint()
            if self.method == "release":
                raise ConnectionError("the store is gone")
            await super().release(permit, outcome)


async def test_a_governor_that_gives_no_permit() -> None:
    """Without a permit nothing is sent, and the error is one of ours."""
    smsc = Client(ScriptedExchange(SENT))
    smsc._call._governor = Broken(smsc.clock, "acquire")

    with pytest.raises(GovernorUnavailable, match="ConnectionError"):
        await smsc.send(PHONE, "Hello")

    assert smsc.asked == []


async def test_a_governor_that_takes_nothing_back(caplog: pytest.LogCaptureFixture) -> None:
    """The answer is not lost over it; the log tells."""
    smsc = Client(ScriptedExchange(SENT))
    smsc._call._governor = Broken(smsc.clock, "release")

    assert (await smsc.send(PHONE, "Hello")).id == "m1"

    assert "did not take a permit back" in caplog.text


async def test_a_permit_comes_back_from_a_cancelled_call() -> None:
    """A governor that waits to take it back does so in a cancelled task, too."""
    clock = FakeClock()
    smsc = Client(ScriptedExchange(MONEY, MONEY), clock=clock, concurrency=1)
    smsc._call._governor = Broken(clock, "nothing")
    await balance(smsc)
    with anyio.CancelScope() as scope:
        scope.cancel()
        await balance(smsc)

    await clock.advance(10.1)
    with anyio.fail_after(1):
        await balance(smsc)


async def test_a_lost_deletion_is_no_doubt_about_a_message() -> None:
    """Doubts are about sends; of what else is lost only the caller is told."""
    smsc = Client(ScriptedExchange(failure(Sent.UNKNOWN)))

    with pytest.raises(OutcomeUnknown):
        await smsc.delete("m1", PHONE)

    assert smsc._call.doubts.open() == ()


class Unhurried(ScriptedExchange):
    """Says that it has not written anything yet, and waits for ever."""

    async def __call__(self, *_: object, progress: Progress | None = None, **__: object) -> Reply:
        assert progress is not None
        progress.sent = Sent.NO
        await anyio.sleep_forever()
        raise AssertionError


async def test_cancelled_before_anything_was_written() -> None:
    """It is not sent, so there is no doubt, and it may be sent at once."""
    smsc = Client(Unhurried(), clock=FakeClock())
    with anyio.move_on_after(0.01):
        await smsc.send(PHONE, "Hello")

    assert smsc._call.doubts.open() == ()
    with anyio.move_on_after(0.01) as scope:
        await smsc.send(PHONE, "Hello")
    assert scope.cancelled_caught


async def test_an_unreadable_answer_says_from_where() -> None:
    """The host that answered is among the attempts, so that a resend may avoid it."""
    smsc = Client(ScriptedExchange(b"<html>"))

    with pytest.raises(OutcomeUnknown) as caught:
        await smsc.send(PHONE, "Hello")

    assert [attempt.host for attempt in caught.value.attempts] == ["smscentre.com"]


async def test_block_stops_everything() -> None:
    """After error 4 no call asks, until its time."""
    smsc = Client(ScriptedExchange({"error": "ip is blocked", "error_code": 4}, SENT))
    for _ in range(3):
        with pytest.raises(IpBlocked) as caught:
            await smsc.send(PHONE, "Hello")
    assert caught.value.retry_after == 60.0
    assert len(smsc.asked) == 1

    await smsc.clock.sleep(62.0)
    await smsc.send(PHONE, "Hello")


async def test_cancelled_send_counts_as_unknown() -> None:
    """A send that was cancelled in flight gives its slot back later, and counts as sent."""
    clock = FakeClock()
    smsc = Client(ScriptedExchange(MONEY, SENT, SENT), clock=clock, concurrency=1)
    await balance(smsc)
    with anyio.CancelScope() as scope:
        scope.cancel()
        await smsc.send(PHONE, "Hello")

    with pytest.raises(DuplicateMessage):
        await smsc.send(PHONE, "Hello")
    sent = []

    async def other() -> None:
        sent.append(await smsc.send(PHONE, "Another"))

    async with anyio.create_task_group() as group:
        group.start_soon(other)
        await clock.advance(9.9)
        assert sent == []
        await clock.advance(0.2)
    assert len(sent) == 1


@pytest.mark.parametrize(
    "replies",
    [
        [BAD_LOGIN],
        [failure(Sent.UNKNOWN)],
        [failure(Sent.NO)] * 4,
        [b"<html>"],
        [b'{"id": {"odd": "79990001122"}}'],
        [REPEATED],
        [{"error": "invalid number", "error_code": 7, "id": 1}],
    ],
)
async def test_no_secret_in_any_traceback(replies: list[object]) -> None:
    """Nobody who prints the locals of a traceback of ours sees the password."""
    smsc = Client(ScriptedExchange(*replies))
    with pytest.raises(SmscError) as caught:
        await smsc.send(PHONE, "Hello")

    error: BaseException | None = caught.value
    shown = ""
    while error is not None:
        frames = traceback.walk_tb(error.__traceback__)
        ours = [frame for frame, _ in frames if "smsc_async" in frame.f_code.co_filename]
        shown += "".join(repr(value) for frame in ours for value in frame.f_locals.values())
        shown += repr(error) + str(error)
        error = error.__cause__ or error.__context__

    assert "Caller" in shown
    assert "secret-password" not in shown
    assert "79990001122" not in shown
