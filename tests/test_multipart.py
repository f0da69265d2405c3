"""Forms with files."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import HTTP
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsc_async import Attachment, InvalidRequest
from smsc_async._multipart import Multipart

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.anyio


async def read(body: Multipart) -> bytes:
    """The whole body."""
    return b"".join([piece async for piece in body.chunks()])


def parts(body: Multipart, whole: bytes) -> list[tuple[str | None, str | None, bytes]]:
    """What another reader makes of it: name, file name and content of each part."""
    head = f"Content-Type: {body.content_type}\r\n\r\n".encode()
    message = message_from_bytes(head + whole, policy=HTTP)
    return [
        (
            str(part.get_param("name", header="content-disposition")),
            part.get_filename(),
            cast("bytes", part.get_payload(decode=True)),
        )
        for part in message.iter_parts()
    ]


async def test_fields_and_files(tmp_path: Path) -> None:
    """The fields come first, then the files, numbered in their order."""
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"\xff\x00\r\n--" * 100_000)
    files = (Attachment(photo), Attachment(b"", "пусто.txt"))
    body = Multipart({"mes": "Привет\nмир", "cost": "3"}, files)

    whole = await read(body)

    assert len(whole) == body.size
    assert parts(body, whole) == [
        ("mes", None, "Привет\nмир".encode()),
        ("cost", None, b"3"),
        ("file0", "photo.jpg", photo.read_bytes()),
        ("file1", "пусто.txt", b""),
    ]


async def test_it_is_the_same_every_time() -> None:
    """Every attempt sends the same bytes; another form has another boundary."""
    body = Multipart({"a": "1"}, (Attachment(b"x" * 600_000, "x.bin"),))

    assert await read(body) == await read(body)
    assert Multipart({}, ()).boundary != body.boundary


async def test_a_file_that_changed(tmp_path: Path) -> None:
    """A file that is not what it was when it was attached is not sent half."""
    path = tmp_path / "a.txt"
    path.write_bytes(b"first")
    body = Multipart({}, (Attachment(path),))
    path.write_bytes(b"second")

    with pytest.raises(InvalidRequest) as caught:
        await read(body)
    assert caught.value.field == "source"


@pytest.mark.parametrize("name", ['a".txt', "a\r\nb.txt", "a\\b.txt", "a\0.txt"])
def test_no_name_breaks_out(name: str) -> None:
    """No name of a file can end its header."""
    with pytest.raises(InvalidRequest):
        Attachment(b"x", name)


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@given(st.dictionaries(st.sampled_from(["mes", "id", "fl[1]"]), st.text()))
async def test_any_text(fields: dict[str, str]) -> None:
    """Whatever the fields say, another reader reads the same."""
    fields = {name: text.encode("utf-8", "ignore").decode() for name, text in fields.items()}
    body = Multipart(fields, (Attachment(b"\0\r\n", "f"),))

    found = parts(body, await read(body))

    want = [(name, None, text.encode()) for name, text in fields.items()]
    assert found == [*want, ("file0", "f", b"\0\r\n")]
