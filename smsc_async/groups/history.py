"""Messages sent, also long ago."""

from __future__ import annotations

import attrs

from .._call import Caller

__all__ = ["History"]


@attrs.frozen(eq=False)
class History:
    """Messages sent, also long ago."""

    _call: Caller = attrs.field(repr=False)
