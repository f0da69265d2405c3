"""A CSV file of people, and a text with places for what is in its columns."""

from __future__ import annotations

import codecs
import csv
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING, Final

import attrs

from ..bulk import Outgoing
from ..errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

__all__ = ["People", "Template", "encoding_of"]

_ENCODINGS: Final = ("utf-8-sig", "windows-1251")
_PHONE_COLUMNS: Final = ("phone", "телефон", "тел", "tel", "mobile", "номер", "number", "to")
_DELIMITERS: Final = ",;\t|"
_PIECE: Final = 1 << 16


@attrs.frozen
class Template:
    """A text like "Hello {name}": each pair of braces holds the name of a column.

    A brace that is meant is written twice.
    """

    source: str
    _parts: tuple[tuple[str, str | None], ...] = attrs.field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        try:
            parsed = list(Formatter().parse(self.source))
        except ValueError as error:
            raise InvalidRequest("text", f"is no template: {error}") from None
        for _, name, spec, conversion in parsed:
            if name is not None and (not name or spec or conversion):
                raise InvalidRequest("text", "may have the names of columns in braces, no more")
        object.__setattr__(self, "_parts", tuple((words, name) for words, name, _, _ in parsed))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it needs, in order."""
        return tuple(dict.fromkeys(name for _, name in self._parts if name is not None))

    def fill(self, row: dict[str, str]) -> str:
        """Put in what a row has."""
        return "".join(
            [words if name is None else words + row[name] for words, name in self._parts]
        )


@attrs.frozen
class People:
    """The rows of a CSV file with a header, as messages; it may be read as often as needed."""

    path: Path
    template: Template
    phone_column: str
    encoding: str
    delimiter: str
    count: int

    @classmethod
    def of(
        cls,
        path: Path,
        template: Template,
        *,
        phone_column: str | None = None,
        encoding: str | None = None,
        delimiter: str | None = None,
    ) -> People:
        """Look through the whole file, and refuse it if any message could not be made of it."""
        encoding = encoding or encoding_of(path)
        try:
            with path.open(encoding=encoding, newline="") as file:
                delimiter = delimiter or _delimiter_of(file.readline())
                file.seek(0)
                rows = csv.reader(file, delimiter=delimiter, strict=True)
                header = _header(next(rows, ()))
                phone = _phone_column(header, phone_column)
                missing = [name for name in template.columns if name not in header]
                if missing:
                    raise InvalidRequest(
                        "text", f"needs {_listed(missing)}, and there is only {_listed(header)}"
                    )
                count = sum(1 for _ in _checked(rows, len(header)))
        except (UnicodeError, LookupError):
            raise InvalidRequest("encoding", f"of {path.name} is not {encoding}") from None
        except csv.Error as error:
            raise InvalidRequest("file", f"{path.name} is no CSV: {error}") from None
        except OSError as error:
            raise InvalidRequest("file", f"{path} cannot be read: {error.strerror}") from None
        return cls(path, template, phone, encoding, delimiter, count)

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Outgoing]:
        with self.path.open(encoding=self.encoding, newline="") as file:
            rows = csv.reader(file, delimiter=self.delimiter, strict=True)
            header = _header(next(rows))
            for cells in _checked(rows, len(header)):
                row = dict(zip(header, cells, strict=True))
                yield Outgoing(row[self.phone_column].strip(), self.template.fill(row))

    def lines(self, numbers: Collection[int]) -> dict[int, int]:
        """Return in which line of the file each of these messages begins."""
        found: dict[int, int] = {}
        with self.path.open(encoding=self.encoding, newline="") as file:
            rows = csv.reader(file, delimiter=self.delimiter, strict=True)
            next(rows)
            number, line = 0, rows.line_num + 1
            for cells in rows:
                if cells:
                    if number in numbers:
                        found[number] = line
                    number += 1
                line = rows.line_num + 1
        return found


def encoding_of(path: Path) -> str:
    """Return the first of the usual encodings that the whole file can be read in."""
    for encoding in _ENCODINGS:
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            with path.open("rb") as file:
                while piece := file.read(_PIECE):
                    decoder.decode(piece)
                decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        except OSError as error:
            raise InvalidRequest("file", f"{path} cannot be read: {error.strerror}") from None
        return encoding
    raise InvalidRequest("encoding", f"of {path.name} is neither utf-8 nor windows-1251")


def _header(cells: Sequence[str]) -> list[str]:
    header = [cell.strip() for cell in cells]
    if not header or len(set(header)) < len(header):
        raise InvalidRequest("file", "has to begin with a row of different names, of its columns")
    return header


def _delimiter_of(line: str) -> str:
    return max(_DELIMITERS, key=line.count)


def _phone_column(header: Sequence[str], wanted: str | None) -> str:
    if wanted is not None:
        if wanted not in header:
            raise InvalidRequest("phone-column", f"is not there: there is {_listed(header)}")
        return wanted
    for name in header:
        if name.lower() in _PHONE_COLUMNS:
            return name
    raise InvalidRequest("phone-column", f"has to be given: there is {_listed(header)}")


def _checked(rows: Iterator[list[str]], width: int) -> Iterator[list[str]]:
    """Pass over empty lines; refuse rows that have more or fewer cells than there are columns."""
    for number, cells in enumerate(rows, start=2):
        if not cells:
            continue
        if len(cells) != width:
            raise InvalidRequest(
                "file", f"row {number} has {len(cells)} cells, and there are {width} columns"
            )
        yield cells


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
