"""Waiting until messages are delivered."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from decimal import Decimal
from itertools import pairwise
from typing import Any

import anyio
import pytest
from clocks import FakeClock, let_others_act

from smsc_async import (
    AuthenticationFailed,
    BadReply,
    DeliveryStatus,
    InvalidRequest,
    MessageStatus,
    NotSent,
    RateLimited,
    RecipientResult,
    SentMessage,
    UntrustedHost,
)
from smsc_async._delivery import DeliveryError
from smsc_async.callbacks import DeliveryTracker, RecipientStatus, StatusEvent
from smsc_async.groups.delivery import Deliveries

pytestmark = pytest.mark.anyio

ONE = "79991234567"


def sent(*phones: str, id: str = "m1", **first: Any) -> SentMessage:
    recipients = [RecipientResult(phone, True) for phone in phones]
    if first:
        recipients[0] = RecipientResult(phones[0], **first)
    return SentMessage(id, len(phones), Decimal(1), Decimal(9), tuple(recipients))


def event(status: int, *, id: str = "m1", phone: str = ONE) -> StatusEvent:
    return StatusEvent(phone=phone, id=id, status=DeliveryStatus(status))


class Service(Deliveries):
    """Answers with the statuses it is given; keeps when it was asked, and about whom."""

    def __init__(self) -> None:
        self.clock = self._clock = FakeClock(0.0)
        self.now: dict[str, int] = {}
        self.failures: list[Exception] = []
        self.asked: list[tuple[float, str]] = []
        self.pages: list[tuple[float, int]] = []
        self.at_once = self.peak = 0
        self.meanwhile: Callable[[], object] = lambda: None

    async def status(self, id: str, phone: str) -> MessageStatus:
        self.asked.append((self.clock.now(), phone))
        self.at_once += 1
        self.peak = max(self.peak, self.at_once)
        await anyio.lowlevel.checkpoint()
        self.at_once -= 1
        if self.failures:
            raise self.failures.pop(0)
        return MessageStatus(DeliveryStatus(self.now.get(phone, 0)))

    async def statuses(self, pairs: Iterable[tuple[str, str]]) -> list[MessageStatus]:
        asked = list(pairs)
        self.pages.append((self.clock.now(), len(asked)))
        self.meanwhile()
        await anyio.lowlevel.checkpoint()
        if self.failures:
            raise self.failures.pop(0)
        return [MessageStatus(DeliveryStatus(self.now.get(phone, 0))) for _, phone in asked]


class Waiting:
    """What came of a wait, and when."""

    result: list[RecipientStatus] | None = None
    error: Exception | None = None
    ended: float | None = None


@asynccontextmanager
async def waiting(service: Service, *args: Any, **options: Any) -> AsyncIterator[Waiting]:
    """Wait in another task, so that the clock can be moved."""
    outcome = Waiting()

    async def wait() -> None:
        try:
            outcome.result = await service.wait_delivered(*args, **options)
        except Exception as error:  # noqa: BLE001
            outcome.error = error
        outcome.ended = service.clock.now()

    async with anyio.create_task_group() as group:
        group.start_soon(wait)
        await let_others_act()
        yield outcome
        group.cancel_scope.cancel()


async def test_asked_with_growing_pauses() -> None:
    """A message is asked for less and less often, until it is delivered."""
    service = Service()
    async with waiting(service, sent(ONE), timeout=900) as wait:
        await service.clock.advance(140)
        service.now[ONE] = 1
        await service.clock.advance(400)

    assert [moment for moment, _ in service.asked] == [3, 8, 18, 38, 78, 138, 258]
    assert wait.ended == 258
    assert wait.result == [RecipientStatus("m1", ONE, DeliveryStatus.DELIVERED)]
    assert wait.result[0].is_delivered


async def test_never_more_than_the_limit() -> None:
    """In no minute is a message asked for more than four times: five are allowed."""
    service = Service()
    async with waiting(service, sent(ONE), timeout=4000) as wait:
        await service.clock.advance(4000)

    moments = [moment for moment, _ in service.asked]
    assert max(sum(m <= other < m + 62 for other in moments) for m in moments) == 4
    assert max(b - a for a, b in pairwise(moments)) == 300
    assert wait.result == [RecipientStatus("m1", ONE, DeliveryStatus.WITH_OPERATOR)]


async def test_time_is_up() -> None:
    """When the time is up, what is known is returned."""
    service = Service()
    async with waiting(service, sent(ONE), timeout=10) as wait:
        await service.clock.advance(20)

    assert wait.ended == 10
    assert wait.result == [RecipientStatus("m1", ONE, DeliveryStatus.WITH_OPERATOR)]


async def test_nobody_was_asked_yet() -> None:
    """Without time to wait there is what is known: that the message waits."""
    service = Service()

    [one] = await service.wait_delivered(sent(ONE), timeout=0)

    assert one.status is DeliveryStatus.WAITING
    assert service.asked == []


async def test_callbacks_end_the_wait() -> None:
    """With a tracker the wait ends with the callback, and nobody has to be asked."""
    service, tracker = Service(), DeliveryTracker()
    async with waiting(service, sent(ONE), timeout=60, tracker=tracker) as wait:
        await service.clock.advance(4)
        tracker.apply(event(0))
        await service.clock.advance(1)
        assert wait.ended is None
        tracker.apply(event(1))
        await let_others_act()

    assert wait.ended == 5
    assert wait.result == [RecipientStatus("m1", ONE, DeliveryStatus.DELIVERED)]
    assert service.asked == []


async def test_callbacks_that_do_not_come() -> None:
    """With a tracker that hears nothing the service is asked after all, but seldom."""
    service, tracker = Service(), DeliveryTracker()
    async with waiting(service, sent(ONE), timeout=600, tracker=tracker) as wait:
        await service.clock.advance(50)
        service.now[ONE] = 1
        await service.clock.advance(50)

    assert [moment for moment, _ in service.asked] == [30, 90]
    assert wait.ended == 90
    assert tracker.get("m1", ONE).is_delivered


async def test_the_callback_was_faster_than_the_answer() -> None:
    """What was heard before the send returned counts; national numbers are corrected ones."""
    service, tracker = Service(), DeliveryTracker()
    tracker.apply(event(20))

    [one] = await service.wait_delivered(sent("89991234567"), timeout=0, tracker=tracker)

    assert (one.status, one.phone) == (DeliveryStatus.UNDELIVERABLE, ONE)


async def test_many_and_packed() -> None:
    """Many messages, to many recipients each, are waited for together, in their order."""
    service, tracker = Service(), DeliveryTracker()
    first, second = sent(ONE, "79990000001"), sent("79990000002", id="m2")
    service.now = {ONE: 1, "79990000001": 20, "79990000002": 1}

    async with waiting(service, [first, second], timeout=60, tracker=tracker) as wait:
        tracker.apply(event(4))
        await service.clock.advance(31)

    assert wait.result is not None
    assert [(one.id, one.phone, int(one.status)) for one in wait.result] == [
        ("m1", ONE, 4),
        ("m1", "79990000001", 20),
        ("m2", "79990000002", 1),
    ]
    assert sorted(phone for _, phone in service.asked) == ["79990000001", "79990000002"]


async def test_more_than_a_few() -> None:
    """Twenty are asked about one by one; more of them in pages, and only those still open."""
    phones = [f"7999{number:07}" for number in range(600)]
    service, tracker = Service(), DeliveryTracker()
    service.now = dict.fromkeys(phones[:590], 1)

    async with waiting(service, sent(*phones), timeout=300) as wait:
        await service.clock.advance(4)
        assert service.pages == [(3, 500), (3, 100)]
        service.now = dict.fromkeys(phones, 1)
        await service.clock.advance(10)

    assert len(service.asked) == 10
    assert service.peak == 2
    assert wait.result is not None
    assert all(one.is_delivered for one in wait.result)
    assert tracker.all("m1") == ()


async def test_delivered_while_others_are_asked_about() -> None:
    """What arrives while a page is under way is not on the next one."""
    phones = [f"7999{number:07}" for number in range(600)]
    service, tracker = Service(), DeliveryTracker()
    service.meanwhile = lambda: tracker.apply(event(1, phone=phones[550]))
    async with waiting(service, sent(*phones), timeout=40, tracker=tracker):
        await service.clock.advance(31)

    assert service.pages == [(30, 500), (30, 99)]


async def test_refused_recipients_have_failed() -> None:
    """Whom the service has refused is not asked about."""
    service = Service()
    refused = sent(ONE, accepted=False, status=22, error=249)
    nameless = sent(ONE, accepted=False)

    found = await service.wait_delivered([refused, nameless], timeout=60)

    assert [(one.status, one.error) for one in found] == [
        (DeliveryStatus.WRONG_NUMBER, DeliveryError.BAD_FORMAT),
        (DeliveryStatus.UNDELIVERABLE, None),
    ]
    assert service.asked == []


@pytest.mark.parametrize("failure", [NotSent("away"), RateLimited("x", 9.0), BadReply("not JSON")])
async def test_failures_that_pass(failure: Exception) -> None:
    """What may pass does not end the wait."""
    service = Service()
    service.failures, service.now = [failure], {ONE: 1}
    async with waiting(service, sent(ONE), timeout=60) as wait:
        await service.clock.advance(10)

    assert wait.result is not None
    assert wait.result[0].is_delivered


async def test_failures_that_pass_page_by_page() -> None:
    """A page that fails is asked for again with the others."""
    phones = [f"7999{number:07}" for number in range(600)]
    service = Service()
    service.failures, service.now = [NotSent("away")], dict.fromkeys(phones, 1)
    async with waiting(service, sent(*phones), timeout=60) as wait:
        await service.clock.advance(10)

    assert service.pages == [(3, 500), (3, 100), (8, 500)]
    assert wait.ended == 8


async def test_nothing_was_heard_at_all() -> None:
    """If nothing was heard until the end but a failure, it is raised."""
    service = Service()
    service.failures = [NotSent("away"), NotSent("still away")]
    async with waiting(service, sent(ONE), timeout=10) as wait:
        await service.clock.advance(10)

    assert isinstance(wait.error, NotSent)


@pytest.mark.parametrize(
    "failure", [AuthenticationFailed(2, "authorise error"), UntrustedHost("whose is it?")]
)
async def test_failures_that_do_not_pass(failure: Exception) -> None:
    """A wrong password ends the wait, and so does a host that is not trusted."""
    service = Service()
    service.failures = [failure]
    async with waiting(service, sent(ONE), timeout=60) as wait:
        await service.clock.advance(4)

    assert wait.error is failure
    assert wait.ended == 3


async def test_bad_input() -> None:
    """Groups cannot be waited for, nor ids alone, nor times that are none."""
    service = Service()

    with pytest.raises(InvalidRequest):
        await service.wait_delivered(sent("G12"), timeout=1)
    with pytest.raises(InvalidRequest, match="sent: "):
        await service.wait_delivered("m1", timeout=1)  # type: ignore[arg-type]
    for timeout in (-1, math.nan, "1"):
        with pytest.raises(InvalidRequest):
            await service.wait_delivered(sent(ONE), timeout=timeout)  # type: ignore[arg-type]
    assert await service.wait_delivered([], timeout=1) == []
