"""A sandbox with faults and a client of it, in fast time; and what must never happen."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, TypeAlias

from clocks import ScaledClock

from smsc_async import AsyncSmsc, OutcomeUnknown, SentMessage, SmscError
from smsc_async.sandbox import Faults, Sandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

__all__ = ["FAST", "Outcome", "check", "service"]

FAST: Final = 200.0
"""How many seconds pass here in one."""

_GIVES_UP: Final = 0.15
"""The reply timeout in real seconds: 30 of the fast ones."""

Outcome: TypeAlias = SentMessage | SmscError
"""What a caller has been told."""


@asynccontextmanager
async def service(
    faults: Faults, *, concurrency: int = 12, latency: float = 0.001
) -> AsyncIterator[tuple[Sandbox, AsyncSmsc]]:
    """Open a sandbox that enforces every limit, and a patient client connected to it."""
    sandbox = Sandbox(
        faults=faults, time=lambda: time.monotonic() * FAST, delivery=(0.0, 0.0), latency=latency
    )
    async with sandbox:
        smsc = sandbox.client(
            clock=ScaledClock(FAST),
            patience=10_000.0,
            deadline=100_000.0,
            reply_timeout=_GIVES_UP,
            # Real, too, and never reached; a permit lasts for both times on every host.
            connect_timeout=20.0,
            concurrency=concurrency,
        )
        async with smsc:
            await smsc.balance()
            yield sandbox, smsc


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
