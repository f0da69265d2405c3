"""The demonstration: messages to a sandbox, from the first to the last delivered."""

from __future__ import annotations

import time
from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import anyio
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from ._money import money

if TYPE_CHECKING:
    from rich.console import Console

    from .client import AsyncSmsc
    from .groups.messages import SentMessage
    from .sandbox import Sandbox

__all__ = ["run_demo"]

_FIRST_PHONE: Final = 79991000000
# The service takes five questions a minute about one message; after two seconds it is delivered.
_POLL: Final = 0.5


async def run_demo(sandbox: Sandbox, messages: int, console: Console, started: float) -> bool:
    """Send, follow, print a table; return whether every message arrived exactly once."""
    async with sandbox.client() as smsc:
        columns = (
            TextColumn("{task.description:<10}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=console) as progress:
            sent = await _send_all(smsc, messages, progress)
            delivered = await _follow_all(smsc, sent, progress)
    taken = Counter((message.id, message.phone) for message in sandbox.messages)
    once = len(taken) == len(sent) == messages and set(taken.values()) == {1}
    table = Table(title="What the sandbox saw")
    for heading in ("messages", "units", "cost", "requests", "HTTP", "refusals", "seconds"):
        table.add_column(heading, justify="right")
    versions = [v for v in ("2", "1.1") if sandbox.requests(http_version=v)]
    table.add_row(
        str(len(sandbox.messages)),
        str(sum(message.units for message in sent)),
        money(sum((message.cost for message in sent), Decimal(0))),
        str(sandbox.requests()),
        ", ".join(versions),
        str(len(sandbox.refusals)),
        f"{time.monotonic() - started:.1f}",
    )
    console.print(table)
    verdict = "Every message was delivered exactly once."
    if not (once and delivered == messages):
        verdict = f"{delivered} of {messages} were delivered; taken once each: {once}."
    console.print(verdict)
    return once and delivered == messages


async def _send_all(smsc: AsyncSmsc, messages: int, progress: Progress) -> list[SentMessage]:
    task = progress.add_task("sent", total=messages)
    sent: list[SentMessage] = []

    async def send(number: int) -> None:
        phone = f"+{_FIRST_PHONE + number}"
        sent.append(await smsc.send(phone, f"Your order {number} is ready"))
        progress.advance(task)

    async with anyio.create_task_group() as group:
        for number in range(messages):
            group.start_soon(send, number)
    return sent


async def _follow_all(smsc: AsyncSmsc, sent: list[SentMessage], progress: Progress) -> int:
    task = progress.add_task("delivered", total=len(sent))
    delivered = 0

    async def follow(message: SentMessage) -> None:
        nonlocal delivered
        phone = message.recipients[0].phone
        while not (status := await smsc.status(message.id, phone)).is_final:
            await anyio.sleep(_POLL)
        if status.status.is_delivered:
            delivered += 1
            progress.advance(task)

    async with anyio.create_task_group() as group:
        for message in sent:
            group.start_soon(follow, message)
    return delivered
