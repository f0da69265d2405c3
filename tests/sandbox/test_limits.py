"""The service's counting, by arrival."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsc_async.sandbox.limits import Limits

if TYPE_CHECKING:
    from hand_clock import HandClock

DOCUMENTED = [
    ("send.identical", 1),
    ("send.cost.identical", 5),
    ("status.same_message", 5),
    ("status.mass", 1),
    ("balance.any", 10),
]


@pytest.fixture
def limits(clock: HandClock) -> Limits:
    """Limits that are enforced."""
    return Limits(clock, enforce=True)


@pytest.mark.parametrize(("name", "limit"), DOCUMENTED)
def test_the_documented_number_is_taken(
    limits: Limits, clock: HandClock, name: str, limit: int
) -> None:
    """One more than the limit is refused, up to and including the sixtieth second."""
    assert [limits.count(name, "it") for _ in range(limit + 1)] == [False] * limit + [True]
    clock.now += 60
    assert limits.count(name, "it")
    clock.now += 0.001
    assert not limits.count(name, "it")


def test_other_things_have_other_counters(limits: Limits) -> None:
    """Only requests for the same thing under the same rule share a counter."""
    assert not limits.count("send.identical", "a")
    assert not limits.count("send.identical", "b")
    assert not limits.count("status.mass", "a")
    assert limits.count("send.identical", "a")


def test_a_refused_request_does_not_count(limits: Limits, clock: HandClock) -> None:
    """The window is over sixty seconds after what was taken, whatever was refused since."""
    limits.count("send.identical", "it")
    clock.now += 59
    assert limits.count("send.identical", "it")
    clock.now += 2
    assert not limits.count("send.identical", "it")


def test_a_refused_request_counts_when_asked_for(clock: HandClock) -> None:
    """With `count_refused` a refused request starts the window again."""
    limits = Limits(clock, enforce=True, count_refused=True)
    limits.count("send.identical", "it")
    clock.now += 59
    assert limits.count("send.identical", "it")
    clock.now += 2
    assert limits.count("send.identical", "it")


@given(st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 40)), max_size=40))
def test_no_sixty_seconds_hold_more_than_the_limit(steps: list[tuple[str, float]]) -> None:
    """A request is taken exactly if fewer than five were within the sixty seconds before it."""
    now = 0.0
    limits = Limits(lambda: now, enforce=True)
    taken: list[tuple[str, float]] = []
    for what, pause in steps:
        now += pause
        recent = sum(1 for other, at in taken if other == what and at >= now - 60)
        assert limits.count("status.same_message", what) == (recent >= 5)
        if recent < 5:
            taken.append((what, now))


def test_nothing_is_kept_of_what_is_over(limits: Limits, clock: HandClock) -> None:
    """Things that are no longer asked for do not stay in memory."""
    for number in range(100):
        limits.count("send.identical", number)
    clock.now += 61
    limits.count("send.identical", "it")
    window = limits._windows["send.identical"]
    assert (len(window.arrivals), dict(window.counts)) == (1, {"it": 1})


def test_the_fifteenth_at_a_time_is_refused(limits: Limits) -> None:
    """Fourteen requests may be in flight; one that was refused makes no room less."""
    broken = [limits.enter("send.php") for _ in range(16)]
    assert broken == [None] * 14 + ["concurrency"] * 2
    limits.leave("send.php", "concurrency")
    assert limits.enter("send.php") == "concurrency"
    limits.leave("send.php", None)
    assert limits.enter("send.php") is None


def test_the_fifth_status_at_a_time_is_refused(limits: Limits) -> None:
    """Four requests to status.php may be in flight; they are among the fourteen."""
    broken = [limits.enter("status.php") for _ in range(5)]
    assert broken == [None] * 4 + ["status.concurrency"]
    assert [limits.enter("balance.php") for _ in range(11)] == [None] * 10 + ["concurrency"]
    limits.leave("status.php", None)
    assert limits.enter("status.php") is None


def test_a_refused_request_takes_room_when_asked_for(clock: HandClock) -> None:
    """With `count_refused` a refused request is in the way until it is answered."""
    limits = Limits(clock, enforce=True, count_refused=True)
    for _ in range(15):
        limits.enter("send.php")
    limits.leave("send.php", None)
    assert limits.enter("send.php") == "concurrency"


def test_the_peaks_are_known_without_enforcing(clock: HandClock) -> None:
    """The most requests at a time are counted, and nothing is refused."""
    limits = Limits(clock, enforce=False)
    broken = [limits.enter("status.php") for _ in range(7)]
    broken += [limits.enter("send.php") for _ in range(13)]
    for _ in range(7):
        limits.leave("status.php", None)
    limits.enter("send.php")
    assert set(broken) == {None}
    assert (limits.peak_in_flight, limits.peak_status_in_flight) == (20, 7)
    assert not any(limits.count("send.identical", "it") for _ in range(3))
    assert not any(limits.floods("79991234567") for _ in range(60))


def test_the_fifty_first_in_a_row_is_a_flood(limits: Limits, clock: HandClock) -> None:
    """Messages to a recipient with pauses up to a minute are a row; others do not matter."""
    flooded: list[bool] = []
    for _ in range(52):
        flooded.append(limits.floods("79991234567"))
        clock.now += 60
    assert flooded == [False] * 50 + [True] * 2
    assert not limits.floods("79997654321")
    clock.now += 0.001
    assert not limits.floods("79991234567")
