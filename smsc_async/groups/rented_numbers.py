"""Numbers for rent, for messages to come in."""

from __future__ import annotations

import attrs

from .._call import Caller

__all__ = ["RentedNumbers"]


@attrs.frozen(eq=False)
class RentedNumbers:
    """Numbers for rent, for messages to come in."""

    _call: Caller = attrs.field(repr=False)
