"""The sends of which nobody knows whether they were processed."""

from __future__ import annotations

import traceback

import pytest
from hand_clock import HandClock

from smsc_async import OutcomeUnknown, _doubts
from smsc_async._doubts import Doubts


def doubt(message_id: str | None) -> OutcomeUnknown:
    return OutcomeUnknown("no answer was read", ("79991234567",)).about(message_id=message_id)


def ids(doubts: Doubts) -> list[str | None]:
    return [one.message_id for one in doubts.open()]


def test_kept_until_settled() -> None:
    """A doubt is there from when it was added until it is settled; settling it twice is nothing."""
    doubts = Doubts(HandClock())
    doubts.add(doubt("a"))
    doubts.add(doubt("b"))
    assert ids(doubts) == ["a", "b"]

    doubts.settle("a")
    doubts.settle("a")

    assert ids(doubts) == ["b"]
    assert doubts.find("a") is None


def test_without_an_id() -> None:
    """A message without an id cannot be asked about, so it is not kept."""
    doubts = Doubts(HandClock())

    doubts.add(doubt(None))

    assert doubts.open() == ()


def test_no_frames_are_kept() -> None:
    """What is kept is a copy without a traceback, which says the same."""
    doubts = Doubts(HandClock())
    with pytest.raises(OutcomeUnknown) as raised:
        raise doubt("a")
    doubts.add(raised.value)

    kept = doubts.find("a")

    assert kept is not None
    assert (kept.message_id, kept.phones, str(kept)) == ("a", ("79991234567",), str(raised.value))
    assert traceback.extract_tb(kept.__traceback__) == []


def test_age() -> None:
    """A doubt is as old as its last request; while somebody resolves it, another may follow."""
    clock = HandClock()
    doubts = Doubts(clock)
    doubts.add(doubt("a"))
    clock.now += 60
    assert doubts.age("a") == 60.0

    with doubts.resolving("a"):
        assert doubts.age("a") == 0.0
        doubts.add(doubt("a"))
        assert ids(doubts) == []
    clock.now += 5

    assert doubts.age("a") == 5.0
    assert ids(doubts) == ["a"]


def test_settled_meanwhile() -> None:
    """Whoever resolves a doubt may settle it on the way."""
    doubts = Doubts(HandClock())
    doubts.add(doubt("a"))

    with doubts.resolving("a"):
        doubts.settle("a")

    assert doubts.open() == ()


def test_the_latest_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of too many doubts those go that were added, or asked for again, the longest ago."""
    monkeypatch.setattr(_doubts, "_MOST", 2)
    doubts = Doubts(HandClock())

    for message_id in ("a", "b", "a", "c"):
        doubts.add(doubt(message_id))

    assert ids(doubts) == ["a", "c"]
