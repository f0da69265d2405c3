"""A bulk run that somebody kills, in fast time."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

import anyio
from clocks import ScaledClock

from smsc_async import AsyncSmsc, Outgoing
from smsc_async.sandbox import Sandbox


def people(count: int) -> Iterator[Outgoing]:
    """As many messages, each with a text and a phone of its own."""
    for number in range(count):
        yield Outgoing(
            f"+7999{number:07}",
            f"Здравствуйте, покупатель {number}! Ваш заказ готов, ждём вас с 9 до 21 часа.",
        )


async def run(hosts: list[str], ca: str, journal: str, count: int, factor: float) -> None:
    """Send them, or go on with it."""
    smsc = AsyncSmsc(
        Sandbox.login,
        Sandbox.password,
        hosts=hosts,
        verify=ca,
        clock=ScaledClock(factor),
        reply_timeout=3.0,
        deadline=100_000.0,
    )
    async with smsc:
        report = await smsc.send_many(people(count), journal=journal)
    assert report.stopped_by is None, report
    assert report.left == 0, report


if __name__ == "__main__":
    facts = json.loads(sys.argv[1])
    anyio.run(run, *facts, backend=sys.argv[2])
