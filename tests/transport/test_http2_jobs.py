"""Who reads and who writes when writing does not get on."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

import anyio
import anyio.lowlevel
import pytest

from smsc_async._clock import SystemClock
from smsc_async.transport import Sent, TransportFailure
from smsc_async.transport.connection import Answer, Upload
from smsc_async.transport.failure import ConnectionGone
from smsc_async.transport.http2 import Http2Connection
from smsc_async.transport.stream import Stream
from smsc_async.transport.streams import PIECE, Streams

from .scripted_wire import HEAD, VALID, ScriptedWire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.anyio


class StuckWire(ScriptedWire):
    """Takes some writes and never gets on with the next."""

    takes = 2

    async def send(self, data: bytes) -> None:
        """Take the bytes, or wait to be closed."""
        self.takes -= 1
        if self.takes < 0:
            await self.closed.wait()
            raise anyio.ClosedResourceError
        await super().send(data)


async def test_stuck_write_ends_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that does not get on: unknown for what was handed over, not sent for the rest."""
    monkeypatch.setattr("smsc_async.transport.http2.WRITE_TIMEOUT", 0.2)
    wire = StuckWire([VALID[0]], ends=False)
    connection = Http2Connection(wire, reply_timeout=5, most_requests=9, clock=SystemClock())
    failures: dict[int, TransportFailure] = {}

    async def call(number: int) -> None:
        with pytest.raises(TransportFailure) as caught:
            await connection.request(HEAD, b"a=1")
        failures[number] = caught.value
        if connection.finished:
            connection.close()

    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(call, 1)
            await wire.written.wait()
            await anyio.sleep(0.01)
            group.start_soon(call, 2)
            await anyio.sleep(0.01)
            group.start_soon(call, 3)
    assert [failures[n].sent for n in (1, 2, 3)] == [Sent.UNKNOWN, Sent.UNKNOWN, Sent.NO]
    assert connection.finished


async def test_not_written_in_time_is_not_sent() -> None:
    """A call whose turn to be written does not come in time was not sent."""
    wire = StuckWire([VALID[0]], ends=False)
    connection = Http2Connection(wire, reply_timeout=0.2, most_requests=9, clock=SystemClock())
    failures: list[TransportFailure] = []

    async def call() -> None:
        with pytest.raises(TransportFailure) as caught:
            await connection.request(HEAD, b"a=1")
        failures.append(caught.value)

    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(call)
            await wire.written.wait()
            await anyio.sleep(0.01)
            # The first is being read for; the second holds the pen, the third never gets it.
            group.start_soon(call)
            await anyio.sleep(0.01)
            await call()
            assert [failure.sent for failure in failures] == [Sent.UNKNOWN, Sent.NO]
            connection.close()
            group.cancel_scope.cancel()


async def test_time_runs_out_in_the_queue_as_well() -> None:
    """Who looks at the time looks at everybody, and at nobody too early."""
    streams = Streams(reply_timeout=5)
    now = anyio.current_time()
    late, early = Stream(HEAD, b"", now - 1), Stream(HEAD, b"", now + 100)
    streams.queue.extend((early, late))
    assert streams.next_deadline() == late.deadline
    streams.expire()
    assert isinstance(late.outcome, TransportFailure)
    assert late.outcome.sent is Sent.NO
    assert early.outcome is None


async def test_body_that_is_not_read_on_runs_out_of_time() -> None:
    """A body whose next piece does not come in time ends its request, which is in doubt."""

    async def pieces() -> AsyncIterator[bytes]:
        yield b"first"
        await anyio.sleep_forever()

    wire = ScriptedWire([VALID[0]], ends=False)
    connection = Http2Connection(wire, reply_timeout=0.1, most_requests=9, clock=SystemClock())
    upload = await Upload.open(pieces(), 11)
    with anyio.fail_after(5), pytest.raises(TransportFailure, match="no answer within") as caught:
        await connection.request(HEAD, upload)
    assert caught.value.sent is Sent.UNKNOWN
    connection.close()


