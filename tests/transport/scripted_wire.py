"""A wire without a socket, and what a good server says over it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import anyio.lowlevel
import h2.config
import h2.connection

from smsc_async.transport.connection import Head
from smsc_async.transport.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["HEAD", "VALID", "ScriptedWire"]

HEAD = Head(b"POST", b"https", b"smsc.example", b"/x", [(b"accept", b"*/*")])


class ScriptedWire(Wire):
    """Gives what it was told to once something was written, then the end, or silence."""

    def __init__(self, pieces: Sequence[bytes], *, ends: bool = True) -> None:
        self.pieces = list(pieces)
        self.ends = ends
        self._unsent = b""
        self.sent = b""
        self.written = anyio.Event()
        self.closed = anyio.Event()

    def readable(self) -> bool:
        """Look at nothing."""
        return False

    async def receive(self) -> bytes:
        """Return the next piece."""
        await anyio.lowlevel.checkpoint()
        await self.written.wait()
        if self.pieces:
            return self.pieces.pop(0)
        if self.ends:
            raise anyio.EndOfStream
        await self.closed.wait()
        raise anyio.ClosedResourceError

    def write(self, data: bytes) -> bool:
        """Leave everything for `drain`."""
        self._unsent += data
        return False

    async def drain(self) -> None:
        """Send everything."""
        unsent, self._unsent = self._unsent, b""
        await self.send(unsent)

    async def send(self, data: bytes) -> None:
        """Take the bytes."""
        await anyio.lowlevel.checkpoint()
        self.sent += data
        self.written.set()

    def close(self) -> None:
        """Let go of who waits."""
        self.closed.set()


def valid_frames() -> list[bytes]:
    """Return what a good server says to three requests, frame by frame."""
    peer = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
    peer.initiate_connection()
    frames = [peer.data_to_send()]
    client = h2.connection.H2Connection(h2.config.H2Configuration(validate_outbound_headers=False))
    client.initiate_connection()
    for stream in (1, 3, 5):
        client.send_headers(
            stream, [(":method", "GET"), (":path", "/"), (":scheme", "https"), (":authority", "a")]
        )
        client.end_stream(stream)
    peer.receive_data(client.data_to_send())
    peer.clear_outbound_data_buffer()
    for stream in (1, 3, 5):
        peer.send_headers(stream, [(":status", "200"), ("content-length", "2")])
        frames.append(peer.data_to_send())
        peer.send_data(stream, b"{}", end_stream=True)
        frames.append(peer.data_to_send())
    peer.ping(b"12345678")
    peer.increment_flow_control_window(1000)
    frames += [peer.data_to_send(), b"\0\0\x08\x07\0\0\0\0\0\0\0\0\3\0\0\0\0"]
    return frames


VALID = valid_frames()
