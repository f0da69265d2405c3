"""Whose turn it is, for how long one waits, and what is left when one does not wait to the end."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

import anyio
import anyio.lowlevel
import attrs
import pytest
from anyio.abc import TaskGroup
from clocks import FakeClock, let_others_act

from smsc_async.errors import RateLimited
from smsc_async.governor import MemoryGovernor, Need, Outcome, Permit
from smsc_async.governor.core import Core, Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.anyio

LEASE = 30.0
HOLD = 62.0
START = 1000.0


def window(
    key: str = "w", limit: int = 1, *, hold: float = HOLD, patience: float | None = None
) -> Need:
    """A place in a window."""
    return Need(key, limit, hold, f"rule.{key}", patience=patience)


def slot(limit: int = 1) -> Need:
    """A place that is free with the answer."""
    return Need("slots", limit, 0.0, "concurrency")


@attrs.define
class House:
    """A governor with its clock, and what came of those who asked it."""

    group: TaskGroup
    clock: FakeClock = attrs.field(factory=FakeClock)
    governor: MemoryGovernor = attrs.field(init=False)
    granted: dict[str, float] = attrs.field(factory=dict[str, float])
    permits: dict[str, Permit] = attrs.field(factory=dict[str, Permit])
    refused: dict[str, tuple[float, str, float]] = attrs.field(
        factory=dict[str, tuple[float, str, float]]
    )
    scopes: dict[str, anyio.CancelScope] = attrs.field(factory=dict[str, anyio.CancelScope])

    def __attrs_post_init__(self) -> None:
        self.governor = MemoryGovernor(clock=self.clock)

    async def ask(self, name: str, *needs: Need, patience: float = math.inf) -> None:
        """Let somebody ask in a task of their own, until they have an answer or wait."""
        self.group.start_soon(self._ask, name, needs, patience)
        await let_others_act()

    async def _ask(self, name: str, needs: tuple[Need, ...], patience: float) -> None:
        with anyio.CancelScope() as scope:
            self.scopes[name] = scope
            try:
                permit = await self.governor.acquire(needs, lease=LEASE, patience=patience)
            except RateLimited as error:
                self.refused[name] = (self.passed(), error.rule, error.retry_after)
                return
            self.permits[name] = permit
            self.granted[name] = self.passed()

    async def give_back(self, name: str, outcome: Outcome = Outcome.ANSWERED) -> None:
        """Let them say what became of their request, and others act on it."""
        await self.governor.release(self.permits[name], outcome)
        await let_others_act()

    async def use_up(self, *needs: Need) -> None:
        """Take places and have the answer at once."""
        permit = await self.governor.acquire(needs, lease=LEASE, patience=0)
        await self.governor.release(permit, Outcome.ANSWERED)

    async def pass_time(self, seconds: float) -> None:
        """Let the time pass, and everybody act when theirs has come."""
        await self.clock.advance(seconds)

    def order(self) -> list[str]:
        """Return who got a permit, in the order in which the permits were given."""
        return sorted(self.permits, key=lambda name: self.permits[name].number)

    def passed(self) -> float:
        """Return the seconds since the start."""
        return self.clock.now() - START

    def nobody_waits(self) -> bool:
        """Whether every line is gone."""
        return not self.governor._lines


def free_now(governor: MemoryGovernor, *needs: Need) -> bool:
    """Whether one who asks gets a permit without waiting."""
    asking = governor.acquire(needs, lease=LEASE, patience=math.inf)
    try:
        asking.send(None)
    except StopIteration:
        return True
    asking.close()
    return False


def test_who_need_not_wait_does_not_pause() -> None:
    """A free permit comes without giving other tasks a turn, and so does giving it back."""
    governor = MemoryGovernor(clock=FakeClock())
    with pytest.raises(StopIteration) as done:
        governor.acquire([window(), slot()], lease=LEASE, patience=0).send(None)
    permit = done.value.value
    assert permit.needs == (window(), slot())
    with pytest.raises(StopIteration):
        governor.release(permit, Outcome.NOT_SENT).send(None)
    assert free_now(governor, window(), slot())


async def test_first_come_first_served() -> None:
    """Those who wait get places in the order in which they came."""
    async with anyio.create_task_group() as group:
        house = House(group)
        for name in "abcde":
            await house.ask(name, slot(2))
        assert house.order() == ["a", "b"]
        await house.give_back("b")
        assert house.order() == ["a", "b", "c"]
        await house.give_back("a")
        await house.give_back("c")
        assert house.order() == ["a", "b", "c", "d", "e"]
        assert house.nobody_waits()


async def test_a_window_lets_the_next_go_when_it_is_over() -> None:
    """The one who waits goes a hold after the answer to the one before, to the moment."""
    async with anyio.create_task_group() as group:
        house = House(group)
        await house.ask("a", window())
        await house.ask("b", window())
        await house.ask("c", window())
        await house.pass_time(8.0)
        await house.give_back("a")
        await house.pass_time(72.0)
        assert house.granted == {"a": 0.0, "b": 8.0 + HOLD}
        await house.give_back("b")
        await house.pass_time(100.0)
        assert house.granted["c"] == 80.0 + HOLD


async def test_a_lost_permit_frees_itself() -> None:
    """Who never gives their permit back holds a slot for the lease and no longer."""
    async with anyio.create_task_group() as group:
        house = House(group)
        await house.ask("a", slot())
        await house.pass_time(1.0)
        await house.ask("b", slot())
        await house.ask("c", slot())
        await house.pass_time(100.0)
        assert house.granted == {"a": 0.0, "b": LEASE, "c": 2 * LEASE}


@pytest.mark.parametrize("outcome", list(Outcome))
async def test_giving_back_twice_does_nothing(outcome: Outcome) -> None:
    """The second time, the place is somebody else's."""
    async with anyio.create_task_group() as group:
        house = House(group)
        for name in "abc":
            await house.ask(name, slot())
        await house.give_back("a")
        await house.give_back("a", outcome)
        assert house.order() == ["a", "b"]
        await house.give_back("b")
        assert house.order() == ["a", "b", "c"]


