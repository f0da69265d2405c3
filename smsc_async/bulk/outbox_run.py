"""A run that sends what others put into its journal, until it is told to end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import anyio

from .run import Run

if TYPE_CHECKING:
    from .packing import Pack

__all__ = ["OutboxRun"]

_PAUSE: Final = 1.0
"""Seconds between two looks into a journal that has nothing to send."""


class OutboxRun(Run):
    """Takes what others put into the journal, and looks again when there is nothing."""

    async def _take(self) -> Pack | None:
        # Who waits here is woken when the run ends, as one who waits for the source is.
        with anyio.CancelScope() as self._read_scope:
            while not self._ended.is_set():
                pack = await self._journal.take()
                if pack is not None:
                    return pack
                await self._clock.sleep(_PAUSE)
        return None
