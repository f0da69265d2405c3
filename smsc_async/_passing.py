"""Which failures may pass by themselves, so that asking goes on."""

from __future__ import annotations

from typing import Final

from .errors import (
    BadReply,
    IpBlocked,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    SmscError,
    UntrustedHost,
)

__all__ = ["may_pass"]

_PASSING: Final = (NotSent, OutcomeUnknown, RateLimited, IpBlocked, BadReply)


def may_pass(error: SmscError) -> bool:
    """Return whether a later question may not meet with it again."""
    return isinstance(error, _PASSING) and not isinstance(error, UntrustedHost)
