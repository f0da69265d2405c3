"""What the pool asks of a connection, whichever protocol it speaks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import attrs

if TYPE_CHECKING:
    from .failure import Progress

__all__ = ["BODY_CAP", "GLANCE", "WRITE_TIMEOUT", "Answer", "Connection", "Head"]

BODY_CAP: Final = 64 * 1024 * 1024
"""Bytes of an answer's body beyond which it is not read on."""

WRITE_TIMEOUT: Final = 10.0
"""Seconds after which a write that does not get on ends the connection."""

GLANCE: Final = 0.02
"""Seconds that reading what waits on an idle connection may take."""

Fields = list[tuple[bytes, bytes]]


@attrs.define
class Head:
    """A request without its body. The names of the fields are in lower case."""

    method: bytes
    scheme: bytes
    authority: bytes
    path: bytes
    fields: Fields


@attrs.define
class Answer:
    """A whole response; its header fields are not kept, because nobody asks for them."""

    status: int
    body: bytes


class Connection(Protocol):
    """One connection that does requests."""

    http_version: str

    @property
    def available(self) -> bool:
        """Whether it may be given one more request now."""
        ...

    @property
    def finished(self) -> bool:
        """Whether it will never be used again and nobody uses it any more."""
        ...

    @property
    def idle_since(self) -> float | None:
        """When the last request ended, or None while there is one."""
        ...

    async def request(self, head: Head, body: bytes, progress: Progress | None = None) -> Answer:
        """Do one request; raises `TransportFailure`, and nothing else.

        `progress` is told when its first byte is handed to the socket.
        """
        ...

    async def aclose(self) -> None:
        """Close at once; what is in flight fails."""
        ...
