"""What to do when nobody knows whether a send was processed: look, and at most once send again.

::

    unknown ── look after 2, 10, 30, 60 s ──┬─ found ───────────────────────► sent
                                            ├─ could not look at last ──────► unknown for good
                                            └─ not there ── resend at 62 s ─┬─ answered ─► sent
                                                  (same id, same text,      ├─ refused ──► its error
                                                   the other host)          └─ unknown ──► look
                                                                               again, then end

The service shows a message within seconds, and takes no identical one within a minute; so what is
not to be seen after a minute was not taken, and what was taken is not taken twice. A look that
fails is no look: it never leads to a resend; nor does one that did not ask for every recipient,
for those whom the service has refused are never found.

That is "careful". "fast" is for what is worthless in a minute: after the first look that does not
find the message it is sent again at once, trusting the service's own guard to refuse it if it was
taken; then it goes on as above, and error 9 means "look". "raise" does nothing.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, TypeVar

from ._look import MISSING, UNSEEN, Look
from .errors import (
    ApiError,
    AuthenticationFailed,
    DuplicateMessage,
    IpBlocked,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    SmscError,
    TooManyRequests,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ._clock import Clock

__all__ = ["OUTCOMES", "OutcomeMode", "Resend", "resolve"]

T = TypeVar("T")

OutcomeMode: TypeAlias = Literal["careful", "fast", "raise"]
OUTCOMES: Final[tuple[OutcomeMode, ...]] = ("careful", "fast", "raise")

Resend: TypeAlias = Literal["resend", "inside"]
"""After the service's guard of a minute, or inside it."""

_LOOKS: Final = (2.0, 10.0, 30.0, 60.0)
_RESEND: Final = 62.0
_GUARD: Final = 50.0
"""Seconds after the first send in which its duplicate is certainly still refused."""


async def resolve(
    doubt: OutcomeUnknown,
    *,
    began: float,
    until: float,
    fast: bool,
    look: Callable[[bool], Awaitable[T | Look]],
    resend: Callable[[Resend, float], Awaitable[T]],
    clock: Clock,
) -> T:
    """Return the message, found or sent again; raise `doubt` if it stays one.

    `began` is when the first send began; no pause goes past `until`. `look` is told whether to be
    thorough; it does not raise, but answers UNSEEN. `resend` is told how, and within how many
    seconds it has to begin. It raises what a send raises; when that says that nothing was sent, it
    is true of the second try only, and the first stays in doubt.
    """
    guard = began + _GUARD if fast else -math.inf
    resends = 2 if fast else 1
    while True:
        since = clock.now()
        found = await _look(look, since, until, guard, clock)
        if not isinstance(found, Look):
            return found
        inside = clock.now() < guard
        again = since if inside else since + _RESEND
        if found is UNSEEN or not resends or again > until:
            raise doubt
        await clock.sleep(max(0.0, again - clock.now()))
        left = guard - clock.now() if inside else math.inf
        # What goes out inside the guard does so once; the other resend waits for its end.
        guard, resends = -math.inf, resends - 1
        try:
            return await resend("inside" if inside else "resend", left)
        except (OutcomeUnknown, DuplicateMessage, TooManyRequests):
            # A duplicate of what? Perhaps of the first one: look, do not send again.
            continue
        except (NotSent, RateLimited, ApiError) as error:
            if not inside and _is_final(error):
                raise
            if not inside or isinstance(error, IpBlocked | AuthenticationFailed):
                raise doubt from error


async def _look(
    look: Callable[[bool], Awaitable[T | Look]],
    since: float,
    until: float,
    guard: float,
    clock: Clock,
) -> T | Look:
    """Look until the message is found or a minute is over; before `guard`, until it is missing."""
    found: T | Look = UNSEEN
    for after in _LOOKS:
        if since + after > until:
            return UNSEEN
        await clock.sleep(max(0.0, since + after - clock.now()))
        found = await look(clock.now() < guard or after == _LOOKS[-1])
        if not isinstance(found, Look) or (found is MISSING and clock.now() < guard):
            return found
    return found


def _is_final(error: SmscError) -> bool:
    """Return whether the service has refused the message itself, for a reason that is known."""
    if isinstance(error, IpBlocked | AuthenticationFailed):
        return False
    return isinstance(error, ApiError) and type(error) is not ApiError
