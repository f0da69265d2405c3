"""One HTTP/2 connection of a host with faults, by `h2`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, cast

import attrs
import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions

from .app import Answer, App, Request
from .faults import Fault, Faults, Strike

__all__ = ["Desk", "Link"]

_MOMENT: Final = 0.002
_GOAWAY: Final = b"\x00\x00\x08\x07\x00\x00\x00\x00\x00"
"""The head of a GOAWAY frame of eight bytes."""

_JSON: Final = b"application/json; charset=windows-1251"
_PAGE: Final = b"<html><head><title>502 Bad Gateway</title></head></html>"
_BAD_GATEWAY: Final = Answer(b"text/html", _PAGE, 502)


def _problem(code: int, text: str) -> Answer:
    return Answer(_JSON, json.dumps({"error": text, "error_code": code}).encode())


_INSTEAD: Final[Mapping[Fault, Answer]] = MappingProxyType(
    {
        Fault.HTML_502_BEFORE: _BAD_GATEWAY,
        Fault.HTML_502_AFTER: _BAD_GATEWAY,
        Fault.EMPTY_200: Answer(_JSON, b""),
        Fault.ERROR_4: _problem(4, "ip is blocked"),
        Fault.ERROR_9_DUPLICATE: _problem(9, "duplicate request, wait a minute"),
        Fault.ERROR_9_CONCURRENT: _problem(9, "too many concurrent requests"),
        Fault.STATUS_FAILS: _problem(1, "parameters error"),
    }
)
"""What is answered whatever the service would answer."""


@attrs.frozen
class Desk:
    """What the connections of a host share; `time` is the clock of the faults' seconds."""

    app: App
    faults: Faults
    index: int
    port: int
    time: Callable[[], float]

    async def wait(self, seconds: float) -> None:
        """Wait on the sandbox's clock; all that is known of it is that it moves forward."""
        until = self.time() + seconds
        while self.time() < until:  # noqa: ASYNC110 - no event tells of a clock that is not ours
            await asyncio.sleep(_MOMENT)

    async def answer(self, request: Request, strike: Strike | None) -> Answer:
        """Process the request, unless the fault forbids it, and return what to answer."""
        fault = strike.fault if strike else None
        if strike and fault is Fault.PROCESSED_LATE:
            await self.wait(strike.seconds)
        answer = _INSTEAD.get(fault) if fault else None
        if fault is None or fault.processed:
            own = await self.app.answer(request)
            answer = answer or own
        if strike and fault is Fault.LATE:
            await self.wait(strike.seconds)
        if strike and fault is Fault.STATUS_LAG and self.app.is_new(request, strike.seconds):
            return Answer(_JSON, b'{"status": -3}')
        return answer or _BAD_GATEWAY


class Link(asyncio.Protocol):
    """Reads requests and answers them; a fault may end one of them, or all at once."""

    def __init__(self, desk: Desk, links: set[Link]) -> None:
        self._desk = desk
        self._links = links
        config = h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
        self._h2 = h2.connection.H2Connection(config)
        self._transport: asyncio.Transport | None = None
        self._requests: dict[int, tuple[str, bytearray]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
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

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say hello."""
        self._transport = cast("asyncio.Transport", transport)
        self._links.add(self)
        self._h2.initiate_connection()
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's own
        """Answer nobody any more; what is being processed is processed nevertheless."""
        self._transport = None
        self._links.discard(self)
        self._begun.clear()
        self._room.set()

    def data_received(self, data: bytes) -> None:
        """Read requests."""
        try:
            for event in self._h2.receive_data(data):
                handle = self._handlers.get(type(event))
                # What came together with that for which the connection was closed was not read.
                if handle is not None and self._transport is not None:
                    handle(event)
        except h2.exceptions.ProtocolError:
            self._flush()
            self.cut()
        self._flush()

    def cut(self) -> None:
        """Close the connection at once."""
        if self._transport is not None:
            self._transport.abort()
            self._transport = None
        self._begun.clear()
        self._room.set()

    # What comes

    def _on_request(self, event: h2.events.RequestReceived) -> None:
        fields = cast("list[tuple[str, str]]", event.headers)
        self._requests[event.stream_id] = dict(fields).get(":path", ""), bytearray()

    def _on_data(self, event: h2.events.DataReceived) -> None:
        self._requests[event.stream_id][1].extend(event.data or b"")
        self._h2.acknowledge_received_data(event.flow_controlled_length or 0, event.stream_id)

    def _on_end(self, event: h2.events.StreamEnded) -> None:
        stream = event.stream_id
        target, body = self._requests.pop(stream)
        if self._leaving and stream > self._last:
            return
        path, _, query = target.partition("?")
        request = Request(path, query.encode(), bytes(body), self._desk.port, "2")
        strike = self._desk.faults.strike(request.script, self._desk.index)
        if strike is not None and self._refuses(stream, strike.fault):
            return
        self._last = max(self._last, stream)
        self._begun.add(stream)
        if strike is not None and strike.fault is Fault.GOAWAY_GRACEFUL:
            self._go_away()
        task = asyncio.get_running_loop().create_task(self._serve(stream, request, strike))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

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
            self._h2.reset_stream(stream, h2.errors.ErrorCodes.INTERNAL_ERROR)
        elif fault is Fault.REFUSE_STREAM:
            self._h2.reset_stream(stream, h2.errors.ErrorCodes.REFUSED_STREAM)
        elif fault is Fault.GOAWAY_UNPROCESSED:
            if self._last > stream:
                # A later one was taken, so its number cannot say that this one was not.
                self._h2.reset_stream(stream, h2.errors.ErrorCodes.REFUSED_STREAM)
            self._go_away()
        else:
            return fault is Fault.HANG_BEFORE
        return True

    def _go_away(self) -> None:
        """Take no more, and close when what was taken is answered."""
        # `h2` lets nothing out after a GOAWAY of its own, so this one goes past it.
        self._leaving = True
        self._flush()
        if self._transport is not None:
            self._transport.write(_GOAWAY + self._last.to_bytes(4, "big") + bytes(4))
        self._leave()

    def _leave(self) -> None:
        if self._leaving and not self._begun and self._transport is not None:
            self._transport.close()

    async def _serve(self, stream: int, request: Request, strike: Strike | None) -> None:
        answer = await self._desk.answer(request, strike)
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
            self._h2.reset_stream(stream, h2.errors.ErrorCodes.INTERNAL_ERROR)
            self._flush()
        elif fault is Fault.CLOSE_AFTER:
            self.cut()
        elif fault is not Fault.HANG_AFTER:
            await self._answer(stream, answer, fault)

    async def _answer(self, stream: int, answer: Answer, fault: Fault | None) -> None:
        length = len(answer.body) + (fault is Fault.WRONG_LENGTH)
        head = {":status": str(answer.status), "content-length": str(length)}
        head["content-type"] = answer.content_type.decode()
        self._h2.send_headers(stream, list(head.items()))
        if fault is Fault.HALF_REPLY:
            await self._send(stream, answer.body[: len(answer.body) // 2], end=False)
            if self._transport is not None:
                self._transport.close()
            return
        await self._send(stream, answer.body, end=True)

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

    def _flush(self) -> None:
        data = self._h2.data_to_send()
        if data and self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)
