"""People with phone numbers."""

from __future__ import annotations

import attrs

from .._call import Caller

__all__ = ["Contacts", "EmailContacts"]


@attrs.frozen(eq=False)
class Contacts:
    """People with phone numbers."""

    _call: Caller = attrs.field(repr=False)


@attrs.frozen(eq=False)
class EmailContacts:
    """People with e-mail addresses."""

    _call: Caller = attrs.field(repr=False)
