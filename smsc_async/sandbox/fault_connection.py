"""One connection of a host with faults, whatever is spoken over it."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from .fault_responder import FaultResponder

__all__ = ["FaultConnection"]

_NO_LINGER: Final = struct.pack("ii", 1, 0)


class FaultConnection(asyncio.Protocol):
    """Can be ended in every way there is; subclasses say what is read and written."""

    def __init__(self, responder: FaultResponder, connections: set[FaultConnection]) -> None:
        self.responder = responder
        self._connections = connections
        self._transport: asyncio.Transport | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._deaf = False

    @property
    def hears(self) -> bool:
        """Whether what comes is still read."""
        return self._transport is not None and not self._deaf

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's own
        """End."""
        self._transport = None
        self._connections.discard(self)
        self.ended()

    def ended(self) -> None:
        """Take note that nobody is there any more."""

    def start(self, work: Coroutine[object, object, None]) -> None:
        """Let something be done; it is done to its end, even if the connection has none."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def write(self, data: bytes) -> None:
        """Send, if there is still somebody to hear it."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def stop_reading(self) -> None:
        """Leave unread whatever comes from now on; the client is not told."""
        self._deaf = True
        if self._transport is not None:
            self._transport.pause_reading()

    def close(self) -> None:
        """Send what is to be sent, say goodbye, and close."""
        if self._transport is not None:
            self._transport.close()

    def cut(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()
            self._transport = None
        self.ended()

    def reset(self) -> None:
        """Close at once, by a TCP reset."""
        if self._transport is not None:
            plain = self._transport.get_extra_info("socket")
            # There is none any more if the client has just hung up.
            if plain is not None:
                plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self.cut()
