"""A send whose answer was lost, from the first look to the last."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import anyio
import pytest
from clocks import FakeClock, InstantClock
from service import Client, ScriptedExchange, failure

from smsc_async import (
    BadParameters,
    ClientClosed,
    DuplicateMessage,
    Hlr,
    InvalidNumber,
    InvalidRequest,
    OutcomeUnknown,
    SentMessage,
)
from smsc_async._resolve import OutcomeMode
from smsc_async.transport import Sent

if TYPE_CHECKING:
    from smsc_async._clock import Clock

pytestmark = pytest.mark.anyio

PHONE = "79991234567"
SENT = {"id": "m1", "cnt": 1, "cost": "0.15", "balance": "99.85"}
HERE = {"status": 0, "cost": "0.15", "sms_cnt": 1, "err": 0}
MONEY = {"balance": "99.85", "currency": "RUR"}
GONE = {"status": -3}
REPEATED = {"error": "duplicate request, wait a minute", "error_code": 9}
LOST = Sent.UNKNOWN


class Trial:
    """A careful send over a scripted service, and when it asked what."""

    def __init__(
        self, *replies: object, clock: Clock | None = None, deadline: float = 180.0
    ) -> None:
        self.exchange = ScriptedExchange(*replies)
        self.client = Client(self.exchange, clock=clock, patience=1000.0, deadline=deadline)
        self.start = self.client.clock.now()

    async def send(
        self, to: str | list[str] = PHONE, outcome: OutcomeMode = "careful"
    ) -> SentMessage:
        return await self.client.send(to, "Hello", id="m1", outcome=outcome)

    @property
    def doubts(self) -> list[str]:
        return [str(doubt.message_id) for doubt in self.client._call.doubts.open()]

    @property
    def scripts(self) -> list[str]:
        return [path.removeprefix("/sys/").removesuffix(".php") for path, _ in self.exchange.asked]

    @property
    def seconds(self) -> float:
        return self.client.clock.now() - self.start


async def test_found_at_the_first_look() -> None:
    """A message that the service has was sent: its status says what it cost."""
    trial = Trial(failure(LOST), HERE, MONEY)

    sent = await trial.send()

    assert (sent.id, sent.units, sent.cost, sent.confirmed_by) == (
        "m1",
        1,
        Decimal("0.15"),
        "status",
    )
    assert sent.balance == Decimal("99.85")
    assert [(one.accepted, one.status) for one in sent.recipients] == [(True, 0)]
    assert trial.seconds == 2.0


async def test_found_at_the_last_look() -> None:
    """The service may be slow to show it: looks go on for a minute."""
    trial = Trial(failure(LOST), GONE, GONE, GONE, HERE, MONEY)

    await trial.send()

    assert trial.scripts.count("send") == 1
    assert trial.seconds == 60.0


async def test_missing_for_a_minute_is_sent_once_more() -> None:
    """What is not there after a minute is sent again, once, as it was."""
    trial = Trial(failure(LOST), *[GONE] * 4, SENT)

    sent = await trial.send()

    sends = [form for path, form in trial.exchange.asked if path == "/sys/send.php"]
    assert len(sends) == 2
    assert sends[0] == sends[1]
    assert trial.exchange.avoided == [""] * 5 + ["smscentre.com"]
    assert trial.doubts == []
    assert sent.confirmed_by == "reply"
    assert trial.seconds >= 62.0


async def test_unknown_again_is_looked_up_again() -> None:
    """A second lost answer is looked up, too, and found."""
    trial = Trial(failure(LOST), *[GONE] * 4, failure(LOST), GONE, HERE, MONEY)

    sent = await trial.send()

    assert sent.confirmed_by == "status"


async def test_never_a_third_time() -> None:
    """After the second send nothing is sent any more, whatever the looks say."""
    trial = Trial(failure(LOST), *[GONE] * 4, failure(LOST), *[GONE] * 4)

    with pytest.raises(OutcomeUnknown) as caught:
        await trial.send()

    assert caught.value.message_id == "m1"
    assert trial.scripts.count("send") == 2
    assert trial.doubts == ["m1"]


async def test_duplicate_means_look() -> None:
    """Error 9 on the second send may be about the first: it is looked for, not sent again."""
    trial = Trial(failure(LOST), *[GONE] * 4, REPEATED, HERE, MONEY)

    sent = await trial.send()

    assert sent.confirmed_by == "status"
    assert trial.scripts.count("send") == 2


async def test_could_not_look_never_resends() -> None:
    """When the last look fails nobody knows, and nothing is sent."""
    error = {"error": "error in parameters", "error_code": 1}
    trial = Trial(failure(LOST), GONE, GONE, GONE, error)

    with pytest.raises(OutcomeUnknown):
        await trial.send()

    assert trial.scripts.count("send") == 1


async def test_refused_the_second_time() -> None:
    """A second send that the service refuses for good raises its error."""
    error = {"error": "invalid number", "error_code": 7, "id": "m1"}
    trial = Trial(failure(LOST), *[GONE] * 4, error)

    with pytest.raises(InvalidNumber):
        await trial.send()


async def test_second_send_that_never_left_says_nothing_of_the_first() -> None:
    """When the second send cannot leave, the first one is still in doubt."""
    trial = Trial(failure(LOST), *[GONE] * 4, *[failure(Sent.NO)] * 4)

    with pytest.raises(OutcomeUnknown):
        await trial.send()


async def test_several_recipients_are_one_message() -> None:
    """Of many the first and the last are looked for; one found settles it for all."""
    trial = Trial(failure(LOST), GONE, HERE, HERE, MONEY)

    sent = await trial.send(["79991234567", "79990000007", "79997654321"])

    looks = [form["phone"] for path, form in trial.exchange.asked if path == "/sys/status.php"]
    assert sorted(looks[:2]) == ["79991234567", "79997654321"]
    assert looks[2:] == ["79990000007"]
    assert sorted(str(one.accepted) for one in sent.recipients) == ["False", "True", "True"]
    assert sent.cost == Decimal("0.30")


async def test_refused_at_both_ends() -> None:
    """Two refused recipients are never found, and say nothing of the one between them."""
    trial = Trial(failure(LOST), *[GONE] * 8, HERE, MONEY)

    sent = await trial.send(["79990000007", "79991234567", "79990000008"])

    assert trial.scripts.count("send") == 1
    assert [one.accepted for one in sent.recipients] == [False, True, False]
    assert trial.seconds == 60.0


async def test_many_are_asked_for_together() -> None:
    """More than twenty are one question, which matches them by phone, else by their order."""
    numbers = [f"799912345{number}" for number in range(10, 33)]
    answers: list[object] = [GONE | {"id": "m1"} for _ in numbers[1:-1]]
    answers[7] = HERE | {"id": "m1"}
    trial = Trial(failure(LOST), *[GONE] * 8, answers, MONEY)

    sent = await trial.send(numbers)

    assert trial.scripts == ["send", *["status"] * 9, "balance"]
    assert trial.exchange.asked[9][1]["phone"].split(",") == numbers[1:-1]
    assert [one.accepted for one in sent.recipients].index(True) == 8


async def test_together_without_an_answer_for_each() -> None:
    """Who is left out of the answer is not missing, so nothing is sent again."""
    numbers = [f"799912345{number}" for number in range(10, 33)]
    trial = Trial(failure(LOST), *[GONE] * 8, [GONE] * 5)

    with pytest.raises(OutcomeUnknown):
        await trial.send(numbers)

    assert trial.scripts.count("send") == 1


async def test_groups_are_never_resent() -> None:
    """Who is in a group is not known here: its message stays in doubt at once."""
    trial = Trial(failure(LOST))

    with pytest.raises(OutcomeUnknown):
        await trial.send("G12")

    assert trial.scripts == ["send"]


@pytest.mark.parametrize("number", ["89991234567", "9991234567"])
async def test_national_numbers_are_never_resent(number: str) -> None:
    """What the service may correct is not found under the number that was given."""
    trial = Trial(failure(LOST))

    with pytest.raises(OutcomeUnknown):
        await trial.send(number)

    assert trial.scripts == ["send"]


async def test_raise_asks_nobody() -> None:
    """With outcome="raise" a lost answer is told at once."""
    smsc = Client(ScriptedExchange(failure(LOST)))

    with pytest.raises(OutcomeUnknown):
        await smsc.send(PHONE, Hlr(), outcome="raise")

    assert len(smsc.asked) == 1


async def test_unknown_mode() -> None:
    """There is no such way to treat a lost answer."""
    smsc = Client(ScriptedExchange())

    with pytest.raises(InvalidRequest, match="outcome"):
        await smsc.send(PHONE, "Hello", outcome="hope")  # type: ignore[arg-type]


async def test_a_duplicate_of_ones_own_is_still_refused() -> None:
    """The care for one message does not let another slip through its minute."""
    trial = Trial(failure(LOST), HERE, MONEY)
    await trial.send()

    with pytest.raises(DuplicateMessage):
        await trial.send()


async def test_fast_sends_again_within_seconds() -> None:
    """What expires is sent again as soon as a look does not find it, inside the service's guard."""
    trial = Trial(failure(LOST), GONE, SENT)

    sent = await trial.send(outcome="fast")

    assert sent.confirmed_by == "reply"
    assert trial.scripts == ["send", "status", "send"]
    assert trial.seconds == 2.0


