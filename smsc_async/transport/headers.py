"""HPACK with a memory: the requests to a script differ in the body alone, and so do its answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic, TypeVar

from hpack import Decoder, Encoder, HeaderTuple
from hpack.table import HeaderTable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

__all__ = ["LENGTH", "RememberingDecoder", "RememberingEncoder"]

LENGTH: Final = b"smsc-async-length"

_MOST: Final = 2048

K = TypeVar("K")
V = TypeVar("V")


class _CountingTable(HeaderTable):
    """A table that counts its changes."""

    def __init__(self) -> None:
        super().__init__()
        self.changes: int = 0

    def __setattr__(self, name: str, value: object) -> None:
        if name == "maxsize":
            self.changes += 1
        super().__setattr__(name, value)

    def add(self, name: bytes, value: bytes) -> None:
        """Put a field in front of the others."""
        self.changes += 1
        super().add(name, value)


class _Memory(Generic[K, V]):
    """What was worked out by a table; whatever changes the table ends it."""

    def __init__(self, table: _CountingTable) -> None:
        self._table = table
        self._changes = 0
        self._known: dict[K, V] = {}

    def get(self, key: K) -> V | None:
        if self._changes != self._table.changes:
            self._changes = self._table.changes
            self._known.clear()
        return self._known.get(key)

    def put(self, key: K, value: V) -> None:
        """Remember it; if working it out has changed the table, to no avail."""
        if len(self._known) < _MOST:
            self._known[key] = value


class RememberingEncoder(Encoder):
    """Encodes as `hpack` does, and writes the same bytes again for the same fields."""

    def __init__(self) -> None:
        super().__init__()
        self.header_table: _CountingTable = _CountingTable()
        self._memory: _Memory[tuple[object, ...], bytes] = _Memory(self.header_table)

    def encode(self, headers: Iterable[Any], huffman: bool = True) -> bytes:
        """Return the header block of the fields."""
        fields = tuple(headers)
        # Fields that may be indexed and fields that must not be are equal, as tuples.
        key = huffman, fields, tuple(map(type, fields))
        block = self._memory.get(key)
        if block is None:
            # A new size of the table is told once, at the front of the next block.
            telling = self.header_table.resized
            block = super().encode(fields, huffman)
            if not telling:
                self._memory.put(key, block)
        return block


class RememberingDecoder(Decoder):
    """Decodes as `hpack` does, and knows a block again that means what it meant before.

    `h2` ends the whole connection when one answer is not as long as it says. It does not get to
    see the length: it comes under the name of `LENGTH`, for whoever ends that one stream.
    """

    def __init__(self) -> None:
        super().__init__()
        self.header_table: _CountingTable = _CountingTable()
        self._memory: _Memory[tuple[bool, bytes], tuple[HeaderTuple, ...]] = _Memory(
            self.header_table
        )

    def decode(self, data: bytes, raw: bool = False) -> Iterable[HeaderTuple]:
        """Return the fields of the header block."""
        key = raw, bytes(data)
        fields = self._memory.get(key)
        if fields is None:
            fields = tuple(
                HeaderTuple(LENGTH, field[1]) if field[0] == b"content-length" else field
                for field in super().decode(data, raw)
            )
            self._memory.put(key, fields)
        return fields
