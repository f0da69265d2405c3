"""Invoices and acts, as PDF."""

from __future__ import annotations

import attrs

from .._call import Caller

__all__ = ["Documents"]


@attrs.frozen(eq=False)
class Documents:
    """Invoices and acts, as PDF."""

    _call: Caller = attrs.field(repr=False)
