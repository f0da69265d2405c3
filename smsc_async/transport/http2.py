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
        self._reading = False
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
        now = anyio.current_time()
        upload = body if isinstance(body, Upload) else None
        rest = body.first if isinstance(body, Upload) else body
        deadline = now + self._reply_timeout
        stream = Stream(head, rest, deadline, upload, progress or Progress(), queued_at=now)
        self._left -= 1
        idle, self._idle_since = self._idle_since is not None, None
        self._streams.queue.append(stream)
        try:
            if idle and not self._writing and self._wire.readable():
                await self._catch_up()
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
            if self._streams.queue and not self._writing and self._streams.collectable():
                await self._flush(stream)
            elif self._streams.can_push(stream):
                await self._upload(stream)
            elif stream.upload is not None and stream.hungry:
                await self._read_body(stream, stream.upload)
            elif not self._reading:
                await self._read(stream)
            else:
                stream.wake = anyio.Event()
                await stream.wake.wait()
                stream.wake = None

    # Reading

    async def _read(self, stream: Stream) -> None:
        """Read for all until the stream has its outcome, or there is something to write."""
        self._reading = True
        data = b""
        try:
            with anyio.CancelScope(deadline=self._streams.next_deadline()) as watch:
                while stream.outcome is None:
                    if said := await self._receive(stream):
                        self._streams.feed(said)
                    if not self._writing:
                        data = self._streams.collect()
                    if data or stream.hungry or self._streams.can_push(stream):
                        break
            if watch.cancelled_caught:
                self._streams.expire()
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing more can be read
            self._streams.die(f"reading failed: {describe(error)}")
        finally:
            self._reading = False
        if data:
            # Writing may take its time, and the others' answers must not wait for that.
            self._hand_over()
            await self._flush(stream, data)
        elif stream.outcome is None:
            self._hand_over()

    async def _receive(self, stream: Stream) -> bytes:
        """Return what the server says; nothing, if the stream's body is to be read on."""
        if stream.upload is None or stream.number:
            return await self._wire.receive()
        # Somebody else may write its beginning meanwhile, and the server then wait for the rest.
        said = b""
        with anyio.CancelScope() as stream.pause:
            said = await self._wire.receive()
        stream.pause = None
        return said

    async def _catch_up(self) -> None:
        """Read what came while nobody was reading, before anything is written."""
        self._reading = self._writing = True
        try:
            with anyio.move_on_after(GLANCE):
                while not self._streams.dead and self._wire.readable():
                    self._streams.feed(await self._wire.receive())
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing more can be read
            self._streams.die(f"the connection was dead: {describe(error)}")
        finally:
            self._reading = self._writing = False

    # Writing

    async def _upload(self, stream: Stream) -> None:
        """Write the next piece of a long body, when nobody else is writing."""
        if self._writing:
            stream.wake = anyio.Event()
            await stream.wake.wait()
            stream.wake = None
            return
        stream.deadline = anyio.current_time() + WRITE_TIMEOUT + self._reply_timeout
        self._streams.push(stream)
        await self._flush(stream)
        # Between two pieces it is the others' turn to write.
        await anyio.lowlevel.checkpoint()
        stream.deadline = anyio.current_time() + self._reply_timeout

    async def _read_body(self, stream: Stream, upload: Upload) -> None:
        """Get the next piece of a body that is read while it is written."""
        with anyio.CancelScope(deadline=stream.deadline) as watch:
            try:
                stream.rest = await upload.read()
            except Exception as error:  # noqa: BLE001 - whatever it is, it is this stream's alone
                self._streams.give_up(stream, f"the body cannot be read: {describe(error)}")
        if watch.cancelled_caught and stream.outcome is None:
            self._streams.time_out(stream)
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
            while data:
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
            if streams.queue:
                self._hand_over()

    async def _drain(self) -> None:
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
        if self._streams.queue and not self._writing and wake_one(self._streams.queue):
            return
        if not self._reading and not wake_one(reversed(self._streams.open.values())):
            wake_one(self._streams.queue)
