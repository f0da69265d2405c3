"""What a shared store is asked for and what it answers; the same for every store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

import attrs

from .base import Notice
from .core import Place

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .base import Need, Outcome

__all__ = ["Answer", "Granted", "Lack", "Refused", "Store", "StoreDown"]


class StoreDown(Exception):
    """The store did not do what it was asked for; nobody knows whether it will yet."""


@attrs.frozen
class Granted:
    """All places are taken. `rooms` says for each need how many more one could have now."""

    rooms: tuple[int, ...]
    notice: Notice | None = None


@attrs.frozen
class Lack:
    """There is no place under the need of that index, for `wait` seconds as far as is known.

    `others` are the places that other governors have taken, by seconds from now. Without any wait
    it is another governor's turn.
    """

    index: int
    wait: float
    others: tuple[Place, ...]


@attrs.frozen
class Refused:
    """Nothing was taken."""

    lacks: tuple[Lack, ...]


Answer: TypeAlias = "Granted | Refused"


class Store(Protocol):
    """Where governors that know nothing of each other count together.

    Each call is one step that nothing else comes between. It ends soon, cancelled or not, and
    raises `StoreDown` when it cannot be made.
    """

    async def take(
        self, number: int, needs: Sequence[Need], *, lease: float, waits: bool
    ) -> Answer:
        """Take a place under every need for the request of that number, or none.

        Who `waits` is known for a while to be waiting, and goes before those who have as much.
        """
        ...

    async def settle(self, number: int, needs: Sequence[Need], outcome: Outcome) -> None:
        """Say what became of a request, as `Core.settle` does."""
        ...

    async def fill(self, name: int, need: Need, seconds: float, leave: int) -> None:
        """Leave at most that many of the need's places for that long, as `Core.fill` does."""
        ...

    async def restore(self, name: int, places: Mapping[str, Sequence[Place]]) -> None:
        """Make these, by seconds from now, all the places that a governor has taken on the keys."""
        ...

    async def notice(self, key: str) -> Notice | None:
        """Return what is posted on a key."""
        ...

    async def post(self, key: str, text: str, seconds: float, *, instead_of: str) -> bool:
        """Post a text on a key, as `Governor.post` does."""
        ...

    async def aclose(self) -> None:
        """Let go of what is open; it is opened again when it is needed."""
        ...
