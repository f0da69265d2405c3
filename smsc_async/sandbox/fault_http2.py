"""One HTTP/2 connection of a host with faults, by `h2`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, cast

import attrs
import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions

from .app import Answer, Request
from .fault_connection import FaultConnection
from .faults import Fault, Strike

if TYPE_CHECKING:
    from collections.abc import Callable

    from .fault_responder import FaultResponder

__all__ = ["Http2Connection"]

_GOAWAY: Final = b"\x00\x00\x08\x07\x00\x00\x00\x00\x00"
"""The head of a GOAWAY frame of eight bytes."""

_MOMENT: Final = 0.01

_CODES: Final = h2.errors.ErrorCodes
_CUT_SHORT: Final = frozenset((Fault.HALF_REPLY, Fault.CLOSE_AFTER_HEAD, Fault.RESET_AFTER_HEAD))


@attrs.frozen
class _Coming:
    """A request that is being read."""

    path: str
    content_type: str
    body: bytearray = attrs.field(factory=bytearray)


class Http2Connection(FaultConnection):
    """Reads requests and answers them; a fault may end one of them, or all at once."""

    def __init__(self, responder: FaultResponder, connections: set[FaultConnection]) -> None:
        super().__init__(responder, connections)
        config = h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
        self._h2 = h2.connection.H2Connection(config)
        self._requests: dict[int, _Coming] = {}
        self._begun: set[int] = set()
        self._last = 0
        self._leaving = False
        self._room = asyncio.Event()
        self._handlers: dict[type, Callable[[Any], None]] = {
            h2.events.RequestReceived: self._on_request,
            h2.events.DataReceived: self._on_data,
            h2.events.StreamEnded: self._on_end,
            h2.events.StreamReset: self._on_reset,
            h2.events.WindowUpdated: self._on_room,
            h2.events.RemoteSettingsChanged: self._on_room,
        }

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say hello."""
        super().connection_made(transport)
        self._h2.initiate_connection()
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Read requests."""
        try:
            for event in self._h2.receive_data(data):
                handle = self._handlers.get(type(event))
                # What came together with that for which the connection was closed was not read.
                if handle is not None and self.hears:
                    handle(event)
        except h2.exceptions.ProtocolError:
            self._flush()
            self.cut()
        self._flush()

    def ended(self) -> None:
        """Answer nobody any more; what is being processed is processed nevertheless."""
        self._begun.clear()
        self._room.set()

    # What comes

    def _on_request(self, event: h2.events.RequestReceived) -> None:
        fields = dict(cast("list[tuple[str, str]]", event.headers))
        coming = _Coming(fields.get(":path", ""), fields.get("content-type", ""))
        self._requests[event.stream_id] = coming

    def _on_data(self, event: h2.events.DataReceived) -> None:
        self._requests[event.stream_id].body.extend(event.data or b"")
        self._h2.acknowledge_received_data(event.flow_controlled_length or 0, event.stream_id)

    def _on_end(self, event: h2.events.StreamEnded) -> None:
        stream = event.stream_id
        coming = self._requests.pop(stream)
        if self._leaving and stream > self._last:
            return
        path, _, query = coming.path.partition("?")
        kind = coming.content_type.encode()
        request = Request(path, query.encode(), bytes(coming.body), self.responder.port, "2", kind)
        strike = self.responder.strike(request)
        if strike is not None and self._refuses(stream, strike.fault):
            return
        self._last = max(self._last, stream)
        self._begun.add(stream)
        if strike is not None and strike.fault is Fault.GOAWAY_GRACEFUL:
            self._go_away()
        self.start(self._serve(stream, request, strike))

    def _on_reset(self, event: h2.events.StreamReset) -> None:
        self._requests.pop(event.stream_id, None)
        self._begun.discard(event.stream_id)
        self._room.set()

    def _on_room(self, _: object) -> None:
        self._room.set()

    # What is done

    def _refuses(self, stream: int, fault: Fault) -> bool:
        """Do what is done without processing or answering; return whether it was that."""
        if fault is Fault.CLOSE_BEFORE:
            self.cut()
        elif fault is Fault.RESET_BEFORE:
            self._h2.reset_stream(stream, _CODES.INTERNAL_ERROR)
        elif fault is Fault.REFUSE_STREAM:
            self._h2.reset_stream(stream, _CODES.REFUSED_STREAM)
        elif fault is Fault.STOP_READING:
            self.stop_reading()
        elif fault is Fault.GOAWAY_UNPROCESSED:
            if self._last > stream:
                # A later one was taken, so its number cannot say that this one was not.
                self._h2.reset_stream(stream, _CODES.REFUSED_STREAM)
            self._go_away()
        else:
            return fault is Fault.HANG_BEFORE
        return True

    def _go_away(self) -> None:
        """Take no more, and close when what was taken is answered."""
        # `h2` lets nothing out after a GOAWAY of its own, so this one goes past it.
        self._leaving = True
        self._flush()
        self.write(_GOAWAY + self._last.to_bytes(4, "big") + bytes(4))
        self._leave()

    def _leave(self) -> None:
        if self._leaving and not self._begun:
            # At once, what is still coming in would be answered by a reset, and nothing be read.
            asyncio.get_running_loop().call_later(_MOMENT, self.close)

    async def _serve(self, stream: int, request: Request, strike: Strike | None) -> None:
        answer = await self.responder.answer(request, strike)
        if stream not in self._begun:
            return
        try:
            await self._finish(stream, answer, strike.fault if strike else None)
        except h2.exceptions.ProtocolError:
            self.cut()
        self._begun.discard(stream)
        self._leave()

    async def _finish(self, stream: int, answer: Answer, fault: Fault | None) -> None:
        if fault is Fault.RESET_AFTER:
            self._reset(stream)
        elif fault is Fault.CLOSE_AFTER:
            self.cut()
        elif fault is not Fault.HANG_AFTER:
            await self._answer(stream, answer, fault)

    async def _answer(self, stream: int, answer: Answer, fault: Fault | None) -> None:
        length = len(answer.body) + (fault is Fault.WRONG_LENGTH)
        head = {":status": str(answer.status), "content-length": str(length)}
        head["content-type"] = answer.content_type.decode()
        self._h2.send_headers(stream, list(head.items()))
        if fault not in _CUT_SHORT:
            await self._send(stream, answer.body, end=True)
            return
        if fault is Fault.HALF_REPLY:
            await self._send(stream, answer.body[: len(answer.body) // 2], end=False)
        self._flush()
        if fault is Fault.RESET_AFTER_HEAD:
            self._reset(stream)
        else:
            self.close()

    async def _send(self, stream: int, body: bytes, *, end: bool) -> None:
        """Write the body as fast as the client lets us."""
        while stream in self._begun:
            room = min(self._h2.local_flow_control_window(stream), self._h2.max_outbound_frame_size)
            piece, body = body[:room], body[room:]
            if piece or not body:
                self._h2.send_data(stream, piece, end_stream=end and not body)
                self._flush()
            if not body:
                return
            if room <= 0:
                self._room.clear()
                await self._room.wait()

    def _reset(self, stream: int) -> None:
        self._h2.reset_stream(stream, _CODES.INTERNAL_ERROR)
        self._flush()

    def _flush(self) -> None:
        data = self._h2.data_to_send()
        if data:
            self.write(data)
