"""One HTTP/2 connection, shared by all requests in flight.

What an event says about a request:

==============================================  ===========  ==========================
event                                           `Sent`       the connection afterwards
==============================================  ===========  ==========================
found dead before the request was queued        (not used)   closed
died before its bytes were handed to the socket NO           closed
died after that, or bytes that are not HTTP/2   UNKNOWN      closed
RST_STREAM with REFUSED_STREAM                  REFUSED      as before
RST_STREAM with anything else                   UNKNOWN      as before
GOAWAY below the stream                         REFUSED      takes no new requests
GOAWAY at or above the stream                   none: it goes on to its answer
no answer in time, or cancelled                 UNKNOWN      as before; the stream is reset
==============================================  ===========  ==========================

No task of its own reads: of those who wait for an answer one reads for all, and passes that on
when his own answer is complete.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import anyio
import attrs
from h2.config import H2Configuration
from h2.connection import ConnectionState, H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    RemoteSettingsChanged,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    WindowUpdated,
)
from h2.exceptions import H2Error
from h2.settings import SettingCodes, Settings

from .connection import BROKEN, MAX_REPLY, Answer, close, has_news, write
from .failure import Sent, TransportFailure

if TYPE_CHECKING:
    from collections.abc import Callable

    from anyio.abc import ByteStream
    from h2.events import Event

    from ..errors import Phase
    from .connection import Headers

__all__ = ["Http2Connection"]

_READ: Final = 65536
_WINDOW: Final = 2**20
_NEWS_TIMEOUT: Final = 0.1


@attrs.define(eq=False)
class _Stream:
    """A request in flight."""

    id: int
    body: list[bytes] = attrs.field(factory=list, repr=False)
    size: int = 0
    status: int = 0
    headers: Headers = attrs.field(factory=tuple, repr=False)
    written: bool = False
    uploading: bool = False
    complete: bool = False
    failure: tuple[str, Sent] | None = None
    event: anyio.Event | None = None

    @property
    def ended(self) -> bool:
        return self.complete or self.failure is not None

    def wake(self) -> None:
        if self.event is not None:
            self.event.set()

    def fail(self, text: str, sent: Sent) -> None:
        if not self.ended:
            self.failure = (text, sent)
            self.wake()


class Http2Connection:
    """Speaks HTTP/2 over a stream that has just been opened."""

    def __init__(self, stream: ByteStream, *, max_requests: int) -> None:
        self._stream = stream
        self._left = max_requests
        self._h2 = H2Connection(
            H2Configuration(
                header_encoding=None,
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
            )
        )
        self._h2.local_settings = Settings(
            client=True,
            initial_values={
                SettingCodes.ENABLE_PUSH: 0,
                SettingCodes.MAX_CONCURRENT_STREAMS: 0,
                SettingCodes.INITIAL_WINDOW_SIZE: _WINDOW,
                SettingCodes.MAX_HEADER_LIST_SIZE: 2**16,
            },
        )
        self._h2.initiate_connection()
        self._h2.increment_flow_control_window(_WINDOW)
        self._streams: dict[int, _Stream] = {}
        self._unwritten: list[_Stream] = []
        self._reading = False
        self._writing = False
        self._news = anyio.Lock()
        self._dead: str | None = None
        self._leaving = False

    @property
    def is_spent(self) -> bool:
        """Whether it takes no new requests, ever."""
        return self._dead is not None or self._leaving or self._left <= 0

    @property
    def is_full(self) -> bool:
        """Whether it takes no new requests for now."""
        return len(self._streams) >= self._h2.remote_settings.max_concurrent_streams

    async def is_ready(self) -> bool:
        """Return whether a request may be written now.

        While nobody waits for an answer nobody reads, so the end of the connection shows only when
        somebody looks: do that before something is written to it.
        """
        while not self._streams and not self.is_spent and has_news(self._stream):
            async with self._news:
                if not self._streams and not self._reading and self._dead is None:
                    await self._read_news()
        if self.is_spent:
            await self._close_if_done()
            return False
        return not self.is_full

    async def request(self, target: str, headers: Headers, body: bytes, timeout: float) -> Answer:
        """POST and return the answer; `timeout` counts from the last byte written."""
        self._left -= 1
        stream = self._open(target, headers)
        try:
            with anyio.move_on_after(timeout) as scope:
                await self._upload(stream, body)
                scope.deadline = anyio.current_time() + timeout
                await self._until(stream, lambda: stream.ended)
        except BaseException:
            await self._abandon(stream)
            raise
        if not stream.ended:
            await self._abandon(stream)
            sent = Sent.UNKNOWN if stream.written else Sent.NO
            raise TransportFailure(f"no answer within {timeout:g} s", sent, _phase(stream))
        self._forget(stream)
        if self.is_spent:
            await self._close_if_done()
        if stream.failure is not None:
            raise TransportFailure(*stream.failure, _phase(stream))
        return Answer(stream.status, stream.headers, b"".join(stream.body), b"HTTP/2")

    async def retire(self) -> None:
        """Take no new requests; close when the last of those in flight has its answer."""
        self._leaving = True
        await self._close_if_done()

    async def aclose(self) -> None:
        """Say goodbye, if that is possible, and close the socket."""
        if self._dead is None and not self._writing:
            self._h2.close_connection()
            await self._flush()
        self._die("the client was closed")
        await close(self._stream)

    def _open(self, target: str, headers: Headers) -> _Stream:
        stream = _Stream(self._h2.get_next_available_stream_id())
        pseudo = [(b":method", b"POST"), (b":path", target.encode())]
        self._h2.send_headers(stream.id, [*pseudo, *headers])
        self._streams[stream.id] = stream
        self._unwritten.append(stream)
        return stream

    async def _upload(self, stream: _Stream, body: bytes) -> None:
        start = 0
        while not stream.ended:
            room = min(
                self._h2.local_flow_control_window(stream.id), self._h2.max_outbound_frame_size
            )
            if room <= 0:
                stream.uploading = True
                await self._flush()
                await self._until(stream, lambda: stream.ended or self._room(stream) > 0)
                continue
            end = start + room
            last = end >= len(body)
            self._h2.send_data(stream.id, body[start:end], end_stream=last)
            start = end
            if last:
                stream.uploading = False
                await self._flush()
                return

    def _room(self, stream: _Stream) -> int:
        return self._h2.local_flow_control_window(stream.id)

    async def _until(self, stream: _Stream, done: Callable[[], bool]) -> None:
        """Wait for it: read for all, or sleep while somebody else does."""
        while not done():
            if not self._reading:
                await self._read(done)
            else:
                stream.event = anyio.Event()
                await stream.event.wait()

    async def _read(self, done: Callable[[], bool]) -> None:
        self._reading = True
        try:
            while not done() and self._dead is None:
                data = await self._stream.receive(_READ)
                self._take(data)
                await self._flush()
        except BROKEN as error:
            self._die(f"the connection broke: {type(error).__name__}")
        finally:
            self._reading = False
            self._pass_on()
        if self._dead is not None:
            await close(self._stream)

    def _pass_on(self) -> None:
        """Wake somebody who still waits, so that he goes on reading."""
        for stream in self._streams.values():
            if not stream.ended and stream.event is not None and not stream.event.is_set():
                stream.event.set()
                return

    async def _read_news(self) -> None:
        """Take in what came while nobody was waiting, usually the end."""
        self._reading = True
        try:
            with anyio.move_on_after(_NEWS_TIMEOUT):
                self._take(await self._stream.receive(_READ))
        except BROKEN as error:
            self._die(f"the connection broke: {type(error).__name__}")
        finally:
            self._reading = False
            self._pass_on()
        await self._flush()

    async def _flush(self) -> None:
        """Write what is queued. Whoever is writing already takes the rest along."""
        if self._writing:
            return
        self._writing = True
        try:
            while self._dead is None and (data := self._h2.data_to_send()):
                for stream in self._unwritten:
                    stream.written = True
                self._unwritten.clear()
                await write(self._stream, data)
        except BROKEN as error:
            self._die(f"the connection broke: {type(error).__name__}")
        finally:
            self._writing = False
        if self._dead is not None:
            await close(self._stream)

    def _take(self, data: bytes) -> None:
        try:
            events = self._h2.receive_data(data)
        except H2Error as error:
            self._die(f"the other side broke the protocol: {type(error).__name__}")
        except Exception as error:  # noqa: BLE001 - h2, hpack and hyperframe raise what they like
            self._die(f"the other side sent garbage: {type(error).__name__}")
        else:
            for event in events:
                self._handle(event)

    def _handle(self, event: Event) -> None:
        if isinstance(event, DataReceived):
            self._handle_data(event)
        elif isinstance(event, ResponseReceived):
            if stream := self._streams.get(event.stream_id or 0):
                stream.headers = event.headers or ()
                stream.status = int(dict(stream.headers).get(b":status", b"0"))
        elif isinstance(event, StreamEnded):
            if (stream := self._streams.get(event.stream_id or 0)) and not stream.ended:
                stream.complete = True
                stream.wake()
        elif isinstance(event, StreamReset):
            if stream := self._streams.get(event.stream_id or 0):
                refused = event.error_code == ErrorCodes.REFUSED_STREAM
                stream.fail("the server reset it", Sent.REFUSED if refused else Sent.UNKNOWN)
        elif isinstance(event, WindowUpdated | RemoteSettingsChanged):
            for stream in self._streams.values():
                if stream.uploading:
                    stream.wake()
        elif isinstance(event, ConnectionTerminated):
            self._handle_goaway(event)

    def _handle_data(self, event: DataReceived) -> None:
        stream_id = event.stream_id or 0
        self._h2.acknowledge_received_data(event.flow_controlled_length or 0, stream_id)
        stream = self._streams.get(stream_id)
        if stream is None or stream.ended:
            return
        stream.body.append(event.data or b"")
        stream.size += len(event.data or b"")
        if stream.size > MAX_REPLY:
            stream.fail(f"the answer is longer than {MAX_REPLY} bytes", Sent.UNKNOWN)

    def _handle_goaway(self, event: ConnectionTerminated) -> None:
        self._leaving = True
        last = event.last_stream_id or 0
        # h2 drops what it had queued, and takes the connection for closed; by RFC 9113, 6.8, the
        # streams up to the last one are still served.
        self._h2.state_machine.state = ConnectionState.CLIENT_OPEN
        for stream in self._streams.values():
            if stream in self._unwritten:
                stream.fail("the server is going away", Sent.NO)
            elif stream.id > last:
                stream.fail("the server is going away", Sent.REFUSED)
            elif stream.uploading:
                stream.fail("the server is going away", Sent.UNKNOWN)

    async def _abandon(self, stream: _Stream) -> None:
        """Give up a stream and tell the server, so that both sides have its place back."""
        self._forget(stream)
        if self._dead is None and not stream.ended:
            if stream in self._unwritten:
                self._unwritten.remove(stream)
            try:
                self._h2.reset_stream(stream.id, ErrorCodes.CANCEL)
            except H2Error:
                pass
            else:
                with anyio.CancelScope(shield=True):
                    await self._flush()
        await self._close_if_done()

    def _forget(self, stream: _Stream) -> None:
        self._streams.pop(stream.id, None)
        if not self._reading:
            self._pass_on()

    async def _close_if_done(self) -> None:
        if self.is_spent and not self._streams:
            await self.aclose()

    def _die(self, text: str) -> None:
        """Take the connection for broken; the socket is closed by whoever noticed."""
        if self._dead is not None:
            return
        self._dead = text
        for stream in self._streams.values():
            stream.fail(text, Sent.UNKNOWN if stream.written else Sent.NO)


def _phase(stream: _Stream) -> Phase:
    return "reply" if stream.written else "write"
