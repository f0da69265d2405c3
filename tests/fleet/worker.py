"""One worker of a fleet: twelve tasks that ask for everything the limits allow, until it is killed.

Every line that it prints is a mistake.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio

sys.path.insert(0, str(Path(__file__).parent.parent / "doubles"))

from clocks import ScaledClock
from shortened import Shortened

from smsc_async import AsyncSmsc, NotFound
from smsc_async._clock import SystemClock
from smsc_async.governor.address import governor_at

LONG = 1e6


async def repeat(work: Callable[[], Awaitable[object]]) -> None:
    """Do it again and again."""
    while True:
        await work()


async def run(order: dict[str, Any]) -> None:
    """Keep every limit used up."""
    factor = order["factor"]
    governor = Shortened(governor_at(order["governor"], SystemClock()), factor)
    numbers = itertools.count()
    async with (
        AsyncSmsc(
            order["login"],
            order["password"],
            hosts=[order["host"]],
            verify=order["ca"],
            clock=ScaledClock(factor),
            governor=governor,
            patience=LONG,
            deadline=LONG,
            connect_timeout=1.0,
            reply_timeout=2.75,
        ) as smsc,
        anyio.create_task_group() as group,
    ):

        async def send() -> None:
            number = f"+79{os.getpid() % 1000:03}{next(numbers):06}"
            await smsc.send(number, "Hello")

        async def same(text: str) -> None:
            await smsc.send("+79990000002", text, repeat="wait")

        async def status(message: str) -> None:
            # The service counts the question before it looks for the message.
            with contextlib.suppress(NotFound):
                await smsc.status(message, "+79990000003")

        for work in (
            *[smsc.balance] * 2,
            *[smsc.templates.all] * 2,
            *[lambda: same("First"), lambda: same("Second")],
            *[lambda: status(order["messages"][0]), lambda: status(order["messages"][1])],
            *[send] * 4,
        ):
            group.start_soon(repeat, work)


if __name__ == "__main__":
    told = json.loads(sys.argv[1])
    anyio.run(run, told, backend=told["backend"])
