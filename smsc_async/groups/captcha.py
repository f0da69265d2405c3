"""Pictures that keep robots from having messages sent."""

from __future__ import annotations

import attrs

from .._call import Caller

__all__ = ["Captcha"]


@attrs.frozen(eq=False)
class Captcha:
    """Pictures that keep robots from having messages sent."""

    _call: Caller = attrs.field(repr=False)
