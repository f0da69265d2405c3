"""What every test may ask for."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from postgres_server import postgres_server
from redis_server import redis_server

# Nothing here is timed: how slow an example was says how busy the machine was.
settings.register_profile(
    "untimed", deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("untimed")


# Importing the tests leaves no garbage worth looking for.
gc.disable()


def pytest_collection_finish() -> None:
    """Let the collector look only at what the tests make, and seldom, not at the tests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)
    gc.enable()


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """Run every test that awaits on both backends."""
    backend: str = request.param
    return backend


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """Return where a Redis is: SMSC_TEST_REDIS_URL, or one that lasts as long as the tests."""
    url = os.environ.get("SMSC_TEST_REDIS_URL")
    if url:
        yield url
        return
    with redis_server() as server:
        yield server.url


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Return where a PostgreSQL is: SMSC_TEST_POSTGRES_URL, or one that lasts as the tests do."""
    url = os.environ.get("SMSC_TEST_POSTGRES_URL")
    if url:
        yield url
        return
    with postgres_server() as server:
        yield server.url
