"""Whose turn it is, and what is left of those who do not wait to the end."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

import anyio
import anyio.lowlevel
import pytest
from clocks import FakeClock

from smsc_async.governor import MemoryGovernor, Need, Outcome
from smsc_async.governor.core import Core, Refusal

from .house import HOLD, LEASE, House, free_now, memory, slot, window

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.anyio

each_store = pytest.mark.usefixtures("each_store")


def test_who_need_not_wait_does_not_pause() -> None:
    """A free permit comes without giving other tasks a turn, and so does giving it back."""
    governor = MemoryGovernor(clock=FakeClock())
    with pytest.raises(StopIteration) as done:
        governor.acquire([window(), slot()], lease=LEASE, patience=0).send(None)
    permit = done.value.value
    assert permit.needs == (window(), slot())
    with pytest.raises(StopIteration):
        governor.release(permit, Outcome.NOT_SENT).send(None)
    with pytest.raises(StopIteration):
        governor.acquire([window(), slot()], lease=LEASE, patience=0).send(None)


@each_store
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


@each_store
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


@each_store
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
@each_store
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


@each_store
async def test_who_waits_for_a_window_holds_up_nobody_else() -> None:
    """One blocked on a window stands in the way of nobody who needs only what is free."""
    async with anyio.create_task_group() as group:
        house = House(group)
        await house.use_up(window())
        await house.ask("blocked", window(), slot())
        await house.ask("free", window("other"), slot())
        assert house.order() == ["free"]
        group.cancel_scope.cancel()


@each_store
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


@each_store
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


@each_store
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


@each_store
async def test_fill_takes_places_for_a_while() -> None:
    """All but what is left are taken, for the time told."""
    async with anyio.create_task_group() as group:
        house = House(group)
        await house.governor.fill(slot(4), 20.0, leave=1)
        await house.ask("a", slot(4))
        await house.ask("b", slot(4))
        await house.pass_time(25.0)
        assert house.granted == {"a": 0.0, "b": 20.0}


@each_store
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
        await house.clock.others()
        assert house.nobody_waits()


@each_store
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
        assert await free_now(house.governor, window(), slot())


@each_store
async def test_cancelled_right_after_the_permit_came() -> None:
    """Either the task got its permit and gives it back itself, or it never had one."""
    async with anyio.create_task_group() as group:
        house = House(group)
        await house.ask("a", slot())
        await house.ask("b", slot())
        await house.governor.release(house.permits["a"], Outcome.ANSWERED)
        house.scopes["b"].cancel()
        await house.clock.others()
        if "b" in house.permits:
            await house.give_back("b")
        assert await free_now(house.governor, slot())


@each_store
async def test_who_gave_up_costs_no_memory() -> None:
    """Thousands who left from behind one who waits leave nothing in the line."""
    async with anyio.create_task_group() as group:
        house = House(group)
        await house.ask("holder", slot())
        await house.ask("patient", slot())
        queue = memory(house.governor)._queues["slots"]
        for _ in range(10):
            async with anyio.create_task_group() as crowd:
                for number in range(100):
                    crowd.start_soon(house.asking, str(number), (slot(),), math.inf)
                await house.clock.others()
                crowd.cancel_scope.cancel()
        assert queue.length == 1
        assert len(queue._heap) < 50
        await house.give_back("holder")
        assert "patient" in house.granted


class CreepingClock(FakeClock):
    """A clock that moves on whenever somebody looks at it, as real ones do."""

    step = 0.0

    def now(self) -> float:
        """Return the time, and let some pass."""
        self._now += self.step
        return self._now


@pytest.mark.parametrize("step", [0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0])
@each_store
async def test_a_place_that_comes_free_while_nobody_looks_is_not_missed(step: float) -> None:
    """Time passes between two looks at the clock; whoever is patient enough is never refused."""
    async with anyio.create_task_group() as group:
        clock = CreepingClock()
        house = House(group, clock)
        await house.use_up(window(hold=4.0))
        clock.step = step
        for name in "abc":
            await house.ask(name, window(hold=4.0), slot(), patience=300.0)
        for _ in range(10):
            await house.pass_time(10.0)
        clock.step = 0.0
        assert house.refused == {}
        assert house.order() == ["a", "b", "c"]


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
    assert not governor._queues
