"""An account without a network, on a clock that stands still until it is moved."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hand_clock import HandClock

from smsc_async.sandbox.account import Account

if TYPE_CHECKING:
    from collections.abc import Callable

# 10:00:00 in Moscow, on 15 January 2026.
EPOCH = 1768460400.0


@pytest.fixture
def clock() -> HandClock:
    """A clock to move by hand."""
    return HandClock()


@pytest.fixture
def make_account(clock: HandClock) -> Callable[..., Account]:
    """Make accounts on the clock, at 10:00 in Moscow."""

    def make(**options: object) -> Account:
        known: dict[str, object] = {"login": "alex", "password": "Пароль", "apikey": "key"}
        known |= {"time": clock, "epoch": EPOCH, "balance": Decimal(100)}
        return Account(**(known | options))  # type: ignore[arg-type]

    return make


@pytest.fixture
def account(make_account: Callable[..., Account]) -> Account:
    """An account that enforces the limits."""
    return make_account()
