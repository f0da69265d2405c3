"""Confirming a phone by a call from it."""

from __future__ import annotations

import attrs

from .._call import Caller

__all__ = ["PhoneConfirmation"]


@attrs.frozen(eq=False)
class PhoneConfirmation:
    """Confirming a phone by a call from it."""

    _call: Caller = attrs.field(repr=False)
