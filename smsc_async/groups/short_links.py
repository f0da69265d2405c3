"""Short links and their clicks."""

from __future__ import annotations

import attrs

from .._call import Caller

__all__ = ["ShortLinks"]


@attrs.frozen(eq=False)
class ShortLinks:
    """Short links and their clicks."""

    _call: Caller = attrs.field(repr=False)
