"""Sending a pack, again for as long as nothing was sent, or quoting it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..errors import (
    AuthenticationFailed,
    BadDate,
    BadReply,
    InsufficientFunds,
    IpBlocked,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    SmscError,
    UntrustedHost,
)
from .request import QUOTE, SEND, SEND_COUNTED
from .streaks import StreakCounters

if TYPE_CHECKING:
    from collections.abc import Callable

    import anyio

    from .._call import Caller
    from .._clock import Clock
    from .._wire import Params
    from .packing import Pack
    from .request import PackAnswer

__all__ = ["Ended", "PackSender"]

_STOPS: Final = (AuthenticationFailed, BadDate, InsufficientFunds, IpBlocked, UntrustedHost)
"""What would meet every other pack as well."""

_OUTAGE: Final = 600.0
"""Seconds for which a pack is tried again while the service cannot be reached."""

_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 30.0


class Ended(Exception):
    """The run ends, and this pack was certainly not processed."""


class PackSender:
    """Makes the requests of a run. What is said to one pack may end the run for all.

    `stop` is called with the error that ends it; `ended` is set then.
    """

    def __init__(
        self,
        call: Caller,
        clock: Clock,
        *,
        ended: anyio.Event,
        stop: Callable[[SmscError], None],
    ) -> None:
        self._call = call
        self._clock = clock
        self._ended = ended
        self._stop = stop
        self._streaks = StreakCounters(clock.now)
        self.requests: int = 0

    async def send(self, pack: Pack, *, again: bool = False) -> PackAnswer:
        """Send a pack; `again` once more, after its minute, when the first was not processed.

        Raises `OutcomeUnknown` if it may have been processed; an `ApiError` if it was refused, and
        others would not be; `Ended` if the run ends.
        """
        pause, began = _FIRST_PAUSE, self._clock.now()
        command = SEND_COUNTED if self._streaks.add(pack.phones) else SEND
        params: Params = {**pack.params(), "id": pack.id, "cost": 3, "op": 1}
        while not self._ended.is_set():
            self.requests += 1
            try:
                return await self._call(
                    command,
                    params,
                    message_id=pack.id,
                    recipients=pack.phones,
                    repeat="resend" if again else "wait",
                    patient=True,
                )
            except _STOPS as error:
                self._stop(error)
            except RateLimited as error:
                if again:
                    # A duplicate of what? Perhaps of the first one: look, do not send again.
                    text = "the service calls it a duplicate"
                    raise OutcomeUnknown(text, pack.phones).about(message_id=pack.id) from error
                await self._pause(max(pause, error.retry_after))
            except NotSent as error:
                if self._clock.now() - began > _OUTAGE:
                    self._stop(error)
                await self._pause(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
        raise Ended

    async def quote(self, pack: Pack) -> PackAnswer:
        """Ask what a pack would cost; raise as `send` does, but nothing is ever unknown."""
        pause, began = _FIRST_PAUSE, self._clock.now()
        params: Params = {**pack.params(), "op": 1}
        while not self._ended.is_set():
            self.requests += 1
            try:
                return await self._call(QUOTE, params, recipients=pack.phones, patient=True)
            except _STOPS as error:
                self._stop(error)
            except (NotSent, OutcomeUnknown, BadReply, RateLimited) as error:
                if self._clock.now() - began > _OUTAGE:
                    self._stop(error)
            await self._pause(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
        raise Ended

    async def _pause(self, seconds: float) -> None:
        await self._clock.wait(self._ended, seconds)
