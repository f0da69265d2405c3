"""Files that go with a request: what is known of them, and how they are read."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsc_async import InvalidRequest, _attachments
from smsc_async._attachments import Attachment

pytestmark = pytest.mark.anyio


async def read(attachment: Attachment) -> list[bytes]:
    """The pieces of it."""
    return [piece async for piece in attachment.chunks()]


def open_files() -> int:
    """How many files the process has open, where that can be told."""
    listing = Path("/proc/self/fd")
    return len(list(listing.iterdir())) if listing.exists() else 0


def rewrite(path: Path) -> None:
    """Give a file as many other bytes, a moment later."""
    path.write_bytes(b"9876543210")
    os.utime(path, ns=(1, 1))


class Pipe(io.RawIOBase):
    """A file that cannot seek."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self._data = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._data.readinto(buffer)


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of four bytes."""
    monkeypatch.setattr(_attachments, "_PIECE", 4)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of ten bytes."""
    path = tmp_path / "voice.Mp3"
    path.write_bytes(b"0123456789")
    return path


async def test_bytes() -> None:
    """Bytes have a size at once, and can be read twice."""
    attachment = Attachment(b"0123456789", "a.tar.gz")

    assert (attachment.size, attachment.name, attachment.format) == (10, "a.tar.gz", "gz")
    assert await read(attachment) == await read(attachment) == [b"0123", b"4567", b"89"]


async def test_path(path: Path) -> None:
    """A path is named like its file, and read piece by piece, as often as needed."""
    for source in (path, str(path)):
        attachment = Attachment(source)

        assert (attachment.size, attachment.name, attachment.format) == (10, "voice.Mp3", "mp3")
        assert await read(attachment) == await read(attachment) == [b"0123", b"4567", b"89"]
    assert Attachment(path, "other.wav").name == "other.wav"


async def test_relative_path(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative path means the same file wherever the program goes."""
    monkeypatch.chdir(path.parent)
    attachment = Attachment(path.name)
    monkeypatch.chdir("/")

    assert b"".join(await read(attachment)) == b"0123456789"


async def test_open_file(path: Path) -> None:
    """An open file is read from where it stood, and stays open."""
    with path.open("rb") as file:
        file.seek(3)
        attachment = Attachment(file)
        assert file.tell() == 3
        file.seek(0, os.SEEK_END)

        assert (attachment.size, attachment.name) == (7, "voice.Mp3")
        assert await read(attachment) == await read(attachment) == [b"3456", b"789"]


async def test_a_file_that_cannot_seek() -> None:
    """What can be read only once is read at once."""
    pipe = Pipe(b"0123456789")
    attachment = Attachment(pipe, "a.wav")  # type: ignore[arg-type]

    assert pipe.read() == b""
    assert attachment.size == 10
    assert await read(attachment) == await read(attachment) == [b"0123", b"4567", b"89"]


async def test_two_read_one_file() -> None:
    """Two who read one file at once do not disturb each other."""
    attachment = Attachment(io.BytesIO(bytes(range(256))), "a.wav")
    seen: list[bytes] = []

    async def collect() -> None:
        seen.append(b"".join(await read(attachment)))

    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(collect)

    assert seen == [bytes(range(256))] * 3


async def test_a_reader_may_give_up(path: Path) -> None:
    """Whoever stops in the middle leaves no file open."""
    before = open_files()
    pieces = Attachment(path).chunks()

    assert await anext(pieces) == b"0123"
    assert open_files() == before


async def test_a_changed_file(path: Path) -> None:
    """A file that was written to, replaced or removed is not sent as if it were the same."""
    attachment = Attachment(path)
    pieces = attachment.chunks()
    await anext(pieces)
    rewrite(path)

    for reading in (anext(pieces), read(attachment)):
        with pytest.raises(InvalidRequest, match="has changed"):
            await reading

    os.unlink(path)  # noqa: PTH108 - quick enough for a test
    with pytest.raises(InvalidRequest, match="No such file") as caught:
        await read(attachment)
    assert path.name not in str(caught.value)


async def test_a_file_that_became_shorter_or_closed() -> None:
    """An open file has to stay open, and as long as it was."""
    file = io.BytesIO(b"0123456789")
    attachment = Attachment(file, "a.wav")
    file.truncate(6)

    with pytest.raises(InvalidRequest, match="has changed"):
        await read(attachment)
    file.close()
    with pytest.raises(InvalidRequest, match="cannot be read"):
        await read(attachment)


@pytest.mark.parametrize("source", ["missing.wav", "", ".", "a\0b", "/dev/null", 5, None])
async def test_sources_refused(source: Any, tmp_path: Path) -> None:
    """What cannot be read, or is no file, is refused when it is attached."""
    given = str(tmp_path / source) if source in {"missing.wav", "", "."} else source

    with pytest.raises(InvalidRequest) as caught:
        Attachment(given, "a.wav")

    assert caught.value.field == "source"
    assert str(tmp_path) not in str(caught.value)


async def test_text_files_refused(path: Path) -> None:
    """A file that is open as text has no bytes."""
    with path.open() as file, pytest.raises(InvalidRequest):
        Attachment(file)  # type: ignore[arg-type]
    with pytest.raises(InvalidRequest):
        Attachment(io.StringIO("Hi"), "a.txt")  # type: ignore[arg-type]


async def test_files_that_cannot_be_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A closed file, one of texts in disguise, and one that is not ours to read are refused."""
    closed = io.BytesIO(b"data")
    closed.close()
    disguised: Any = type("Disguised", (io.BytesIO,), {"read": lambda *_: "text"})()
    monkeypatch.setattr(os, "access", lambda *_: False)

    for source in (closed, disguised, path):
        with pytest.raises(InvalidRequest) as caught:
            Attachment(source, "a.wav")
        assert caught.value.field == "source"


@pytest.mark.parametrize(
    "name", ["", " ", "..", None, "a/b.wav", 'a".wav', "a\r\nb.wav", "x" * 256]
)
async def test_names_refused(name: Any) -> None:
    """A name is needed, without what could end it in a header or lead elsewhere."""
    with pytest.raises(InvalidRequest) as caught:
        Attachment(b"data", name)

    assert caught.value.field == "name"


async def test_it_shows_nothing(path: Path) -> None:
    """Neither its bytes nor its name are in what it prints; equal ones are equal."""
    assert repr(Attachment(b"data", "a.wav")) == "Attachment(size=4)"
    assert repr(Attachment(path)) == "Attachment(size=10)"
    assert Attachment(b"data", "a.wav") == Attachment(b"data", "a.wav")
    assert Attachment(b"data", "a.wav") != Attachment(b"date", "a.wav")


@given(st.binary(max_size=50), st.integers(0, 60))
def test_what_goes_in_comes_out(data: bytes, at: int) -> None:
    """Whatever the bytes, and wherever a file stands, `size` bytes come out of it."""
    file = io.BytesIO(data)
    file.seek(at)
    attachment = Attachment(file, "a.wav")

    async def whole() -> bytes:
        return b"".join(await read(attachment))

    assert anyio.run(whole) == data[at:]
    assert attachment.size == len(data[at:])
