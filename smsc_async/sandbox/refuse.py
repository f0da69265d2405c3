"""Refusing what breaks a limit, in the service's own words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .account import Refusal, ServiceError

if TYPE_CHECKING:
    from collections.abc import Hashable

    from .account import Account

__all__ = ["check_concurrency", "check_limit"]


def check_limit(account: Account, script: str, kind: str, *what: Hashable) -> None:
    """Count the request, or refuse it as one too many within a minute."""
    if rule := account.limits.count(kind, *what):
        account.refusals.append(Refusal(script, 9, rule))
        raise ServiceError(9, "duplicate request, wait a minute")


def check_concurrency(account: Account, script: str, broken: str | None) -> None:
    """Refuse the request if it is one too many at a time."""
    if broken:
        account.refusals.append(Refusal(script, 9, broken))
        raise ServiceError(9, "too many concurrent requests")
