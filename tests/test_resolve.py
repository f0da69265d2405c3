"""A send whose answer was lost, from the first look to the last."""

from __future__ import annotations

from decimal import Decimal

import pytest
from service import Client, ScriptedExchange, failure

from smsc_async import (
    DuplicateMessage,
    Hlr,
    InvalidNumber,
    InvalidRequest,
    OutcomeUnknown,
    SentMessage,
)
from smsc_async.transport import Sent

pytestmark = pytest.mark.anyio

PHONE = "79991234567"
SENT = {"id": "m1", "cnt": 1, "cost": "0.15", "balance": "99.85"}
HERE = {"status": 0, "cost": "0.15", "sms_cnt": 1, "err": 0}
GONE = {"status": -3}
REPEATED = {"error": "duplicate request, wait a minute", "error_code": 9}
LOST = Sent.UNKNOWN


class Trial:
    """A careful send over a scripted service, and when it asked what."""

    def __init__(self, *replies: object) -> None:
        self.exchange = ScriptedExchange(*replies)
        self.client = Client(self.exchange, patience=1000.0)
        self.start = self.client.clock.now()

    async def send(self, to: str | list[str] = PHONE) -> SentMessage:
        return await self.client.send(to, "Hello", id="m1", outcome="careful")

    @property
    def scripts(self) -> list[str]:
        return [path.removeprefix("/sys/").removesuffix(".php") for path, _ in self.exchange.asked]

    @property
    def seconds(self) -> float:
        return self.client.clock.now() - self.start


async def test_found_at_the_first_look() -> None:
    """A message that the service has was sent: its status says what it cost."""
    trial = Trial(failure(LOST), HERE, HERE)

    sent = await trial.send()

    assert (sent.id, sent.units, sent.cost, sent.confirmed_by) == (
        "m1",
        1,
        Decimal("0.15"),
        "status",
    )
    assert sent.balance.is_nan()
    assert [one.status for one in sent.recipients] == [0]
    assert trial.seconds == 2.0


async def test_found_at_the_last_look() -> None:
    """The service may be slow to show it: looks go on for a minute."""
    trial = Trial(failure(LOST), GONE, GONE, GONE, HERE, HERE)

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
    assert sent.confirmed_by == "reply"
    assert trial.seconds >= 62.0


async def test_unknown_again_is_looked_up_again() -> None:
    """A second lost answer is looked up, too, and found."""
    trial = Trial(failure(LOST), *[GONE] * 4, failure(LOST), GONE, HERE, HERE)

    sent = await trial.send()

    assert sent.confirmed_by == "status"


async def test_never_a_third_time() -> None:
    """After the second send nothing is sent any more, whatever the looks say."""
    trial = Trial(failure(LOST), *[GONE] * 4, failure(LOST), *[GONE] * 4)

    with pytest.raises(OutcomeUnknown) as caught:
        await trial.send()

    assert caught.value.message_id == "m1"
    assert trial.scripts.count("send") == 2


async def test_duplicate_means_look() -> None:
    """Error 9 on the second send may be about the first: it is looked for, not sent again."""
    trial = Trial(failure(LOST), *[GONE] * 4, REPEATED, HERE, HERE)

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
    trial = Trial(failure(LOST), GONE, HERE, HERE, GONE, HERE)

    sent = await trial.send(["79991234567", "79990000007", "79997654321"])

    looks = [form["phone"] for path, form in trial.exchange.asked if path == "/sys/status.php"]
    assert looks[:2] == ["79991234567", "79997654321"]
    assert sorted(one.status or 0 for one in sent.recipients) == [-3, 0, 0]
    assert sent.cost == Decimal("0.30")


async def test_groups_are_never_resent() -> None:
    """Who is in a group is not known here: its message stays in doubt at once."""
    trial = Trial(failure(LOST))

    with pytest.raises(OutcomeUnknown):
        await trial.send("G12")

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
    trial = Trial(failure(LOST), HERE, HERE)
    await trial.send()

    with pytest.raises(DuplicateMessage):
        await trial.send()
