"""Statuses in order, whatever order they come in, and however often."""

from __future__ import annotations

import re
from collections import OrderedDict
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

import attrs

from .._delivery import DeliveryError, DeliveryStatus
from ..errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Sequence

__all__ = [
    "DeliveryTracker",
    "MemoryStore",
    "Recipient",
    "RecipientStatus",
    "Report",
    "Sent",
    "StatusStore",
]

_NATIONAL: Final = re.compile(r"8(\d{10})|(9\d{9})")

_RANKS: Final = {
    DeliveryStatus.NOT_FOUND: 0,
    DeliveryStatus.WITH_OPERATOR: 2,
    DeliveryStatus.DELIVERED: 4,
    DeliveryStatus.READ: 5,
    DeliveryStatus.LINK_CLICKED: 6,
}
_BEFORE_THE_OPERATOR: Final = 1
_FAILED: Final = 3


class Report(Protocol):
    """What says how far a message has come: a `StatusEvent`, or the answer to a status request."""

    @property
    def id(self) -> str | None:
        """The message, if it says so."""
        ...

    @property
    def phone(self) -> str | None:
        """The recipient, if it says so."""
        ...

    @property
    def status(self) -> DeliveryStatus:
        """How far it has come."""
        ...

    @property
    def error(self) -> int | None:
        """Why it was not delivered."""
        ...

    @property
    def changed_at(self) -> datetime | None:
        """Since when."""
        ...


@attrs.frozen
class RecipientStatus:
    """How far a message to one recipient has come, as far as is known.

    `NOT_FOUND` is also the status of what nobody has heard of yet.
    """

    id: str
    phone: str
    status: DeliveryStatus = DeliveryStatus.NOT_FOUND
    changed_at: datetime | None = None
    error: DeliveryError | None = None

    @property
    def is_final(self) -> bool:
        """Whether nothing more is to come; a delivered message may still be read or clicked."""
        return self.status.is_final

    @property
    def is_delivered(self) -> bool:
        """Whether the recipient has got it."""
        return self.status.is_delivered

    @property
    def reason(self) -> str | None:
        """What `error` means for this message; None where there is no error."""
        if not self.error:
            return None
        return self.error.email_meaning if "@" in self.phone else self.error.meaning

    @property
    def progress(self) -> tuple[int, float, int, int]:
        """By what to compare two of one message: the greater one is the true one.

        A message waits, is with the operator, fails, is delivered, read, clicked, in this order;
        what the service was late to call delivered is delivered. Otherwise the later one counts.
        """
        moment = self.changed_at.timestamp() if self.changed_at else 0.0
        code = int(self.status)
        rank = _RANKS.get(self.status, _FAILED if code > 0 else _BEFORE_THE_OPERATOR)
        return rank, moment, code, self.error or 0


class Recipient(Protocol):
    """What is known of a recipient when a message was sent: a `RecipientResult`."""

    @property
    def phone(self) -> str:
        """Who it is."""
        ...

    @property
    def accepted(self) -> bool | None:
        """Whether the service has taken the message to this one."""
        ...

    @property
    def status(self) -> int | None:
        """Why it has not."""
        ...

    @property
    def error(self) -> int | None:
        """The same, more exactly."""
        ...


class Sent(Protocol):
    """A message that was sent: a `SentMessage`."""

    @property
    def id(self) -> str:
        """Its id."""
        ...

    @property
    def recipients(self) -> Sequence[Recipient]:
        """Those it was sent to."""
        ...


Watcher: TypeAlias = "Callable[[RecipientStatus], object]"


class StatusStore(Protocol):
    """Where a tracker keeps what it knows; a file or a database may stand behind it."""

    def get(self, id: str, phone: str) -> RecipientStatus | None:
        """Return what is known of the message to the recipient."""
        ...

    def put(self, known: RecipientStatus) -> None:
        """Keep it, in place of what was known."""
        ...

    def all(self, id: str) -> Iterable[RecipientStatus]:
        """Return what is known of the message to all its recipients."""
        ...


