"""Files that go with a request."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from threading import Lock
from typing import BinaryIO, Final, Self, TypeAlias

import attrs
from anyio import lowlevel, to_thread

from .errors import InvalidRequest

__all__ = ["Attachment"]

_PIECE: Final = 256 * 1024
_MAX_NAME: Final = 255
_SEPARATORS: Final = frozenset('/\\"')


@attrs.frozen
class _Memory:
    """Bytes that are held in memory."""

    data: bytes = attrs.field(repr=False)
    name: str | None = None

    @property
    def size(self) -> int:
        return len(self.data)

    def read(self, at: int, count: int) -> bytes:
        return self.data[at : at + count]


@attrs.frozen
class _Stamp:
    """What tells a file from the one that takes its place or was written to."""

    size: int
    modified: int
    device: int
    number: int

    @classmethod
    def of(cls, found: os.stat_result) -> _Stamp:
        return cls(found.st_size, found.st_mtime_ns, found.st_dev, found.st_ino)


@attrs.frozen
class _OnDisk:
    """A file that is opened for each read, and has to stay as it was."""

    path: Path = attrs.field(repr=False)
    stamp: _Stamp = attrs.field(repr=False)

    @property
    def size(self) -> int:
        return self.stamp.size

    @property
    def name(self) -> str:
        return self.path.name

    def read(self, at: int, count: int) -> bytes:
        # Open for one piece only, so that a reader who gives up leaves nothing open.
        with self.path.open("rb", buffering=0) as file:
            if _Stamp.of(os.fstat(file.fileno())) != self.stamp:
                raise InvalidRequest("source", "has changed since the attachment was made")
            file.seek(at)
            return file.read(count)


@attrs.frozen
class _Open:
    """An open file, from where it stood."""

    file: BinaryIO = attrs.field(repr=False)
    start: int = attrs.field(repr=False)
    size: int
    name: str | None
    _lock: Lock = attrs.field(factory=Lock, eq=False, repr=False)

    def read(self, at: int, count: int) -> bytes:
        # Two sends may read one file at once.
        with self._lock:
            self.file.seek(self.start + at)
            return self.file.read(count)


_Reader: TypeAlias = _Memory | _OnDisk | _Open
_Source: TypeAlias = "bytes | str | os.PathLike[str] | BinaryIO"


def _reader(source: _Source) -> _Reader:
    if isinstance(source, bytes):
        return _Memory(source)
    if isinstance(source, str | os.PathLike):
        return _on_disk(source)
    if isinstance(source, io.TextIOBase) or not callable(getattr(source, "read", None)):
        kind = type(source).__name__
        raise InvalidRequest("source", f"has to be bytes, a path or a file of bytes, not {kind}")
    return _open(source)


def _on_disk(source: str | os.PathLike[str]) -> _Reader:
    try:
        path = Path(source).absolute()
        found = path.stat()
        readable = os.access(path, os.R_OK)
    except (OSError, ValueError, TypeError) as error:
        raise InvalidRequest("source", f"cannot be read: {_reason(error)}") from None
    if not stat.S_ISREG(found.st_mode):
        raise InvalidRequest("source", "is not a file")
    if not readable:
        raise InvalidRequest("source", "cannot be read: Permission denied")
    return _OnDisk(path, _Stamp.of(found))


def _open(file: BinaryIO) -> _Reader:
    own = getattr(file, "name", None)
    name = Path(own).name if isinstance(own, str) else None
    try:
        if not file.seekable():
            return _Memory(_bytes(file.read()), name)
        start = file.tell()
        size = file.seek(0, os.SEEK_END) - start
        file.seek(start)
        _bytes(file.read(0))
    except (OSError, ValueError) as error:
        if isinstance(error, InvalidRequest):
            raise
        raise InvalidRequest("source", f"cannot be read: {_reason(error)}") from None
    return _Open(file, start, max(size, 0), name)


def _bytes(read: object) -> bytes:
    if isinstance(read, bytes):
        return read
    raise InvalidRequest("source", "has to be open for reading bytes")


def _reason(error: Exception) -> str:
    """What went wrong, without the path that it went wrong with."""
    return (isinstance(error, OSError) and error.strerror) or type(error).__name__


def _check_name(name: object) -> None:
    if not isinstance(name, str) or not name.strip(" ."):
        raise InvalidRequest("name", "is needed, with its ending: it says the format")
    if len(name) > _MAX_NAME:
        raise InvalidRequest(
            "name", f"has {len(name)} characters, and at most {_MAX_NAME} are allowed"
        )
    if not name.isprintable() or _SEPARATORS & set(name):
        raise InvalidRequest("name", 'cannot have / \\ " or what cannot be printed')


@attrs.frozen
class Attachment:
    """A file to send: bytes, a path, or a file that is open for reading bytes.

    `name` is what the recipient sees and what says the format; bytes need one, others have their
    own. A path is read piece by piece when it is sent, and has to stay as it is until then. An open
    file is read from where it stands, and stays yours to close; one that cannot seek is read here
    and now.
    """

    _reader: _Reader = attrs.field(converter=_reader, alias="source", repr=False)
    _given: str | None = attrs.field(default=None, alias="name", repr=False)
    size: int = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "size", self._reader.size)
        _check_name(self.name)

    @property
    def name(self) -> str:
        """Its name, without a folder."""
        own = self._reader.name if self._given is None else self._given
        return "" if own is None else own

    @property
    def format(self) -> str:
        """What follows the last dot of its name, in small letters; empty where there is none."""
        return Path(self.name).suffix[1:].lower()

    def chunks(self) -> AsyncIterator[bytes]:
        """Read it from the start, piece by piece, `size` bytes in all; as often as needed.

        Raises `InvalidRequest` if it cannot be read any more, or is no longer what it was. There is
        nothing to close for who stops in the middle.
        """
        return _Pieces(self._reader)


@attrs.define
class _Pieces(AsyncIterator[bytes]):
    """The content of an attachment, a piece at a time."""

    # No generator: trio warns of one that is dropped in the middle.
    _reader: _Reader = attrs.field(repr=False)
    _at: int = 0

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        count = min(_PIECE, self._reader.size - self._at)
        if count <= 0:
            raise StopAsyncIteration
        if isinstance(self._reader, _Memory):
            await lowlevel.checkpoint()
            piece = self._reader.read(self._at, count)
        else:
            piece = await to_thread.run_sync(_read, self._reader, self._at, count)
        self._at += len(piece)
        return piece


def _read(reader: _Reader, at: int, count: int) -> bytes:
    try:
        piece = reader.read(at, count)
    except (OSError, ValueError) as error:
        if isinstance(error, InvalidRequest):
            raise
        raise InvalidRequest("source", f"cannot be read: {_reason(error)}") from None
    if not piece:
        raise InvalidRequest("source", "has changed since the attachment was made")
    return piece
