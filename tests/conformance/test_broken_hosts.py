"""A host that is broken for good, while the other one is not."""

from __future__ import annotations

from collections import Counter

import anyio
import pytest

from smsc_async import NotSent, OutcomeUnknown, SentMessage, SmscError
from smsc_async.sandbox import Fault, Faults

from .promises import FAST, Outcome, check, service

pytestmark = [pytest.mark.anyio, pytest.mark.faults]

SENDS = 4

BREAKS = (
    *(Fault.HTML_502_BEFORE, Fault.HTML_502_AFTER, Fault.EMPTY_200, Fault.HALF_REPLY),
    *(Fault.CLOSE_BEFORE, Fault.CLOSE_AFTER, Fault.RESET_AFTER, Fault.HANG_BEFORE),
    *(Fault.REFUSE_STREAM, Fault.GOAWAY_UNPROCESSED, Fault.WRONG_LENGTH),
    *(Fault.STOP_READING, Fault.CLOSE_AFTER_HEAD, Fault.BROKEN_JSON, Fault.WRONG_JSON),
)


async def sends(faults: Faults, fast: float = FAST) -> dict[str, Outcome]:
    """Send some messages one after the other, hold the promises, and return what was told."""
    told: dict[str, Outcome] = {}
    async with service(faults, fast=fast) as (sandbox, smsc):
        for number in range(SENDS):
            message_id = f"broken-{number}"
            try:
                told[message_id] = await smsc.send(f"7999123450{number}", "Hello", id=message_id)
            except SmscError as error:
                told[message_id] = error
    check(sandbox, told)
    return told


async def one_is_broken(fault: Fault, host: int) -> None:
    """See that the other host stands in for it."""
    faults = Faults()
    for script in ("send.php", "status.php"):
        faults.add(fault, script=script, host=host, times=None)
    told = await sends(faults)
    sent = Counter(isinstance(outcome, SentMessage) for outcome in told.values())
    assert (host, sent) == (host, {True: SENDS})


@pytest.mark.parametrize("fault", BREAKS, ids=lambda fault: fault.name)
async def test_one_host_is_broken(fault: Fault) -> None:
    """Every message is sent, whichever host is broken and however: the other one stands in."""
    async with anyio.create_task_group() as group:
        for host in (0, 1):
            group.start_soon(one_is_broken, fault, host)


@pytest.mark.parametrize("fault", BREAKS, ids=lambda fault: fault.name)
async def test_both_hosts_are_broken(fault: Fault) -> None:
    """No message is said to be sent, and each that may have been is a doubt."""
    faults = Faults()
    for script in ("send.php", "status.php", "get.php"):
        faults.add(fault, script=script, times=None)
    unread = {Fault.REFUSE_STREAM, Fault.GOAWAY_UNPROCESSED}
    # Nothing is waited for where nothing is read; so there is time to answer.
    told = await sends(faults, FAST / 4 if fault in unread else FAST)
    assert {type(outcome) for outcome in told.values()} == {
        NotSent if fault in unread else OutcomeUnknown
    }
