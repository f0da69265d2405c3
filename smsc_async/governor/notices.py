"""Notices for all who need a key; pure: time comes in as an argument."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from .base import Notice

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .base import Need

__all__ = ["NoticeBoard", "Posted"]

Posted = tuple[str, float, float]
"""A text, when it was posted and until when it counts."""


@attrs.define(eq=False)
class NoticeBoard:
    """At most one notice on a key, each for a while."""

    _posted: dict[str, Posted] = attrs.field(factory=dict[str, Posted], init=False)

    def __len__(self) -> int:
        return len(self._posted)

    def get(self, key: str) -> Posted | None:
        """Return what was posted on a key, as it can be put there again."""
        return self._posted.get(key)

    def put(self, key: str, posted: Posted) -> None:
        """Put there what `get` returned."""
        self._posted[key] = posted

    def read(self, key: str, now: float) -> Notice | None:
        """Return what is posted on a key."""
        posted = self._posted.get(key)
        if posted is None:
            return None
        text, since, until = posted
        if now < until:
            return Notice(text, now - since)
        del self._posted[key]
        return None

    def find(self, needs: Iterable[Need], now: float) -> Notice | None:
        """Return what is posted on the first of these keys that has something."""
        for need in needs:
            notice = self.read(need.key, now)
            if notice is not None:
                return notice
        return None

    def post(self, key: str, text: str, seconds: float, instead_of: str, now: float) -> bool:
        """Post a text, or nothing, if what is there is what the poster believes."""
        there = self.read(key, now)
        if (there.text if there else "") != instead_of:
            return False
        if text:
            self._posted[key] = (text, now, now + seconds)
        else:
            self._posted.pop(key, None)
        return True
