"""When a call may be tried again, and after how long. Tenacity does the trying."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

import attrs
from tenacity import AsyncRetrying, retry_if_exception

from ._command import Repeat
from .errors import (
    BadReply,
    DuplicateMessage,
    NotSent,
    OutcomeUnknown,
    SmscError,
    TooManyRequests,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from random import Random

    from tenacity import RetryCallState

    from ._clock import Clock
    from ._command import Command

__all__ = ["Budget", "may_repeat", "repeating", "retrying"]

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
    business unless he asked to `wait`.
    """
    if isinstance(error, DuplicateMessage):
        return wait
    if isinstance(error, TooManyRequests):
        return command.repeat is Repeat.ALWAYS or not error.repeated
    if command.repeat is Repeat.ALWAYS:
        return isinstance(error, NotSent | OutcomeUnknown | BadReply)
    return isinstance(error, NotSent)


def retrying(
    command: Command[object],
    *,
    clock: Clock,
    random: Random,
    budget: Budget,
    until: float,
    wait: bool,
) -> AsyncRetrying:
    """Make the retrying of one call: up to four attempts, full jitter, nothing past `until`.

    Always a fresh one: tenacity keeps its state per thread, so tasks must not share it.
    """

    def pause(state: RetryCallState) -> float:
        ceiling = _FIRST_PAUSE * 2 ** (state.attempt_number - 1)
        return random.uniform(0, min(ceiling, _LONGEST_PAUSE))

    def stop(state: RetryCallState) -> bool:
        too_late = clock.now() + state.upcoming_sleep > until
        return state.attempt_number >= _ATTEMPTS or too_late or not budget.spend()

    return AsyncRetrying(
        retry=retry_if_exception(lambda error: may_repeat(command, error, wait=wait)),
        wait=pause,
        stop=stop,
        sleep=clock.sleep,
        reraise=True,
    )


async def repeating(
    work: Callable[[], Awaitable[T]],
    command: Command[object],
    *,
    clock: Clock,
    random: Random,
    budget: Budget,
    until: float,
    wait: bool,
) -> T:
    """Do the work, and again after a failure for as long as `retrying` allows.

    Work that succeeds at once, nearly all of it, does not pay for tenacity; a failure is handed to
    it as its first attempt.
    """
    try:
        return await work()
    except SmscError as error:
        if not may_repeat(command, error, wait=wait):
            raise
        failure = error
    again = retrying(command, clock=clock, random=random, budget=budget, until=until, wait=wait)
    async for attempt in again:
        with attempt:
            if attempt.retry_state.attempt_number == 1:
                raise failure
            return await work()
    raise AssertionError("tenacity returns or raises")
