"""Cutting a stream of bytes into frames."""

from __future__ import annotations

from itertools import accumulate, groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsc_async.transport.frames import FrameSplitter, GoAway, goaway_in


def frame(kind: int, payload: bytes, stream: int = 0) -> bytes:
    """Return a frame without flags."""
    return len(payload).to_bytes(3, "big") + bytes([kind, 0]) + stream.to_bytes(4, "big") + payload


frames = st.builds(frame, st.integers(0, 12), st.binary(max_size=40), st.sampled_from([0, 1, 3]))


def in_rows(sent: list[bytes]) -> list[bytes]:
    """Join the frames of a stream that follow each other; those of the connection stay alone."""
    return [
        part
        for stream, its in groupby(sent, lambda frame: frame[5:9])
        for part in (its if stream == b"\0\0\0\0" else [b"".join(its)])
    ]


@given(st.lists(frames))
def test_frames_come_out_as_they_went_in(sent: list[bytes]) -> None:
    """What arrives at once is cut where the stream changes, and around the connection's frames."""
    assert list(FrameSplitter().feed(b"".join(sent))) == in_rows(sent)


@given(st.lists(frames), st.data())
def test_frames_come_out_when_they_are_whole(sent: list[bytes], data: st.DataObject) -> None:
    """However the bytes are cut on the way, the same frames come out, each when it is complete."""
    whole = b"".join(sent)
    ends = set(accumulate(map(len, sent), initial=0))
    splitter, start, out = FrameSplitter(), 0, 0
    while start < len(whole):
        end = data.draw(st.integers(start + 1, len(whole)))
        for part in splitter.feed(whole[start:end]):
            assert whole.startswith(part, out)
            out += len(part)
            assert out in ends
        start = end
        assert out == max(complete for complete in ends if complete <= start)


@given(st.binary())
def test_any_bytes_are_frames_or_an_error(data: bytes) -> None:
    """Arbitrary bytes give frames that are their beginning, or `ValueError`."""
    try:
        got = list(FrameSplitter().feed(data))
    except ValueError:
        return
    assert data.startswith(b"".join(got))


def test_overlong_frame_is_an_error_at_once() -> None:
    """A frame over 16 384 bytes is refused by its head; one of just that size is not."""
    assert list(FrameSplitter().feed(frame(0, b"x" * 16_384))) == [frame(0, b"x" * 16_384)]
    with pytest.raises(ValueError, match="a frame of 16385 bytes"):
        list(FrameSplitter().feed(frame(0, b"x" * 16_385)[:9]))


def test_answer_of_http_11_is_an_error_at_once() -> None:
    """A server that speaks HTTP/1.1 after all does not make us wait for a frame's end."""
    with pytest.raises(ValueError, match="a frame of"):
        list(FrameSplitter().feed(b"HTTP/1.1 400 Bad Request\r\n"))


def test_what_came_before_an_overlong_frame_is_read() -> None:
    """The frames before it come out first."""
    pieces = FrameSplitter().feed(frame(0, b"x", 1) + frame(0, b"x" * 16_385, 1))
    assert next(pieces) == frame(0, b"x", 1)
    with pytest.raises(ValueError, match="a frame of 16385 bytes"):
        next(pieces)


@pytest.mark.parametrize(
    ("data", "goaway"),
    [
        (frame(7, b"\0\0\0\5\0\0\0\2why"), GoAway(5, 2)),
        (frame(7, b"\xff\xff\xff\xff\0\0\0\0"), GoAway(2**31 - 1, 0)),
        (frame(7, b"\0\0\0\5\0\0\0"), None),
        (frame(7, b"\0\0\0\5\0\0\0\2", stream=1), None),
        (frame(6, b"\0\0\0\5\0\0\0\2"), None),
    ],
)
def test_goaway_is_told_from_other_frames(data: bytes, goaway: GoAway | None) -> None:
    """Only a well-formed GOAWAY of the whole connection counts as one."""
    assert goaway_in(data) == goaway
