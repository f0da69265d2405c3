"""Sub-clients: accounts below this one."""

from __future__ import annotations

import attrs

from .._call import Caller

__all__ = ["Subclients"]


@attrs.frozen(eq=False)
class Subclients:
    """Sub-clients: accounts below this one."""

    _call: Caller = attrs.field(repr=False)
