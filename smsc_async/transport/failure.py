"""How a request can fail below the API, and what is known of it then."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ..errors import Attempt, Phase

__all__ = ["PROGRESS", "ConnectionGone", "Progress", "Sent", "TransportFailure", "Untrusted"]


class Sent(enum.Enum):
    """Whether a request that failed may have been processed."""

    NO = "not sent"
    """Not a byte of it was handed to the socket."""
    REFUSED = "refused unprocessed"
    """The server said by HTTP/2's own means that it did not look at it."""
    UNKNOWN = "unknown"
    """Some of it was written; whether it was read and acted on, nobody has said."""


PROGRESS: Final = "smsc_async.progress"
"""Under which name a request carries its `Progress`."""


class Progress:
    """How far a request has come, for whoever is cancelled while it is under way.

    Who makes requests without saying so leaves it at `UNKNOWN` from the start.
    """

    __slots__ = ("sent",)

    def __init__(self, sent: Sent = Sent.UNKNOWN) -> None:
        self.sent: Sent = sent


class TransportFailure(Exception):
    """No answer was read. It stays inside the package: the caller turns it into an `SmscError`.

    `phase` is how far the last try came: connect, write or reply; `attempts` are all the tries.
    """

    def __init__(
        self,
        text: str,
        sent: Sent,
        phase: Phase = "connect",
        attempts: tuple[Attempt, ...] = (),
    ) -> None:
        super().__init__(text)
        self.sent = sent
        self.phase: Phase = phase
        self.attempts = attempts

    def again(self) -> TransportFailure:
        """Return another one that says the same, for somebody else to raise."""
        return TransportFailure(str(self), self.sent, self.phase)


class ConnectionGone(TransportFailure):
    """This connection cannot take the request, and not a byte was written: another one may."""

    def __init__(self, text: str) -> None:
        super().__init__(text, Sent.NO)


class Untrusted(TransportFailure):
    """The host's certificate is not trusted, and it will not be when it is asked again."""

    def __init__(self, text: str) -> None:
        super().__init__(text, Sent.NO)

    def again(self) -> Untrusted:
        """Return another one that says the same, for somebody else to raise."""
        return Untrusted(str(self))
