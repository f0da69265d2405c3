"""Waiting until messages are delivered: from callbacks, or by asking now and then."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, repeat
from typing import TYPE_CHECKING, Final, Protocol, cast

import anyio

from .._delivery import DeliveryStatus
from .._passing import may_pass
from ..callbacks import DeliveryTracker, MemoryStore
from ..errors import InvalidRequest, SmscError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator, Sequence

    from .._clock import Clock
    from ..callbacks import RecipientStatus, Report, Sent

__all__ = ["Deliveries"]

_PAUSES: Final = (3.0, 5.0, 10.0, 20.0, 40.0, 60.0, 120.0)
"""Seconds before each question: four in the first minute, of the five that the service takes."""

_PAUSES_WITH_CALLBACKS: Final = (30.0, 60.0, 120.0)
"""The same while somebody else is listening, too."""

_LONGEST_PAUSE: Final = 300.0
_FEW: Final = 20
"""Recipients who are asked about one by one; more of them in one request, one of them a minute."""

_AT_ONCE: Final = 2
_PAGE: Final = 500


class Asking(Protocol):
    """A client, as far as it can ask for statuses."""

    def status(self, id: str, phone: str) -> Awaitable[Report]:
        """Return what became of one message."""
        ...

    def statuses(self, pairs: Iterable[tuple[str, str]]) -> Awaitable[Sequence[Report]]:
        """Return what became of many."""
        ...


class Deliveries:
    """The verb of the client that waits for messages to arrive; it asks by the client's others."""

    _clock: Clock

    async def wait_delivered(
        self,
        sent: Sent | Iterable[Sent],
        *,
        timeout: float,
        tracker: DeliveryTracker | None = None,
    ) -> list[RecipientStatus]:
        """Wait until the messages are delivered or have failed, and return how far each has come.

        `sent` is what `send` has returned, or many of those. There is an item for each recipient,
        in order; after `timeout` seconds also for those whose messages are still on their way:
        look at `is_final` and `is_delivered`. A recipient whom the service has refused has failed
        from the start.

        With a `tracker` that hears the callbacks it returns as soon as the last one has come, and
        asks the service seldom. Without one it asks after 3, 8, 18, 38 and 78 seconds, then less
        and less often, within the limits: five questions a minute about a message; about more than
        twenty recipients at a time, one a minute. The service answers for a day, and may have
        forgotten a message after nine hours.

        What may pass, as a lost connection, is not raised, unless nothing else was heard of some
        message until the end. `InvalidRequest` for messages to groups: who is in them is not known
        here. https://smscentre.com/api/http/status_messages/
        """
        messages = list(sent) if isinstance(sent, Iterable) else [sent]
        if not all(hasattr(message, "recipients") for message in messages):
            raise InvalidRequest("sent", "has to be what `send` has returned, or many of those")
        if not isinstance(timeout, int | float) or not timeout >= 0:
            raise InvalidRequest("timeout", "has to be 0 seconds or more")
        wait = _Wait(cast("Asking", self), self._clock, messages, tracker)
        with wait.tracker.watch(wait.ids, wait.hear):
            async with anyio.create_task_group() as group:
                group.start_soon(wait.ask_on_and_on)
                await self._clock.wait(wait.finished, timeout)
                group.cancel_scope.cancel()
        return wait.result()


class _Wait:
    """Some messages, and who of their recipients is still waiting."""

    def __init__(
        self,
        asking: Asking,
        clock: Clock,
        messages: Sequence[Sent],
        tracker: DeliveryTracker | None,
    ) -> None:
        # One that nobody else feeds has to know of these messages, and of no others.
        own = DeliveryTracker(MemoryStore(len(messages) or 1))
        self.tracker = own if tracker is None else tracker
        self.ids = [message.id for message in messages]
        self.finished = anyio.Event()
        self._asking = asking
        self._clock = clock
        self._pauses = _PAUSES if tracker is None else _PAUSES_WITH_CALLBACKS
        self._failure: SmscError | None = None
        self._fatal: SmscError | None = None
        self._messages = messages
        self._open: dict[tuple[str, str], None] = {}
        for message in messages:
            if any(_is_group(recipient.phone) for recipient in message.recipients):
                raise InvalidRequest("sent", "has a group, and who is in it is not known here")
        for one in self._known():
            if not one.is_final:
                self._open[one.id, one.phone] = None
        self._look()

    def hear(self, heard: RecipientStatus) -> None:
        """Take note of a step."""
        if heard.is_final:
            self._open.pop((heard.id, heard.phone), None)
            self._look()

    def result(self) -> list[RecipientStatus]:
        """Return how far everything has come."""
        if self._fatal is not None:
            raise self._fatal
        found = self._known()
        unheard = any(
            self.tracker.get(one.id, one.phone).status is DeliveryStatus.NOT_FOUND
            for one in found
            if not one.is_final
        )
        if unheard and self._failure is not None:
            raise self._failure
        return found

    async def ask_on_and_on(self) -> None:
        """Ask with growing pauses, until everything is known."""
        pauses: Iterator[float] = chain(self._pauses, repeat(_LONGEST_PAUSE))
        while not self.finished.is_set():
            await self._clock.sleep(next(pauses))
            failures = await self._ask(tuple(self._open))
            self._failure = failures[0] if failures else None
            for failure in failures:
                if not may_pass(failure):
                    self._fatal = failure
                    self.finished.set()

    def _known(self) -> list[RecipientStatus]:
        return [one for message in self._messages for one in self.tracker.of(message)]

    def _look(self) -> None:
        if not self._open:
            self.finished.set()

    async def _ask(self, pairs: Sequence[tuple[str, str]]) -> list[SmscError]:
        """Ask about them, and return what went wrong."""
        if len(pairs) > _FEW:
            return await self._ask_together(pairs)
        failures: list[SmscError] = []
        limiter = anyio.CapacityLimiter(_AT_ONCE)

        async def ask(message_id: str, phone: str) -> None:
            async with limiter:
                try:
                    answer = await self._asking.status(message_id, phone)
                except SmscError as error:
                    failures.append(error)
                else:
                    self.tracker.apply(answer, id=message_id, phone=phone)

        async with anyio.create_task_group() as group:
            for pair in pairs:
                group.start_soon(ask, *pair)
        return failures

    async def _ask_together(self, pairs: Sequence[tuple[str, str]]) -> list[SmscError]:
        failures: list[SmscError] = []
        for start in range(0, len(pairs), _PAGE):
            page = [pair for pair in pairs[start : start + _PAGE] if pair in self._open]
            try:
                answers = await self._asking.statuses(page) if page else ()
            except SmscError as error:
                failures.append(error)
                continue
            for (message_id, phone), answer in zip(page, answers, strict=True):
                self.tracker.apply(answer, id=message_id, phone=phone)
        return failures


def _is_group(recipient: str) -> bool:
    return recipient[:1] == "G" and recipient[1:].isdecimal()
