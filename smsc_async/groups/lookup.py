"""Whose number it is."""

from __future__ import annotations

import attrs

from .._call import Caller

__all__ = ["Lookup"]


@attrs.frozen(eq=False)
class Lookup:
    """Whose number it is."""

    _call: Caller = attrs.field(repr=False)
