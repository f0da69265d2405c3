"""A form with files, as multipart/form-data, read piece by piece while it is sent."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Self

import attrs

from ._attachments import Attachment

__all__ = ["Multipart"]


@attrs.frozen
class Multipart:
    """The fields of a form, and files after them, named file0, file1 and so on, in their order.

    It may be read as often as needed, and is the same each time: the service gets the same bytes
    with every attempt.
    """

    fields: Mapping[str, str] = attrs.field(repr=False)
    files: Sequence[Attachment] = attrs.field(repr=False)
    boundary: str = attrs.field(factory=lambda: secrets.token_hex(16), repr=False)
    size: int = attrs.field(init=False)
    """Its bytes in all."""

    def __attrs_post_init__(self) -> None:
        framing = sum(len(part) for part in self._parts() if isinstance(part, bytes))
        object.__setattr__(self, "size", framing + sum(file.size for file in self.files))

    @property
    def content_type(self) -> str:
        """What the request says that it is."""
        return f"multipart/form-data; boundary={self.boundary}"

    def chunks(self) -> AsyncIterator[bytes]:
        """Read it from the start; raises what the files raise that cannot be read any more."""
        return _Chunks(self._parts())

    def _parts(self) -> Iterator[bytes | Attachment]:
        """Return what is between the files in one piece each, and the files."""
        text = "".join(
            self._head(f'name="{name}"') + f"{value}\r\n" for name, value in self.fields.items()
        )
        for number, file in enumerate(self.files):
            # The name has no quotes, backslashes or line ends: attachments see to that.
            text += self._head(
                f'name="file{number}"; filename="{file.name}"', "application/octet-stream"
            )
            yield text.encode()
            yield file
            text = "\r\n"
        yield f"{text}--{self.boundary}--\r\n".encode()

    def _head(self, disposition: str, content_type: str = "") -> str:
        head = f"--{self.boundary}\r\nContent-Disposition: form-data; {disposition}\r\n"
        return f"{head}Content-Type: {content_type}\r\n\r\n" if content_type else f"{head}\r\n"


@attrs.define
class _Chunks(AsyncIterator[bytes]):
    """The body of a form with files, a chunk at a time."""

    # No generator: trio warns of one that is dropped in the middle.
    _parts: Iterator[bytes | Attachment] = attrs.field(repr=False)
    _file: AsyncIterator[bytes] | None = attrs.field(default=None, repr=False)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        # What is between the files goes with the next piece of one: so a file that cannot be read
        # is found out before anything was sent.
        head = b""
        while True:
            if self._file is not None:
                async for piece in self._file:
                    return head + piece
                self._file = None
            part = next(self._parts, None)
            if isinstance(part, bytes):
                head += part
            elif part is not None:
                self._file = part.chunks()
            elif head:
                return head
            else:
                raise StopAsyncIteration
