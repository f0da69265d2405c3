"""Messages that came in."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

import attrs

from .._call import Caller
from .._clock import Clock
from .._convert import Answer, list_reader, wire
from .._fields import Fields, code, whole
from .._limits import RULES
from .._listing import listed
from .._options import plain_phone
from .._passing import may_pass
from .._script import Script
from ..errors import BadReply, InvalidRequest, IpBlocked, RateLimited, SmscError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from .._fields import FormFields

__all__ = ["Inbox", "InboxMessage"]

_LOG: Final = logging.getLogger("smsc_async")

_DOCS: Final = "https://smscentre.com/api/http/get_data/"

_MOST: Final = 10_000
_PAGE: Final = 1000
_WEEK: Final = 168
"""In hours: no older message can be asked for by its age."""

_SHORTEST_PAUSE: Final = 20.0
_LONGEST_PAUSE: Final = 300.0


@attrs.frozen
class InboxMessage(Answer):
    """A message that somebody has sent to one of the account's numbers.

    `phone` is who wrote it, `to_phone` the account's number. `received` and `sent` are as the
    service prints them, "31.12.2025 23:59:59", in the zone that is set for the account there.
    """

    id: str
    phone: str = ""
    text: str = attrs.field(default="", repr=False, metadata=wire("message"))
    to_phone: str = ""
    received: str = ""
    sent: str = ""


_FIELDS: Final = Fields(
    limit=("cnt", whole(1, _MOST)),
    hours=("hour", whole(1, _WEEK)),
    after=("after_id", code),
    to_phone=("to_phone", plain_phone),
)

_read_messages: Final = list_reader(InboxMessage)


def _read_page(document: object) -> list[InboxMessage]:
    """Read the messages, and put them in the order of their ids."""
    return sorted(_read_messages(document), key=_number)


def _number(message: InboxMessage) -> int:
    if not message.id.isdecimal():
        raise ValueError("expected a number as id")
    return int(message.id)


_SCRIPT: Final = Script("get.php", _DOCS, (RULES["get_answers.identical"],))
_GET: Final = _SCRIPT.reading("get_answers", _read_page)


@attrs.frozen(eq=False)
class Inbox:
    """Messages that came in, the oldest first. The service takes three identical requests a minute.

    Their ids grow; the id of the last message that was dealt with is where to go on `after`.
    """

    _call: Caller = attrs.field(repr=False)
    _clock: Clock = attrs.field(repr=False)

    async def page(
        self,
        *,
        limit: int | None = None,
        hours: int | None = None,
        after: str | int | None = None,
        to_phone: str | None = None,
    ) -> list[InboxMessage]:
        """Return some messages in one request, the oldest first; if there are none, an empty list.

        `limit` is how many, up to 10 000. `hours` is how far back, up to 168; without it, and
        without `after`, today's come. `after` is the id of a message: only later ones come.
        `to_phone` is the number of the account that they came to.
        https://smscentre.com/api/http/get_data/
        """
        options = {"limit": limit, "hours": hours, "after": after, "to_phone": to_phone}
        return await listed(self._call, _GET, _FIELDS.write(options))

    def all(
        self,
        *,
        after: str | int | None = None,
        hours: int | None = None,
        to_phone: str | None = None,
    ) -> AsyncGenerator[InboxMessage, None]:
        """Go through all messages after one of them, or of the last `hours`, or of a week.

        The oldest come first. Fetches them in pages of 1000, and waits for the limits as long as it
        takes. It ends with the latest one; `follow` goes on.
        https://smscentre.com/api/http/get_data/
        """
        if after is None and hours is None:
            hours = _WEEK
        fields = _FIELDS.write({"limit": _PAGE, "to_phone": to_phone})
        begin = _FIELDS.write({"after": after, "hours": hours})
        return self._walk(fields, begin, None if after is None else int(after))

    def follow(
        self,
        *,
        after: str | int | None = None,
        to_phone: str | None = None,
        every: float = 30.0,
    ) -> AsyncGenerator[InboxMessage, None]:
        """Go through the messages that come in from now on, or that came after one, for ever.

        It asks `every` so many seconds, 20 or more, and at once while there is more. Messages come
        in the order of their ids, each of them once; to go on after a restart, keep the id of the
        last one that you have dealt with and give it as `after`. Without `after`, what is in the
        inbox at the start is left out.

        A failure that may pass does not end it: no network, a limit that somebody else has used
        up, an address that is blocked for a while, an answer that cannot be read. It is logged as
        a warning, and asked again after a pause that grows to five minutes, or as long as the
        service wants. What will not pass is raised, as `AuthenticationFailed`, and `ClientClosed`
        when the client is closed. https://smscentre.com/api/http/get_data/
        """
        if not isinstance(every, int | float) or not every >= _SHORTEST_PAUSE:
            raise InvalidRequest("every", "has to be 20 seconds or more")
        fields = _FIELDS.write({"limit": _PAGE, "to_phone": to_phone})
        begin = _FIELDS.write({"after": after} if after is not None else {"hours": _WEEK})
        return self._watch(fields, begin, None if after is None else int(after), every)

    async def _walk(
        self, fields: FormFields, begin: FormFields, last: int | None
    ) -> AsyncGenerator[InboxMessage, None]:
        more = True
        while more:
            later, more = await self._next(fields | begin, last)
            for message in later:
                yield message
                last = _number(message)
            begin = {"after_id": last}

    async def _watch(
        self, fields: FormFields, begin: FormFields, last: int | None, every: float
    ) -> AsyncGenerator[InboxMessage, None]:
        old = last is None
        while True:
            later, more = await self._next_at_last(fields | begin, last, every)
            for message in later:
                last = _number(message)
                if not old:
                    yield message
            if last is not None:
                begin = {"after_id": last}
            if not more:
                old = False
                await self._clock.sleep(every)

    async def _next_at_last(
        self, fields: FormFields, last: int | None, pause: float
    ) -> tuple[list[InboxMessage], bool]:
        """Ask until there is an answer, or an error that will not pass."""
        while True:
            try:
                return await self._next(fields, last)
            except SmscError as error:
                if not may_pass(error):
                    raise
                wait = max(pause, _wanted(error))
                _LOG.warning("the inbox is asked again in %.0f s: %s", wait, error)
            await self._clock.sleep(wait)
            pause = max(pause, min(2 * pause, _LONGEST_PAUSE))

    async def _next(self, fields: FormFields, last: int | None) -> tuple[list[InboxMessage], bool]:
        """Return the messages after the last one, and whether there are more."""
        page = await listed(self._call, _GET, fields, patient=True)
        later = [message for message in page if last is None or _number(message) > last]
        more = len(page) >= _PAGE
        if more and not later:
            raise BadReply("there is no later message in a full page", "$[0].id")
        return later, more


def _wanted(error: SmscError) -> float:
    """Return for how many seconds there is no use in asking again."""
    return error.retry_after if isinstance(error, RateLimited | IpBlocked) else 0.0
