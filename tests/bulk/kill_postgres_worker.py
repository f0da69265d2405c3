"""One of many workers on one run, that somebody kills, in fast time."""

from __future__ import annotations

import json
import sys

import anyio
from clocks import ScaledClock
from shortened import Shortened

from smsc_async import AsyncSmsc
from smsc_async._clock import SystemClock
from smsc_async.governor.address import governor_at
from smsc_async.sandbox import Sandbox


async def run(hosts: list[str], ca: str, journal: str, governor: str, factor: float) -> None:
    """Send what is in the journal, until there is no more."""
    smsc = AsyncSmsc(
        Sandbox.login,
        Sandbox.password,
        hosts=hosts,
        verify=ca,
        clock=ScaledClock(factor),
        connect_timeout=1.0,
        reply_timeout=2.0,
        deadline=100_000.0,
        governor=Shortened(governor_at(governor, SystemClock()), factor),
    )
    async with smsc:
        report = await smsc.send_many(None, journal=journal, size=20)
    assert report.stopped_by is None, report


if __name__ == "__main__":
    facts = json.loads(sys.argv[1])
    anyio.run(run, *facts, backend=sys.argv[2])
