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
fails is no look: it never leads to a resend.

That is "careful". "fast" is for what is worthless in a minute: after the first look that does not
find the message it is sent again at once, trusting the service's own guard to refuse it if it was
taken; then it goes on as above, and error 9 means "look". "raise" does nothing.
"""

from __future__ import annotations

import enum
import math
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, TypeVar

from .errors import (
    AuthenticationFailed,
    DuplicateMessage,
    IpBlocked,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    TooManyRequests,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ._clock import Clock

__all__ = ["MISSING", "OUTCOMES", "UNSEEN", "Look", "OutcomeMode", "Resend", "resolve"]

T = TypeVar("T")

OutcomeMode: TypeAlias = Literal["careful", "fast", "raise"]
OUTCOMES: Final[tuple[OutcomeMode, ...]] = ("careful", "fast", "raise")

Resend: TypeAlias = Literal["resend", "inside"]
"""After the service's guard of a minute, or inside it."""

_LOOKS: Final = (2.0, 10.0, 30.0, 60.0)
_RESEND: Final = 62.0
_GUARD: Final = 50.0
"""Seconds after the first send in which its duplicate is certainly still refused."""


class Look(enum.Enum):
    """What a look may find besides the message."""

    MISSING = "the service does not have it"
    UNSEEN = "it could not be asked"


MISSING: Final = Look.MISSING
UNSEEN: Final = Look.UNSEEN


async def resolve(
    doubt: OutcomeUnknown,
    *,
    began: float,
    fast: bool,
    look: Callable[[], Awaitable[T | Look]],
    resend: Callable[[Resend, float], Awaitable[T]],
    clock: Clock,
) -> T:
    """Return the message, found or sent again; raise `doubt` if it stays one.

    `began` is when the first send began. `look` does not raise, but answers UNSEEN. `resend` is
    told how, and within how many seconds it has to begin. It raises what a send raises; when that
    says that nothing was sent, it is true of the second try only, and the first stays in doubt.
    """
    resends = 2 if fast else 1
    while True:
        since = clock.now()
        found: T | Look = UNSEEN
        for after in _LOOKS:
            await clock.sleep(max(0.0, since + after - clock.now()))
            found = await look()
            if not isinstance(found, Look):
                return found
            if fast and found is MISSING and clock.now() < began + _GUARD:
                break
        if found is UNSEEN or not resends:
            raise doubt
        inside = fast and clock.now() < began + _GUARD
        if not inside:
            await clock.sleep(max(0.0, since + _RESEND - clock.now()))
        # What goes out inside the guard does so once; the other resend waits for its end.
        fast, resends = False, resends - 1
        left = began + _GUARD - clock.now() if inside else math.inf
        try:
            return await resend("inside" if inside else "resend", left)
        except (OutcomeUnknown, DuplicateMessage, TooManyRequests):
            # A duplicate of what? Perhaps of the first one: look, do not send again.
            continue
        except (NotSent, RateLimited, IpBlocked, AuthenticationFailed) as error:
            if inside and isinstance(error, NotSent | RateLimited):
                continue
            raise doubt from error
