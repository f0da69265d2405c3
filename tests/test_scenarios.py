"""Whole runs against a sandbox that enforces every limit, in fast time."""

from __future__ import annotations

import time
from collections import Counter
from random import Random

import anyio
import pytest
from clocks import ScaledClock

from smsc_async import AsyncSmsc, SentMessage
from smsc_async.sandbox import Sandbox

pytestmark = pytest.mark.anyio

FAST = 200.0
"""How many seconds pass here in one."""


def busy_sandbox() -> Sandbox:
    """A sandbox on fast time, whose answers take a moment, so that calls pile up."""
    latency = Random(1)
    return Sandbox(
        time=lambda: time.monotonic() * FAST,
        latency=lambda: latency.uniform(0.001, 0.01),
        delivery=(0.0, 0.0),
    )


def client(sandbox: Sandbox) -> AsyncSmsc:
    """A client on the same fast time, with all the patience there is."""
    return sandbox.client(
        clock=ScaledClock(FAST), patience=10_000.0, deadline=100_000.0, reply_timeout=1000.0
    )


async def test_five_hundred_calls_at_once() -> None:
    """Sends, statuses and balances fired at once are never refused by the service."""
    async with busy_sandbox() as sandbox, client(sandbox) as smsc:
        first = await smsc.send("79990001111", "The one that is asked for")
        done: Counter[str] = Counter()

        async def send(number: int) -> None:
            await smsc.send(f"7999{number:07}", "Hello")
            done["send"] += 1

        async def status(number: int) -> None:
            # Some ask for one message, and have to keep to its limit of five a minute.
            message = first.id if number % 10 == 0 else f"m{number}"
            await smsc.status(message, "79990001111")
            done["status"] += 1

        async def balance(_: int) -> None:
            await smsc.balance()
            done["balance"] += 1

        calls = [send] * 270 + [status] * 200 + [balance] * 30
        order = list(enumerate(calls, start=1000))
        Random(2).shuffle(order)
        async with anyio.create_task_group() as group:
            for number, call in order:
                group.start_soon(call, number)

    assert done == {"send": 270, "status": 200, "balance": 30}
    assert sandbox.refusals == ()
    assert 8 <= sandbox.peak_in_flight <= 12
    assert 2 <= sandbox.peak_status_in_flight <= 4
    assert len(sandbox.messages) == 271


async def test_the_main_host_dies_in_the_middle() -> None:
    """Every call under way or to come ends well on the backup host, and no message goes twice."""
    async with busy_sandbox() as sandbox, client(sandbox) as smsc:
        sent: list[SentMessage] = []

        async def send(number: int) -> None:
            sent.append(await smsc.send(f"7999{number:07}", "Hello"))
            if number % 10 == 0:
                await smsc.balance()

        async with anyio.create_task_group() as group:
            for number in range(1000, 1200):
                group.start_soon(send, number)
            while len(sandbox.messages) < 50:
                await anyio.sleep(0.001)
            await anyio.to_thread.run_sync(sandbox.hosts[0].kill)

        taken = Counter((message.id, message.phone) for message in sandbox.messages)
    assert len(sent) == 200
    assert {(one.id, one.recipients[0].phone) for one in sent} == set(taken)
    assert set(taken.values()) == {1}
    assert sandbox.requests(host=sandbox.hosts[0]) > 0
    assert sandbox.requests(host=sandbox.hosts[1]) > 100
    assert sandbox.refusals == ()


async def test_the_main_host_comes_back() -> None:
    """A minute after its death the main host is tried, and used again when it is back."""
    async with busy_sandbox() as sandbox, client(sandbox) as smsc:
        await smsc.balance()
        await anyio.to_thread.run_sync(sandbox.hosts[0].kill)
        await smsc.balance()
        on_main = sandbox.requests(host=sandbox.hosts[0])
        await anyio.to_thread.run_sync(sandbox.hosts[0].start)
        await smsc.send("79991234567", "Still on the backup")
        assert sandbox.requests(host=sandbox.hosts[0]) == on_main

        await anyio.sleep(61 / FAST)
        await smsc.send("79991234567", "On the main host again")

    assert sandbox.requests(host=sandbox.hosts[0]) == on_main + 1


@pytest.mark.faults
async def test_ten_thousand_cancelled_calls() -> None:
    """Calls that are given up at any moment leave no slot, no stream and no connection behind."""
    when = Random(3)
    async with (
        Sandbox(limits=False, latency=0.005, balance="100000") as sandbox,
        sandbox.client(clock=ScaledClock(10 * FAST), patience=10**6, deadline=10**6) as smsc,
    ):
        await smsc.balance()
        ended: Counter[str] = Counter()

        async def give_up(number: int) -> None:
            with anyio.move_on_after(when.uniform(0.0, 0.02)) as scope:
                await smsc.send(f"7999{number:07}", "Hello")
            ended["cancelled" if scope.cancelled_caught else "sent"] += 1

        for batch in range(100):
            async with anyio.create_task_group() as group:
                for number in range(100):
                    group.start_soon(give_up, 1000 + 100 * batch + number)

        # What was in flight is believed to be over ten seconds later.
        await anyio.sleep(11 / (10 * FAST))
        async with anyio.create_task_group() as group:
            for number in range(12):
                group.start_soon(smsc.send, f"7998{1000 + number:07}", "Hello")
        doubts = {doubt.message_id for doubt in smsc.doubts}
        pool = smsc._exchange._client._transport
        [place] = pool._places.values()  # type: ignore[attr-defined]
        connections = place.connections

    assert ended.total() == 10_000
    assert ended["cancelled"] > 1000
    assert len(doubts) <= ended["cancelled"]
    assert len({message.id for message in sandbox.messages}) == len(sandbox.messages)
    assert len(sandbox.messages) <= ended["sent"] + len(doubts) + 12
    assert len(connections) <= 1
    assert [len(connection._streams.open) for connection in connections] in ([], [0])