async def test_who_waits_for_a_window_holds_up_nobody_else() -> None:
    """One blocked on a window stands in the way of nobody who needs only what is free."""
    async with anyio.create_task_group() as group:
        house = House(group)
        await house.use_up(window())
        await house.ask("blocked", window(), slot())
        await house.ask("free", window("other"), slot())
        assert house.order() == ["free"]
        group.cancel_scope.cancel()


async def test_one_who_finds_another_limit_used_up_lets_the_next_pass() -> None:
    """The first of the line for slots turns out to be blocked elsewhere: the second goes."""
    async with anyio.create_task_group() as group:
        house = House(group)
        await house.ask("holder", slot())
        await house.ask("blocked", window(), slot())
        await house.ask("free", window("other"), slot())
        await house.governor.fill(window(), 50.0)
        await house.give_back("holder")
        assert house.order() == ["holder", "free"]
        await house.give_back("free")
        await house.pass_time(60.0)
        assert house.granted["blocked"] == 50.0


async def test_newcomers_never_overtake() -> None:
    """There is a place for the newcomer, but one who came earlier waits for the same key."""
    async with anyio.create_task_group() as group:
        house = House(group)
        await house.ask("holder", slot(3))
        await house.ask("strict", slot(1))
        await house.ask("newcomer", slot(3))
        assert house.order() == ["holder"]
        await house.give_back("holder")
        assert house.order() == ["holder", "strict", "newcomer"]


async def test_a_newcomer_gets_its_turn_when_who_was_before_gives_up() -> None:
    """The places that were kept for the one who left go to those behind at once."""
    async with anyio.create_task_group() as group:
        house = House(group)
        await house.ask("holder", slot(3))
        await house.ask("strict", slot(1), patience=5.0)
        await house.ask("newcomer", slot(3))
        await house.pass_time(20.0)
        assert house.refused["strict"][0] == 5.0
        assert house.granted == {"holder": 0.0, "newcomer": 5.0}