async def test_reading_goes_on_while_a_write_is_stuck(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who reads for all has to write and cannot: another reads on, and the answer is had."""
    monkeypatch.setattr("smsc_async.transport.http2.WRITE_TIMEOUT", 0.1)
    wire = StuckWire([VALID[0], VALID[1] + VALID[2]], ends=False)
    wire.takes = 1
    connection = Http2Connection(wire, reply_timeout=5, most_requests=9, clock=SystemClock())
    results: dict[int, Answer | TransportFailure] = {}

    async def call(number: int) -> None:
        try:
            results[number] = await connection.request(HEAD, b"a=1")
        except TransportFailure as failure:
            results[number] = failure
        connection.close()

    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(call, 1)
            group.start_soon(call, 2)
    assert {type(result) for result in results.values()} == {Answer, TransportFailure}


class BrokenPen(ScriptedWire):
    """Takes two writes; the next ones fail, while what was said before can still be read."""

    takes = 2

    def __init__(self, pieces: list[bytes]) -> None:
        super().__init__(pieces)
        self.broken = anyio.Event()

    def write(self, data: bytes) -> bool:
        """Take a request, and that its settings are known."""
        self.takes -= 1
        if self.takes < 0:
            self.broken.set()
            raise BrokenPipeError(32, "Broken pipe")
        self.sent += data
        self.written.set()
        return True

    async def receive(self) -> bytes:
        """Say nothing before the pen is broken but the settings."""
        if len(self.pieces) < 2:
            await self.broken.wait()
        return await super().receive()


@pytest.mark.parametrize(
    ("body", "sent"), [(b"a=1", [None, Sent.UNKNOWN]), (b"a" * 100_000, [Sent.UNKNOWN] * 2)]
)
async def test_answers_are_read_after_a_write_has_failed(
    body: bytes, sent: list[Sent | None]
) -> None:
    """What the server said before it went is heard; a body of which a part is missing is not."""
    wire = BrokenPen([VALID[0], VALID[1] + VALID[2]])
    connection = Http2Connection(wire, reply_timeout=5, most_requests=9, clock=SystemClock())
    ends: dict[int, Sent | None] = {}

    async def call(number: int, body: bytes) -> None:
        try:
            await connection.request(HEAD, body)
            ends[number] = None
        except TransportFailure as failure:
            ends[number] = failure.sent

    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(call, 1, body)
            await wire.written.wait()
            await anyio.wait_all_tasks_blocked()
            group.start_soon(call, 2, b"a=2")
    assert [ends[1], ends[2]] == sent
    assert not connection.available
    assert connection.finished


class SlowWire(ScriptedWire):
    """Says each thing so many seconds after the one before, however often it is asked."""

    pause = 0.0
    due: float | None = None

    async def receive(self) -> bytes:
        """Wait, then return the next piece."""
        await self.written.wait()
        self.due = self.due or anyio.current_time() + self.pause
        await anyio.sleep_until(self.due)
        self.due = None
        return await super().receive()


async def test_time_starts_when_a_request_is_written() -> None:
    """A request that waited for its turn has its whole time from then on."""
    wire = SlowWire([VALID[0], VALID[1] + VALID[2], VALID[3] + VALID[4]], ends=False)
    wire.pause = 0.2
    connection = Http2Connection(wire, reply_timeout=0.55, most_requests=9, clock=SystemClock())
    answers: list[Answer] = []

    async def call() -> None:
        answers.append(await connection.request(HEAD, b"a=1"))

    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(call)
            group.start_soon(call)
    assert len(answers) == 2


def wide_open() -> bytes:
    """Return settings and an update that open every window by a megabyte."""
    settings = b"\0\0\6\4\0\0\0\0\0" + b"\0\4" + (1 << 20).to_bytes(4, "big")
    return settings + b"\0\0\4\x08\0\0\0\0\0" + (1 << 20).to_bytes(4, "big")


async def test_one_write_takes_little_of_many_bodies() -> None:
    """Long bodies that are queued together do not make one endless write."""
    streams = Streams(reply_timeout=5)
    streams.feed(wide_open())
    for _ in range(10):
        streams.queue.append(Stream(HEAD, b"x" * PIECE, math.inf))
    sizes = [len(streams.collect()) for _ in range(10)]
    assert max(sizes) < PIECE + 1000
    assert sum(sizes) > 10 * PIECE


class SluggishWire(ScriptedWire):
    """Takes its time for every long write but the first, and says the last when it has it all."""

    async def send(self, data: bytes) -> None:
        """Take the bytes, slowly."""
        if self.sent and len(data) > 1000:
            await anyio.sleep(0.2)
        await super().send(data)

    async def receive(self) -> bytes:
        """Return the next piece, the last when the whole body is there."""
        while len(self.pieces) == 1 and self.sent.count(b"x") < 3 * PIECE:
            await anyio.sleep(0.01)
        return await super().receive()


@pytest.mark.parametrize("answered", [True, False])
async def test_slow_upload_has_time_and_silence_after_it_has_not(answered: bool) -> None:
    """Writes that take longer than an answer may are waited for; then the answer's time runs."""
    wire = SluggishWire([wide_open(), VALID[1] + VALID[2] if answered else b""], ends=False)
    connection = Http2Connection(wire, reply_timeout=0.1, most_requests=9, clock=SystemClock())
    body = b"x" * (3 * PIECE)
    with anyio.fail_after(3):
        if answered:
            assert (await connection.request(HEAD, body)).status == 200
        else:
            with pytest.raises(TransportFailure) as caught:
                await connection.request(HEAD, body)
            assert caught.value.phase == "reply"
    assert wire.sent.count(b"x") == len(body)


class GatedWire(ScriptedWire):
    """Lets the third write wait for ever."""

    writes = 0

    async def send(self, data: bytes) -> None:
        """Take the bytes, but for the third time."""
        self.writes += 1
        if self.writes == 3:
            await anyio.sleep_forever()
        await super().send(data)


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_writer_that_is_cancelled_twice_hands_the_pen_on() -> None:
    """A task cancelled while it writes its own reset: what others have queued is written."""
    wire = GatedWire([VALID[0]], ends=False)
    connection = Http2Connection(wire, reply_timeout=5, most_requests=9, clock=SystemClock())

    def start(body: bytes) -> asyncio.Task[Answer]:
        return asyncio.ensure_future(connection.request(HEAD, body))

    async def settled() -> None:
        for _ in range(20):
            await asyncio.sleep(0)

    reader = start(b"a=1")
    await settled()
    assert wire.writes == 2
    connection._streams.queue.append(Stream(HEAD, b"gate", math.inf))
    writer = asyncio.ensure_future(connection._flush(connection._streams.queue[0]))
    await settled()
    queued = start(b"queued")
    await settled()
    assert b"queued" not in wire.sent
    writer.cancel()
    await settled()
    assert b"queued" in wire.sent
    connection.close()
    results = await asyncio.gather(reader, queued, writer, return_exceptions=True)
    assert [type(result) for result in results[:2]] == [TransportFailure] * 2


async def test_request_on_a_dead_connection_is_not_sent() -> None:
    """Who comes too late is told at once that another connection is needed."""
    wire = ScriptedWire([VALID[0]], ends=False)
    connection = Http2Connection(wire, reply_timeout=5, most_requests=9, clock=SystemClock())
    connection.close()
    with pytest.raises(ConnectionGone) as caught:
        await connection.request(HEAD, b"a=1")
    assert caught.value.sent is Sent.NO
    assert wire.sent == b""


class DirectWire(ScriptedWire):
    """Takes every write at once, and speaks only when it was told enough."""

    def __init__(self, pieces: list[tuple[bytes, int, bytes]]) -> None:
        super().__init__([])
        self.script = pieces
        self.writes: list[bytes] = []

    def write(self, data: bytes) -> bool:
        """Take the bytes."""
        self.writes.append(data)
        return True

    async def receive(self) -> bytes:
        """Return the next piece, once so many of these bytes have been written."""
        await anyio.lowlevel.checkpoint()
        if not self.script:
            await self.closed.wait()
            raise anyio.ClosedResourceError
        bytes_awaited, times, piece = self.script[0]
        while b"".join(self.writes).count(bytes_awaited) < times:
            await anyio.sleep(0.001)
        self.script.pop(0)
        return piece


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_those_answered_together_ask_together() -> None:
    """Two who hear their answers in one go and go on at once share a write; trio draws lots."""
    answers = b"".join(VALID[1:5])
    wire = DirectWire([(b"first", 1, VALID[0]), (b"first", 2, answers)])
    connection = Http2Connection(wire, reply_timeout=5, most_requests=9, clock=SystemClock())

    async def call() -> None:
        await connection.request(HEAD, b"first")
        await connection.request(HEAD, b"second")

    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(call)
            group.start_soon(call)
            while b"".join(wire.writes).count(b"second") < 2:
                await anyio.sleep(0.001)
            group.cancel_scope.cancel()
    assert max(write.count(b"second") for write in wire.writes) == 2


async def test_others_have_their_turn_between_two_pieces() -> None:
    """A long body that is taken as fast as it comes does not keep a short one waiting."""
    wire = DirectWire([(b"first", 1, VALID[0] + VALID[1] + VALID[2] + wide_open())])
    connection = Http2Connection(wire, reply_timeout=5, most_requests=9, clock=SystemClock())

    async def call(body: bytes) -> None:
        await connection.request(HEAD, body)

    with anyio.fail_after(5):
        await call(b"first")
        async with anyio.create_task_group() as group:
            group.start_soon(call, b"x" * (10 * PIECE))
            group.start_soon(call, b"short")
            while b"".join(wire.writes).count(b"x") < 10 * PIECE:
                await anyio.sleep(0.001)
            group.cancel_scope.cancel()
    written = b"".join(wire.writes)
    assert written.index(b"short") < written.rindex(b"x")
