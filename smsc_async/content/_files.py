"""The files of a message, and the marks in its text that say where they go."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import attrs

from .._attachments import Attachment
from .._fields import url, whole
from ..errors import InvalidRequest
from ._text import every

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "DOCUMENTS",
    "PICTURES",
    "VIDEOS",
    "FileRules",
    "attachments",
    "check_url",
    "external_file",
    "file_mark",
    "format_of",
    "marks",
    "unplaced",
    "uploaded_file",
    "with_file_url",
    "without_marks",
]

PICTURES: Final = frozenset({"jpg", "jpeg", "gif", "png"})
DOCUMENTS: Final = frozenset(
    {
        *("doc", "docx", "rtf", "dotx", "dot", "odf", "fodt", "odt", "txt", "info", "pdf"),
        *("xps", "eps", "pdax", "xlsx", "xlsm", "fods", "ods", "csv", "xltx"),
    }
)
VIDEOS: Final = frozenset({"3gp", "m4v", "mov", "mp4"})

_pixels: Final = whole(1)

_MARK: Final = re.compile(r"<file\b([^<>]*)>")
_UPLOADED: Final = re.compile(r"/upload/files/sms/[^\s<>/]+/[^\s<>/]+")
_SIZED: Final = re.compile(rf"({_UPLOADED.pattern})( width=\d+)?( height=\d+)?")
_EXTERNAL: Final = re.compile(r"https?://[^\s<>]+")
_SUFFIX: Final = re.compile(r"\.([A-Za-z0-9]{1,5})(?:[?#].*)?")


def attachments(value: Iterable[Attachment]) -> tuple[Attachment, ...]:
    """Return the files of a message."""
    return every("files", Attachment, value)


@attrs.frozen
class FileRules:
    """What a channel takes: how many files, how many bytes in each and in all, which formats.

    `external` and `sized` say what a mark in the text may be besides the number of a file and the
    path of an upload: the address of a file elsewhere, and a picture with a width and a height.
    """

    count: int | None = None
    each: int | None = None
    total: int | None = None
    formats: frozenset[str] | None = None
    external: bool = False
    sized: bool = False

    def check(self, files: tuple[Attachment, ...]) -> None:
        """Refuse what the channel does not take."""
        if self.count is not None and len(files) > self.count:
            raise InvalidRequest(
                "files", f"has {len(files)} files, and at most {self.count} are allowed"
            )
        for number, file in enumerate(files, start=1):
            if self.formats is not None and file.format not in self.formats:
                known = " ".join(sorted(self.formats))
                raise InvalidRequest("files", f"no. {number} has to be one of: {known}")
            if self.each is not None and file.size > self.each:
                raise InvalidRequest(
                    "files",
                    f"no. {number} has {file.size} bytes, and at most {self.each} are allowed",
                )
        total = sum(file.size for file in files)
        if self.total is not None and total > self.total:
            raise InvalidRequest(
                "files", f"has {total} bytes in all, and at most {self.total} are allowed"
            )

    def check_marks(self, field: str, text: str, files: tuple[Attachment, ...]) -> None:
        """Refuse marks of files that are not there, or that the channel does not know."""
        for mark in marks(text):
            if mark.isascii() and mark.isdigit():
                if not 1 <= int(mark) <= len(files):
                    raise InvalidRequest(field, f"has <file {mark}>, of {len(files)} files")
            elif not self._knows(mark):
                raise InvalidRequest(field, "has a <file ...> that this kind of message has not")

    def _knows(self, mark: str) -> bool:
        if self.external and _EXTERNAL.fullmatch(mark):
            return format_of(mark) not in VIDEOS
        return (_SIZED if self.sized else _UPLOADED).fullmatch(mark) is not None


def marks(text: str) -> list[str]:
    """Return what stands in the file marks of a text."""
    return [mark[1].strip() for mark in _MARK.finditer(text)]


def unplaced(text: str, files: tuple[Attachment, ...]) -> list[str]:
    """Return the marks of the files that the text does not place."""
    placed = {int(mark) for mark in marks(text) if mark.isascii() and mark.isdigit()}
    return [file_mark(number) for number in range(1, len(files) + 1) if number not in placed]


def format_of(address: str) -> str:
    """Return the format that the last part of an address or a path ends in; "" if in none."""
    last = address.partition(" ")[0].rpartition("/")[2]
    found = _SUFFIX.search(last)
    return found[1].lower() if found else ""


def file_mark(number: int) -> str:
    """Return the mark that puts the n-th file of a message, from 1, there in its text.

    What is not marked goes to the end.
    """
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise InvalidRequest("number", "has to be 1 or more")
    return f"<file {number}>"


def uploaded_file(path: str, *, width: int | None = None, height: int | None = None) -> str:
    """Return the mark of a file that was uploaded to the account, for letters and calls.

    `path` is "/upload/files/sms/FOLDER/NAME"; a picture in a letter may have a width and a height.
    """
    if not isinstance(path, str) or not _UPLOADED.fullmatch(path):
        raise InvalidRequest("path", "has to be /upload/files/sms/FOLDER/NAME")
    size = "".join(
        f" {name}={_pixels(name, value)}"
        for name, value in (("width", width), ("height", height))
        if value is not None
    )
    return f"<file {path}{size}>"


def external_file(address: str) -> str:
    """Return the mark of a picture or a document elsewhere, for Viber messages."""
    if not _EXTERNAL.fullmatch(url("address", address)):
        raise InvalidRequest("address", "cannot have < or >")
    return f"<file {address}>"


def check_url(_: object, attribute: attrs.Attribute[str | None], value: str | None) -> None:
    """Refuse what is no full address, unless it is None."""
    if value is not None:
        url(attribute.name, value)


def with_file_url(params: dict[str, str], address: str | None) -> Mapping[str, str]:
    """Return the form fields with the address of a file that the service is to fetch."""
    return params if address is None else params | {"fileurl": address}


def without_marks(text: str) -> str:
    """Return the text without its file marks."""
    return _MARK.sub("", text)
