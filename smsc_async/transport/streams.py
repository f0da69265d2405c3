"""The streams of one HTTP/2 connection: what the server's bytes mean, and what to write; no I/O.

A request is given to `h2` only in the step that also returns its bytes for writing, so until then
it can be withdrawn and has certainly not been sent.

=====================================================  ===========  =========================
what happens to a request                              `Sent`       the connection afterwards
=====================================================  ===========  =========================
the connection dies, or goes away, while it is queued  NO           closed
its time runs out while it is queued                   NO           as before
RST_STREAM with REFUSED_STREAM                         REFUSED      as before
GOAWAY with a last stream below its own                REFUSED      takes no more
GOAWAY with a last stream not below its own            (goes on)    takes no more
RST_STREAM with anything else                          UNKNOWN      as before
its time runs out, or it is cancelled                  UNKNOWN      as before; it is reset
its time runs out and nothing at all came meanwhile    UNKNOWN      takes no more
the connection dies, or says what is not HTTP/2        UNKNOWN      closed
nothing can be written any more, its body not whole    UNKNOWN      is read to its end
=====================================================  ===========  =========================
"""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Final, cast

import anyio
import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.settings
from hpack import NeverIndexedHeaderTuple

from .connection import BODY_CAP, Answer
from .failure import ConnectionGone, Sent, TransportFailure
from .frames import FrameSplitter, GoAway, goaway_in
from .headers import LENGTH, RememberingDecoder, RememberingEncoder
from .stream import refused, unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from .stream import Stream

__all__ = ["Streams"]

CODES = h2.settings.SettingCodes
STREAM_WINDOW: Final = 1 << 20
CONNECTION_WINDOW: Final = 1 << 24
MOST_STREAMS: Final = 100
"""Streams we give to one connection, whatever the server allows beyond it."""

PIECE: Final = 65_536
"""Bytes of a body that one write may take; the others' requests come between."""


