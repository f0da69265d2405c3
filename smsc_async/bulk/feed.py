"""Reading the source of a bulk run, once more from its beginning when the run goes on."""

from __future__ import annotations

from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Generator,
    Iterable,
    Iterator,
)
from hashlib import blake2b
from typing import TYPE_CHECKING, Final, cast

import attrs
from anyio import lowlevel

from ..content import Content
from ..errors import InvalidRequest, JournalError
from .journal import Known, SourceMark
from .outgoing import BulkResult, Outgoing
from .packing import Pack

if TYPE_CHECKING:
    from typing import TypeAlias

    from .packing import Packer

__all__ = ["Feed", "Portion", "Source"]

Source: TypeAlias = "Iterable[Outgoing] | AsyncIterable[Outgoing]"

_BREATH: Final = 1000
"""Messages that are passed over before others get a turn."""

_END: Final = Outgoing("", "")
_MOST_REFUSED: Final = 100
"""Messages refused here that are reported together."""


@attrs.frozen
class Portion:
    """What comes next: a pack, messages that were refused, and how far the source was read."""

    pack: Pack | None
    refused: tuple[BulkResult, ...]
    mark: SourceMark


class Feed:
    """The messages of a source, in packs, without those that a journal has already.

    `about` is what else makes it the same run: with other options the old messages would not be
    the same. First of all, `recognise` it. Without a source there is nothing to come.
    """

    def __init__(self, messages: Source | None, packer: Packer, known: Known, about: str) -> None:
        self._waits: AsyncIterator[Outgoing] | None = None
        self._messages: Iterator[Outgoing] = iter(())
        self.ended: bool = messages is None
        if messages is None:
            known = Known()
        elif isinstance(messages, AsyncIterable):
            self._waits = aiter(messages)
        elif isinstance(messages, Iterable):
            self._messages = iter(messages)
        else:
            kind = type(messages).__name__
            raise InvalidRequest("messages", f"have to be many of Outgoing, not {kind}")
        self._packer = packer
        self._known = known
        self._digest = blake2b(about.encode(), digest_size=16)
        self._unhashed: list[str] = []
        self._held: list[tuple[int, Outgoing]] = []
        self._refused: list[BulkResult] = []
        self.read: int = 0

    async def recognise(self) -> None:
        """Pass over what the journal has, and keep what it lacks for later.

        Raises `JournalError` if the source is not the one that the journal knows. Nothing may be
        sent before: not even what the journal has of the other one.
        """
        while self.read < self._known.mark.read:
            number = self.read
            if number % _BREATH == 0:
                self._mark()
                await lowlevel.checkpoint()
            message = await self._next()
            if message is None:
                raise _changed()
            if number not in self._known.covers:
                self._held.append((number, message))
        if self.read and self._mark() != self._known.mark:
            raise _changed()
        for one in self._held:
            self._add(*one)
        self._held.clear()

    async def next(self) -> Portion | None:
        """Return what comes next; None at the end."""
        if self._waits is None:
            self._fill()
        while self._hungry:
            number = self.read
            message = await self._next()
            if message is None:
                self._end()
            else:
                self._add(number, message)
        pack = self._packer.ready.popleft() if self._packer.ready else None
        refused, self._refused = tuple(self._refused), []
        if pack is None and not refused:
            return None
        return Portion(pack, refused, self._mark())

    async def aclose(self) -> None:
        """Close a generator that was not read to its end."""
        waits, messages = self._waits, self._messages
        if isinstance(waits, AsyncGenerator):
            await cast("AsyncGenerator[Outgoing, None]", waits).aclose()
        elif isinstance(messages, Generator):
            cast("Generator[Outgoing, None, None]", messages).close()

    @property
    def _hungry(self) -> bool:
        many = len(self._refused) >= _MOST_REFUSED
        return not (self._packer.ready or many or self.ended)

    def _fill(self) -> None:
        """Read until there is something to hand out, without a coroutine for each message."""
        if not self._hungry:
            return
        for message in self._messages:
            number = self.read
            self._add(number, self._noted(message))
            if self._packer.ready or len(self._refused) >= _MOST_REFUSED:
                return
        self._end()

    def _end(self) -> None:
        self.ended = True
        self._packer.flush()

    async def _next(self) -> Outgoing | None:
        if self._waits is None:
            message = next(self._messages, _END)
        else:
            message = await anext(self._waits, _END)
        return None if message is _END else self._noted(message)

    def _noted(self, message: Outgoing) -> Outgoing:
        if not isinstance(message, Outgoing):
            kind = type(message).__name__
            raise InvalidRequest("messages", f"have to be of Outgoing, and one is of {kind}")
        self.read += 1
        self._unhashed.append(_written(message))
        return message

    def _add(self, number: int, message: Outgoing) -> None:
        try:
            self._packer.add(number, message)
        except InvalidRequest as error:
            reason = f"InvalidRequest: {error.text}"
            to = message.to if isinstance(message.to, str) else ""
            self._refused.append(BulkResult(number, to, None, "refused", reason))

    def _mark(self) -> SourceMark:
        self._digest.update("".join(self._unhashed).encode("utf-8", "surrogatepass"))
        self._unhashed.clear()
        return SourceMark(self.read, self._digest.hexdigest())


def _written(message: Outgoing) -> str:
    text = message.text
    if isinstance(text, Content):
        text = repr(sorted(text.params().items()))
    return f"{message.to}\x1f{text}\x1f{message.sender}\x1e"


def _changed() -> JournalError:
    return JournalError(
        "the journal is of another source: its messages, or the options of the run, have changed; "
        "another run takes another journal"
    )