async def test_fast_takes_a_duplicate_for_a_sign() -> None:
    """When the guard refuses the second send, the first is looked for, and found."""
    trial = Trial(failure(LOST), GONE, REPEATED, HERE, MONEY)

    sent = await trial.send(outcome="fast")

    assert sent.confirmed_by == "status"
    assert trial.seconds == 4.0


async def test_fast_goes_on_carefully() -> None:
    """Inside the guard it is sent again once; after that everything goes as in "careful"."""
    trial = Trial(failure(LOST), GONE, failure(LOST), *[GONE] * 4, SENT)

    await trial.send(outcome="fast")

    assert trial.scripts.count("send") == 3
    assert trial.seconds >= 64.0


async def test_fast_does_not_resend_what_it_could_not_look_for() -> None:
    """A look that fails is no reason to send again, however little time there is."""
    error = {"error": "error in parameters", "error_code": 1}
    trial = Trial(failure(LOST), *[error] * 4)

    with pytest.raises(OutcomeUnknown):
        await trial.send(outcome="fast")

    assert trial.scripts.count("send") == 1


async def test_fast_does_not_take_a_refusal_for_an_end() -> None:
    """Inside the guard the first may have been taken, and its price with it: look."""
    poor = {"error": "no money", "error_code": 3}
    trial = Trial(failure(LOST), GONE, poor, HERE, MONEY)

    sent = await trial.send(outcome="fast")

    assert sent.confirmed_by == "status"


