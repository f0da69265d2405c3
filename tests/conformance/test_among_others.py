"""What goes wrong with one of many, and what does not become of the others."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import anyio
import pytest

from smsc_async.sandbox import Fault, Faults

from .promises import FAST, HTTP, Http, Outcome, check, client, in_words, service, told

if TYPE_CHECKING:
    from smsc_async import AsyncSmsc

pytestmark = [pytest.mark.anyio, pytest.mark.faults]

SENDS: Final = 20
SLOW: Final = FAST / 10
"""Time to answer those that nothing is wrong with, on a machine that has other things to do."""


async def send_all(smsc: AsyncSmsc, results: dict[str, Outcome]) -> None:
    """Send twenty messages at once."""

    async def send(number: int) -> None:
        its_id = f"one-{number}"
        sending = smsc.send(f"799912345{number:02}", "Hello", id=its_id, outcome="raise")
        results[its_id] = await told(sending)

    async with anyio.create_task_group() as group:
        for number in range(SENDS):
            group.start_soon(send, number)


ALONE: Final = (
    *(Fault.HANG_BEFORE, Fault.HANG_AFTER, Fault.RESET_BEFORE, Fault.RESET_AFTER),
    *(Fault.RESET_AFTER_HEAD, Fault.WRONG_LENGTH, Fault.EMPTY_200, Fault.HTML_502_AFTER),
)


@pytest.mark.parametrize("fault", ALONE, ids=lambda fault: fault.name)
@pytest.mark.parametrize("http", HTTP)
async def test_one_of_twenty(fault: Fault, http: Http) -> None:
    """One request that stalls or is lost changes what comes of no other."""
    results: dict[str, Outcome] = {}
    async with service(Faults(), http=http, fast=SLOW, latency=0.02) as (sandbox, smsc):
        sandbox.faults.add(fault, nth=7)
        await send_all(smsc, results)
        check(sandbox, results)
    words = Counter(map(in_words, results.values()))
    assert words == {"reply": SENDS - 1, "OutcomeUnknown": 1}


async def test_an_address_that_is_blocked_meanwhile() -> None:
    """Those that were answered are sent, all others fail here, and after a minute it goes on."""
    results: dict[str, Outcome] = {}
    async with service(Faults(), fast=SLOW, concurrency=4) as (sandbox, smsc):
        sandbox.faults.add(Fault.ERROR_4, nth=7, times=None)
        await send_all(smsc, results)
        sandbox.faults.clear()
        check(sandbox, results)
        words = Counter(map(in_words, results.values()))
        assert words["reply"] + words["IpBlocked"] == SENDS
        assert words["reply"] == 6
        assert len(sandbox.messages) == words["reply"]

        await anyio.sleep(62.0 / SLOW)
        for its_id, outcome in results.items():
            if in_words(outcome) == "IpBlocked":
                phone = f"799912345{its_id.removeprefix('one-'):0>2}"
                results[its_id] = await told(smsc.send(phone, "Hello", id=its_id))
        assert {in_words(outcome) for outcome in results.values()} == {"reply"}
        check(sandbox, results)


@pytest.mark.parametrize("http", HTTP)
async def test_no_slot_in_time(http: Http) -> None:
    """What gets no slot within its patience was not sent, and that is what is said."""
    results: dict[str, Outcome] = {}
    async with service(Faults(), http=http, fast=FAST / 4) as (sandbox, _):
        async with client(sandbox, fast=FAST / 4, concurrency=1, patience=5.0) as smsc:
            await smsc.balance()
            sandbox.faults.add(Fault.LATE, seconds=20.0)
            async with anyio.create_task_group() as group:

                async def send(its_id: str, phone: str) -> None:
                    results[its_id] = await told(smsc.send(phone, "Hello", id=its_id))

                group.start_soon(send, "slow", "79991234567")
                while not sandbox.faults.strikes:
                    await anyio.sleep(0.001)
                await send("late", "79991234568")
        check(sandbox, results)
    assert {its_id: in_words(outcome) for its_id, outcome in results.items()} == {
        "late": "RateLimited",
        "slow": "reply",
    }
