"""From messages to packs: many messages in one request. Pure.

A pack is one request, and either accepted or refused as a whole, so what may not stand beside
others goes alone. Within a pack a phone stands only once: id and phone together say which message
is meant.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeAlias

import attrs

from .._options import option_params, phone
from ..content import Sms, as_content
from ..content._text import MAX_TEXT
from ..errors import InvalidRequest
from ..groups.messages import can_be_found

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .outgoing import Outgoing

__all__ = ["Line", "Pack", "Packer", "Piece"]

Piece: TypeAlias = tuple[int, str]
"""A recipient: the number of the message in the source, and the phone."""

Line: TypeAlias = tuple[str | None, tuple[Piece, ...]]
"""A text and who gets it; without a text the content's own fields say it."""

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
_MOST_OPEN: Final = 16
_SHORTEST, _LONGEST = 6, 16
"""How long a phone number is, with its plus."""


@attrs.frozen
class Pack:
    """Messages that go in one request, under one id.

    `common` are the form fields they share. The same pack always makes the same request.
    """

    id: str
    common: Mapping[str, str] = attrs.field(repr=False)
    lines: tuple[Line, ...] = attrs.field(repr=False)

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        """Its recipients."""
        return tuple(piece for _, pieces in self.lines for piece in pieces)

    @cached_property
    def phones(self) -> tuple[str, ...]:
        """Its recipients' phones, in the order of the request."""
        return tuple(to for _, to in self.pieces)

    @property
    def findable(self) -> bool:
        """Whether the service surely keeps each recipient as given, so that it can be asked.

        An address or a nick is not found by what was given, and a number without a plus that looks
        like a national one of Russia's may be corrected.
        """
        return all(map(can_be_found, self.phones))

    def __len__(self) -> int:
        return len(self.pieces)

    def params(self) -> dict[str, str]:
        """Return its form fields: `phones` for one text, `list` for several."""
        if len(self.lines) == 1:
            text, pieces = self.lines[0]
            own = {} if text is None else {"mes": text}
            return {**self.common, "phones": ",".join([to for _, to in pieces]), **own}
        rows = [
            f"{','.join([to for _, to in pieces])}:{text}".replace("\n", "\\n")
            for text, pieces in self.lines
        ]
        return {**self.common, "list": "\n".join(rows)}

    def split(self, mint: Callable[[], str]) -> tuple[Pack, Pack]:
        """Return it as two halves with ids of their own; it has to have two recipients."""
        flat = [(text, piece) for text, pieces in self.lines for piece in pieces]
        middle = len(flat) // 2
        first, second = (
            attrs.evolve(self, id=mint(), lines=_grouped(half))
            for half in (flat[:middle], flat[middle:])
        )
        return first, second


@attrs.define
class _Batch:
    """A pack that is not full yet."""

    common: Mapping[str, str]
    lines: dict[str | None, list[Piece]] = attrs.field(factory=dict[str | None, list[Piece]])
    phones: set[str] = attrs.field(factory=set[str])


_Key: TypeAlias = tuple[object, ...]


class Packer:
    """Puts messages into packs of up to `size`; those that are ready are in `ready`.

    `base` are the form fields of all of them; `mint` makes ids. Packs that are not full stay open
    for more until `flush`, a few of them at a time, so only so many messages are ever held.
    """

    def __init__(self, size: int, base: Mapping[str, str], mint: Callable[[], str]) -> None:
        self._size = size
        self._base = base
        self._mint = mint
        self._open: dict[_Key, _Batch] = {}
        self.ready: deque[Pack] = deque()

    def add(self, number: int, message: Outgoing) -> None:
        """Put a message where it fits; raise `InvalidRequest` for one that cannot be sent."""
        text, sender = message.text, message.sender
        if isinstance(text, str):
            to = _phone(message.to)
            plain = _is_plain(text)
            if not plain:
                Sms(text)
            # A number that the service may correct makes its whole pack hard to find.
            key: _Key = (sender, to[0] in "89")
            if not plain and not _fits_list(text):
                key = (*key, text)
            self._put(key, text, (number, to))
        else:
            self._add_content(number, message)

    def flush(self) -> None:
        """Close all packs, full or not."""
        for key in tuple(self._open):
            self._close(key)

    def _add_content(self, number: int, message: Outgoing) -> None:
        content = as_content(message.text)
        if content.files:
            raise InvalidRequest("text", "has files, which a bulk run does not send")
        fields = content.params()
        if "sender" in fields and message.sender is not None:
            raise InvalidRequest("sender", "is a part of this content")
        to = content.recipient(message.to)
        if to.startswith("G") and to[1:].isdigit():
            raise InvalidRequest("to", "is a group: a bulk run takes one recipient a message")
        own = {name: str(value) for name, value in fields.items()}
        self._put((message.sender, *own.items()), None, (number, to), own)

    def _batch(self, key: _Key, own: Mapping[str, str]) -> _Batch:
        """Open a pack; the first of its key is the sender name."""
        sender = {} if key[0] is None else option_params({"sender": str(key[0])}, None)
        if len(self._open) >= _MOST_OPEN:
            self._close(next(iter(self._open)))
        common = {**self._base, **{name: str(value) for name, value in sender.items()}, **own}
        batch = self._open[key] = _Batch(common)
        return batch

    def _put(
        self, key: _Key, text: str | None, piece: Piece, own: Mapping[str, str] = _NOTHING
    ) -> None:
        plain = piece[1].lstrip("+")
        batch = self._open.get(key)
        if batch is not None and plain in batch.phones:
            self._close(key)
            batch = None
        if batch is None:
            batch = self._batch(key, own)
        batch.phones.add(plain)
        pieces = batch.lines.get(text)
        if pieces is None:
            batch.lines[text] = [piece]
        else:
            pieces.append(piece)
        if len(batch.phones) >= self._size:
            self._close(key)

    def _close(self, key: _Key) -> None:
        batch = self._open.pop(key)
        lines = tuple((text, tuple(pieces)) for text, pieces in batch.lines.items())
        self.ready.append(Pack(self._mint(), batch.common, lines))


def _phone(to: str) -> str:
    """Return the phone number; most have one spelling, and to see that is cheaper."""
    known = (
        isinstance(to, str)
        and to[:1] == "+"
        and to[1:].isdigit()
        and to.isascii()
        and _SHORTEST <= len(to) <= _LONGEST
    )
    return to if known else phone(to, "to")


def _is_plain(text: str) -> bool:
    """Whether nothing in the text could mean anything, as is true of most; a cheap look."""
    return (
        0 < len(text) <= MAX_TEXT
        and "_" not in text
        and "~" not in text
        and "\\" not in text
        and "\r" not in text
        and (text.isascii() or text.isprintable())
    )


def _fits_list(text: str) -> bool:
    r"""Whether a line of a list can say it: there `\n` is a new line, and nothing says `\n`.

    What a carriage return means there is not documented.
    """
    return "\\n" not in text and "\r" not in text


def _grouped(flat: Iterable[tuple[str | None, Piece]]) -> tuple[Line, ...]:
    lines: dict[str | None, list[Piece]] = {}
    for text, piece in flat:
        lines.setdefault(text, []).append(piece)
    return tuple((text, tuple(pieces)) for text, pieces in lines.items())