async def test_an_unknown_code_settles_nothing() -> None:
    """A refusal that nobody knows may mean anything: the doubt stays."""
    trial = Trial(failure(LOST), *[GONE] * 4, {"error": "strange", "error_code": 77})

    with pytest.raises(OutcomeUnknown):
        await trial.send()

    assert trial.doubts == ["m1"]


async def test_no_pause_goes_past_the_deadline() -> None:
    """A deadline that ends before the next look ends the search."""
    trial = Trial(failure(LOST), GONE, GONE, GONE, deadline=40.0)

    with pytest.raises(OutcomeUnknown):
        await trial.send()

    assert trial.seconds == 30.0
    assert trial.doubts == ["m1"]


async def test_a_look_needs_the_status_only() -> None:
    """Fields that are empty where nobody needs them do not hide a message."""
    trial = Trial(failure(LOST), {"status": 1, "sms_cnt": "", "cost": "", "err": ""}, MONEY)

    sent = await trial.send()

    assert (sent.units, sent.cost) == (0, Decimal(0))


async def test_what_is_being_resolved_is_no_doubt_yet() -> None:
    """While a send is finding out, its message is not listed, and cannot be called lost."""
    clock = FakeClock()
    trial = Trial(failure(LOST), GONE, [], *[GONE] * 4, SENT, clock=clock)
    async with anyio.create_task_group() as group:
        group.start_soon(trial.send)
        await clock.advance(1.0)
        assert trial.doubts == []
        with pytest.raises(OutcomeUnknown):
            await trial.client.reconcile("m1", PHONE)
        await clock.advance(100.0)
    assert trial.scripts.count("send") == 2