async def test_the_older_goes_first_in_the_next_line_too() -> None:
    """Who changes lines stands where their arrival puts them."""
    async with anyio.create_task_group() as group:
        house = House(group)
        await house.use_up(window(hold=10.0))
        await house.ask("holder", slot())
        await house.ask("older", window(hold=10.0), slot())
        await house.pass_time(1.0)
        await house.ask("younger", slot())
        await house.pass_time(14.0)
        assert house.order() == ["holder"]
        await house.give_back("holder")
        assert house.order() == ["holder", "older"]
        await house.give_back("older")
        assert house.order() == ["holder", "older", "younger"]


async def test_too_long_is_told_at_once() -> None:
    """Who would wait longer than their patience hears it before any time passes, and how long."""
    async with anyio.create_task_group() as group:
        house = House(group)
        await house.use_up(window())
        await house.pass_time(2.0)
        await house.ask("impatient", window(), patience=59.5)
        await house.ask("just patient enough", window(), patience=60.0)
        await house.pass_time(100.0)
        assert house.refused == {"impatient": (2.0, "rule.w", 60.0)}
        assert house.granted == {"just patient enough": HOLD}
        assert house.nobody_waits()


async def test_those_ahead_count() -> None:
    """Each who waits before me adds their hold: known at once, too."""
    async with anyio.create_task_group() as group:
        house = House(group)
        await house.use_up(window())
        await house.ask("a", window())
        await house.ask("b", window())
        await house.ask("c", window(), patience=3 * HOLD - 1.0)
        assert house.refused == {"c": (0.0, "rule.w", 3 * HOLD)}
        group.cancel_scope.cancel()


async def test_in_flight_counts_as_answered() -> None:
    """Before its answer a request is in the way for at least the whole hold."""
    async with anyio.create_task_group() as group:
        house = House(group)
        await house.ask("a", window())
        await house.ask("b", window(), patience=HOLD - 1.0)
        assert house.refused == {"b": (0.0, "rule.w", HOLD)}


async def test_too_long_is_told_as_soon_as_it_is_known() -> None:
    """The answer came late, so the wait has become longer than the patience: told right then."""
    async with anyio.create_task_group() as group:
        house = House(group)
        await house.ask("a", window())
        await house.ask("b", window(), patience=HOLD + 3.0)
        await house.pass_time(5.0)
        await house.give_back("a")
        assert house.refused == {"b": (5.0, "rule.w", HOLD)}
        assert house.nobody_waits()


async def test_fill_is_heard_of_at_once() -> None:
    """Somebody else has used the places: who cannot wait that long is told."""
    async with anyio.create_task_group() as group:
        house = House(group)
        await house.use_up(window(hold=10.0))
        await house.ask("a", window(hold=10.0), patience=20.0)
        await house.pass_time(1.0)
        await house.governor.fill(window(hold=10.0), 40.0)
        await let_others_act()
        assert house.refused == {"a": (1.0, "rule.w", 40.0)}


async def test_no_patience_means_one_try() -> None:
    """Patience 0 takes what is free, and otherwise tells how long it takes at most."""
    async with anyio.create_task_group() as group:
        house = House(group)
        await house.ask("a", slot(), patience=0)
        await house.pass_time(10.0)
        await house.ask("b", slot(), patience=0)
        assert house.granted == {"a": 0.0}
        assert house.refused == {"b": (10.0, "concurrency", LEASE - 10.0)}


async def test_patience_ends_in_the_line() -> None:
    """Who waits for slots that do not come back gives up when their patience is over."""
    async with anyio.create_task_group() as group:
        house = House(group)
        await house.ask("holder", slot())
        await house.ask("first", slot(), patience=7.0)
        await house.ask("second", slot(), patience=5.0)
        await house.pass_time(20.0)
        assert house.refused == {
            "second": (5.0, "concurrency", LEASE - 5.0),
            "first": (7.0, "concurrency", LEASE - 7.0),
        }
        assert house.nobody_waits()


async def test_patience_is_for_all_lines_together() -> None:
    """The time in the line for the window is missing in the line for a slot."""
    async with anyio.create_task_group() as group:
        house = House(group)
        await house.use_up(window(hold=10.0))
        await house.ask("holder", slot())
        await house.ask("a", window(hold=10.0), slot(), patience=15.0)
        await house.pass_time(20.0)
        assert house.refused == {"a": (15.0, "concurrency", LEASE - 15.0)}


