"""A sandbox with faults and a client of it, in fast time; and what must never happen."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import attrs
from clocks import ScaledClock

from smsc_async import AsyncSmsc, OutcomeUnknown, SentMessage, SmscError
from smsc_async.client import ClientOptions
from smsc_async.sandbox import Faults, Sandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Mapping
    from typing import Unpack

    from smsc_async.sandbox import Guard

__all__ = ["FAST", "HTTP", "Http", "Outcome", "check", "client", "in_words", "service", "told"]

FAST: Final = 200.0
"""How many seconds pass here in one."""

GIVES_UP: Final = 30.0
"""The reply timeout in fast seconds."""

Http: TypeAlias = Literal["2", "1.1"]
HTTP: Final[tuple[Http, ...]] = ("2", "1.1")

Outcome: TypeAlias = SentMessage | SmscError
"""What a caller has been told."""


@asynccontextmanager
async def service(
    faults: Faults,
    *,
    http: Http = "2",
    fast: float = FAST,
    clock: ScaledClock | None = None,
    concurrency: int = 12,
    connect_timeout: float = 20.0,
    latency: float = 0.001,
    guard: Guard = "global",
    balance: str = "1000",
) -> AsyncIterator[tuple[Sandbox, AsyncSmsc]]:
    """Open a sandbox that enforces every limit, and a patient client connected to it.

    Both count `fast` seconds in one, but for `connect_timeout` and `latency`, which are real.
    """
    sandbox = Sandbox(
        faults=faults,
        http2=http == "2",
        time=lambda: time.monotonic() * fast,
        delivery=(0.0, 0.0),
        latency=latency,
        guard=guard,
        balance=balance,
    )
    async with sandbox:
        smsc = client(
            sandbox,
            fast=fast,
            clock=clock or ScaledClock(fast),
            connect_timeout=connect_timeout,
            concurrency=concurrency,
        )
        async with smsc:
            await smsc.balance()
            yield sandbox, smsc


def client(sandbox: Sandbox, *, fast: float = FAST, **options: Unpack[ClientOptions]) -> AsyncSmsc:
    """Make a patient client of a sandbox in fast time."""
    patient = ClientOptions(
        clock=ScaledClock(fast),
        patience=10_000.0,
        deadline=100_000.0,
        reply_timeout=GIVES_UP / fast,
        connect_timeout=20.0,
    )
    smsc = sandbox.client(**(patient | options))
    # Made of timeouts, which are real, and counted by a clock that is not.
    pace = smsc._call._pace
    smsc._call._pace = attrs.evolve(pace, lease=pace.lease * fast)
    return smsc


async def told(sending: Awaitable[SentMessage]) -> Outcome:
    """Send, and return what the caller is told."""
    try:
        return await sending
    except SmscError as error:
        return error


def in_words(outcome: Outcome) -> str:
    """Return how a message was confirmed, or the name of the error."""
    return outcome.confirmed_by if isinstance(outcome, SentMessage) else type(outcome).__name__


def check(sandbox: Sandbox, told: Mapping[str, Outcome]) -> None:
    """Hold the promises against what the service has, by the messages' ids."""
    taken = Counter((message.id, message.phone) for message in sandbox.messages)
    ids = {message_id for message_id, _ in taken}
    sent = {its_id for its_id, outcome in told.items() if isinstance(outcome, SentMessage)}
    doubtful = {its_id for its_id, outcome in told.items() if isinstance(outcome, OutcomeUnknown)}
    failed = told.keys() - sent - doubtful

    twice = {which: count for which, count in taken.items() if count > 1}
    assert twice == {}
    reported_but_not_taken = sent - ids
    assert reported_but_not_taken == set()
    denied_but_taken = failed & ids
    assert denied_but_taken == set()
    taken_in_silence = ids - told.keys()
    assert taken_in_silence == set()
    for its_id, outcome in told.items():
        assert (outcome.id if isinstance(outcome, SentMessage) else outcome.message_id) == its_id
