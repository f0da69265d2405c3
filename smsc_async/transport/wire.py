"""Bytes to and from one server, over TLS or plain, with nothing waiting unseen in between."""

from __future__ import annotations

import os
import select
import socket
import ssl
import sys
from typing import TYPE_CHECKING

import anyio
from anyio.abc import SocketAttribute

from .failure import Sent, TransportFailure, Untrusted
from .tls import Tls

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator
    from typing import Any

    from anyio.abc import SocketStream

    from .hosts import Origin

__all__ = ["Wire", "connect", "describe"]

# asyncio's transports hand over at most 256 KiB at once; asking for less would leave the rest in a
# queue of anyio's, where no look at the socket finds it.
MOST = 262_144


def describe(error: BaseException) -> str:
    """Return an exception in one line that says its kind, too."""
    text = str(error).strip()
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


class Wire:
    """One connection's bytes. One may read and one may write at a time; both may be cancelled."""

    def __init__(self, stream: SocketStream, tls: Tls | None = None) -> None:
        self._stream = stream
        self._tls = tls
        # What came with the end of the handshake.
        self._early = tls.decrypt(b"") if tls else b""
        # S610 takes anyio's typed attributes for a query of Django's.
        raw = stream.extra(SocketAttribute.raw_socket)
        self._glance = _glancer(raw)
        self._socket = _duplicate(raw)
        self._unsent = b""
        self._doubtful = False
        self._clogged = False
        self._broken = False
        self._closed = False

    @property
    def protocol(self) -> str | None:
        """What ALPN agreed on; None without TLS or without an agreement."""
        return self._tls.protocol if self._tls else None

    def readable(self) -> bool:
        """Whether there may be something to read, be it the end, without reading it."""
        if self._early or self._doubtful or (self._tls is not None and self._tls.ended):
            return True
        return self._glance()

    def settle(self) -> None:
        """Take it that a cancelled `receive` left nothing behind: somebody has looked."""
        self._doubtful = False

    async def receive(self) -> bytes:
        """Wait for the server and return what it says: nothing, if only TLS itself spoke.

        Raises `anyio.EndOfStream` at the end.
        """
        if self._early:
            early, self._early = self._early, b""
            return early
        if self._tls is not None and self._tls.ended:
            raise anyio.EndOfStream
        try:
            data = await self._stream.receive(MOST)
        except Exception:
            raise
        except BaseException:
            # Cancelled: what came at the same moment may now be in anyio's queue.
            self._doubtful = True
            raise
        self._doubtful = False
        if self._tls is None:
            return data
        return self._tls.decrypt(data)

    def write(self, data: bytes) -> bool:
        """Write all of it, or what the socket takes; whether nothing is left for `drain`.

        Most writes end here, without the detour through an event loop. After an error, which is
        the socket's own, the wire is of no use any more.
        """
        if self._broken:
            raise anyio.BrokenResourceError
        payload = self._tls.encrypt(data) if self._tls else data
        taken = 0
        if self._socket is not None and not self._clogged and not self._unsent:
            try:
                taken = self._socket.send(payload)
            except BlockingIOError:
                pass
            except OSError:
                self._broken = True
                raise
        self._unsent += payload[taken:]
        return not self._unsent

    async def drain(self) -> None:
        """Wait until everything is written. After an error the wire is of no use any more.

        `Task.cancel()` of asyncio goes through anyio's shield. It is kept from taking effect
        before asyncio has the bytes, unless an earlier write is still under way; so one
        interruption loses nothing, and a second one before a complete write breaks the wire.
        """
        unsent, self._unsent = self._unsent, b""
        try:
            await _Steadily(self._stream.send(unsent))
        except Exception:
            self._broken = True
            raise
        except BaseException:
            self._broken = self._clogged
            self._clogged = True
            raise
        self._clogged = False

    async def aclose(self) -> None:
        """Close at once; closing twice does nothing."""
        if self._closed:
            return
        self._closed = self._broken = True
        if self._socket is not None:
            self._socket.close()
        with anyio.CancelScope(shield=True):
            await self._stream.aclose()


class _Steadily:
    """Awaits a coroutine so that a cancellation cannot end it where it merely yields."""

    def __init__(self, work: Coroutine[Any, Any, None]) -> None:
        self._work = work

    def __await__(self) -> Generator[Any, Any, None]:
        steps = self._work.__await__()
        cancelled: BaseException | None = None
        try:
            waits_for = next(steps)
            while True:
                try:
                    value = yield waits_for
                except GeneratorExit:
                    steps.close()
                    raise
                except BaseException as error:  # noqa: BLE001 - it is raised below, or by `throw`
                    if waits_for is None:
                        cancelled = error
                        waits_for = next(steps)
                    else:
                        waits_for = steps.throw(error)
                else:
                    waits_for = steps.send(value)
        except StopIteration:
            pass
        if cancelled is not None:
            raise cancelled


def _duplicate(sock: socket.socket) -> socket.socket | None:
    """Return a socket of our own for the connection, whatever the event loop does with its.

    Windows has event loops whose sockets cannot be written past them.
    """
    if sys.platform == "win32":
        return None
    own = socket.socket(fileno=os.dup(sock.fileno()))
    own.setblocking(False)
    return own


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
    stream = await anyio.connect_tcp(origin.host, origin.port)
    try:
        if context is None:
            return Wire(stream)
        tls = Tls(context, origin.host)
        await _shake_hands(stream, tls)
        return Wire(stream, tls)
    except BaseException:
        await anyio.aclose_forcefully(stream)
        raise


async def _shake_hands(stream: SocketStream, tls: Tls) -> None:
    received: bytes | None = b""
    while True:
        reply, done = tls.handshake(received)
        if reply:
            await stream.send(reply)
        if done:
            return
        try:
            received = await stream.receive(MOST)
        except anyio.EndOfStream:
            received = None
