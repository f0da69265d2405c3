"""Numbers that get nothing."""

from __future__ import annotations

import attrs

from .._call import Caller

__all__ = ["Blacklist", "EmailBlacklist"]


@attrs.frozen(eq=False)
class Blacklist:
    """Numbers that get nothing."""

    _call: Caller = attrs.field(repr=False)


@attrs.frozen(eq=False)
class EmailBlacklist:
    """Addresses that get nothing."""

    _call: Caller = attrs.field(repr=False)
