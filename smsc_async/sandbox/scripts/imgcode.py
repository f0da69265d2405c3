"""imgcode.php: a picture of 50 by 18 pixels, with a code of four digits in it."""

from __future__ import annotations

import itertools
import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

import attrs

from ..account import Raw

if TYPE_CHECKING:
    from ..account import Account

__all__ = ["SCRIPT", "Shelf", "handle"]

SCRIPT: Final = "imgcode.php"

_WIDTH: Final = 50
_HEIGHT: Final = 18
_FIRST: Final = 1009
_STEP: Final = 3571
_CODES: Final = 10_000

# Each digit is five rows of three pixels.
_DIGITS: Final = (
    *("111101101101111", "010110010010111", "111001111100111", "111001111001111"),
    *("101101111001001", "111100111001111", "111100111101111", "111001010010010"),
    *("111101111101111", "111101111001111"),
)
_SCALE: Final = 2
_LEFT: Final = 7
_TOP: Final = 4
_ADVANCE: Final = 10


@attrs.define
class Shelf:
    """The codes of the pictures so far."""

    codes: list[str] = attrs.field(factory=list[str])
    numbers: Iterator[int] = attrs.field(factory=lambda: itertools.count(_FIRST, _STEP))


def handle(account: Account, form: Mapping[str, str]) -> Raw:  # noqa: ARG001 - it does not matter
    """Draw a new code."""
    shelf = account.shelf(Shelf)
    code = f"{next(shelf.numbers) % _CODES:04}"
    shelf.codes.append(code)
    return Raw(b"image/png", _png(_draw(code)))


def _draw(code: str) -> list[bytearray]:
    """Return the rows of the picture: grey levels, black digits on white."""
    rows = [bytearray(b"\xff" * _WIDTH) for _ in range(_HEIGHT)]
    for place, digit in enumerate(code):
        for y, x in itertools.product(range(5 * _SCALE), range(3 * _SCALE)):
            if _DIGITS[int(digit)][y // _SCALE * 3 + x // _SCALE] == "1":
                rows[_TOP + y][_LEFT + place * _ADVANCE + x] = 0
    return rows


def _png(rows: list[bytearray]) -> bytes:
    head = struct.pack(">IIBBBBB", _WIDTH, _HEIGHT, 8, 0, 0, 0, 0)
    pixels = b"".join(b"\0" + row for row in rows)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(pixels)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
