"""Files on their way, over real connections."""

from __future__ import annotations

import errno
import io
from functools import partial
from typing import TYPE_CHECKING

import anyio
import pytest

from smsc_async import Attachment, Email, InvalidRequest, OutcomeUnknown
from smsc_async.sandbox import Sandbox
from smsc_async.sandbox.kinds import Upload

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.anyio

LONG = 2_000_000
"""Bytes that no flow-control window takes at once."""


@pytest.fixture(params=[True, False], ids=["HTTP/2", "HTTP/1.1"])
async def sandbox(request: pytest.FixtureRequest) -> AsyncIterator[Sandbox]:
    """A sandbox that speaks one of the protocols."""
    async with Sandbox(http2=request.param) as sandbox:
        yield sandbox


def letter(*files: Attachment, text: str = "See the file") -> Email:
    """A letter with files."""
    return Email(text, "Report", "shop@example.com", files=files)


async def test_a_long_file_arrives_whole(sandbox: Sandbox, tmp_path: Path) -> None:
    """A file on disk goes piece by piece, with others in front of it and behind it."""
    path = tmp_path / "report.pdf"
    path.write_bytes(bytes(range(250)) * (LONG // 250))
    files = (Attachment(b"%PDF", "first.pdf"), Attachment(path), Attachment(b"", "last.txt"))

    async with sandbox.client() as smsc:
        sent = await smsc.send("anna@example.com", letter(*files))

    [message] = sandbox.messages
    assert message.id == sent.id
    assert message.files == ("first.pdf", "report.pdf", "last.txt")
    assert [file.size for file in message.files if isinstance(file, Upload)] == [4, LONG, 0]


async def test_others_are_not_held_up(sandbox: Sandbox, tmp_path: Path) -> None:
    """While one call sends a long file, others come and go on the same client."""
    path = tmp_path / "report.pdf"
    path.write_bytes(b"x" * LONG)

    async with sandbox.client() as smsc, anyio.create_task_group() as tasks:
        await smsc.balance()
        for number in range(3):
            content = letter(Attachment(path), text=f"No. {number}")
            tasks.start_soon(partial(smsc.send, f"anna{number}@example.com", content))
        for number in range(20):
            tasks.start_soon(smsc.send, f"7999123{number:04}", "Hello")

    assert len(sandbox.messages) == 23
    assert not sandbox.refusals


class Unreadable(io.BytesIO):
    """A file that can be read only so often."""

    def __init__(self, pieces: int) -> None:
        super().__init__(b"x" * LONG)
        self.pieces = pieces

    def read(self, size: int | None = -1) -> bytes:
        """Return what there is, as long as it can be read."""
        if size:
            self.pieces -= 1
        if self.pieces < 0:
            raise OSError(errno.EIO, "Input/output error")
        return super().read(size)


async def test_a_file_that_breaks_off(sandbox: Sandbox) -> None:
    """The message is in doubt, is not taken by the service, and harms nobody else."""
    async with sandbox.client() as smsc:
        await smsc.balance()
        with pytest.raises(OutcomeUnknown, match="cannot be read: Input/output error"):
            await smsc.send("anna@example.com", letter(Attachment(Unreadable(3), "a.pdf")))
        assert (await smsc.send("79991234567", "Hello")).units == 1

    assert [message.text for message in sandbox.messages] == ["Hello"]


async def test_a_file_that_cannot_be_read_at_all(tmp_path: Path) -> None:
    """It is found out before anything is sent, and the error says what is wrong with the file."""
    path = tmp_path / "report.pdf"
    path.write_bytes(b"first")
    async with Sandbox() as sandbox, sandbox.client() as smsc:
        content = letter(Attachment(path))
        path.write_bytes(b"the second")
        with pytest.raises(InvalidRequest, match="has changed"):
            await smsc.send("anna@example.com", content)

        assert not smsc.doubts
