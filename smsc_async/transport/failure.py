"""How a request can fail below the API, and what is known of it then."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..errors import Attempt, Phase

__all__ = ["Sent", "TransportFailure"]


class Sent(enum.Enum):
    """Whether a request that failed may have been processed."""

    NO = "not sent"
    """Not a byte of it was handed to the socket."""
    REFUSED = "refused unprocessed"
    """The server said by HTTP/2's own means that it did not look at it."""
    UNKNOWN = "unknown"
    """Some of it was written; whether it was read and acted on, nobody has said."""


class TransportFailure(Exception):
    """No answer was read. It stays inside the package: the caller turns it into an `SmscError`.

    `attempts` are the tries of the exchange so far, this one included.
    """

    def __init__(
        self, text: str, sent: Sent, phase: Phase, attempts: tuple[Attempt, ...] = ()
    ) -> None:
        super().__init__(text)
        self.sent = sent
        self.phase: Phase = phase
        self.attempts = attempts
