"""How long one waits for a permit, and when one is told that it would take too long."""

from __future__ import annotations

import math

import anyio
import pytest

from .house import HOLD, LEASE, House, slot, window

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("each_store")]


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
        await house.clock.others()
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
