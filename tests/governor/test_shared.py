"""Governors that know of each other only through their store."""

from __future__ import annotations

import anyio
import pytest
from anyio.abc import TaskGroup
from clocks import FakeClock

from smsc_async.governor import Outcome, local

from .house import HOLD, LEASE, House, memory, slot, window

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("one_store")]

LOOK = 0.25
"""The longest that one waits before looking again for what others have given back."""


def houses(group: TaskGroup, count: int = 2) -> list[House]:
    """Build houses of the same street: one clock, one store, a governor each."""
    clock = FakeClock()
    return [House(group, clock) for _ in range(count)]


async def test_limits_are_common() -> None:
    """What one has taken the other cannot have, and hears exactly for how long."""
    async with anyio.create_task_group() as group:
        here, there = houses(group)
        await here.use_up(window(limit=2))
        await here.pass_time(10.0)
        await there.use_up(window(limit=2))
        await here.pass_time(5.0)
        await there.ask("a", window(limit=2), patience=40.0)
        await here.ask("b", window(limit=2), patience=40.0)
        assert there.refused == {"a": (15.0, "rule.w", HOLD - 15.0)}
        assert here.refused == {"b": (15.0, "rule.w", HOLD - 15.0)}


async def test_a_window_of_others_is_waited_for_to_the_moment() -> None:
    """When the answer to the other's request is old enough this one goes, and not before."""
    async with anyio.create_task_group() as group:
        here, there = houses(group)
        await here.use_up(window())
        await there.ask("a", window())
        await here.pass_time(HOLD - 0.5)
        assert there.granted == {}
        await here.pass_time(0.5)
        assert there.granted == {"a": HOLD}


async def test_many_rules_are_taken_in_one_step() -> None:
    """Who lacks a place under one rule takes none under the others."""
    async with anyio.create_task_group() as group:
        here, there = houses(group)
        await here.use_up(window("busy"))
        await there.ask("a", window("free"), window("busy"), slot(), patience=0)
        await here.ask("b", window("free"), slot(), patience=0)
        assert there.granted == {}
        assert here.granted == {"b": 0.0}


async def test_a_slot_of_others_is_found_soon() -> None:
    """What another gives back is found within a quarter of a second."""
    async with anyio.create_task_group() as group:
        here, there = houses(group)
        await here.ask("holder", slot())
        await there.ask("a", slot())
        await here.pass_time(5.0)
        assert there.granted == {}
        await here.give_back("holder")
        await here.pass_time(LOOK)
        assert 5.0 <= there.granted["a"] <= 5.0 + LOOK


async def test_who_is_gone_gives_back_by_itself() -> None:
    """What a worker had in flight when it died is free when the lease is over."""
    async with anyio.create_task_group() as group:
        dead, alive = houses(group)
        await dead.ask("lost", slot())
        await alive.ask("a", slot())
        await alive.pass_time(LEASE - 0.5)
        assert alive.granted == {}
        await alive.pass_time(0.5 + LOOK)
        assert LEASE <= alive.granted["a"] <= LEASE + LOOK


async def test_all_that_is_free_is_found_at_once() -> None:
    """Many who wait do not find their places one by one."""
    async with anyio.create_task_group() as group:
        here, there = houses(group)
        for name in "abcd":
            await here.ask(name, slot(4))
        for name in "efgh":
            await there.ask(name, slot(4))
        for name in "abcd":
            await here.give_back(name)
        await here.pass_time(LOOK)
        assert sorted(there.granted) == ["e", "f", "g", "h"]


async def test_nobody_starves() -> None:
    """One who has work for all places and one who needs a place now and then: both get some."""
    async with anyio.create_task_group() as group:
        busy, modest = houses(group)
        for number in range(40):
            await busy.ask(f"busy {number}", slot(2))
        await modest.ask("modest", slot(2))
        waited = 0
        for number in range(40):
            if "modest" in modest.granted:
                break
            await busy.give_back(f"busy {number}")
            await busy.pass_time(0.2)
            waited += 1
        assert waited <= 4
        group.cancel_scope.cancel()


