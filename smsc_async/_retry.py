"""When a call may be tried again, and after how long. Tenacity does the trying."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Final, TypeVar

import attrs
from tenacity import AsyncRetrying, retry_if_exception

from ._clock import Clock
from ._command import Command, Repeat
from .errors import (
    ApiError,
    BadReply,
    DuplicateMessage,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    SmscError,
    TooManyRequests,
    UntrustedHost,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tenacity import RetryCallState


__all__ = ["Budget", "Terms", "again", "may_repeat"]

T = TypeVar("T")

_ATTEMPTS: Final = 4
_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 8.0


@attrs.define
class Budget:
    """Retries left for the whole client: each costs 1, each success returns a tenth.

    In a long outage this keeps the extra load at about ten per cent.
    """

    size: float = 10.0
    left: float = 10.0

    def spend(self) -> bool:
        """Take one retry out; return whether there was one."""
        if self.left < 1:
            return False
        self.left -= 1
        return True

    def earn(self) -> None:
        """Put back what a success is worth."""
        self.left = min(self.size, self.left + 0.1)


def may_repeat(command: Command[object], error: BaseException, *, wait: bool = False) -> bool:
    """Return whether the same request may simply be made again after this error.

    Always after what was certainly not processed. A command that spends or changes is not repeated
    after anything else; error 9 says that it was not processed, but a duplicate is the caller's
    business unless he asked to `wait`. A certificate is no better the next time.
    """
    if isinstance(error, DuplicateMessage):
        return wait
    if isinstance(error, UntrustedHost):
        return False
    if isinstance(error, TooManyRequests):
        return command.repeat is Repeat.ALWAYS or not error.repeated
    if command.repeat is Repeat.ALWAYS:
        return isinstance(error, NotSent | OutcomeUnknown | BadReply)
    return isinstance(error, NotSent)


@attrs.frozen
class Terms:
    """On which terms one call may be repeated: nothing past `until`, a duplicate only to `wait`."""

    command: Command[object]
    clock: Clock
    random: Random
    budget: Budget
    until: float
    wait: bool

    def allow(self, error: BaseException) -> bool:
        """Return whether this failure may be followed by another attempt at all."""
        return may_repeat(self.command, error, wait=self.wait)

    def pause(self, state: RetryCallState) -> float:
        """Return how long to wait before the next attempt: full jitter below a growing ceiling."""
        ceiling = _FIRST_PAUSE * 2 ** (state.attempt_number - 1)
        return self.random.uniform(0, min(ceiling, _LONGEST_PAUSE))

    def stop(self, state: RetryCallState) -> bool:
        """Return whether this was the last attempt; the coming pause counts as well."""
        too_late = self.clock.now() + state.upcoming_sleep > self.until
        return state.attempt_number >= _ATTEMPTS or too_late or not self.budget.spend()


async def again(failure: SmscError, work: Callable[[], Awaitable[T]], terms: Terms) -> T:
    """Do the work again, after the failure of a first attempt, for as long as the terms allow.

    Where a limit leaves no room for another attempt, the failure of the last one is raised.
    The `AsyncRetrying` is a fresh one each time: tenacity keeps its state per thread, so tasks must
    not share it.
    """
    if not terms.allow(failure):
        raise failure
    attempts = AsyncRetrying(
        retry=retry_if_exception(terms.allow),
        wait=terms.pause,
        stop=terms.stop,
        sleep=terms.clock.sleep,
        reraise=True,
    )
    limited: list[RateLimited] = []
    async for attempt in attempts:
        with attempt:
            if attempt.retry_state.attempt_number == 1:
                raise failure
            try:
                return await work()
            except RateLimited as error:
                if isinstance(error, ApiError) or isinstance(failure, RateLimited):
                    raise
                limited.append(error)
            except SmscError as error:
                failure = error
                raise
        if limited:
            raise failure from limited[0]
    raise AssertionError("tenacity returns or raises")
