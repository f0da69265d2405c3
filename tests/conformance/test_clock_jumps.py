"""The clock of the client's machine jumps ahead by an hour while a send waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import anyio
import pytest
from clocks import ScaledClock

from smsc_async import DuplicateMessage
from smsc_async.sandbox import Fault, Faults

from .promises import FAST, HTTP, Http, Outcome, check, in_words, service, told
from .table import PHONE, Hit, Mode

if TYPE_CHECKING:
    from smsc_async import AsyncSmsc

pytestmark = [pytest.mark.anyio, pytest.mark.faults]

SLOW: Final = FAST / 2
HOUR: Final = 3600.0


class JumpingClock(ScaledClock):
    """Runs fast, and may be set."""

    ahead = 0.0

    def now(self) -> float:
        """Return the seconds since some fixed moment."""
        return super().now() + self.ahead


# What is looked for too early is sent again, and called a duplicate if it was there.
JUMPS: Final = [
    ("in flight, processed", (Hit(Fault.HANG_AFTER),), 10, "status"),
    ("in flight, not processed", (Hit(Fault.HANG_BEFORE),), 10, "reply"),
    ("between looks, processed", (Hit(Fault.CLOSE_AFTER),), 1, "status"),
    ("between looks, not processed", (Hit(Fault.CLOSE_BEFORE),), 5, "reply"),
    (
        "between looks, processed, and not to be seen yet",
        (Hit(Fault.CLOSE_AFTER), Hit(Fault.STATUS_LAG, times=None, seconds=20)),
        5,
        "status",
    ),
    ("between looks, processed afterwards", (Hit(Fault.PROCESSED_LATE, seconds=60),), 38, "reply"),
    ("before the second request", (Hit(Fault.CLOSE_BEFORE),), 61, "reply"),
]


@pytest.mark.parametrize(
    ("hits", "seconds", "wanted"),
    [pytest.param(*rest, id=name) for name, *rest in JUMPS],
)
@pytest.mark.parametrize("mode", ["careful", "fast"])
async def test_a_jump_while_it_is_found_out(
    hits: tuple[Hit, ...], seconds: float, wanted: str, mode: Mode
) -> None:
    """The message is taken once and found: the service's own guard stands in for the minute."""

    async def run(http: Http) -> None:
        clock, faults = JumpingClock(SLOW), Faults()
        async with service(faults, http=http, fast=SLOW, clock=clock) as (sandbox, smsc):
            for hit in hits:
                faults.add(
                    hit.fault, script=hit.script, nth=hit.nth, times=hit.times, seconds=hit.seconds
                )
            results: dict[str, Outcome] = {}
            async with anyio.create_task_group() as group:
                group.start_soon(send, smsc, mode, results)
                while not faults.strikes:
                    await anyio.sleep(0.001)
                await anyio.sleep(seconds / SLOW)
                clock.ahead = HOUR
            await anyio.sleep(30.0 / SLOW)
            assert len(sandbox.messages) == 1
            assert in_words(results["jump"]) in (wanted, "reply" if mode == "fast" else wanted)
            check(sandbox, results)

    async with anyio.create_task_group() as group:
        for http in HTTP:
            group.start_soon(run, http)


async def send(smsc: AsyncSmsc, mode: Mode, results: dict[str, Outcome]) -> None:
    results["jump"] = await told(smsc.send(PHONE, "Hello", id="jump", outcome=mode))


async def test_a_jump_while_a_limit_is_waited_for() -> None:
    """What the clock allows too early the service refuses: it is said so, or waited for."""
    clock = JumpingClock(FAST)
    async with service(Faults(), clock=clock) as (sandbox, smsc):
        await smsc.send(PHONE, "Hello", id="first")
        results: dict[str, Outcome] = {}

        async def wait() -> None:
            sending = smsc.send(PHONE, "Hello", id="waited", repeat="wait")
            results["waited"] = await told(sending)

        async with anyio.create_task_group() as group:
            group.start_soon(wait)
            await anyio.sleep(10.0 / FAST)
            clock.ahead = HOUR
            results["at-once"] = await told(smsc.send(PHONE, "Hello", id="at-once"))
        assert isinstance(results["at-once"], DuplicateMessage)
        assert in_words(results["waited"]) == "reply"
        assert [message.id for message in sandbox.messages] == ["first", "waited"]
