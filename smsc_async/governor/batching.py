"""Group commit: whoever comes first makes its step together with those that wait."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

import anyio
import attrs

__all__ = ["Batcher"]

S = TypeVar("S")

_AT_ONCE: Final = 64


@attrs.define(eq=False)
class _Turn(Generic[S]):
    """A step that somebody waits for."""

    step: S
    called: anyio.Event | None = None
    made: bool = False


@attrs.define(eq=False)
class Batcher(Generic[S]):
    """Makes the steps of many tasks, a batch at a time.

    There is no task for it: one of those who wait makes the batch, and when it is made one of
    those who came meanwhile makes the next. None of them may be cancelled meanwhile.
    """

    _make: Callable[[list[S]], Awaitable[None]]
    """Makes the steps of a batch; each knows afterwards what came of it."""
    _waiting: list[_Turn[S]] = attrs.field(factory=list[_Turn[S]], init=False)
    _busy: bool = attrs.field(default=False, init=False)

    async def make(self, step: S) -> None:
        """Return when the step is made."""
        turn = _Turn(step)
        self._waiting.append(turn)
        while not turn.made:
            if self._busy:
                turn.called = anyio.Event()
                await turn.called.wait()
            else:
                await self._lead()

    async def _lead(self) -> None:
        self._busy = True
        batch, self._waiting = self._waiting[:_AT_ONCE], self._waiting[_AT_ONCE:]
        try:
            await self._make([turn.step for turn in batch])
        finally:
            self._busy = False
            for turn in batch:
                turn.made = True
            for turn in [*batch, *self._waiting[:1]]:
                if turn.called is not None:
                    turn.called.set()
