"""What the service sees, whatever the network does: no limit is ever broken."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, ClassVar

import attrs
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from smsc_async.governor.base import LINGER, MARGIN, Need, Outcome
from smsc_async.governor.core import Core, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

WINDOW = 60.0
WHOLE_SECOND = 1.0
"""A service that cuts its times to whole seconds sees gaps up to that much shorter."""
INSTANT = 1 / 1024
PAUSES = [0.5, 1.0, 2.5, 5.0, 9.5, 20.0, 30.0, 50.0, 55.0, 60.0, 61.5, 62.0]

ONE = Need("one", 1, WINDOW + MARGIN, "one")
THREE = Need("three", 3, WINDOW + MARGIN, "three")
FLOOD = Need("flood", 3, WINDOW + MARGIN, "flood", streak=True)
SLOT = Need("slots", 3, 0.0, "slots")
STRICT = Need("slots", 2, 0.0, "slots")

CHOICES: list[tuple[Need, ...]] = [
    (ONE, SLOT),
    (THREE, SLOT),
    (FLOOD, SLOT),
    (ONE, FLOOD, SLOT),
    (THREE, FLOOD),
    (THREE, STRICT),
    (SLOT,),
]


@attrs.define(eq=False)
class Request:
    """One request: sent at `sent`, it arrives no later than `latest`, if it does."""

    number: int
    needs: tuple[Need, ...]
    sent: float
    lease_end: float
    latest: float
    arrives: bool = True
    settled: bool = False


def most_in_a_window(requests: Iterable[Request], length: float) -> int:
    """Return how many of them can arrive within a closed window of that length.

    Each may arrive at any moment of its own, so all that touch a window can be in it together:
    those whose interval, begun earlier by the length, holds the moment the window begins.
    """
    edges = [(r.sent - length, 0, 1) for r in requests] + [(r.latest, 1, -1) for r in requests]
    return _deepest(edges)


def most_at_once(requests: Iterable[Request]) -> int:
    """Return how many of them can be at the service at one moment; an ended one is gone."""
    edges = [(r.sent, 1, 1) for r in requests] + [(r.latest, 0, -1) for r in requests]
    return _deepest(edges)


def _deepest(edges: list[tuple[float, int, int]]) -> int:
    depth = deepest = 0
    for _, _, step in sorted(edges):
        depth += step
        deepest = max(deepest, depth)
    return deepest


def longest_streak(requests: Sequence[Request], gap: float) -> int:
    """Return how many can follow each other by no more than `gap`, and rather more than fewer."""
    longest = length = 0
    end = float("-inf")
    for request in sorted(requests, key=lambda r: r.sent):
        length = length + 1 if request.sent <= end + gap else 1
        end = max(end, request.latest)
        longest = max(longest, length)
    return longest


class CoreMachine(RuleBasedStateMachine):
    """Everything that can happen to a core, and the service's view of it."""

    choices: ClassVar[list[tuple[Need, ...]]] = CHOICES
    somebody_else: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__()
        self.core = self.new_core()
        self.now = self.due = 0.0
        self.requests: list[Request] = []

    def new_core(self) -> Core:
        """Make the core to try."""
        return Core()

    @rule(seconds=st.sampled_from(PAUSES))
    def tick(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds

    @precondition(lambda self: self.due > self.now)
    @rule()
    def wait_as_told(self) -> None:
        """Let as much time pass as the last refusal told."""
        self.now = self.due

    @rule(data=st.data(), lease=st.sampled_from([5.0, 30.0]))
    def acquire(self, data: st.DataObject, lease: float) -> None:
        """Ask for a permit; one that is never settled afterwards is one whose owner died."""
        needs = data.draw(st.sampled_from(self.choices))
        got = self.core.try_acquire(self.now, needs, lease)
        if isinstance(got, Refusal):
            self.due = self.now + got.wait
            self.check_hint(needs, got)
            return
        end = self.now + lease
        self.requests.append(Request(got, needs, self.now, end, end))
        if STRICT in needs:
            assert self.in_flight() <= STRICT.limit

    def check_hint(self, needs: tuple[Need, ...], refusal: Refusal) -> None:
        """An instant before the time told it is refused, and at that time it is not."""
        assert self.core.wait_for(self.now, refusal.need, 0) <= refusal.wait
        core, due = copy.deepcopy(self.core), self.now + refusal.wait
        assert isinstance(core.try_acquire(due - INSTANT, needs, 1.0), Refusal)
        assert isinstance(core.try_acquire(due, needs, 1.0), int)

    def in_flight(self) -> int:
        """Count those that may be at the service now."""
        return sum(r.latest > self.now for r in self.arriving(SLOT))

    @rule(data=st.data(), outcome=st.sampled_from(Outcome))
    def settle(self, data: st.DataObject, outcome: Outcome) -> None:
        """Settle any permit, old or new: it counts once, and until the lease ends."""
        if not self.requests:
            return
        request = data.draw(st.sampled_from(self.requests[-6:]))
        self.core.settle(self.now, request.number, request.needs, outcome)
        if request.settled or self.now >= request.lease_end:
            return
        request.settled = True
        request.arrives = outcome is not Outcome.NOT_SENT
        request.latest = self.now + (LINGER if outcome is Outcome.UNKNOWN else 0.0)

    @precondition(lambda self: self.somebody_else)
    @rule(
        need=st.sampled_from([ONE, THREE, SLOT]),
        seconds=st.sampled_from([7.5, 60.0]),
        leave=st.integers(0, 2),
    )
    def fill(self, need: Need, seconds: float, leave: int) -> None:
        """Somebody outside has used places."""
        self.core.fill(self.now, need, seconds, leave)

    @invariant()
    def the_service_never_sees_too_many(self) -> None:
        """Let the arrivals fall as badly as they can: no limit is broken."""
        for need in (ONE, THREE):
            mine = self.arriving(need)
            assert most_in_a_window(mine, WINDOW + WHOLE_SECOND) <= need.limit
        assert longest_streak(self.arriving(FLOOD), WINDOW + WHOLE_SECOND) <= FLOOD.limit
        assert most_at_once(self.arriving(SLOT)) <= SLOT.limit

    def arriving(self, need: Need) -> list[Request]:
        """Return those that count under a need."""
        return [r for r in self.requests if r.arrives and need.key in {n.key for n in r.needs}]

    def teardown(self) -> None:
        """In the end, nothing is left."""
        self.core.sweep(self.now + 200.0)
        assert len(self.core) == 0


@attrs.define(eq=False)
class CountsFromTheSend(Core):
    """Wrong: a slow answer lets the next one go too early."""

    sent: dict[int, float] = attrs.field(factory=dict[int, float])

    def try_acquire(self, now: float, needs: Sequence[Need], lease: float) -> int | Refusal:
        """Do as the core does, but wrong."""
        got = Core.try_acquire(self, now, needs, lease)
        if isinstance(got, int):
            self.sent[got] = now
        return got

    def settle(self, now: float, number: int, needs: Sequence[Need], outcome: Outcome) -> None:
        """Do as the core does, but wrong."""
        if outcome is Outcome.ANSWERED:
            now = self.sent[number]
        Core.settle(self, now, number, needs, outcome)


class TrustsSilence(Core):
    """Wrong: what was given up on may still arrive."""

    def settle(self, now: float, number: int, needs: Sequence[Need], outcome: Outcome) -> None:
        """Do as the core does, but wrong."""
        known = Outcome.ANSWERED if outcome is Outcome.UNKNOWN else outcome
        Core.settle(self, now, number, needs, known)


@attrs.define(eq=False)
class Altered(Core):
    """Wrong in what it takes the needs for."""

    margin: float = 0.0
    streak: bool = True

    def alter(self, needs: Sequence[Need]) -> list[Need]:
        """Make of the needs what it takes them for."""
        return [
            attrs.evolve(
                need,
                hold=need.hold + self.margin if need.hold else 0.0,
                streak=need.streak and self.streak,
            )
            for need in needs
        ]

    def try_acquire(self, now: float, needs: Sequence[Need], lease: float) -> int | Refusal:
        """Do as the core does, but wrong."""
        return Core.try_acquire(self, now, self.alter(needs), lease)

    def settle(self, now: float, number: int, needs: Sequence[Need], outcome: Outcome) -> None:
        """Do as the core does, but wrong."""
        Core.settle(self, now, number, self.alter(needs), outcome)


def test_the_service_never_sees_too_many() -> None:
    """Whatever happens to the requests, no limit is broken, hints are exact, nothing stays."""
    run_state_machine_as_test(
        CoreMachine,
        settings=settings(
            max_examples=75,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )


@pytest.mark.parametrize(
    ("mutant", "needs"),
    [
        pytest.param(CountsFromTheSend(), (ONE, SLOT), id="counts from the send"),
        pytest.param(TrustsSilence(), (SLOT,), id="trusts silence"),
        pytest.param(Altered(margin=-MARGIN), (ONE, SLOT), id="no margin"),
        pytest.param(Altered(streak=False), (FLOOD, SLOT), id="takes a streak for a window"),
    ],
)
def test_the_check_would_notice(mutant: Core, needs: tuple[Need, ...]) -> None:
    """A core that is wrong in one of the ways this one could be wrong is found out."""

    class MutantMachine(CoreMachine):
        choices: ClassVar[list[tuple[Need, ...]]] = [needs]
        somebody_else: ClassVar[bool] = False

        def new_core(self) -> Core:
            """Make the mutant."""
            return copy.deepcopy(mutant)

        def check_hint(self, needs: tuple[Need, ...], refusal: Refusal) -> None:
            """Judge the mutant by what the service sees alone."""

    with pytest.raises(AssertionError) as caught:
        run_state_machine_as_test(
            MutantMachine,
            settings=settings(
                max_examples=2000,
                stateful_step_count=40,
                deadline=None,
                derandomize=True,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            ),
        )
    assert caught.traceback[-1].name == "the_service_never_sees_too_many"
