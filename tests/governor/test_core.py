"""The core of the governor, one fact at a time."""

from __future__ import annotations

import pytest

from smsc_async.governor.base import LINGER, Need, Outcome
from smsc_async.governor.core import Core, Refusal

LEASE = 30.0
HOLD = 62.0


def window(key: str = "w", limit: int = 1, *, streak: bool = False) -> Need:
    """A place in a window or a streak."""
    return Need(key, limit, HOLD, f"rule.{key}", streak=streak)


def slot(limit: int = 1) -> Need:
    """A place that is free with the answer."""
    return Need("slots", limit, 0.0, "concurrency")


def taken(core: Core, now: float, *needs: Need) -> int:
    """Take places that are there."""
    number = core.try_acquire(now, needs, LEASE)
    assert isinstance(number, int)
    return number


def refused(core: Core, now: float, *needs: Need) -> Refusal:
    """Ask for places that are not there."""
    refusal = core.try_acquire(now, needs, LEASE)
    assert isinstance(refusal, Refusal)
    return refusal


def answered(core: Core, now: float, *needs: Need) -> int:
    """Take places and have the answer at once."""
    number = taken(core, now, *needs)
    core.settle(now, number, needs, Outcome.ANSWERED)
    return number


def test_every_permit_has_its_own_number() -> None:
    """No two permits share a number."""
    core = Core()
    numbers = [taken(core, 0.0, window(limit=3)) for _ in range(3)]
    assert len(set(numbers)) == 3


def test_a_window_counts_from_the_answer() -> None:
    """A place comes free its hold after the answer was read, and at that very moment."""
    core = Core()
    number = taken(core, 0.0, window())
    core.settle(10.0, number, [window()], Outcome.ANSWERED)
    assert refused(core, 11.0, window()) == Refusal(window(), 61.0)
    assert refused(core, 71.75, window()) == Refusal(window(), 0.25)
    taken(core, 72.0, window())


def test_in_flight_counts_as_answered_when_the_lease_ends() -> None:
    """A permit that is never settled frees itself: lease, then hold."""
    core = Core()
    taken(core, 0.0, window())
    assert refused(core, 0.0, window()) == Refusal(window(), LEASE + HOLD)
    taken(core, LEASE + HOLD, window())


@pytest.mark.parametrize(
    ("outcome", "wait"),
    [(Outcome.ANSWERED, HOLD), (Outcome.UNKNOWN, LINGER + HOLD), (Outcome.NOT_SENT, 0.0)],
)
def test_the_outcome_decides_how_long_a_window_holds(outcome: Outcome, wait: float) -> None:
    """Answered holds, unknown holds longer, not sent leaves nothing."""
    core = Core()
    number = taken(core, 0.0, window())
    core.settle(5.0, number, [window()], outcome)
    assert core.wait(5.0, window()) == wait


@pytest.mark.parametrize(
    ("outcome", "wait"),
    [(Outcome.ANSWERED, 0.0), (Outcome.UNKNOWN, LINGER), (Outcome.NOT_SENT, 0.0)],
)
def test_a_slot_is_free_with_the_answer(outcome: Outcome, wait: float) -> None:
    """A slot is free with the answer; unknown, the request may still be at the service."""
    core = Core()
    number = taken(core, 0.0, slot())
    core.settle(5.0, number, [slot()], outcome)
    assert core.wait(5.0, slot()) == wait


@pytest.mark.parametrize("second", list(Outcome))
def test_only_the_first_settlement_counts(second: Outcome) -> None:
    """Settling again changes nothing, whatever it says."""
    core = Core()
    number = taken(core, 0.0, window())
    core.settle(1.0, number, [window()], Outcome.UNKNOWN)
    core.settle(2.0, number, [window()], second)
    assert core.wait(2.0, window()) == LINGER + HOLD - 1.0


@pytest.mark.parametrize("outcome", list(Outcome))
def test_a_settlement_after_the_lease_does_nothing(outcome: Outcome) -> None:
    """When the lease is over the permit is nobody's any more."""
    core = Core()
    number = taken(core, 0.0, window(), slot())
    core.settle(LEASE, number, [window(), slot()], outcome)
    assert core.wait(LEASE, window()) == HOLD
    assert core.wait(LEASE, slot()) == 0.0


