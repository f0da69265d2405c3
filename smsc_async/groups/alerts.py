"""Notices of events, to a group of people."""

from __future__ import annotations

import attrs

from .._call import Caller

__all__ = ["Alerts"]


@attrs.frozen(eq=False)
class Alerts:
    """Notices of events, to a group of people."""

    _call: Caller = attrs.field(repr=False)
