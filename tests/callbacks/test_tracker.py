"""Statuses in any order, and however often."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recipes import STATUS, as_form

from smsc_async import (
    DeliveryStatus,
    InvalidRequest,
    MessageStatus,
    RecipientResult,
    SentMessage,
)
from smsc_async._delivery import DeliveryError
from smsc_async.callbacks import (
    DeliveryTracker,
    MemoryStore,
    RecipientStatus,
    StatusEvent,
    parse,
)

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def event(
    status: int,
    seconds: int | None = 0,
    *,
    id: str = "m1",
    phone: str = "79991234567",
    err: int = 0,
) -> StatusEvent:
    """A status so many seconds after noon."""
    moment = None if seconds is None else NOON + timedelta(seconds=seconds)
    return StatusEvent(
        phone=phone,
        id=id,
        status=DeliveryStatus(status),
        changed_at=moment,
        error=DeliveryError(err),
    )


def test_a_message_on_its_way() -> None:
    """Each step forward changes something; the same again, or a step back, does not."""
    tracker = DeliveryTracker()

    changed = [
        tracker.apply(event(*one)) for one in ((-1, 0), (0, 1), (-1, 0), (1, 5), (1, 5), (0, 9))
    ]

    assert changed == [True, True, False, True, False, False]
    assert tracker.get("m1", "+79991234567") == RecipientStatus(
        "m1", "79991234567", DeliveryStatus.DELIVERED, NOON + timedelta(seconds=5)
    )


@pytest.mark.parametrize(
    ("statuses", "last"),
    [
        ([(-1, 0), (-2, 5), (-1, 9)], -1),
        ([(-1, 9), (0, 1), (20, 5)], 20),
        ([(3, 50), (1, 40)], 1),
        ([(1, 3), (4, 2), (2, 9)], 4),
        ([(1, 3), (-3, 90)], 1),
        ([(77, 3), (0, 9)], 77),
        ([(-7, 3), (-1, 2)], -7),
        ([(20, None), (22, None)], 22),
    ],
)
def test_any_order(statuses: list[tuple[int, int | None]], last: int) -> None:
    """Whatever the order, and however often each comes, the same status is the last word."""
    ends = set()
    for order in permutations(statuses * 2):
        tracker = DeliveryTracker()
        for one in order:
            tracker.apply(event(*one))
        ends.add(tracker.get("m1", "79991234567"))

    assert {end.status for end in ends} == {last}
    assert len(ends) == 1


STATUSES = st.builds(
    event,
    st.sampled_from([-3, -2, -1, 0, 1, 2, 3, 4, 20, 22, 23, 24, 25, 7, 99, -9]),
    st.none() | st.integers(0, 3),
    id=st.sampled_from(["a", "b"]),
    phone=st.sampled_from(["79991234567", "89991234567", "79990000000"]),
    err=st.integers(0, 2),
)


@given(st.lists(STATUSES), st.randoms(use_true_random=False))
def test_replayed_shuffled_and_tripled(events: list[StatusEvent], random: object) -> None:
    """Three times the same in another order comes to the same, and then changes nothing more."""
    again = events * 3
    random.shuffle(again)  # type: ignore[attr-defined]
    trackers = DeliveryTracker(), DeliveryTracker()
    for tracker, heard in zip(trackers, (events, again), strict=True):
        for one in heard:
            before = tracker.get(one.id, one.phone)
            changed = tracker.apply(one)
            after = tracker.get(one.id, one.phone)
            assert changed == (after != before)
            assert after.progress >= before.progress

    for message in ("a", "b"):
        ends = [{known.phone: known for known in tracker.all(message)} for tracker in trackers]
        assert ends[0] == ends[1]
    assert not any(trackers[1].apply(one) for one in again)


def test_packs() -> None:
    """A message to many is one for each of them; messages with other ids are others."""
    tracker = DeliveryTracker()
    tracker.apply(event(1))
    tracker.apply(event(20, phone="79997654321", err=1))
    tracker.apply(event(0, id="m2"))

    assert {one.phone: one.status for one in tracker.all("m1")} == {
        "79991234567": 1,
        "79997654321": 20,
    }
    assert tracker.get("m1", "79997654321").error is DeliveryError.NO_RECIPIENT
    assert not tracker.get("m2", "79991234567").is_final
    assert tracker.get("m1", "79990000000").status is DeliveryStatus.NOT_FOUND


def test_of_a_send() -> None:
    """What was sent is joined by its id with what is heard, one for each recipient, in order."""
    tracker = DeliveryTracker()
    recipients = (
        RecipientResult("79997654321", False, status=22, error=249),
        RecipientResult("79991234567", True),
        RecipientResult("79990000001", True),
        RecipientResult("79990000002", None),
    )
    sent = SentMessage("m1", 2, Decimal(1), Decimal(9), recipients)
    tracker.apply(event(1))

    refused, delivered, unheard, doubtful = tracker.of(sent)

    assert (refused.phone, refused.status) == ("79997654321", DeliveryStatus.WRONG_NUMBER)
    assert refused.error is DeliveryError.BAD_FORMAT
    assert delivered == tracker.get("m1", "79991234567")
    assert (unheard.status, doubtful.status) == (DeliveryStatus.WAITING, DeliveryStatus.NOT_FOUND)


def test_status_answers() -> None:
    """The answer to a status request counts like a callback, if it is said whose it is."""
    tracker = DeliveryTracker()
    answer = MessageStatus(DeliveryStatus.DELIVERED, changed_at=NOON)

    assert tracker.apply(answer, id="m1", phone="79991234567")
    assert tracker.get("m1", "79991234567").is_delivered
    assert not tracker.apply(MessageStatus(DeliveryStatus.NOT_FOUND), id="m1", phone="79991234567")
    assert not tracker.apply(MessageStatus(DeliveryStatus.NOT_FOUND), id="m9", phone="79991234567")
    with pytest.raises(InvalidRequest, match="give id and phone"):
        tracker.apply(answer)


@pytest.mark.parametrize("spelling", ["+79991234567", "89991234567", "9991234567", " 79991234567"])
def test_one_recipient_in_any_spelling(spelling: str) -> None:
    """The service corrects national numbers; whoever sent to one finds it."""
    tracker = DeliveryTracker()
    tracker.apply(event(1))

    assert tracker.get("m1", spelling).is_delivered


def test_what_was_posted() -> None:
    """What `parse` returns is taken as it is."""
    tracker = DeliveryTracker()
    posted = parse(as_form(STATUS))
    assert isinstance(posted, StatusEvent)

    assert tracker.apply(posted)
    assert tracker.get("order-17", "79991234567").changed_at == posted.changed_at


def test_watching() -> None:
    """Whoever watches a message is told of each step, until the watch is over."""
    tracker = DeliveryTracker()
    outer: list[RecipientStatus] = []
    inner: list[RecipientStatus] = []

    with tracker.watch(["m1", "m2", "m1"], outer.append):
        with tracker.watch(["m1"], inner.append):
            tracker.apply(event(0))
            tracker.apply(event(0))
        tracker.apply(event(1))
        tracker.apply(event(1, id="m3"))
    tracker.apply(event(4))

    assert [step.status for step in outer] == [0, 1]
    assert [step.status for step in inner] == [0]
    assert tracker._watchers == {}


def test_memory_has_an_end() -> None:
    """The message that was not heard of for the longest time is forgotten."""
    tracker = DeliveryTracker(MemoryStore(size=2))
    for message, status in (("m1", 0), ("m2", 0), ("m1", 1), ("m3", 0)):
        tracker.apply(event(status, id=message))

    assert [bool(tracker.all(message)) for message in ("m1", "m2", "m3")] == [True, False, True]
    with pytest.raises(InvalidRequest):
        MemoryStore(size=0)


def test_a_failed_message_says_why() -> None:
    """Why a message has not arrived is said in words, and of letters in others."""
    sms = RecipientStatus("m1", "79991234567", DeliveryStatus.UNDELIVERABLE, error=DeliveryError(1))
    mail = RecipientStatus(
        "m1", "a@b.example", DeliveryStatus.UNDELIVERABLE, error=DeliveryError(1)
    )

    assert (sms.reason, mail.reason) == ("there is no such number", "there is no such address")
    assert RecipientStatus("m1", "79991234567").reason is None
