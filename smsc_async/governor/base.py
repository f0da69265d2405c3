"""What a governor is asked for and what it gives; the same for every store."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Protocol

import attrs

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["LINGER", "MARGIN", "Governor", "Need", "Notice", "Outcome", "Permit"]

MARGIN = 2.0
"""Seconds added to each documented window: the service may count whole seconds, on two clocks."""

LINGER = 10.0
"""Seconds after which a request that we gave up on is believed to have arrived or died."""


@attrs.frozen
class Need:
    """A place under one limit: at most `limit` at a time hold `key`, each for `hold` seconds more.

    `hold` counts from the moment the answer was read; a slot's is 0. The places of a `streak` are
    all given back together, when the last of them is free. `patience` is this need's own, if it
    has one: 0 means never to wait for it.
    """

    key: str
    limit: int
    hold: float
    rule: str
    streak: bool = False
    patience: float | None = None


class Outcome(enum.Enum):
    """What became of a request, as far as the limits are concerned."""

    ANSWERED = "answered"
    """An answer was read, whatever it said."""
    NOT_SENT = "not sent"
    """It certainly never arrived."""
    UNKNOWN = "unknown"
    """It may have arrived, and may still arrive."""


@attrs.frozen
class Notice:
    """What was posted on a key for all who need it, and how many seconds ago."""

    text: str
    age: float


@attrs.frozen
class Permit:
    """The right to send one request now. Give it back with `Governor.release`.

    `notice` is what was posted on one of its keys when the places were taken.
    """

    number: int
    needs: tuple[Need, ...]
    notice: Notice | None = None


class Governor(Protocol):
    """Gives permits, so that no limit is broken by anybody who asks the same governor."""

    async def acquire(self, needs: Sequence[Need], *, lease: float, patience: float) -> Permit:
        """Wait for a place under every need at once, and take all of them or none.

        Raises `RateLimited` with the rule and the wait as soon as it is known that it would take
        longer than `patience` seconds. The permit counts as in flight for `lease` seconds unless
        it is released before.
        """
        ...

    async def release(self, permit: Permit, outcome: Outcome) -> None:
        """Say what became of the request; its places come free when the outcome allows it.

        It comes to its end in a cancelled task, too: one that has to wait shields itself.
        Releasing twice, or after the lease ran out, does nothing.
        """
        ...

    async def fill(self, need: Need, seconds: float, *, leave: int = 0) -> None:
        """Take all but `leave` of the need's places for that long: somebody else has used them."""
        ...

    async def notice(self, key: str) -> Notice | None:
        """Return what is posted on a key; every permit for it brings it along."""
        ...

    async def post(self, key: str, text: str, seconds: float, *, instead_of: str) -> bool:
        """Post a text on a key for that long; an empty one takes down what is there.

        Returns False, and does nothing, if what is there is not `instead_of`; empty is nothing.
        """
        ...

    async def aclose(self) -> None:
        """Let go of what the governor holds open."""
        ...
