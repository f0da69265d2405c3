"""Reading the results of a journal, whichever database it is in."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Self

from .codec import pack_of, result_of
from .outgoing import BulkResult

if TYPE_CHECKING:
    from .codec import Row

__all__ = ["Pages"]


class Pages(AsyncIterator[BulkResult]):
    """Reads a page at a time, so that nothing is open in between and there is nothing to close.

    `rows` returns the results after a number, in order; `claims` the packs of which nobody knows
    what became of them, as number, id and body.
    """

    def __init__(
        self,
        rows: Callable[[int], Awaitable[Sequence[Row]]],
        claims: Callable[[int], Awaitable[Sequence[tuple[int, str, str]]]],
    ) -> None:
        self._rows = rows
        self._claims = claims
        self._page: deque[BulkResult] = deque()
        self._after = -1
        self._marked = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> BulkResult:
        while not self._page:
            if not await self._turn():
                raise StopAsyncIteration
        return self._page.popleft()

    async def _turn(self) -> bool:
        """Read a page; return whether there may be more."""
        if not self._marked:
            rows = await self._rows(self._after)
            self._page.extend(map(result_of, rows))
            self._marked = not rows
            self._after = rows[-1][0] if rows else -1
            return True
        claims = await self._claims(self._after)
        for number, message_id, body in claims:
            self._after = number
            pack = pack_of(message_id, body)
            self._page.extend(
                BulkResult(place, phone, message_id, "in doubt") for place, phone in pack.pieces
            )
        return bool(claims)
