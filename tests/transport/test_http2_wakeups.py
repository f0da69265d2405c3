"""Nobody sleeps for a job that nobody is at, and nobody works on when its own request is over."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import anyio
import anyio.lowlevel
import pytest

from smsc_async._clock import SystemClock
from smsc_async.transport import Sent, TransportFailure
from smsc_async.transport.connection import Answer, Upload
from smsc_async.transport.http2 import Http2Connection
from smsc_async.transport.streams import PIECE

from .scripted_wire import HEAD, VALID, ScriptedWire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from anyio.abc import TaskStatus

pytestmark = pytest.mark.anyio

FIRST, SECOND, THIRD = (VALID[n] + VALID[n + 1] for n in (1, 3, 5))
"""The answers to three requests; the first has to be first."""

WIDE = b"\0\0\6\4\0\0\0\0\0\0\4\0\x10\0\0" + b"\0\0\4\x08\0\0\0\0\0\0\x10\0\0"
"""Settings and an update that open every window by a megabyte."""


class OpenWire(ScriptedWire):
    """Takes every write at once, but for one that holds a certain word, and says what it is told.

    What it holds back goes on when the gate is open.
    """

    def __init__(self, held: bytes = b"held") -> None:
        super().__init__([])
        self.held = held
        self.gate = anyio.Event()
        self.spoken = anyio.Event()

    def say(self, data: bytes) -> None:
        """Let this be read."""
        self.pieces.append(data)
        self.spoken.set()

    async def receive(self) -> bytes:
        """Return the next thing said."""
        while not self.pieces:
            self.spoken = anyio.Event()
            await self.spoken.wait()
        return self.pieces.pop(0)

    def write(self, data: bytes) -> bool:
        """Take the bytes, or leave them for `drain`."""
        self._unsent += data
        if self.held in self._unsent and not self.gate.is_set():
            return False
        self.sent, self._unsent = self.sent + self._unsent, b""
        return True

    async def drain(self) -> None:
        """Wait for the gate."""
        await self.gate.wait()
        self.write(b"")


def connect(wire: ScriptedWire) -> Http2Connection:
    """Return a connection over the wire, which is in no hurry."""
    return Http2Connection(wire, reply_timeout=60, most_requests=9, clock=SystemClock())


async def answered(
    connection: Http2Connection,
    body: bytes | Upload,
    *,
    task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED,
) -> None:
    """Do a request; it counts as started when everybody is at their job."""
    async with anyio.create_task_group() as group:
        group.start_soon(connection.request, HEAD, body)
        await anyio.wait_all_tasks_blocked()
        task_status.started()


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.parametrize("times", [1, 2])
async def test_interrupted_write_is_finished_by_who_is_left(times: int) -> None:
    """Who writes is cancelled in the middle, however often: who only reads writes the rest."""
    wire = OpenWire()
    connection = connect(wire)
    reader = asyncio.ensure_future(connection.request(HEAD, b"reader"))
    await anyio.wait_all_tasks_blocked()
    wire.say(WIDE)
    await anyio.wait_all_tasks_blocked()
    writer = asyncio.ensure_future(connection.request(HEAD, b"held"))
    await anyio.wait_all_tasks_blocked()
    for _ in range(times):
        writer.cancel()
        await anyio.wait_all_tasks_blocked()
    assert b"held" not in wire.sent
    wire.gate.set()
    await anyio.wait_all_tasks_blocked()
    assert b"held" in wire.sent
    assert not wire.unsent
    wire.say(FIRST)
    assert (await asyncio.wait_for(reader, 5)).status == 200
    connection.close()


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_write_of_who_has_its_answer_is_finished() -> None:
    """Who writes has its answer, and nothing more to say, when it is cancelled: it writes on."""
    wire = OpenWire()
    connection = connect(wire)
    wire.pieces = [WIDE, FIRST]
    await connection.request(HEAD, b"first")
    reader = asyncio.ensure_future(connection.request(HEAD, b"reader"))
    await anyio.wait_all_tasks_blocked()
    writer = asyncio.ensure_future(connection.request(HEAD, b"held"))
    await anyio.wait_all_tasks_blocked()
    wire.say(THIRD)
    await anyio.wait_all_tasks_blocked()
    writer.cancel()
    wire.gate.set()
    await anyio.wait_all_tasks_blocked()
    assert b"held" in wire.sent
    wire.say(SECOND)
    assert (await asyncio.wait_for(reader, 5)).status == 200
    with pytest.raises(asyncio.CancelledError):
        await writer
    connection.close()


async def test_long_body_reads_for_all_while_another_writes() -> None:
    """Who reads leaves and only a body that waits for the pen is there to read: it does."""
    wire = OpenWire()
    connection = connect(wire)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            await group.start(answered, connection, b"first")
            wire.say(VALID[0])
            await group.start(answered, connection, b"second")
            # Its first piece takes the whole window; then the pen is taken; then it opens.
            await group.start(answered, connection, b"x" * (2 * PIECE))
            connection._writing = True
            wire.say(WIDE)
            await anyio.wait_all_tasks_blocked()
            wire.say(FIRST)
            await anyio.wait_all_tasks_blocked()
            wire.say(SECOND)
            await anyio.wait_all_tasks_blocked()
            assert list(connection._streams.open) == [5]
            group.cancel_scope.cancel()


async def test_somebody_reads_while_a_write_after_catching_up_is_stuck() -> None:
    """What came on an idle connection is read first, and others come meanwhile: one reads on."""

    class Talkative(OpenWire):
        talks = 0

        def readable(self) -> bool:
            """See that there is something to read, as often as it is told."""
            self.talks -= 1
            return self.talks >= 0

        async def receive(self) -> bytes:
            """Give others a turn first."""
            await anyio.lowlevel.checkpoint()
            return await super().receive()

    wire = Talkative()
    connection = connect(wire)
    with anyio.fail_after(5):
        wire.pieces = [VALID[0], FIRST]
        await connection.request(HEAD, b"first")
        wire.talks = 2
        wire.say(b"\0\0\4\x08\0\0\0\0\0\0\x10\0\0")
        async with anyio.create_task_group() as group:
            group.start_soon(connection.request, HEAD, b"held")
            group.start_soon(connection.request, HEAD, b"beside it")
            await anyio.wait_all_tasks_blocked()
            wire.say(SECOND)
            await anyio.wait_all_tasks_blocked()
            assert 3 not in connection._streams.open
            group.cancel_scope.cancel()
            wire.gate.set()


async def test_long_body_that_reads_for_all_goes_on_when_the_pen_is_free() -> None:
    """Its window opens while another writes: it writes on after that, though nothing is said."""
    wire = OpenWire()
    connection = connect(wire)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            await group.start(answered, connection, b"z" * (2 * PIECE))
            wire.say(VALID[0])
            await anyio.wait_all_tasks_blocked()
            await group.start(answered, connection, b"held")
            wire.say(WIDE)
            await anyio.wait_all_tasks_blocked()
            wire.gate.set()
            await anyio.wait_all_tasks_blocked()
            assert wire.sent.count(b"z") == 2 * PIECE
            group.cancel_scope.cancel()


async def test_answer_ends_the_reading_of_a_body() -> None:
    """An answer that comes while the next piece of the body does not is had at once."""

    async def pieces() -> AsyncIterator[bytes]:
        yield b"first"
        await anyio.sleep_forever()

    wire = OpenWire()
    connection = connect(wire)
    upload = await Upload.open(pieces(), 11)
    answers: list[Answer] = []

    async def call() -> None:
        answers.append(await connection.request(HEAD, upload))

    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(call)
            await anyio.wait_all_tasks_blocked()
            wire.say(VALID[0])
            group.start_soon(connection.request, HEAD, b"reads for both")
            await anyio.wait_all_tasks_blocked()
            wire.say(FIRST)
            while not answers:
                await anyio.sleep(0.001)
            group.cancel_scope.cancel()
    assert answers[0].status == 200


async def test_reader_whose_request_is_ended_by_the_writer_leaves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A write does not get on: who reads is told at once, though nothing more is ever said."""
    monkeypatch.setattr("smsc_async.transport.http2.WRITE_TIMEOUT", 0.05)
    wire = OpenWire()
    connection = connect(wire)
    failures: list[TransportFailure] = []

    async def call(body: bytes) -> None:
        with pytest.raises(TransportFailure, match="did not get on") as caught:
            await connection.request(HEAD, body)
        failures.append(caught.value)

    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(call, b"reads")
            await anyio.wait_all_tasks_blocked()
            wire.say(VALID[0])
            await anyio.wait_all_tasks_blocked()
            group.start_soon(call, b"held")
    assert [failure.sent for failure in failures] == [Sent.UNKNOWN] * 2
    connection.close()


async def test_who_turns_to_its_body_leaves_the_reading_to_others() -> None:
    """A long body whose request read for all goes on, and then hangs: the other is answered."""

    async def pieces() -> AsyncIterator[bytes]:
        yield b"x" * 100_000
        await anyio.sleep_forever()

    wire = OpenWire()
    wire.say(VALID[0])
    connection = Http2Connection(wire, reply_timeout=5, most_requests=9, clock=SystemClock())
    upload = await Upload.open(pieces(), 100_010)

    async def speak() -> None:
        await anyio.sleep(0.02)
        wire.say(WIDE + VALID[1])
        await anyio.sleep(0.02)
        wire.say(SECOND)

    with anyio.fail_after(3):
        async with anyio.create_task_group() as group:
            group.start_soon(connection.request, HEAD, upload)
            await anyio.sleep(0.02)
            group.start_soon(speak)
            # Without a body it needs no window, so nothing but the answer concerns it.
            assert (await connection.request(HEAD, b"")).body == b"{}"
            group.cancel_scope.cancel()
    connection.close()
