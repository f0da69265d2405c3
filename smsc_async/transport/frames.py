"""HTTP/2 frames, told apart before `h2` sees them.

`h2` ends a connection at the first GOAWAY, while the protocol lets the streams the server has
accepted go on. So GOAWAY is read here and never reaches it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["FrameSplitter", "GoAway", "goaway_in"]

HEAD = 9
LONGEST = 16_384
GOAWAY = 7
CONNECTION = b"\0\0\0\0"


@attrs.frozen
class GoAway:
    """The server takes no stream above `last`; `code` is its reason, 0 for none."""

    last: int
    code: int


class FrameSplitter:
    """Cuts what arrives into whole frames, and joins those that one stream has in a row.

    `h2` drops what it has learned from one piece when it finds an error in it; cut like this, that
    costs no other stream its answer.
    """

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Return the frames that are complete now, each with its head.

        Raises `ValueError` for a frame longer than we ever allowed, without waiting for its end.
        """
        data = self._held + data if self._held else data
        row = start = 0
        stream, end = b"", len(data)
        self._held = b""
        while end - start >= HEAD:
            length = int.from_bytes(data[start : start + 3], "big")
            stop = start + HEAD + length
            if stop > end and length <= LONGEST:
                break
            its = data[start + 5 : start + HEAD]
            if row < start and (its != stream or its == CONNECTION or length > LONGEST):
                yield data[row:start]
                row = start
            if length > LONGEST:
                raise ValueError(f"a frame of {length} bytes")
            stream, start = its, stop
        self._held = data[start:]
        if row < start:
            yield data[row:start]


def goaway_in(frame: bytes) -> GoAway | None:
    """Return what the frame says if it is a well-formed GOAWAY."""
    if frame[3] != GOAWAY or len(frame) < HEAD + 8 or frame[5:HEAD] != CONNECTION:
        return None
    last = int.from_bytes(frame[9:13], "big") & 0x7FFF_FFFF
    return GoAway(last, int.from_bytes(frame[13:17], "big"))
