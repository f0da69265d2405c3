"""Templates registered with the operators."""

from __future__ import annotations

import attrs

from .._call import Caller

__all__ = ["OperatorTemplates"]


@attrs.frozen(eq=False)
class OperatorTemplates:
    """Templates registered with the operators."""

    _call: Caller = attrs.field(repr=False)