class MemoryStore:
    """Keeps the latest `size` messages in memory."""

    def __init__(self, size: int = 100_000) -> None:
        if size < 1:
            raise InvalidRequest("size", "has to be 1 or more")
        self._size = size
        self._known: OrderedDict[str, dict[str, RecipientStatus]] = OrderedDict()

    def get(self, id: str, phone: str) -> RecipientStatus | None:
        """Return what is known of the message to the recipient."""
        return self._known.get(id, {}).get(phone)

    def put(self, known: RecipientStatus) -> None:
        """Keep it, and forget the message that was not heard of for the longest time."""
        self._known.setdefault(known.id, {})[known.phone] = known
        self._known.move_to_end(known.id)
        if len(self._known) > self._size:
            self._known.popitem(last=False)

    def all(self, id: str) -> Iterable[RecipientStatus]:
        """Return what is known of the message to all its recipients."""
        return tuple(self._known.get(id, {}).values())


class DeliveryTracker:
    """Knows how far messages have come, from callbacks and from status answers alike.

    Give it everything that you hear, in any order and as often as it comes: of each message to
    each recipient it keeps what is furthest along. It takes what comes before the send has
    returned. It belongs to one event loop, and does no I/O but what its `store` does.
    """

    def __init__(self, store: StatusStore | None = None) -> None:
        self._store: StatusStore = MemoryStore() if store is None else store
        self._watchers: dict[str, set[Watcher]] = {}

    def apply(self, report: Report, *, id: str | None = None, phone: str | None = None) -> bool:
        """Take in an event or a status answer; return whether it has changed anything.

        A status answer may not say whose it is: then give `id` and `phone`.
        """
        heard = _heard(report, id, phone)
        if not self._is_news(heard):
            return False
        self._store.put(heard)
        for watcher in tuple(self._watchers.get(heard.id, ())):
            watcher(heard)
        return True

    def is_news(self, report: Report, *, id: str | None = None, phone: str | None = None) -> bool:
        """Return whether `apply` would change anything; nothing is changed."""
        return self._is_news(_heard(report, id, phone))

    def _is_news(self, heard: RecipientStatus) -> bool:
        return self.get(heard.id, heard.phone).progress < heard.progress

    def get(self, id: str, phone: str) -> RecipientStatus:
        """Return how far the message to the recipient has come; `NOT_FOUND` if nobody has said."""
        number = _key(phone)
        return self._store.get(id, number) or RecipientStatus(id, number)

    def all(self, id: str) -> tuple[RecipientStatus, ...]:
        """Return what was heard of a message, one for each recipient that was heard of."""
        return tuple(self._store.all(id))

    def of(self, sent: Sent) -> list[RecipientStatus]:
        """Return how far a message has come that was sent: an item for each recipient, in order.

        Whom the service has refused has failed from the start; whom it has accepted is waiting
        until more is heard.
        """
        return [self._of(sent.id, recipient) for recipient in sent.recipients]

    def _of(self, id: str, recipient: Recipient) -> RecipientStatus:
        if recipient.accepted is not False:
            known = self.get(id, recipient.phone)
            is_waiting = recipient.accepted and known.status is DeliveryStatus.NOT_FOUND
            return attrs.evolve(known, status=DeliveryStatus.WAITING) if is_waiting else known
        status = DeliveryStatus(recipient.status or DeliveryStatus.UNDELIVERABLE)
        error = DeliveryError(recipient.error) if recipient.error else None
        return RecipientStatus(id, _key(recipient.phone), status, error=error)

    @contextmanager
    def watch(self, ids: Iterable[str], changed: Watcher) -> Generator[None, None, None]:
        """Call `changed` with each step that one of the messages takes, while it lasts."""
        watched = frozenset(ids)
        for one in watched:
            self._watchers.setdefault(one, set()).add(changed)
        try:
            yield
        finally:
            for one in watched:
                watchers = self._watchers[one]
                watchers.discard(changed)
                if not watchers:
                    del self._watchers[one]


def _heard(report: Report, id: str | None, phone: str | None) -> RecipientStatus:
    message_id, number = id or report.id, phone or report.phone
    if message_id is None or number is None:
        raise InvalidRequest("report", "does not say whose status it is: give id and phone")
    error = DeliveryError(report.error) if report.error else None
    return RecipientStatus(message_id, _key(number), report.status, report.changed_at, error)


def _key(phone: str) -> str:
    """Return a recipient in the one spelling that the service uses.

    It corrects national numbers of Russia's; what it corrects by mistake stays a key all the same.
    """
    number = phone.strip().removeprefix("+")
    national = _NATIONAL.fullmatch(number)
    return f"7{national[1] or national[2]}" if national else number
