"""Thousands of sends through random faults on both hosts, hundreds of them at once."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import TYPE_CHECKING, Final

import anyio
import pytest

from smsc_async import IpBlocked, OutcomeUnknown, SentMessage, SmscError
from smsc_async.sandbox import Fault, Faults

from .promises import FAST, Http, Outcome, check, service
from .table import Mode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from smsc_async import AsyncSmsc

pytestmark = [pytest.mark.anyio, pytest.mark.faults]

SENDS: Final = 10_000
AT_ONCE: Final = 300
LATEST: Final = 80.0
MODES: Final[tuple[Mode, ...]] = ("careful", "careful", "fast", "careful", "raise")

# A blocked address stops every call for a minute, and would leave no storm to see.
BLOCK: Final = 1 / 4000
# What is read no more takes the others along, until the connection is left.
DEAF: Final = 1 / 400
RARE: Final = (Fault.ERROR_4, Fault.STOP_READING)
ON_STATUS: Final = tuple(fault for fault in Fault if fault not in RARE)
ON_SEND: Final = tuple(
    fault for fault in ON_STATUS if fault not in (Fault.STATUS_LAG, Fault.STATUS_FAILS)
)


def storm(seed: int, http: Http) -> Faults:
    """Faults that hit every third send and every fourth question for a status."""
    # One each, so that what hits the n-th request to a script does not depend on the others.
    randoms = {script: Random(f"{script} {seed}") for script in ("send.php", "status.php")}
    chances = {"send.php": 1 / 3, "status.php": 1 / 4}
    kinds = {
        script: [fault for fault in faults if http == "2" or not fault.needs_http2]
        for script, faults in {"send.php": ON_SEND, "status.php": ON_STATUS}.items()
    }

    def choose(script: str, host: int) -> tuple[Fault, float] | None:
        random = randoms.get(script)
        if random is None:
            return None
        if random.random() < BLOCK:
            return Fault.ERROR_4, 0.0
        if random.random() < DEAF:
            return Fault.STOP_READING, 0.0
        if random.random() >= chances[script]:
            return None
        return random.choice(kinds[script]), random.uniform(1.0, LATEST)

    return Faults(choose)


async def send(smsc: AsyncSmsc, number: int, told: dict[str, Outcome]) -> None:
    """Send a message of its own and keep what the caller is told; the mode is one of three."""
    message_id = f"storm-{number}"
    mode: Mode = MODES[number % len(MODES)]
    try:
        told[message_id] = await smsc.send(
            f"7999{number:07}", "Hello", id=message_id, outcome=mode, repeat="wait"
        )
    except IpBlocked as blocked:
        told[message_id] = blocked
        await anyio.sleep(blocked.retry_after / FAST)
    except SmscError as error:
        told[message_id] = error


async def send_all(smsc: AsyncSmsc, sends: int, told: dict[str, Outcome]) -> None:
    """Send so many messages, some hundreds at a time."""
    numbers = iter(range(10_000, 10_000 + sends))

    async def work() -> None:
        for number in numbers:
            await send(smsc, number, told)

    async with anyio.create_task_group() as group:
        for _ in range(min(AT_ONCE, sends)):
            group.start_soon(work)


async def run(seed: int, sends: int, faults: Iterable[Fault], http: Http = "2") -> None:
    """Hold the promises against a storm."""
    told: dict[str, Outcome] = {}
    async with service(storm(seed, http), http=http) as (sandbox, smsc):
        with anyio.fail_after(380):
            await send_all(smsc, sends, told)
        await anyio.sleep(LATEST / FAST)
        doubts = {doubt.message_id for doubt in smsc.doubts}

    check(sandbox, told)
    assert len(told) == sends
    unknown = [outcome for outcome in told.values() if isinstance(outcome, OutcomeUnknown)]
    assert doubts == {outcome.message_id for outcome in unknown}
    # It was a storm, and some were carried through it; a block leaves many in doubt.
    struck = Counter(strike.fault for strike in sandbox.faults.strikes)
    assert set(struck) >= set(faults)
    assert {strike.host for strike in sandbox.faults.strikes} == {0, 1}
    ways = Counter(o.confirmed_by for o in told.values() if isinstance(o, SentMessage))
    assert ways["reply"] > sends / 10
    assert ways["status"]
    assert ways.total() > sends / 2


@pytest.mark.parametrize(("seed", "http"), [(1, "2"), (2, "2"), (4, "1.1")])
async def test_storm(seed: int, http: Http) -> None:
    """No message goes twice, none is lost in silence, and every doubt carries its id."""
    faults = [fault for fault in ON_SEND if http == "2" or not fault.needs_http2]
    await run(seed, 300, faults, http)


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
async def test_great_storm() -> None:
    """So it is with ten thousand messages."""
    await run(3, SENDS, Fault)