async def test_reconcile_finds() -> None:
    """A doubt is settled later by what the service has."""
    trial = Trial(failure(LOST), HERE, MONEY)
    with pytest.raises(OutcomeUnknown):
        await trial.send(outcome="raise")
    assert trial.doubts == ["m1"]

    sent = await trial.client.reconcile("m1", PHONE)

    assert sent is not None
    assert (sent.id, sent.confirmed_by) == ("m1", "status")
    assert trial.doubts == []


async def test_reconcile_does_not_find() -> None:
    """What the service does not have, nor its history, was not sent."""
    other = {"id": "m2", "phone": "79991234567", "status": 1}
    trial = Trial(GONE, GONE, [other])

    assert await trial.client.reconcile("m1", ["79991234567", "79997654321"]) is None


async def test_reconcile_too_early() -> None:
    """A request that was cancelled may still be processed: for a minute nobody can say no."""
    clock = InstantClock()
    trial = Trial(failure(LOST), *[GONE, []] * 2, clock=clock)
    with pytest.raises(OutcomeUnknown):
        await trial.send(outcome="raise")

    with pytest.raises(OutcomeUnknown):
        await trial.client.reconcile("m1", PHONE)
    assert trial.doubts == ["m1"]

    clock.pass_time(63.0)
    assert await trial.client.reconcile("m1", PHONE) is None
    assert trial.doubts == []


@pytest.mark.parametrize("phones", ["G12", "79990000000", [PHONE, "79990000000"]])
async def test_reconcile_of_others(phones: str | list[str]) -> None:
    """It is asked about the recipients of the message, all of them, and never about a group."""
    trial = Trial(failure(LOST))
    with pytest.raises(OutcomeUnknown):
        await trial.send(outcome="raise")

    with pytest.raises(InvalidRequest, match="phones"):
        await trial.client.reconcile("m1", phones)

    assert trial.scripts == ["send"]
    assert trial.doubts == ["m1"]


async def test_reconcile_of_what_is_long_done() -> None:
    """A message that is in the archive is found in the history."""
    here = {"id": "m1", "phone": "79997654321", "status": 1, "cost": "0.15", "sms_cnt": 1}
    trial = Trial(GONE, GONE, [{"odd": 1}, here], MONEY)

    sent = await trial.client.reconcile("m1", ["79991234567", "+79997654321"])

    assert sent is not None
    assert [(one.accepted, one.status) for one in sent.recipients] == [(False, None), (True, 1)]
    assert trial.exchange.asked[2][1]["phone"] == "79991234567,79997654321"


async def test_reconcile_without_any_history() -> None:
    """No history at all is no message."""
    trial = Trial(GONE, {"error": "message not found", "error_code": 3})

    assert await trial.client.reconcile("m1", PHONE) is None


async def test_reconcile_that_cannot_look() -> None:
    """When the service cannot be asked the doubt stays."""
    trial = Trial(failure(LOST), {"error": "error in parameters", "error_code": 1})
    with pytest.raises(OutcomeUnknown):
        await trial.send(outcome="raise")

    with pytest.raises(BadParameters):
        await trial.client.reconcile("m1", PHONE)

    assert trial.doubts == ["m1"]


async def test_cancelled_send_is_not_forgotten() -> None:
    """A send that was cancelled in flight is listed as a doubt, with its recipients."""
    trial = Trial(GONE, [], SENT)
    await trial.client.reconcile("m0", PHONE)
    with anyio.CancelScope() as scope:
        scope.cancel()
        await trial.send()

    [doubt] = trial.client._call.doubts.open()
    assert (doubt.message_id, doubt.phones) == ("m1", (PHONE,))


async def test_closed_while_looking(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the client is closed between two looks, the doubt is told at once."""
    trial = Trial(failure(LOST), GONE)
    sleep = trial.client.clock.sleep

    async def close_after(seconds: float) -> None:
        await sleep(seconds)
        if seconds == 8.0:
            await trial.client._call._lifetime.close(0)

    monkeypatch.setattr(trial.client.clock, "sleep", close_after)
    with pytest.raises(OutcomeUnknown) as caught:
        await trial.send()

    assert isinstance(caught.value.__cause__, ClientClosed)
    assert trial.seconds == 10.0
