"""When a call is tried again."""

from __future__ import annotations

from random import Random

import pytest
from clocks import InstantClock

from smsc_async import (
    AuthenticationFailed,
    BadReply,
    DuplicateMessage,
    InvalidNumber,
    IpBlocked,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    TooManyRequests,
    UntrustedHost,
)
from smsc_async._retry import Budget, Terms, again, may_repeat
from smsc_async.groups.account import BALANCE as READ
from smsc_async.groups.messages import _SEND as SEND

REPEATED = TooManyRequests(9, "duplicate request, wait a minute")
CONCURRENT = TooManyRequests(9, "too many concurrent requests")


@pytest.mark.parametrize(
    ("error", "read", "send"),
    [
        (NotSent("nothing was sent"), True, True),
        (UntrustedHost("nothing was sent"), False, False),
        (OutcomeUnknown("no answer"), True, False),
        (BadReply("a web page"), True, False),
        (CONCURRENT, True, True),
        (REPEATED, True, False),
        (DuplicateMessage("send.identical", 60), False, False),
        (RateLimited("balance.any", 60), False, False),
        (AuthenticationFailed(2, "authorise error"), False, False),
        (IpBlocked(4, "ip is blocked"), False, False),
        (InvalidNumber(7, "invalid number"), False, False),
        (KeyError("a mistake of ours"), False, False),
    ],
)
def test_who_repeats_what(error: Exception, *, read: bool, send: bool) -> None:
    """Reads repeat after anything passing; sends only what was certainly not processed."""
    assert (may_repeat(READ, error), may_repeat(SEND, error)) == (read, send)


def test_duplicate_repeats_when_asked_to() -> None:
    """Who asked to wait gets his duplicate sent when its minute is over."""
    assert may_repeat(SEND, DuplicateMessage("send.identical", 60), wait=True)


@pytest.fixture
def anyio_backend() -> str:
    """Tenacity does not care about the backend; the calls are tested on both."""
    return "asyncio"


async def run(
    clock: InstantClock,
    *,
    budget: Budget | None = None,
    deadline: float = 180.0,
    attempt_takes: float = 0.0,
) -> int:
    """Fail until tenacity has had enough; return how often."""
    tries = 0

    async def fail() -> None:
        nonlocal tries
        tries += 1
        clock.pass_time(attempt_takes)
        raise NotSent("nothing was sent")

    terms = Terms(
        READ, clock, Random(1), budget or Budget(), until=clock.now() + deadline, wait=False
    )
    with pytest.raises(NotSent) as first:
        await fail()
    with pytest.raises(NotSent):
        await again(first.value, fail, terms)
    return tries


@pytest.mark.anyio
async def test_four_attempts_with_full_jitter() -> None:
    """A call is tried four times; the pauses are random below 0.5, 1 and 2 seconds."""
    clock = InstantClock()

    assert await run(clock) == 4
    assert all(0 < nap < most for nap, most in zip(clock.naps, (0.5, 1, 2), strict=True))


@pytest.mark.anyio
async def test_deadline_counts_the_coming_pause() -> None:
    """No pause begins that would end past the deadline."""
    clock = InstantClock()

    assert await run(clock, deadline=10.0, attempt_takes=9.95) == 1
    assert clock.naps == []


@pytest.mark.anyio
async def test_budget_is_for_all_calls() -> None:
    """When ten retries were spent without a success, calls are tried once."""
    budget = Budget()
    tries = [await run(InstantClock(), budget=budget) for _ in range(5)]

    assert tries == [4, 4, 4, 2, 1]


def test_success_earns_a_tenth() -> None:
    """Ten successes pay for one retry, and the budget never grows beyond its size."""
    budget = Budget(left=0.0)
    for _ in range(11):
        budget.earn()
    assert (budget.spend(), budget.spend()) == (True, False)

    for _ in range(200):
        budget.earn()
    assert budget.left == budget.size
