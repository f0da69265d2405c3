"""One request on its way over HTTP/2, and the ways in which it fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import attrs

from .connection import Answer, Head, Upload
from .failure import Progress, Sent, TransportFailure

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..errors import Phase

__all__ = ["Stream", "refused", "unknown", "wake_one"]


@attrs.define(eq=False)
class Stream:
    """One request on its way. `number` is 0 until it is written.

    `rest` is what is still to write of the body; an `upload` has more to read after it.
    """

    head: Head
    rest: bytes | memoryview
    deadline: float
    upload: Upload | None = None
    progress: Progress = attrs.field(factory=Progress)
    number: int = 0
    heard_before: int = 0
    status: int = 0
    chunks: list[bytes] = attrs.field(factory=list[bytes])
    size: int = 0
    length: bytes | None = None
    wake: anyio.Event | None = None
    pause: anyio.CancelScope | None = None
    outcome: Answer | TransportFailure | None = None

    @property
    def unread(self) -> int:
        """Bytes of the body that have not been read yet."""
        return 0 if self.upload is None else self.upload.left

    @property
    def hungry(self) -> bool:
        """Whether the next piece of its body is to be read."""
        return not self.rest and self.unread > 0

    def rouse(self) -> None:
        """Call it back to its own affairs, from sleep, from reading for all, or from its body."""
        if self.wake is not None:
            self.wake.set()
        if self.pause is not None:
            self.pause.cancel()


def wake_one(streams: Iterable[Stream]) -> bool:
    """Wake the first that is asleep and return whether there was one."""
    for stream in streams:
        if stream.wake is not None and not stream.wake.is_set():
            stream.wake.set()
            return True
    return False


def unknown(text: str, stream: Stream | None = None) -> TransportFailure:
    """Return the failure of a request that may have been processed."""
    phase: Phase = "write" if stream is not None and (stream.rest or stream.unread) else "reply"
    return TransportFailure(text, Sent.UNKNOWN, phase=phase)


def refused(text: str) -> TransportFailure:
    """Return the failure of a request that the server says it has not processed."""
    return TransportFailure(text, Sent.REFUSED, phase="reply")
