"""One HTTP/1.1 connection: one request at a time, kept for the next."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import anyio
import anyio.lowlevel
import h11

from .connection import BODY_CAP, GLANCE, WRITE_TIMEOUT, Answer, Upload
from .failure import ConnectionGone, Progress, Sent, TransportFailure
from .wire import describe

if TYPE_CHECKING:
    from .._clock import Clock
    from ..errors import Phase
    from .connection import Head
    from .wire import Wire

__all__ = ["Http11Connection"]

PIECE: Final = 65_536


class Http11Connection:
    """Does one request after the other over one wire.

    `reply_timeout` is in seconds from the last progress in writing the request. Whatever goes
    wrong, a cancellation included, ends the connection.
    """

    http_version = "HTTP/1.1"

    def __init__(
        self, wire: Wire, *, reply_timeout: float, most_requests: int, clock: Clock
    ) -> None:
        self._wire = wire
        self._reply_timeout = reply_timeout
        self._left = most_requests
        self._clock = clock
        self._h11 = h11.Connection(h11.CLIENT)
        self._phase: Phase = "connect"
        self._dead = False
        self._idle_since: float | None = clock.now()

    @property
    def available(self) -> bool:
        """Whether it may be given a request now."""
        return not self._dead and self._left > 0 and self._idle_since is not None

    @property
    def finished(self) -> bool:
        """Whether it will never be used again and nobody uses it any more."""
        return self._dead or (self._left <= 0 and self._idle_since is not None)

    @property
    def idle_since(self) -> float | None:
        """When the last request ended, or None while there is one."""
        return self._idle_since

    def close(self) -> None:
        """Close at once; what is in flight fails."""
        self._dead = True
        self._wire.close()

    async def request(
        self, head: Head, body: bytes | Upload, progress: Progress | None = None
    ) -> Answer:
        """Do one request; raises `TransportFailure`, and nothing else."""
        self._left -= 1
        self._idle_since = None
        self._phase = "connect"
        answer: Answer | None = None
        try:
            if self._wire.readable():
                await self._catch_up()
            with anyio.CancelScope() as scope:
                answer = await self._carry(head, body, scope, progress or Progress())
        except TransportFailure:
            raise
        except Exception as error:
            raise self._failure(describe(error)) from error
        finally:
            self._dead = self._dead or answer is None or not self._recycle()
            self._idle_since = self._clock.now()
        if answer is None:
            raise self._failure(f"no answer within {self._reply_timeout:g} s")
        return answer

    def _failure(self, text: str) -> TransportFailure:
        if self._phase == "connect":
            return ConnectionGone(text)
        return TransportFailure(text, Sent.UNKNOWN, phase=self._phase)

    def _recycle(self) -> bool:
        """Make ready for the next request; not if the server has said more than its answer."""
        if self._h11.trailing_data[0]:
            return False
        with suppress(h11.ProtocolError):
            self._h11.start_next_cycle()
            return True
        return False

    async def _catch_up(self) -> None:
        """Read what came while nobody was reading; anything but TLS's own is the end of it."""
        with anyio.move_on_after(GLANCE):
            while self._wire.readable():
                if await self._wire.receive():
                    raise ConnectionGone("the server spoke out of turn")

    async def _carry(
        self, head: Head, body: bytes | Upload, scope: anyio.CancelScope, progress: Progress
    ) -> Answer:
        rest, left = (body.first, body.left) if isinstance(body, Upload) else (body, 0)
        request = h11.Request(
            method=head.method,
            target=head.path,
            headers=[
                (b"host", head.authority),
                *head.fields,
                (b"content-length", b"%d" % (len(rest) + left)),
            ],
        )
        out = self._h11.send(request) or b""
        first = out + (self._h11.send(h11.Data(rest[:PIECE])) or b"")
        await anyio.lowlevel.checkpoint_if_cancelled()
        progress.sent = Sent.UNKNOWN
        await self._write(first, scope)
        await self._write_body(rest[PIECE:], scope)
        while isinstance(body, Upload) and body.left:
            await self._write_body(await body.read(), scope)
        self._h11.send(h11.EndOfMessage())
        self._phase = "reply"
        return await self._read()

    async def _write_body(self, body: bytes, scope: anyio.CancelScope) -> None:
        for start in range(0, len(body), PIECE):
            await self._write(self._h11.send(h11.Data(body[start : start + PIECE])) or b"", scope)

    async def _write(self, data: bytes, scope: anyio.CancelScope) -> None:
        """Write all of it; a cancellation waits until that is done, or takes too long."""
        scope.deadline = math.inf
        self._phase = "write"
        if not self._wire.write(data):
            seconds = min(WRITE_TIMEOUT, self._reply_timeout)
            with anyio.move_on_after(seconds, shield=True) as writing:
                await self._wire.drain()
            if writing.cancelled_caught:
                raise self._failure(f"a write did not get on for {seconds:g} s")
        scope.deadline = anyio.current_time() + self._reply_timeout

    async def _read(self) -> Answer:
        status = 0
        body = bytearray()
        while True:
            event = self._h11.next_event()
            if event is h11.NEED_DATA:
                self._h11.receive_data(await self._receive())
            elif isinstance(event, h11.Response):
                status = event.status_code
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > BODY_CAP:
                    raise self._failure(f"the answer is longer than {BODY_CAP} bytes")
            elif isinstance(event, h11.EndOfMessage):
                return Answer(status, bytes(body))
            elif not isinstance(event, h11.InformationalResponse):
                raise h11.RemoteProtocolError("the server ended the connection")

    async def _receive(self) -> bytes:
        """Return the next bytes, or nothing at the end, as h11 has it."""
        while True:
            try:
                data = await self._wire.receive()
            except anyio.EndOfStream:
                return b""
            if data:
                return data
