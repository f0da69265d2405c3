"""Whatever the server sends, a call ends in an answer or a `TransportFailure`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import anyio
import hpack
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from smsc_async._clock import SystemClock
from smsc_async.transport import TransportFailure
from smsc_async.transport.connection import Answer
from smsc_async.transport.http2 import Http2Connection
from smsc_async.transport.http11 import Http11Connection

from .scripted_wire import HEAD, VALID, ScriptedWire

if TYPE_CHECKING:
    from collections.abc import Sequence


async def three_calls(protocol: type, pieces: Sequence[bytes]) -> list[object]:
    """Do three requests at once against what the server says, or one where only one can be."""
    connection = protocol(
        ScriptedWire(pieces), reply_timeout=5, most_requests=9, clock=SystemClock()
    )
    results: list[object] = []

    async def call() -> None:
        try:
            results.append(await connection.request(HEAD, b"a=1"))
        except TransportFailure as failure:
            results.append(failure)

    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            for _ in range(3 if protocol is Http2Connection else 1):
                group.start_soon(call)
    return results


def check(protocol: type, pieces: Sequence[bytes], backend: str) -> None:
    """Hold that each call ends as it may."""
    results = anyio.run(partial(three_calls, protocol, pieces), backend=backend)
    assert len(results) == (3 if protocol is Http2Connection else 1)
    for result in results:
        assert isinstance(result, Answer | TransportFailure), result
        if isinstance(result, Answer):
            assert 100 <= result.status < 1000


def header_frame(fields: list[tuple[bytes, bytes]], stream: int, flags: int) -> bytes:
    """Return a HEADERS frame."""
    block = hpack.Encoder().encode(fields)
    return len(block).to_bytes(3, "big") + bytes([1, flags]) + stream.to_bytes(4, "big") + block


any_frame = st.builds(
    lambda kind, flags, stream, payload: (
        len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload
    ),
    st.integers(0, 11),
    st.integers(0, 255),
    st.sampled_from([0, 1, 2, 3, 5, 7, 2**31 - 1]),
    st.binary(max_size=30),
)
any_headers = st.builds(
    header_frame,
    st.lists(
        st.tuples(
            st.sampled_from([b":status", b":path", b"content-length", b"X", b"", b"te", b"a"]),
            st.sampled_from(
                [b"200", b"100", b"-1", b"2 0", b"", b"\xff", b"9" * 30, b"\xb2\xb3\xb9"]
            ),
        ),
        max_size=4,
    ),
    st.sampled_from([0, 1, 2, 3]),
    st.sampled_from([0, 1, 4, 5]),
)

few = settings(deadline=None, max_examples=60)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@few
@given(st.lists(st.binary(min_size=1, max_size=200), max_size=4))
def test_any_bytes_end_a_call_over_http2(backend: str, pieces: list[bytes]) -> None:
    """Raw garbage in place of HTTP/2."""
    check(Http2Connection, pieces, backend)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@few
@given(st.lists(st.one_of(st.sampled_from(VALID), any_frame, any_headers), max_size=12))
@example([VALID[0], header_frame([(b":status", b"\xb2\xb3\xb9")], 1, 5)])
def test_any_frames_end_a_call_over_http2(backend: str, frames: list[bytes]) -> None:
    """Well-formed frames in any order, with anything in them, after good settings."""
    check(Http2Connection, [VALID[0], b"".join(frames)], backend)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@few
@given(st.data())
def test_a_good_conversation_with_damage_ends_a_call(backend: str, data: st.DataObject) -> None:
    """A good server's bytes with some changed, lost or cut apart."""
    whole = bytearray(b"".join(VALID))
    for _ in range(data.draw(st.integers(1, 5))):
        position = data.draw(st.integers(0, len(whole) - 1))
        if data.draw(st.booleans()):
            whole[position] = data.draw(st.integers(0, 255))
        else:
            del whole[position : position + data.draw(st.integers(1, 9))]
        if not whole:
            break
    cut = data.draw(st.integers(0, len(whole)))
    check(Http2Connection, [bytes(whole[:cut]), bytes(whole[cut:])], backend)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@few
@given(st.binary(max_size=100), st.sampled_from([b"", b"HTTP/1.1 200 OK\r\n"]))
def test_any_bytes_end_a_call_over_http11(backend: str, garbage: bytes, start: bytes) -> None:
    """Raw garbage in place of HTTP/1.1, or after a good beginning."""
    check(Http11Connection, [piece for piece in (start, garbage) if piece], backend)


def test_good_conversation_is_understood() -> None:
    """The undamaged bytes do answer the three calls: the tests above start from something."""
    results = anyio.run(partial(three_calls, Http2Connection, [VALID[0], b"".join(VALID[1:])]))
    assert [result.body for result in results if isinstance(result, Answer)] == [b"{}"] * 3


def test_answers_before_the_damage_count() -> None:
    """What was answered whole before garbage in the same packet is answered."""
    damaged = b"".join(VALID[1:5]) + b"\xff" * 9
    results = anyio.run(partial(three_calls, Http2Connection, [VALID[0], damaged]))
    assert sum(isinstance(result, Answer) for result in results) == 2