async def test_the_worst_of_several_limits_is_told() -> None:
    """With two limits in the way, the one that takes longer is named."""
    async with anyio.create_task_group() as group:
        house = House(group)
        await house.use_up(window("short", hold=10.0), window("long"))
        await house.ask("a", window("long"), window("short", hold=10.0), patience=5.0)
        assert house.refused == {"a": (0.0, "rule.long", HOLD)}


async def test_a_need_that_never_waits() -> None:
    """A need without patience is refused at once, however patient the call."""
    async with anyio.create_task_group() as group:
        house = House(group)
        await house.use_up(window(patience=0.0))
        await house.pass_time(2.0)
        await house.ask("a", window(patience=0.0), slot())
        assert house.refused == {"a": (2.0, "rule.w", HOLD - 2.0)}


async def test_a_need_that_never_waits_is_judged_when_it_matters() -> None:
    """Both were free to go and waited for a slot; when one has gone the other is a duplicate."""
    async with anyio.create_task_group() as group:
        house = House(group)
        await house.ask("holder", slot())
        await house.ask("a", window(patience=0.0), slot())
        await house.ask("b", window(patience=0.0), slot())
        await house.give_back("holder")
        await house.give_back("a")
        assert house.granted == {"holder": 0.0, "a": 0.0}
        assert house.refused == {"b": (0.0, "rule.w", HOLD)}
        assert house.nobody_waits()


async def test_a_need_that_always_waits_is_not_charged_to_the_call() -> None:
    """Patience of one's own goes before the call's, which is kept for the other limits."""
    async with anyio.create_task_group() as group:
        house = House(group)
        await house.use_up(window(patience=math.inf))
        await house.pass_time(42.0)
        await house.ask("holder", slot())
        await house.ask("a", window(patience=math.inf), slot(), patience=4.0)
        await house.pass_time(23.0)
        assert house.refused == {}
        await house.pass_time(5.0)
        assert house.refused == {"a": (HOLD + 4.0, "concurrency", 42.0 + LEASE - HOLD - 4.0)}


async def test_who_is_blocked_for_long_does_not_wait_for_a_slot_meanwhile() -> None:
    """The line to stand in is that of the limit that takes longest, so patience is kept."""
    async with anyio.create_task_group() as group:
        house = House(group)
        await house.use_up(window(patience=math.inf))
        await house.ask("holder", slot())
        await house.ask("b", slot())
        await house.ask("a", window(patience=math.inf), slot(), patience=4.0)
        await house.pass_time(40.0)
        await house.give_back("b")
        await house.pass_time(40.0)
        assert house.refused == {}
        assert house.granted == {"holder": 0.0, "b": LEASE, "a": HOLD}


async def test_fill_takes_places_for_a_while() -> None:
    """All but what is left are taken, for the time told."""
    async with anyio.create_task_group() as group:
        house = House(group)
        await house.governor.fill(slot(4), 20.0, leave=1)
        await house.ask("a", slot(4))
        await house.ask("b", slot(4))
        await house.pass_time(25.0)
        assert house.granted == {"a": 0.0, "b": 20.0}


async def test_who_is_cancelled_leaves_the_line() -> None:
    """Neither a place nor a waiter is left of one who was cancelled, and the next is not lost."""
    async with anyio.create_task_group() as group:
        house = House(group)
        await house.use_up(window())
        for name in "abc":
            await house.ask(name, window())
        house.scopes["a"].cancel()
        await house.pass_time(HOLD)
        assert house.granted == {"b": HOLD}
        house.scopes["c"].cancel()
        await let_others_act()
        assert house.nobody_waits()


async def test_a_permit_for_one_who_was_cancelled_is_given_back() -> None:
    """The permit came while the cancellation was under way: the next one gets the place."""
    async with anyio.create_task_group() as group:
        house = House(group)
        await house.ask("a", window(), slot())
        await house.ask("b", window(), slot())
        await house.ask("c", window(), slot())
        house.scopes["b"].cancel()
        await house.give_back("a", Outcome.NOT_SENT)
        assert house.order() == ["a", "c"]
        await house.give_back("c", Outcome.NOT_SENT)
        assert free_now(house.governor, window(), slot())