class Streams:
    """Every request of one connection: queued, open, or over.

    The methods that take the server's bytes or make ours may raise whatever `h2` raises; then
    `die` is what is left to do.
    """

    def __init__(self, reply_timeout: float) -> None:
        self._reply_timeout = reply_timeout
        self._h2 = _make_h2()
        self._frames = FrameSplitter()
        self.queue: deque[Stream] = deque()
        self.open: dict[int, Stream] = {}
        self.dead: bool = False
        self.going_away: bool = False
        self._room = 1  # until the server has said how many streams it takes
        self._settled = False
        self._heard = 0
        self.finished_together: int = 0
        """How many streams what the server said last has ended."""
        self._handlers: dict[type, Callable[[Any], None]] = {
            h2.events.ResponseReceived: self._on_response,
            h2.events.DataReceived: self._on_data,
            h2.events.StreamEnded: self._on_end,
            h2.events.StreamReset: self._on_reset,
            h2.events.WindowUpdated: self._on_window,
            h2.events.RemoteSettingsChanged: self._on_settings,
        }

    @property
    def available(self) -> bool:
        """Whether one more may be queued with the prospect of being written soon."""
        if self.dead or self.going_away:
            return False
        room = self._room if self._settled else MOST_STREAMS
        return len(self.open) + len(self.queue) < room

    # What the server says

    def feed(self, data: bytes) -> None:
        """Take what the server said."""
        self._heard += 1
        self.finished_together = 0
        for frame in self._frames.feed(data):
            goaway = goaway_in(frame)
            if goaway is not None:
                self._on_goaway(goaway)
                continue
            for event in self._h2.receive_data(frame):
                handler = self._handlers.get(type(event))
                if handler is not None:
                    handler(event)

    def _on_response(self, event: h2.events.ResponseReceived) -> None:
        stream = self.open.get(event.stream_id)
        if stream is None:
            return
        fields = dict(cast("Iterable[tuple[bytes, bytes]]", event.headers))
        status, stream.length = fields.get(b":status", b""), fields.get(LENGTH)
        if len(status) == 3 and status.isdigit():  # noqa: PLR2004 - a status has three digits
            stream.status = int(status)
        else:
            self._reset(stream)
            self.finish(stream, unknown("the status is not a number"))

    def _on_data(self, event: h2.events.DataReceived) -> None:
        if event.flow_controlled_length:
            self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        stream = self.open.get(event.stream_id)
        if stream is None or not event.data:
            return
        stream.size += len(event.data)
        if stream.size > BODY_CAP:
            self._reset(stream)
            self.finish(stream, unknown(f"the answer is longer than {BODY_CAP} bytes"))
        else:
            stream.chunks.append(event.data)

    def _on_end(self, event: h2.events.StreamEnded) -> None:
        stream = self.open.get(event.stream_id)
        if stream is None:
            return
        if stream.rest or stream.unread:
            self._reset(stream)
        if not stream.status:
            self.finish(stream, unknown("an answer without a status"))
            return
        if stream.length not in (None, b"%d" % stream.size):
            self.finish(stream, unknown("the answer is not as long as it says"))
            return
        self.finish(stream, Answer(stream.status, b"".join(stream.chunks)))

    def _on_reset(self, event: h2.events.StreamReset) -> None:
        stream = self.open.get(event.stream_id)
        if stream is None:
            return
        if event.error_code == h2.errors.ErrorCodes.REFUSED_STREAM:
            self.finish(stream, refused("the server refused the stream"))
        else:
            text = f"the server reset the stream (code {int(event.error_code)})"
            self.finish(stream, unknown(text, stream))

    def _on_window(self, event: h2.events.WindowUpdated) -> None:
        if event.stream_id:
            stream = self.open.get(event.stream_id)
            if stream is not None and self.can_push(stream):
                stream.rouse()
        else:
            self.wake_uploads()

    def _on_settings(self, _event: h2.events.RemoteSettingsChanged) -> None:
        # A changed window needs no waking here: writing the acknowledgement wakes the uploads.
        most = self._h2.remote_settings.max_concurrent_streams
        self._room = min(most, MOST_STREAMS)
        self._settled = True

    def _on_goaway(self, goaway: GoAway) -> None:
        self.going_away = True
        for stream in list(self.open.values()):
            if stream.number > goaway.last:
                text = f"the server goes away (code {goaway.code}) and did not take the stream"
                self.finish(stream, refused(text))
        self._clear_queue("the server goes away")

    # What we say

    def collectable(self) -> bool:
        """Whether somebody is queued who can leave the queue now."""
        return bool(self.queue) and (self._settled or len(self.open) < self._room)

    def collect(self) -> bytes:
        """Give `h2` what is queued and return what to write; nothing may wait in between."""
        if self.dead:
            self._clear_queue("the connection is dead")
            return b""
        if not self.queue:
            return self._h2.data_to_send()
        now = anyio.current_time()
        piece = 0
        while piece < PIECE and self.collectable():
            stream = self.queue[0]
            if len(self.open) < self._room:
                piece += len(stream.rest)
                self._start(stream, now)
            else:
                self.finish(stream, ConnectionGone("no stream is free"))
            self.queue.popleft()
        return self._h2.data_to_send()

    def _start(self, stream: Stream, now: float) -> None:
        head, body = stream.head, stream.rest
        number = self._h2.get_next_available_stream_id()
        # Never indexed: each length would push a useful field out of the server's table.
        size = b"%d" % (len(body) + stream.unread)
        length = NeverIndexedHeaderTuple(b"content-length", size)
        headers = [
            (b":method", head.method),
            (b":authority", head.authority),
            (b":scheme", head.scheme),
            (b":path", head.path),
            *head.fields,
            length,
        ]
        self._h2.send_headers(number, headers, end_stream=not body)
        stream.number = number
        stream.progress.sent = Sent.UNKNOWN
        stream.heard_before = self._heard
        stream.deadline = now + self._reply_timeout
        self.open[number] = stream
        if body:
            self.push(stream)

    def _window(self, stream: Stream) -> int:
        return max(0, self._h2.local_flow_control_window(stream.number))

    def can_push(self, stream: Stream) -> bool:
        """Whether more of the stream's body may be written now."""
        return bool(stream.rest and stream.number and self._window(stream))

    def push(self, stream: Stream) -> None:
        """Give `h2` as much of the body as may go with one write."""
        rest = stream.rest
        end = len(rest)
        most = min(end, PIECE, self._window(stream))
        step = self._h2.max_outbound_frame_size
        done = 0
        last = not stream.unread
        while done < most:
            piece = rest[done : min(done + step, most)]
            done += len(piece)
            self._h2.send_data(stream.number, piece, end_stream=last and done == end)
        stream.rest = b"" if done == end else memoryview(rest)[done:]
        if stream.hungry:
            stream.rouse()

    # Ends

    def withdraw(self, stream: Stream) -> None:
        """End a stream whose caller does not want it any more."""
        self._reset(stream)
        self.finish(stream, unknown("cancelled", stream))

    def give_up(self, stream: Stream, text: str) -> None:
        """End a stream whose body cannot be read on: the server never gets the whole of it."""
        self._reset(stream)
        self.finish(stream, unknown(text, stream))

    def next_deadline(self) -> float:
        """Return when to look for streams that have waited for too long."""
        return min(stream.deadline for stream in self._waiting())

    def expire(self) -> None:
        """End the streams that have waited for too long."""
        now = anyio.current_time()
        for stream in self._waiting():
            if stream.deadline <= now:
                self.time_out(stream)

    def _waiting(self) -> list[Stream]:
        return [*self.open.values(), *self.queue]

    def time_out(self, stream: Stream) -> None:
        """End a stream that has waited for too long."""
        seconds = f"{self._reply_timeout:g} s"
        if not stream.number:
            failure = TransportFailure(f"not written within {seconds}", Sent.NO, phase="write")
            self.finish(stream, failure)
            return
        if self._heard == stream.heard_before:
            # Nothing at all came since: the path may be dead, so nobody else is sent along it.
            self.going_away = True
            self._clear_queue("nothing came from the server")
        self._reset(stream)
        self.finish(stream, unknown(f"no answer within {seconds}", stream))

    def _reset(self, stream: Stream) -> None:
        if stream.number and not self.dead:
            with suppress(h2.exceptions.ProtocolError):
                self._h2.reset_stream(stream.number, h2.errors.ErrorCodes.CANCEL)

    def finish(self, stream: Stream, outcome: Answer | TransportFailure) -> None:
        """Give the stream its outcome, the first that comes, and call back who waits for it."""
        if stream.outcome is None:
            stream.outcome = outcome
            self.finished_together += 1
        self.open.pop(stream.number, None)
        stream.rouse()

    def fall_silent(self, text: str) -> None:
        """Nothing can be written any more; what was said before that is still to be read."""
        self.going_away = True
        for stream in list(self.open.values()):
            if stream.rest or stream.unread:
                self.finish(stream, unknown(text, stream))
        self._clear_queue(text)

    def die(self, text: str) -> None:
        """End everything: nothing can be read or written any more."""
        self.dead = True
        for stream in list(self.open.values()):
            self.finish(stream, unknown(text, stream))
        self._clear_queue(text)

    def _clear_queue(self, text: str) -> None:
        while self.queue:
            self.finish(self.queue.popleft(), ConnectionGone(text))

    def wake_uploads(self) -> None:
        """Call back those who can write more of their bodies."""
        for stream in self.open.values():
            if self.can_push(stream):
                stream.rouse()


def _make_h2() -> h2.connection.H2Connection:
    config = h2.config.H2Configuration(
        client_side=True,
        header_encoding=None,
        # Ours are valid, and of theirs only the status is looked at, by ourselves.
        validate_inbound_headers=False,
        validate_outbound_headers=False,
        normalize_outbound_headers=False,
    )
    connection = h2.connection.H2Connection(config)
    connection.encoder, connection.decoder = RememberingEncoder(), RememberingDecoder()
    connection.decoder.max_header_list_size = connection.DEFAULT_MAX_HEADER_LIST_SIZE
    connection.local_settings = h2.settings.Settings(
        client=True,
        initial_values={
            CODES.ENABLE_PUSH: 0,
            CODES.INITIAL_WINDOW_SIZE: STREAM_WINDOW,
            CODES.MAX_HEADER_LIST_SIZE: connection.DEFAULT_MAX_HEADER_LIST_SIZE,
        },
    )
    connection.initiate_connection()
    connection.increment_flow_control_window(CONNECTION_WINDOW)
    return connection
