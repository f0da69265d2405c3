"""The sends of which nobody knows whether they were processed."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import attrs

from .errors import OutcomeUnknown

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

__all__ = ["Doubts"]

_MOST: Final = 10_000


@attrs.define
class _Doubt:
    """A doubt, since when there is one, and whether a call is settling it."""

    error: OutcomeUnknown
    since: float
    resolving: bool = False


class Doubts:
    """Doubts by the ids of their messages, the latest ten thousand of them.

    What it keeps and returns are errors that were never raised, so they hold no frames.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._doubts: dict[str, _Doubt] = {}

    def open(self) -> tuple[OutcomeUnknown, ...]:
        """Return those that nobody is resolving just now."""
        return tuple(_copy(doubt.error) for doubt in self._doubts.values() if not doubt.resolving)

    def add(self, error: OutcomeUnknown) -> None:
        """Remember a message that may have been sent; the clock of its doubt starts anew."""
        if error.message_id is None:
            return
        old = self._doubts.pop(error.message_id, None)
        self._doubts[error.message_id] = _Doubt(
            _copy(error), self._now(), resolving=old is not None and old.resolving
        )
        while len(self._doubts) > _MOST:
            del self._doubts[next(iter(self._doubts))]

    def find(self, message_id: str) -> OutcomeUnknown | None:
        """Return the doubt about a message, if there is one."""
        doubt = self._doubts.get(message_id)
        return _copy(doubt.error) if doubt else None

    def age(self, message_id: str) -> float:
        """Return for how many seconds the last request for the message has been over.

        None at all while somebody is resolving it, for another request may follow.
        """
        doubt = self._doubts[message_id]
        return 0.0 if doubt.resolving else self._now() - doubt.since

    def settle(self, message_id: str) -> None:
        """Forget it: what became of the message is known."""
        self._doubts.pop(message_id, None)

    @contextmanager
    def resolving(self, message_id: str) -> Generator[None]:
        """Keep the doubt from those who ask while somebody is at it."""
        self._mark(message_id, resolving=True)
        try:
            yield
        finally:
            self._mark(message_id, resolving=False)

    def _mark(self, message_id: str, *, resolving: bool) -> None:
        if message_id in self._doubts:
            self._doubts[message_id].resolving = resolving


def _copy(error: OutcomeUnknown) -> OutcomeUnknown:
    return OutcomeUnknown(error.text, error.phones).about(
        command=error.command,
        message_id=error.message_id,
        attempts=error.attempts,
        docs=error.docs,
    )
