"""JSON and XML, as one flat set of names and values.

How either is nested is not documented: what stands deeper counts as if it stood on top.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final, cast
from xml.parsers import expat

from ..errors import MalformedCallback
from ._form import MAX_FIELDS

__all__ = ["read_json", "read_xml"]

_DEPTH: Final = 8


def read_json(text: str) -> dict[str, str]:
    """Read JSON; numbers stay as they are written, and null is nothing."""
    try:
        # Not the default: it knows numbers that are none, and refuses some that are.
        document = json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError):
        raise MalformedCallback("it begins like JSON and is none") from None
    return _bounded(_leaves("", document, _DEPTH))


def _leaves(name: str, value: object, depth: int) -> Iterator[tuple[str, str]]:
    if not depth:
        raise MalformedCallback("it is nested too deeply")
    if isinstance(value, Mapping):
        for key, item in cast("Mapping[str, object]", value).items():
            yield from _leaves(key, item, depth - 1)
    elif isinstance(value, list):
        for item in cast("list[object]", value):
            yield from _leaves(name, item, depth - 1)
    elif isinstance(value, bool):
        yield _whole(name), str(int(value))
    elif value is not None:
        yield _whole(name), _whole(str(value))


def _whole(text: str) -> str:
    """Join the halves of characters that JSON has escaped; half a one becomes a question mark."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def read_xml(text: str) -> dict[str, str]:
    """Read XML: elements without others in them, and attributes. It may not have a DTD."""
    reader = _XmlReader()
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = reader.refuse
    try:
        parser.Parse(text.encode(), True)
    except expat.ExpatError:
        raise MalformedCallback("it begins like XML and is none") from None
    return _bounded(iter(reader.found))


class _XmlReader:
    """Collects names and values."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str]] = []
        self._open: list[list[str] | None] = []

    def start(self, _: str, attributes: dict[str, str]) -> None:
        if len(self._open) == _DEPTH:
            raise MalformedCallback("it is nested too deeply")
        if self._open:
            self._open[-1] = None
        self._open.append([])
        self.found += attributes.items()

    def text(self, text: str) -> None:
        said = self._open[-1]
        if said is not None:
            said.append(text)

    def end(self, name: str) -> None:
        said = self._open.pop()
        if said is not None:
            self.found.append((name, "".join(said)))

    def refuse(self, *_: object) -> None:
        raise MalformedCallback("it has a document type")


def _bounded(pairs: Iterator[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for number, (name, value) in enumerate(pairs):
        if number == MAX_FIELDS:
            raise MalformedCallback(f"it has more than {MAX_FIELDS} fields")
        found[name] = value
    return found
