"""Statuses that the service posts, written into the journal of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..callbacks import DeliveryTracker, StatusEvent
from .journal import Delivered

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ..callbacks import Event
    from .journal import Journal

__all__ = ["journal_callbacks"]


def journal_callbacks(
    journal: Journal, tracker: DeliveryTracker | None = None
) -> Callable[[Event], Awaitable[None]]:
    """Return what stores statuses in the journal, for `CallbackApp` or `callback_router`.

    Statuses of messages that are not of this run are left alone, and so is everything else that is
    posted. What comes late or repeated is not written again. A `tracker` of your own hears of each
    status once it is written.
    """
    known = DeliveryTracker() if tracker is None else tracker

    async def store(event: Event) -> None:
        if not isinstance(event, StatusEvent) or not known.is_news(event):
            return
        changed = None if event.changed_at is None else int(event.changed_at.timestamp())
        heard = Delivered(event.id, event.phone, int(event.status), event.error, changed)
        await journal.deliver((heard,))
        # Not before: what could not be written comes again, and has to be news then.
        known.apply(event)

    return store
