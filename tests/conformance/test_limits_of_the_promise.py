"""What the promise rests on: where the service is not as it is taken to be, nothing is promised."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import anyio
import pytest

from smsc_async import AsyncSmsc, OutcomeUnknown
from smsc_async.sandbox import Fault, Faults

from .promises import FAST, service
from .test_clock_jumps import JumpingClock

if TYPE_CHECKING:
    from smsc_async.sandbox import Guard

pytestmark = [pytest.mark.anyio, pytest.mark.faults]

PHONE = "79991234567"


async def test_a_status_that_lags_for_minutes() -> None:
    """A message that is taken and not to be seen for more than a minute is sent again."""
    async with service(Faults()) as (sandbox, smsc):
        sandbox.faults.add(Fault.CLOSE_AFTER)
        sandbox.faults.add(Fault.STATUS_LAG, times=None, seconds=150.0)
        await smsc.send(PHONE, "Hello")
        assert len(sandbox.messages) == 2


async def test_fast_and_processed_after_minutes() -> None:
    """What is sent again within seconds goes twice if the first is processed minutes later."""
    async with service(Faults()) as (sandbox, smsc):
        sandbox.faults.add(Fault.PROCESSED_LATE, seconds=120.0)
        await smsc.send(PHONE, "Hello", outcome="fast")
        assert len(sandbox.messages) == 1
        with anyio.move_on_after(120 / FAST + 1.0):
            while len(sandbox.messages) < 2:
                await anyio.sleep(0.005)
        assert len(sandbox.messages) == 2


@pytest.mark.parametrize("guard", ["host", "absent"])
async def test_fast_and_no_guard_that_spans_hosts(guard: Guard) -> None:
    """What is sent again within seconds to the other host, which does not know it, goes twice."""
    async with service(Faults(), guard=guard) as (sandbox, smsc):
        sandbox.faults.add(Fault.CLOSE_AFTER)
        sandbox.faults.add(Fault.STATUS_LAG, seconds=20.0)
        await smsc.send(PHONE, "Hello", outcome="fast")
        assert len(sandbox.messages) == 2


async def test_no_guard_and_processed_after_minutes() -> None:
    """What is processed after it was sent again goes twice if nobody knows it for the same."""
    async with service(Faults(), guard="absent") as (sandbox, smsc):
        sandbox.faults.add(Fault.PROCESSED_LATE, seconds=160.0)
        await smsc.send(PHONE, "Hello")
        assert len(sandbox.messages) == 1
        with anyio.move_on_after(160 / FAST + 1.0):
            while len(sandbox.messages) < 2:
                await anyio.sleep(0.005)
        assert len(sandbox.messages) == 2


async def test_no_guard_and_a_clock_that_jumps() -> None:
    """For whom a minute is over at once, and who meets no guard, a message goes twice."""
    clock = JumpingClock(FAST)
    async with service(Faults(), guard="absent", clock=clock) as (sandbox, smsc):
        sandbox.faults.add(Fault.CLOSE_AFTER)
        sandbox.faults.add(Fault.STATUS_LAG, times=None, seconds=30.0)

        async with anyio.create_task_group() as group:
            group.start_soon(smsc.send, PHONE, "Hello")
            while not sandbox.faults.strikes:
                await anyio.sleep(0.001)
            await anyio.sleep(5.0 / FAST)
            clock.ahead = 3600.0
        assert len(sandbox.messages) == 2


async def test_fast_and_no_slot_in_time() -> None:
    """A fast resend that gets no slot while the service's guard lasts is not sent inside it."""
    async with service(Faults(), concurrency=1, latency=0.05) as (sandbox, smsc):
        sandbox.faults.add(Fault.CLOSE_AFTER)
        sandbox.faults.add(Fault.STATUS_LAG, seconds=45.0)
        # The others hold the only slot for 30 s each, and stand in line before the resend.
        sandbox.faults.add(Fault.HANG_BEFORE, nth=2, times=3)

        async with anyio.create_task_group() as group:
            group.start_soon(partial(smsc.send, PHONE, "Hello", outcome="fast"))
            while len(sandbox.faults.strikes) < 2:
                await anyio.sleep(0.001)
            for number in (1, 2, 3):
                group.start_soon(in_the_way, smsc, f"7999000000{number}")
        assert [message.phone for message in sandbox.messages].count(PHONE) == 1


async def in_the_way(smsc: AsyncSmsc, phone: str) -> None:
    with pytest.raises(OutcomeUnknown):
        await smsc.send(phone, "In the way", outcome="raise")
