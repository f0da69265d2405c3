"""Groups of contacts."""

from __future__ import annotations

import attrs

from .._call import Caller

__all__ = ["ContactGroups", "EmailContactGroups"]


@attrs.frozen(eq=False)
class ContactGroups:
    """Groups of contacts."""

    _call: Caller = attrs.field(repr=False)


@attrs.frozen(eq=False)
class EmailContactGroups:
    """Groups of e-mail contacts."""

    _call: Caller = attrs.field(repr=False)