def test_all_or_none() -> None:
    """A refusal takes nothing under the needs that had a place."""
    core = Core()
    taken(core, 0.0, window("busy"))
    refused(core, 0.0, window("free"), window("busy"))
    assert core.wait(0.0, window("free")) == 0.0


def test_the_refusal_is_that_of_the_slowest_need() -> None:
    """After the wait that is told every need has a place."""
    core = Core()
    answered(core, 0.0, window("late"))
    answered(core, -10.0, window("early"))
    needs = [window("early"), window("late"), slot()]
    assert core.try_acquire(0.0, needs, LEASE) == Refusal(window("late"), HOLD)
    taken(core, HOLD, *needs)


def test_a_repeated_key_takes_one_place() -> None:
    """Of needs with the same key each has to have a place, and the first takes it."""
    core = Core()
    number = taken(core, 0.0, slot(3), slot(2))
    assert core.wait(0.0, slot(2)) == 0.0
    core.settle(0.0, number, [slot(3), slot(2)], Outcome.ANSWERED)
    assert len(core) == 0
    taken(core, 0.0, slot(2))
    assert refused(core, 0.0, slot(3), slot(1)).need == slot(1)


def test_a_smaller_limit_on_the_same_key_waits_for_more_of_them() -> None:
    """A need with a smaller limit waits until few enough are in flight."""
    core = Core()
    for start in range(4):
        taken(core, float(start), slot(12))
    assert core.wait(3.0, slot(12)) == 0.0
    assert core.wait(3.0, slot(2)) == 2.0 + LEASE - 3.0


def test_a_streak_ends_all_at_once() -> None:
    """Messages that follow each other count until the last of them is long enough ago."""
    core = Core()
    flood = window("r", 3, streak=True)
    for now in (0.0, 40.0, 80.0):
        answered(core, now, flood)
    assert refused(core, 81.0, flood) == Refusal(flood, 80.0 + HOLD - 81.0)
    for _ in range(3):
        answered(core, 80.0 + HOLD, flood)
    assert refused(core, 80.0 + HOLD, flood).wait == HOLD


def test_a_finished_streak_does_not_count_in_the_next() -> None:
    """A pause of a whole hold starts the count anew, also when the limit was not reached."""
    core = Core()
    flood = window("r", 2, streak=True)
    answered(core, 0.0, flood)
    answered(core, HOLD, flood)
    answered(core, HOLD, flood)
    assert refused(core, HOLD, flood).wait == HOLD


def test_fill_takes_all_but_some_places() -> None:
    """Whatever was taken before, no more than the rest can be had while it lasts."""
    core = Core()
    answered(core, -57.0, window(limit=4))
    core.fill(0.0, window(limit=4), 20.0, 1)
    answered(core, 6.0, window(limit=4))
    assert refused(core, 6.0, window(limit=4)).wait == 14.0
    for _ in range(3):
        taken(core, 20.0, window(limit=4))
    refused(core, 20.0, window(limit=4))


def test_fill_counts_what_is_taken_for_longer() -> None:
    """A place that is taken for longer anyway is one of those to take."""
    core = Core()
    taken(core, 0.0, window(limit=2))
    core.fill(0.0, window(limit=2), HOLD, 0)
    core.fill(0.0, window(limit=2), HOLD, 0)
    assert refused(core, HOLD - 1.0, window(limit=2)).wait == 1.0
    taken(core, HOLD, window(limit=2))


def test_fill_does_not_trust_slots_in_flight_to_last() -> None:
    """A slot in flight may come back any moment; the filled ones stay."""
    core = Core()
    number = taken(core, 0.0, slot(3))
    core.fill(0.0, slot(3), 5.0, 1)
    assert refused(core, 0.0, slot(3)).wait == 5.0
    core.settle(1.0, number, [slot(3)], Outcome.ANSWERED)
    taken(core, 1.0, slot(3))
    assert refused(core, 1.0, slot(3)).wait == 4.0


