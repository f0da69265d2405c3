"""Hosts whose certificate is not trusted: the next one is asked, and nobody asks again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest
from clocks import ScaledClock

from smsc_async import AsyncSmsc, NotSent, Outgoing, UntrustedHost
from smsc_async._clock import SystemClock
from smsc_async.sandbox import Sandbox
from smsc_async.transport import Hosts, HttpExchange, Sent, Untrusted

pytestmark = pytest.mark.anyio

PHONE = "+79991234567"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A sandbox, whose certificate nobody trusts who was not told to."""
    with Sandbox() as service:
        yield service


async def test_it_is_said_at_once(sandbox: Sandbox) -> None:
    """Each host is tried once, and the error says what is wrong and what can be done."""
    async with sandbox.client(verify=True) as smsc:
        with pytest.raises(UntrustedHost, match=r"certificate is not trusted: .*SMSC_CA") as caught:
            await smsc.balance()

    assert [attempt.phase for attempt in caught.value.attempts] == ["connect", "connect"]
    assert sandbox.requests() == 0


async def test_all_who_wait_for_the_connection_hear_it(sandbox: Sandbox) -> None:
    """Requests that share an attempt to connect fail alike."""
    clock = SystemClock()
    exchange = HttpExchange(
        Hosts(sandbox.urls[:1], clock=clock),
        connect_timeout=4,
        reply_timeout=4,
        http2=True,
        verify=True,
        clock=clock,
    )
    failures: list[Untrusted] = []

    async def ask() -> None:
        with pytest.raises(Untrusted) as caught:
            await exchange("/sys/balance.php", b"")
        failures.append(caught.value)

    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(ask)
    await exchange.aclose()

    assert [failure.sent for failure in failures] == [Sent.NO] * 3
    assert sandbox.requests() == 0


async def test_the_next_host_is_asked(sandbox: Sandbox) -> None:
    """A backup that is trusted takes the call."""
    async with Sandbox() as other, sandbox.client(hosts=[other.urls[0], sandbox.urls[0]]) as smsc:
        assert (await smsc.balance()).amount > 0


async def test_another_host_that_is_down_may_come_back(sandbox: Sandbox) -> None:
    """As long as another host may answer a later attempt, there is one."""
    async with AsyncSmsc(
        "alex",
        "secret",
        hosts=["https://127.0.0.1:1", sandbox.urls[0]],
        deadline=6,
        clock=ScaledClock(5.0),
    ) as smsc:
        with pytest.raises(NotSent) as caught:
            await smsc.balance()

    assert not isinstance(caught.value, UntrustedHost)
    assert len(caught.value.attempts) > 2


async def test_following_a_run_ends(tmp_path: Path) -> None:
    """Nobody waits an hour for statuses that will not be told."""
    journal = tmp_path / "run.db"
    async with Sandbox() as sandbox:
        async with sandbox.client() as smsc:
            await smsc.send_many([Outgoing(PHONE, "Hello")], journal=journal)
        async with sandbox.client(verify=True) as smsc:
            with pytest.raises(UntrustedHost):
                await smsc.follow_many(journal)


async def test_a_bulk_run_ends(sandbox: Sandbox) -> None:
    """A run does not go on for minutes with what will not heal."""
    async with sandbox.client(verify=True) as smsc:
        report = await smsc.send_many([Outgoing(PHONE, "Hello")])

    assert isinstance(report.stopped_by, UntrustedHost)
    assert report.left == 1
