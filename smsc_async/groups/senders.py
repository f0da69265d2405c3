"""Sender names."""

from __future__ import annotations

import attrs

from .._call import Caller

__all__ = ["Senders"]


@attrs.frozen(eq=False)
class Senders:
    """Sender names."""

    _call: Caller = attrs.field(repr=False)
