"""The house with every store, and several houses with one."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest
from clocks import FakeClock

from smsc_async.governor import Governor, SqliteGovernor
from smsc_async.governor.redis import RedisGovernor

from .house import builders

PATIENCE = 20.0


@pytest.fixture(params=["memory", "sqlite", "redis"])
async def each_store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[None]:
    """Let each governor of the house count by itself: in memory, in a file, in Redis."""
    numbers = itertools.count()
    url = redis_url(request)

    def sqlite(clock: FakeClock) -> Governor:
        return on_file(clock, tmp_path / f"{next(numbers)}.db")

    def redis(clock: FakeClock) -> Governor:
        return on_redis(clock, url, secrets.token_hex(8))

    async with building({"memory": builders[0], "sqlite": sqlite, "redis": redis}[request.param]):
        yield


@pytest.fixture(params=["sqlite", "redis"])
async def one_store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[None]:
    """Let all governors of the house count in the same place."""
    place = secrets.token_hex(8)
    url = redis_url(request)

    def sqlite(clock: FakeClock) -> Governor:
        return on_file(clock, tmp_path / place)

    def redis(clock: FakeClock) -> Governor:
        return on_redis(clock, url, place)

    async with building({"sqlite": sqlite, "redis": redis}[request.param]):
        yield


def redis_url(request: pytest.FixtureRequest) -> str:
    """Return where the Redis is, if one is asked for; skip, if there is none."""
    return str(request.getfixturevalue("redis_url")) if request.param == "redis" else ""


@asynccontextmanager
async def building(builder: Callable[[FakeClock], Governor]) -> AsyncIterator[None]:
    """Let the house build its governors like that, and close them afterwards."""
    made: list[Governor] = []

    def build(clock: FakeClock) -> Governor:
        made.append(builder(clock))
        return made[-1]

    builders.append(build)
    try:
        yield
    finally:
        builders.remove(build)
        for governor in made:
            await governor.aclose()


def on_file(clock: FakeClock, path: Path) -> SqliteGovernor:
    """Make a governor that counts in a file, by a clock of ours."""
    return SqliteGovernor(path, clock=clock, random=Random(1), timeout=PATIENCE)


def on_redis(clock: FakeClock, url: str, place: str) -> RedisGovernor:
    """Make a governor that counts in a Redis, by a clock of ours."""
    return RedisGovernor(
        url, clock=clock, now=clock.now, prefix=f"test-{place}", random=Random(1), timeout=PATIENCE
    )
