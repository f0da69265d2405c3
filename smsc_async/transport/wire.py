"""Bytes to and from one server, over TLS or plain, with nothing waiting unseen in between."""

from __future__ import annotations

import select
import socket
import ssl
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import anyio

from .dial import dial
from .failure import Sent, TransportFailure, Untrusted
from .tls import Tls

if TYPE_CHECKING:
    from collections.abc import Callable

    from .hosts import Origin

__all__ = ["Wire", "connect", "describe"]

MOST: Final = 65_536
"""Bytes read at once."""


def describe(error: BaseException) -> str:
    """Return an exception in one line that says its kind, too."""
    text = str(error).strip()
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


class Wire:
    """One connection's bytes. One may read and one may write at a time; both may be cancelled."""

    def __init__(self, sock: socket.socket, tls: Tls | None = None) -> None:
        self._socket = sock
        self._tls = tls
        # What came with the end of the handshake.
        self._early = tls.decrypt(b"") if tls else b""
        self._glance = _glancer(sock)
        self._unsent = b""
        self._waiting = 0
        self._closed = False

    @property
    def protocol(self) -> str | None:
        """What ALPN agreed on; None without TLS or without an agreement."""
        return self._tls.protocol if self._tls else None

    @property
    def unsent(self) -> bool:
        """Whether the socket has not taken all that was written: an interrupted `drain` did not."""
        return bool(self._unsent)

    def readable(self) -> bool:
        """Whether there is something to read, be it the end, without reading it."""
        if self._early or (self._tls is not None and self._tls.ended):
            return True
        return self._glance()

    async def receive(self) -> bytes:
        """Wait for the server and return what it says: nothing, if only TLS itself spoke.

        Raises `anyio.EndOfStream` at the end. Nothing is lost when it is cancelled.
        """
        if self._early:
            early, self._early = self._early, b""
            return early
        if self._tls is not None and self._tls.ended:
            raise anyio.EndOfStream
        self._waiting += 1
        try:
            data = await _receive(self._socket)
        finally:
            self._let_go()
        return data if self._tls is None else self._tls.decrypt(data)

    def write(self, data: bytes) -> bool:
        """Write all of it, or what the socket takes; whether nothing is left for `drain`.

        Most writes end here, without a detour through the event loop. What an interrupted `drain`
        has left goes first.
        """
        self._unsent += self._tls.encrypt(data) if self._tls else data
        self._send()
        return not self._unsent

    async def drain(self) -> None:
        """Wait until everything is written."""
        self._waiting += 1
        try:
            while self._unsent:
                await anyio.wait_writable(self._socket)
                self._send()
        finally:
            self._let_go()

    def _send(self) -> None:
        try:
            taken = self._socket.send(self._unsent)
        except BlockingIOError:
            return
        except OSError:
            self._unsent = b""  # what it does not take now it never will
            raise
        self._unsent = self._unsent[taken:]

    def close(self) -> None:
        """Close at once, also for who waits; closing twice does nothing."""
        if self._closed:
            return
        self._closed = True
        anyio.notify_closing(self._socket)
        if not self._waiting:
            self._socket.close()
            return
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def _let_go(self) -> None:
        """Give the socket back, if it is closed and nobody waits on it any more.

        Earlier, a new socket might get its number, and with that the end of the old one's waiting.
        """
        self._waiting -= 1
        if self._closed and not self._waiting:
            self._socket.close()


async def _receive(sock: socket.socket) -> bytes:
    while True:
        await anyio.wait_readable(sock)
        with suppress(BlockingIOError):
            if data := sock.recv(MOST):
                return data
            raise anyio.EndOfStream


def _glancer(sock: socket.socket) -> Callable[[], bool]:
    if sys.platform == "win32":
        return lambda: bool(select.select([sock], [], [], 0)[0])
    poll = select.poll()
    poll.register(sock.fileno(), select.POLLIN | select.POLLHUP | select.POLLERR)
    return lambda: bool(poll.poll(0))


async def connect(origin: Origin, context: ssl.SSLContext | None, seconds: float) -> Wire:
    """Open a connection within so many seconds, names and TLS included.

    Raises `TransportFailure` with `Sent.NO` for whatever goes wrong; `Untrusted` if only the
    certificate does.
    """
    try:
        with anyio.move_on_after(seconds):
            return await _open(origin, context)
    except ssl.SSLCertVerificationError as error:
        raise Untrusted(f"the certificate is not trusted: {error.verify_message}") from error
    except Exception as error:
        raise TransportFailure(f"cannot connect: {describe(error)}", Sent.NO) from error
    raise TransportFailure(f"no connection within {seconds:g} s", Sent.NO)


async def _open(origin: Origin, context: ssl.SSLContext | None) -> Wire:
    sock = await dial(origin.host, origin.port)
    try:
        if context is None:
            return Wire(sock)
        tls = Tls(context, origin.host)
        await _shake_hands(sock, tls)
        return Wire(sock, tls)
    except BaseException:
        sock.close()
        raise


async def _shake_hands(sock: socket.socket, tls: Tls) -> None:
    received: bytes | None = b""
    while True:
        reply, done = tls.handshake(received)
        while reply:
            await anyio.wait_writable(sock)
            with suppress(BlockingIOError):
                reply = reply[sock.send(reply) :]
        if done:
            return
        try:
            received = await _receive(sock)
        except anyio.EndOfStream:
            received = None
