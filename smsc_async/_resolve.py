"""What to do when nobody knows whether a send was processed: look, and at most once send again.

::

    unknown ── look after 2, 10, 30, 60 s ──┬─ found ───────────────────────► sent
                                            ├─ could not look at last ──────► unknown for good
                                            └─ not there ── resend at 62 s ─┬─ answered ─► sent
                                                  (same id, same text)      ├─ refused ──► its error
                                                                            └─ unknown ──► look
                                                                               again, then end

The service shows a message within seconds, and takes no identical one within a minute; so what is
not to be seen after a minute was not taken, and what was taken is not taken twice. A look that
fails is no look: it never leads to a resend.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, TypeVar

from .errors import (
    AuthenticationFailed,
    DuplicateMessage,
    IpBlocked,
    NotSent,
    OutcomeUnknown,
    RateLimited,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ._clock import Clock

__all__ = ["MISSING", "OUTCOMES", "UNSEEN", "Look", "OutcomeMode", "resolve"]

T = TypeVar("T")

OutcomeMode: TypeAlias = Literal["careful", "raise"]

OUTCOMES: Final[tuple[OutcomeMode, ...]] = ("careful", "raise")

_LOOKS: Final = (2.0, 10.0, 30.0, 60.0)
_RESEND: Final = 62.0


class Look(enum.Enum):
    """What a look may find besides the message."""

    MISSING = "the service does not have it"
    UNSEEN = "it could not be asked"


MISSING: Final = Look.MISSING
UNSEEN: Final = Look.UNSEEN


async def resolve(
    doubt: OutcomeUnknown,
    *,
    look: Callable[[], Awaitable[T | Look]],
    resend: Callable[[], Awaitable[T]],
    clock: Clock,
) -> T:
    """Return the message, found or sent again; raise `doubt` if it stays one.

    `look` does not raise, but answers UNSEEN. `resend` raises what a send raises; when it says that
    nothing was sent, that is true of the second try only, and the first stays in doubt.
    """
    for resends_left in (1, 0):
        since = clock.now()
        found: T | Look = UNSEEN
        for after in _LOOKS:
            await clock.sleep(max(0.0, since + after - clock.now()))
            found = await look()
            if not isinstance(found, Look):
                return found
        if found is UNSEEN or not resends_left:
            break
        await clock.sleep(max(0.0, since + _RESEND - clock.now()))
        try:
            return await resend()
        except (OutcomeUnknown, DuplicateMessage):
            # A duplicate of what? Perhaps of the first one: look, do not send again.
            continue
        except (NotSent, RateLimited, IpBlocked, AuthenticationFailed) as error:
            raise doubt from error
    raise doubt
