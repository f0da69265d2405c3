"""One HTTP/2 connection, read and written by whoever waits on it.

No task of its own: of those who wait for an answer one reads for all, and of those who have
something to say one writes for all; whoever leaves hands the job on.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import anyio
import anyio.lowlevel

from .connection import GLANCE, WRITE_TIMEOUT, Answer, Upload
from .failure import Progress
from .stream import Stream, wake_one
from .streams import Streams
from .wire import describe

if TYPE_CHECKING:
    from .._clock import Clock
    from .connection import Head
    from .wire import Wire

__all__ = ["Http2Connection"]


class Http2Connection:
    """Does many requests at once over one wire.

    `reply_timeout` is each request's own, in seconds from the moment it was written, and from the
    last progress while its body is being written. Neither a timeout nor a cancellation touches
    another request. After `most_requests` it takes no more.
    """

    http_version = "HTTP/2"

    def __init__(
        self, wire: Wire, *, reply_timeout: float, most_requests: int, clock: Clock
    ) -> None:
        self._wire = wire
        self._reply_timeout = reply_timeout
        self._left = most_requests
        self._clock = clock
        self._streams = Streams(reply_timeout)
        self._reader: Stream | None = None
        self._writing = False
        self._idle_since: float | None = clock.now()

    @property
    def available(self) -> bool:
        """Whether it may be given one more request now."""
        return self._left > 0 and self._streams.available

    @property
    def finished(self) -> bool:
        """Whether it will never be used again and nobody uses it any more."""
        if self._streams.dead:
            return True
        return (self._streams.going_away or self._left <= 0) and self._idle_since is not None

    @property
    def idle_since(self) -> float | None:
        """When the last request ended, or None while there is one."""
        return self._idle_since

    def close(self) -> None:
        """Close at once; what is in flight fails."""
        self._streams.die("the connection was closed")
        self._wire.close()

    async def request(
        self, head: Head, body: bytes | Upload, progress: Progress | None = None
    ) -> Answer:
        """Do one request; raises `TransportFailure`, and nothing else."""
        upload = body if isinstance(body, Upload) else None
        rest = body.first if isinstance(body, Upload) else body
        deadline = anyio.current_time() + self._reply_timeout
        stream = Stream(head, rest, deadline, upload, progress or Progress())
        self._left -= 1
        idle, self._idle_since = self._idle_since is not None, None
        self._streams.queue.append(stream)
        try:
            if idle and not self._writing and self._wire.readable():
                await self._catch_up(stream)
            await self._carry(stream)
        except Exception as error:  # noqa: BLE001 - nothing but our own failures leaves
            self._streams.die(f"the connection broke down: {describe(error)}")
        finally:
            await self._leave(stream)
        outcome = stream.outcome
        if isinstance(outcome, Answer):
            return outcome
        assert outcome is not None  # noqa: S101 - every way out above has set it
        raise outcome

    async def _carry(self, stream: Stream) -> None:
        """See the request to its end, doing whatever job nobody else does."""
        await self._flush(stream)
        while stream.outcome is None:
            if self._unwritten():
                await self._flush(stream)
            elif self._can_push(stream):
                await self._upload(stream)
            elif stream.upload is not None and stream.hungry:
                await self._read_body(stream, stream.upload)
            elif self._reader is None:
                await self._read(stream)
            else:
                stream.wake = anyio.Event()
                await stream.wake.wait()
                stream.wake = None

    # Reading

    async def _read(self, stream: Stream) -> None:
        """Read for all until the stream has its outcome, or something else to do."""
        self._reader = stream
        data = b""
        try:
            with anyio.CancelScope(deadline=self._streams.next_deadline()) as watch:
                while stream.outcome is None:
                    stream.pause = watch
                    said = await self._wire.receive()
                    stream.pause = None
                    if said:
                        self._streams.feed(said)
                    if not self._writing:
                        data = self._streams.collect()
                    if data or stream.hungry or self._can_push(stream):
                        break
            if watch.cancelled_caught:
                self._streams.expire()
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing more can be read
            self._streams.die(f"reading failed: {describe(error)}")
        finally:
            self._reader = stream.pause = None
        if data:
            await self._flush(stream, data)

    async def _catch_up(self, stream: Stream) -> None:
        """Read what came while nobody was reading, before anything is written."""
        self._reader, self._writing = stream, True
        try:
            with anyio.move_on_after(GLANCE):
                while not self._streams.dead and self._wire.readable():
                    self._streams.feed(await self._wire.receive())
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing more can be read
            self._streams.die(f"the connection was dead: {describe(error)}")
        finally:
            self._reader, self._writing = None, False

    # Writing

    def _can_push(self, stream: Stream) -> bool:
        """Whether the next piece of the stream's body can be written now."""
        return not self._writing and self._streams.can_push(stream)

    def _unwritten(self) -> bool:
        """Whether there is something to write that nobody is writing."""
        return not self._writing and (self._wire.unsent or self._streams.collectable())

    async def _upload(self, stream: Stream) -> None:
        """Write the next piece of a long body."""
        stream.deadline = anyio.current_time() + WRITE_TIMEOUT + self._reply_timeout
        self._streams.push(stream)
        await self._flush(stream)
        # Between two pieces it is the others' turn to write.
        await anyio.lowlevel.checkpoint()
        stream.deadline = anyio.current_time() + self._reply_timeout

    async def _read_body(self, stream: Stream, upload: Upload) -> None:
        """Get the next piece of a body that is read while it is written."""
        self._hand_over()
        with anyio.CancelScope(deadline=stream.deadline) as stream.pause:
            try:
                stream.rest = await upload.read()
            except Exception as error:  # noqa: BLE001 - whatever it is, it is this stream's alone
                self._streams.give_up(stream, f"the body cannot be read: {describe(error)}")
        if stream.pause.cancelled_caught and stream.outcome is None:
            self._streams.time_out(stream)
        stream.pause = None
        stream.deadline = anyio.current_time() + self._reply_timeout

    async def _flush(self, stream: Stream, data: bytes = b"") -> None:
        """Write `data` and what else there is, also the others'; nothing if somebody does."""
        if self._writing:
            return
        self._writing = True
        streams = self._streams
        try:
            if not data and streams.finished_together > 1 and stream.outcome is None:
                # Who was answered together may ask together.
                await anyio.lowlevel.checkpoint()
            data = data or streams.collect()
            while data or (self._wire.unsent and not streams.dead):
                if not self._wire.write(data):
                    await self._drain()
                if stream.outcome is not None and wake_one(streams.queue):
                    break
                data = streams.collect()
        except OSError as error:
            streams.fall_silent(f"writing failed: {describe(error)}")
        except Exception as error:  # noqa: BLE001 - whatever it is, the connection is of no use
            streams.die(f"writing failed: {describe(error)}")
        finally:
            self._writing = False
            streams.wake_uploads()
            if self._unwritten():
                self._hand_over()

    async def _drain(self) -> None:
        # That may take its time, and the others' answers must not wait for it.
        self._hand_over()
        deadline = anyio.current_time() + WRITE_TIMEOUT
        with anyio.CancelScope(deadline=deadline, shield=True) as scope:
            await self._wire.drain()
        if scope.cancelled_caught:
            self._streams.die(f"a write did not get on for {WRITE_TIMEOUT:g} s")

    # Handing over

    async def _leave(self, stream: Stream) -> None:
        """Take the stream off the connection, and see that somebody does what it did."""
        streams = self._streams
        if stream.outcome is None:
            streams.withdraw(stream)
        if not stream.number:
            with suppress(ValueError):
                streams.queue.remove(stream)
        if not streams.open and not streams.queue:
            self._idle_since = self._clock.now()
        self._hand_over()
        await self._flush(stream)

    def _hand_over(self) -> None:
        """Wake somebody for a job that nobody is at.

        Who is not asleep looks for jobs by itself, so there is somebody for each while anybody
        waits. The newest is the last to have its answer, and so hands over least often.
        """
        streams = self._streams
        if self._unwritten():
            if wake_one(streams.queue):
                return
            # What an interrupted write has left may be nobody's in the queue.
            if self._reader is not None:
                self._reader.rouse()
        if self._reader is None and not wake_one(reversed(streams.open.values())):
            wake_one(streams.queue)