async def test_places_are_shared_out_evenly() -> None:
    """Those who all have work for more than there is hold as many each, before long."""
    async with anyio.create_task_group() as group:
        street = houses(group, 3)
        for house in street:
            for number in range(30):
                await house.ask(f"{number}", slot(6))
        flying: list[list[str]] = [[] for _ in street]
        for _ in range(12):
            for house, now in zip(street, flying, strict=True):
                now[:] = [name for name in house.granted if name not in house.done]
                for name in now[:1]:
                    await house.give_back(name)
            await street[0].pass_time(0.3)
        held = [len(house.granted) - len(house.done) for house in street]
        assert held == [2, 2, 2]
        group.cancel_scope.cancel()


async def test_who_needs_no_turn_keeps_going() -> None:
    """One that is alone takes again at once what it gives back."""
    async with anyio.create_task_group() as group:
        here, _ = houses(group)
        for number in range(20):
            await here.ask(f"{number}", slot(2))
        for number in range(20):
            await here.give_back(f"{number}")
        assert here.passed() == 0.0
        assert len(here.granted) == 20


async def test_what_others_used_up_is_common() -> None:
    """Error 9 for one is a full window for all."""
    async with anyio.create_task_group() as group:
        here, there = houses(group)
        await here.governor.fill(window(limit=3), 50.0, leave=1)
        await there.ask("a", window(limit=3), patience=0)
        await there.ask("b", window(limit=3), patience=0)
        assert there.granted == {"a": 0.0}
        assert there.refused["b"][1:] == ("rule.w", 50.0)


@pytest.mark.parametrize(
    ("outcome", "wait"), [(Outcome.ANSWERED, HOLD), (Outcome.UNKNOWN, HOLD + 10.0)]
)
async def test_outcomes_are_common(outcome: Outcome, wait: float) -> None:
    """What became of a request decides for all how long its window holds."""
    async with anyio.create_task_group() as group:
        here, there = houses(group)
        await here.ask("a", window())
        await here.pass_time(3.0)
        await here.give_back("a", outcome)
        await there.ask("b", window(), patience=0)
        assert there.refused == {"b": (3.0, "rule.w", wait)}


async def test_not_sent_is_found_soon() -> None:
    """A request that never left is in nobody's way."""
    async with anyio.create_task_group() as group:
        here, there = houses(group)
        await here.ask("a", window())
        await there.ask("b", window())
        await here.give_back("a", Outcome.NOT_SENT)
        await here.pass_time(LOOK)
        assert there.granted["b"] <= LOOK


async def test_what_is_in_flight_elsewhere_may_be_a_duplicate() -> None:
    """A need that never waits is refused for the whole hold while another's request is out."""
    async with anyio.create_task_group() as group:
        here, there = houses(group)
        await here.ask("a", window())
        await there.ask("b", window(patience=0.0), slot(2))
        assert there.refused == {"b": (0.0, "rule.w", HOLD)}


async def test_notices_are_common() -> None:
    """What one posts every permit of the others brings along, with its age."""
    async with anyio.create_task_group() as group:
        here, there = houses(group)
        key = slot().key
        assert await here.governor.post(key, "closed", 60.0, instead_of="")
        await here.pass_time(7.0)
        await there.ask("a", window(), slot(3))
        notice = there.permits["a"].notice
        assert notice is not None
        assert (notice.text, notice.age) == ("closed", 7.0)
        assert await there.governor.notice(key) == notice
        assert not await there.governor.post(key, "open", 60.0, instead_of="")
        assert await there.governor.post(key, "", 0.0, instead_of="closed")
        assert await here.governor.notice(key) is None
        await here.ask("b", slot(3))
        assert here.permits["b"].notice is None


async def test_what_was_heard_of_others_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many messages that others had in flight nothing stays."""
    monkeypatch.setattr(local, "_FORGET", 32)
    async with anyio.create_task_group() as group:
        here, there = houses(group)
        for number in range(40):
            await here.ask(f"{number}", window(f"k{number}"))
            await there.ask(f"{number}", window(f"k{number}"), patience=0)
            await here.pass_time(0.1)
        assert len(there.refused) == 40
        known = memory(there.governor)
        assert isinstance(known, local.LocalGovernor)
        assert len(known._looks) <= 33
