"""What the pool asks of a connection, whichever protocol it speaks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Final, Protocol, Self

import attrs

if TYPE_CHECKING:
    from .failure import Progress

__all__ = ["BODY_CAP", "GLANCE", "WRITE_TIMEOUT", "Answer", "Connection", "Head", "Upload"]

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


@attrs.define(eq=False)
class Upload:
    """A request's body that is read while it is written.

    `first` is at hand; of what comes after it, `left` bytes have not been read yet.
    """

    first: bytes
    left: int
    _pieces: AsyncIterator[bytes]

    @classmethod
    async def open(cls, pieces: AsyncIterator[bytes], size: int) -> Self:
        """Read the first piece; raises what the reading raises."""
        upload = cls(b"", size, pieces)
        upload.first = await upload.read()
        return upload

    async def read(self) -> bytes:
        """Return the next piece; it is never empty."""
        piece = await anext(self._pieces, b"")
        if not piece or len(piece) > self.left:
            raise ValueError("the body is not as long as it said")
        self.left -= len(piece)
        return piece


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

    async def request(
        self, head: Head, body: bytes | Upload, progress: Progress | None = None
    ) -> Answer:
        """Do one request; raises `TransportFailure`, and nothing else.

        `progress` is told when its first byte is handed to the socket.
        """
        ...

    def close(self) -> None:
        """Close at once; what is in flight fails."""
        ...
