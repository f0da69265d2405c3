"""A client that sends in bulk to a service without a network, and ways to break that."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING, Any

import anyio
from clocks import InstantClock
from service import InProcess, caller, failure, fields_of

from smsc_async import Outgoing
from smsc_async.bulk import Bulk
from smsc_async.sandbox.message import Message
from smsc_async.transport import Progress, Reply, Sent

if TYPE_CHECKING:
    from smsc_async.transport import Body

__all__ = ["TEXT", "Break", "Breaking", "Clock", "Smsc", "people"]

TEXT = "Здравствуйте, {}! Ваш заказ готов."

Break = tuple[bool, Sent] | bytes
"""Whether the service processes the request first, and what is known of it then; or an answer."""


class Breaking(InProcess):
    """Breaks some requests: `choose` is asked about each with its path and number, from 0."""

    def __init__(self, clock: InstantClock, **options: Any) -> None:
        super().__init__(clock, **options)
        self.choose: Callable[[str, int], Break | None] = lambda _path, _number: None
        self.forms: list[tuple[str, dict[str, str]]] = []
        self.instead: bytes | None = None

    async def __call__(
        self,
        path: str,
        form: bytes | Body,
        *,
        content_type: str = "",
        avoid: str = "",
        progress: Progress | None = None,
    ) -> Reply:
        self.forms.append((path, await fields_of(form, content_type)))
        chosen = self.choose(path, len(self.forms) - 1)
        if self.instead is not None:
            return Reply("sandbox", 200, self.instead, "HTTP/2")
        if chosen is None:
            return await super().__call__(path, form, content_type=content_type)
        if isinstance(chosen, bytes):
            return Reply("sandbox", 200, chosen, "HTTP/2")
        processed, sent = chosen
        if processed:
            await super().__call__(path, form, content_type=content_type)
        if progress is not None:
            progress.sent = sent
        raise failure(sent)


class Clock(InstantClock):
    """An instant clock on which one may wait for ever, for an event."""

    async def wait(self, event: anyio.Event, seconds: float) -> bool:
        if seconds < math.inf:
            return await super().wait(event, seconds)
        await event.wait()
        return True


class Smsc(Bulk):
    """A client of a service of its own, on a clock that never waits."""

    def __init__(
        self,
        exchange: Breaking | None = None,
        *,
        concurrency: int = 12,
        balance: str = "100000",
        random: int = 1,
    ) -> None:
        self.clock = self._clock = Clock()
        self.exchange = exchange or Breaking(self.clock, balance=Decimal(balance))
        self._random = Random(random)
        self._sender = None
        self._zone = None
        self._call = caller(self.exchange, clock=self.clock, concurrency=concurrency, deadline=1e6)

    @property
    def messages(self) -> list[Message]:
        """What the service has taken."""
        return self.exchange.account.messages

    @property
    def sends(self) -> list[dict[str, str]]:
        """The forms of the requests to send."""
        return [form for path, form in self.exchange.forms if path.endswith("send.php")]

    def use(self, clock: Clock) -> None:
        """Go by another clock."""
        self.clock = self._clock = clock
        self._call = caller(self.exchange, clock=clock, deadline=1e6)

    def again(self) -> Smsc:
        """Another client of the same service: the first one's process has died."""
        other = Smsc(self.exchange, random=id(self))
        other.use(self.clock)
        return other


def people(count: int, first: int = 0) -> Iterator[Outgoing]:
    """So many messages, each with a text and a phone of its own."""
    for number in range(first, first + count):
        yield Outgoing(f"+7999{number:07}", TEXT.format(number))