async def test_cancelled_right_after_the_permit_came() -> None:
    """Either the task got its permit and gives it back itself, or it never had one."""
    async with anyio.create_task_group() as group:
        house = House(group)
        await house.ask("a", slot())
        await house.ask("b", slot())
        await house.governor.release(house.permits["a"], Outcome.ANSWERED)
        house.scopes["b"].cancel()
        await let_others_act()
        if "b" in house.permits:
            await house.give_back("b")
        assert free_now(house.governor, slot())


async def test_who_gave_up_costs_no_memory() -> None:
    """Thousands who left from behind one who waits leave nothing in the line."""
    async with anyio.create_task_group() as group:
        house = House(group)
        await house.ask("holder", slot())
        await house.ask("patient", slot())
        line = house.governor._lines["slots"]
        for _ in range(10):
            async with anyio.create_task_group() as crowd:
                for number in range(100):
                    crowd.start_soon(house._ask, str(number), (slot(),), math.inf)
                await let_others_act()
                crowd.cancel_scope.cancel()
        assert line.length == 1
        assert len(line._heap) < 50
        await house.give_back("holder")
        assert "patient" in house.granted


class CountingCore(Core):
    """A core that counts how often somebody tried."""

    tries = 0

    def try_acquire(self, now: float, needs: Sequence[Need], lease: float) -> int | Refusal:
        """Count, then do as the core does."""
        self.tries += 1
        return Core.try_acquire(self, now, needs, lease)


async def test_thousands_wait_in_order_and_cheaply() -> None:
    """2000 who wait for 12 slots are served in order, with a few tries each."""
    clock = FakeClock()
    governor = MemoryGovernor(clock=clock)
    governor._core = core = CountingCore()
    needs = [[window(str(number)), slot(12)] for number in range(2000)]
    asked: list[int] = []
    served: dict[int, int] = {}

    async def work(number: int) -> None:
        asked.append(number)
        permit = await governor.acquire(needs[number], lease=LEASE, patience=math.inf)
        served[permit.number] = number
        await anyio.lowlevel.checkpoint()
        await governor.release(permit, Outcome.ANSWERED)

    async with anyio.create_task_group() as group:
        for number in range(2000):
            group.start_soon(work, number)
    assert [number for _, number in sorted(served.items())] == asked
    assert len(asked) == 2000
    assert core.tries < 5 * 2000


@pytest.mark.parametrize("seed", range(8))
async def test_everybody_gets_their_turn_and_no_limit_is_broken(seed: int) -> None:
    """Whatever the tasks do, each of them is served or told, and nobody is forgotten."""
    luck = random.Random(seed)
    clock = FakeClock()
    governor = MemoryGovernor(clock=clock)
    shared = [window("a", 2, hold=10.0), window("b", 3, hold=20.0), window("c", 1, hold=5.0)]
    flying = most_flying = 0
    answers: dict[str, list[float]] = {need.key: [] for need in shared}
    ended: list[int] = []

    async def work(number: int) -> None:
        nonlocal flying, most_flying
        needs = [*luck.sample(shared, luck.randint(0, 2)), slot(3)]
        await clock.sleep(luck.randint(0, 60) / 2)
        with anyio.CancelScope() as scope:
            if luck.random() < 0.2:
                group.start_soon(cancel_later, scope, luck.randint(0, 100) / 4)
            permit = await governor.acquire(needs, lease=LEASE, patience=math.inf)
            for need in needs[:-1]:
                recent = [at for at in answers[need.key] if at + need.hold > clock.now()]
                assert len(recent) < need.limit
            flying += 1
            most_flying = max(most_flying, flying)
            try:
                await clock.sleep(luck.randint(0, 12) / 4)
            finally:
                flying -= 1
                for need in needs[:-1]:
                    answers[need.key].append(clock.now())
                await governor.release(permit, Outcome.ANSWERED)
        ended.append(number)

    async def cancel_later(scope: anyio.CancelScope, seconds: float) -> None:
        await clock.sleep(seconds)
        scope.cancel()

    async with anyio.create_task_group() as group:
        for number in range(60):
            group.start_soon(work, number)
        await clock.advance(2000.0)
        assert sorted(ended) == list(range(60))
    assert most_flying == 3
    assert not governor._lines
