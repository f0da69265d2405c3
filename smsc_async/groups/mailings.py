"""Mailings: jobs that the service keeps and sends."""

from __future__ import annotations

import attrs

from .._call import Caller

__all__ = ["Mailings"]


@attrs.frozen(eq=False)
class Mailings:
    """Mailings: jobs that the service keeps and sends."""

    _call: Caller = attrs.field(repr=False)
