"""Messages that came in."""

from __future__ import annotations

import attrs

from .._call import Caller

__all__ = ["Inbox"]


@attrs.frozen(eq=False)
class Inbox:
    """Messages that came in."""

    _call: Caller = attrs.field(repr=False)