def test_fill_frees_no_place() -> None:
    """A key that is full stays full until places come free by themselves."""
    core = Core()
    for _ in range(3):
        answered(core, 0.0, window(limit=3))
    core.fill(50.0, window(limit=3), 20.0, 1)
    assert refused(core, 50.0, window(limit=3)).wait == 12.0
    answered(core, HOLD, window(limit=3))
    assert refused(core, HOLD, window(limit=3)).wait == 8.0


def test_fill_takes_no_more_than_it_is_told() -> None:
    """What is left can be had at once, whether the rest was taken for shorter or for longer."""
    core = Core()
    answered(core, 0.0, window(limit=3))
    core.fill(50.0, window(limit=3), 20.0, 1)
    core.fill(50.0, window(limit=3), 10.0, 1)
    taken(core, 50.0, window(limit=3))
    refused(core, 50.0, window(limit=3))


def test_fill_leaves_requests_in_flight_alone() -> None:
    """A request in flight still has its place, though its lease ends before the time is over."""
    core = Core()
    taken(core, 0.0, slot(3))
    core.fill(0.0, slot(3), 60.0, 2)
    taken(core, 0.0, slot(3))
    assert refused(core, 0.0, slot(3)).wait == LEASE


def test_fill_with_nothing_to_take_takes_nothing() -> None:
    """Leaving as many places as there are leaves no trace."""
    core = Core()
    core.fill(0.0, window(limit=2), HOLD, 2)
    assert len(core) == 0


@pytest.mark.parametrize(
    ("ahead", "wait"),
    [(0, 52.0), (1, HOLD), (2, 52.0 + HOLD), (3, 2 * HOLD), (4, 52.0 + 2 * HOLD)],
)
def test_wait_for_adds_a_hold_for_each_full_cycle(ahead: int, wait: float) -> None:
    """Those ahead take the places that come free, and hold them; in flight counts as answered."""
    core = Core()
    answered(core, 0.0, window(limit=2))
    taken(core, 0.0, window(limit=2))
    assert core.wait_for(10.0, window(limit=2), ahead) == wait


@pytest.mark.parametrize(("ahead", "wait"), [(0, 0.0), (1, 0.0), (2, 52.0), (3, HOLD), (5, 114.0)])
def test_wait_for_lets_some_go_at_once(ahead: int, wait: float) -> None:
    """Free places go to those ahead first."""
    core = Core()
    answered(core, 0.0, window(limit=3))
    assert core.wait_for(10.0, window(limit=3), ahead) == wait


@pytest.mark.parametrize(
    ("ahead", "wait"), [(0, 0.0), (1, HOLD), (3, HOLD), (4, 2 * HOLD), (7, 3 * HOLD)]
)
def test_wait_for_a_streak(ahead: int, wait: float) -> None:
    """A streak frees all its places at once, a hold after the last of those who went ahead."""
    core = Core()
    flood = window("r", 3, streak=True)
    answered(core, 0.0, flood)
    answered(core, 0.0, flood)
    assert core.wait_for(10.0, flood, ahead) == wait


def test_wait_for_a_full_streak() -> None:
    """A full streak frees its places when its last is free."""
    core = Core()
    flood = window("r", 1, streak=True)
    answered(core, 0.0, flood)
    assert core.wait_for(10.0, flood, 0) == 52.0
    assert core.wait_for(10.0, flood, 1) == 52.0 + HOLD


def test_wait_for_a_slot_knows_nothing() -> None:
    """A slot in flight may come back any moment, so there is no lower bound."""
    core = Core()
    taken(core, 0.0, slot())
    assert core.wait_for(0.0, slot(), 100) == 0.0


def test_memory_does_not_grow() -> None:
    """Keys whose places are free again are forgotten while others come and go."""
    core = Core()
    for second in range(5000):
        answered(core, float(second), window(f"k{second}"), slot())
    assert len(core) <= 257
    core.sweep(5000.0 + HOLD)
    assert len(core) == 0


def test_sweep_keeps_what_is_taken() -> None:
    """Sweeping forgets free keys only."""
    core = Core()
    answered(core, 0.0, window("old"))
    answered(core, 30.0, window("new"))
    core.sweep(HOLD)
    assert len(core) == 1
    assert core.wait(HOLD, window("new")) == 30.0
