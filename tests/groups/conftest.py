"""A service for the groups, on a clock that never waits."""

from __future__ import annotations

import pytest
from clocks import InstantClock
from service import InProcess


@pytest.fixture
def clock() -> InstantClock:
    return InstantClock()


@pytest.fixture
def service(clock: InstantClock) -> InProcess:
    """A service in the middle of January, with 1000 on an account that has nothing else yet."""
    return InProcess(clock)
