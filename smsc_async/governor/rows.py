"""A fair core as rows of a table: a key, its places, whose turn it is, a notice; pure."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING

import attrs

from .fair import FairCore
from .notices import NoticeBoard
from .store import Answer, Granted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .base import Need
    from .core import Place

__all__ = ["Row", "RowCore"]

Row = tuple[str, bytes, str, float]
"""The key, its places, the rest, and the moment from which there is nothing left of it."""


@attrs.define(eq=False)
class RowCore(FairCore):
    """A fair core for some keys, and what is posted on them."""

    board: NoticeBoard = attrs.field(factory=NoticeBoard, init=False)

    def ask_all(
        self, now: float, number: int, needs: Sequence[Need], lease: float, *, waits: bool
    ) -> Answer:
        """Take a place under every need or none, and say what is posted on them."""
        answer = self.ask(now, number, needs, lease, waits=waits)
        if isinstance(answer, Granted) and len(self.board):
            return attrs.evolve(answer, notice=self.board.find(needs, now))
        return answer

    def load(self, row: tuple[str, bytes, str]) -> None:
        """Take in a key."""
        key, places, extra = row
        count = len(places) // 16
        numbers = struct.unpack(f"<{count}d{count}q", places)
        self._taken[key] = list(zip(numbers[:count], numbers[count:], strict=True))
        if extra:
            tickets, posted = json.loads(extra)
            self.tickets[key] = {int(name): until for name, until in tickets.items()}
            if posted:
                self.board.put(key, posted)

    def dump(self, key: str, now: float) -> Row | None:
        """Return the row of a key; None if nothing is left of it."""
        places: list[Place] = self._taken.get(key, [])
        tickets = {name: at for name, at in self.tickets.get(key, {}).items() if at > now}
        posted = self.board.get(key) if len(self.board) else None
        if not (places or tickets or posted):
            return None
        moments, numbers = zip(*places, strict=True) if places else ((), ())
        until = max(*moments[-1:], *tickets.values(), posted[2] if posted else now, now)
        extra = json.dumps([tickets, posted]) if tickets or posted else ""
        return key, struct.pack(f"<{len(places)}d{len(places)}q", *moments, *numbers), extra, until
