"""A Redis that dies, comes back empty or forgets everything while all ask it for permits."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import anyio
import attrs
import pytest
from redis_server import RedisServer, redis_server

from smsc_async import GovernorUnavailable
from smsc_async.governor import Governor, Outcome, shared
from smsc_async.governor.redis import RedisGovernor

from .house import slot

pytestmark = pytest.mark.anyio

GOVERNORS = 2
TASKS = 6
LIMIT = 4


@pytest.fixture(autouse=True)
def _try_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "_RETRY", 0.1)


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with redis_server() as running:
        yield running


@attrs.define
class Traffic:
    """What all tasks have in flight, and what they have been given."""

    flying: Counter[int] = attrs.field(factory=Counter[int])
    given: Counter[int] = attrs.field(factory=Counter[int])
    refused: Counter[int] = attrs.field(factory=Counter[int])
    most: int = 0
    most_of_one: int = 0

    async def flow(self, name: int, governor: Governor) -> None:
        """Take permits and give them back."""
        while True:
            try:
                permit = await governor.acquire([slot(LIMIT)], lease=30.0, patience=30.0)
            except GovernorUnavailable:
                self.refused[name] += 1
                await anyio.sleep(0.01)
                continue
            self.flying[name] += 1
            self.given[name] += 1
            self.most = max(self.most, self.flying.total())
            self.most_of_one = max(self.most_of_one, self.flying[name])
            await anyio.sleep(0.004)
            self.flying[name] -= 1
            await governor.release(permit, Outcome.ANSWERED)

    async def go_on(self, count: int) -> None:
        """Wait until each governor has given so many permits more."""
        until = Counter({name: self.given[name] + count for name in range(GOVERNORS)})
        while not self.given >= until:
            await anyio.sleep(0.005)


@asynccontextmanager
async def traffic(url: str) -> AsyncIterator[Traffic]:
    """Let several governors give permits, to several tasks each."""
    flow = Traffic()
    governors = [RedisGovernor(url) for _ in range(GOVERNORS)]
    with anyio.fail_after(50):
        async with anyio.create_task_group() as group:
            for name, governor in enumerate(governors):
                for _ in range(TASKS):
                    group.start_soon(flow.flow, name, governor)
            yield flow
            group.cancel_scope.cancel()
    for governor in governors:
        await governor.aclose()


def flush(server: RedisServer) -> None:
    """Let it forget everything, scripts as well."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=5.0) as wire:
        for command in (b"FLUSHALL\r\n", b"SCRIPT FLUSH\r\n"):
            wire.sendall(command)
            assert wire.recv(16) == b"+OK\r\n"


async def test_a_redis_that_dies_in_use(server: RedisServer) -> None:
    """All are refused until it is back; then they keep to the limit together, as before."""
    async with traffic(server.url) as flow:
        await flow.go_on(30)
        before = flow.most
        server.stop()
        while len(flow.refused) < GOVERNORS:
            await anyio.sleep(0.005)
        stopped = flow.given.total()
        await anyio.sleep(0.05)
        meanwhile = flow.given.total() - stopped
        server.start()
        await flow.go_on(10)
        flow.most = 0
        await flow.go_on(30)

    assert meanwhile == 0
    assert 2 <= before <= LIMIT
    assert 2 <= flow.most <= LIMIT
    assert flow.most_of_one <= LIMIT


async def test_a_redis_that_forgets_in_use(server: RedisServer) -> None:
    """Nobody is refused; each knows its own, and what the others had is over soon."""
    async with traffic(server.url) as flow:
        await flow.go_on(30)
        before = flow.most
        for _ in range(5):
            flush(server)
            await flow.go_on(5)
        await flow.go_on(10)
        flow.most = 0
        await flow.go_on(30)

    assert flow.refused == {}
    assert 2 <= before <= LIMIT
    assert 2 <= flow.most <= LIMIT
    assert flow.most_of_one <= LIMIT
