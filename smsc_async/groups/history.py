"""The history of messages sent."""

from __future__ import annotations

from collections.abc import Iterable  # noqa: TC003 - whoever reads the hints of a TypedDict
from datetime import date
from typing import TYPE_CHECKING, Final, Literal, TypedDict, Unpack

import attrs

from .._call import Caller
from .._convert import list_reader, wire
from .._delivery import Delivery
from .._fields import Fields, code, day, email, in_order, several, whole
from .._limits import RULES
from .._listing import listed
from .._options import plain_phone
from .._script import Script
from ..errors import BadReply, InvalidRequest

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from .._fields import FormFields

__all__ = ["History", "HistoryFilter", "HistoryMessage"]

_DOCS: Final = "https://smscentre.com/api/http/get_data/"

_PAGE: Final = 1000
_MONTHS: Final = 6
_DIGITS: Final = 20


@attrs.frozen
class HistoryMessage(Delivery):
    """A message to one recipient, and what became of it.

    `global_id` is the service's own number of it, from which the history goes on; `id` is that of
    the send, which all its recipients share. `units` is the number of its parts. `format` and `crc`
    are the service's own.
    """

    global_id: str | None = attrs.field(default=None, metadata=wire("int_id"))
    units: int | None = attrs.field(default=None, metadata=wire("sms_cnt"))
    mccmnc: str | None = None
    format: int | None = None
    crc: str | None = None


class HistoryFilter(TypedDict, total=False):
    """Which messages to look for."""

    phones: str | Iterable[str]
    """Only those to this phone number, or to one of these."""
    emails: str | Iterable[str]
    """Only those to this e-mail address, or to one of these; then `kind` is "email"."""
    kind: Literal["sms", "email"]
    """Messages to phones, or e-mails; without it, those to phones."""


_KINDS: Final = {"sms": "0", "email": "8"}


def _kind(name: str, value: object) -> str:
    if not isinstance(value, str) or value not in _KINDS:
        raise InvalidRequest(name, 'has to be "sms" or "email"')
    return _KINDS[value]


_FIELDS: Final = Fields(
    start=("start", day),
    end=("end", day),
    phones=("phone", several(plain_phone)),
    emails=("email", several(email)),
    kind=("format", _kind),
    limit=("cnt", whole(1, _PAGE)),
    before=("prev_id", code),
)

_RULES: Final = (RULES["get_messages.identical"], RULES["get_messages.hour"])
_GET: Final = Script("get.php", _DOCS, _RULES).reading("get_messages", list_reader(HistoryMessage))


@attrs.frozen(eq=False)
class History:
    """The messages sent in the last six months, the latest first.

    The service takes three identical requests a minute and thirty of any kind in an hour, so that
    an hour brings 30 000 messages at most.
    """

    _call: Caller = attrs.field(repr=False)

    async def page(
        self,
        *,
        start: date | None = None,
        end: date | None = None,
        limit: int | None = None,
        before: str | int | None = None,
        **which: Unpack[HistoryFilter],
    ) -> list[HistoryMessage]:
        """Return some messages in one request, the latest first; if there are none, an empty list.

        `start` and `end` are the first and the last day, six months apart at most. `limit` is how
        many, up to 1000; without it, or without a `start`, the service chooses. `before` is the
        `global_id` of a message: only what was sent before it comes.
        https://smscentre.com/api/http/get_data/
        """
        options = {"start": start, "end": end, "limit": limit, "before": before, **which}
        return await listed(self._call, _GET, _written(options))

    def all(
        self,
        start: date,
        end: date,
        *,
        before: str | int | None = None,
        **which: Unpack[HistoryFilter],
    ) -> AsyncGenerator[HistoryMessage, None]:
        """Go through all messages of some days, from the latest to the oldest.

        Fetches them in pages of 1000, and waits for the limits as long as it takes: for most of an
        hour after thirty of them. To go on later, give the `global_id` of the last one that you
        had as `before`. `start` and `end` are the first and the last day, six months apart at most.
        https://smscentre.com/api/http/get_data/
        """
        options = {"start": start, "end": end, "limit": _PAGE, "before": before, **which}
        for name in ("start", "end"):
            if options[name] is None:
                raise InvalidRequest(name, "has to be given")
        return self._walk(_written(options), None if before is None else int(before))

    async def _walk(
        self, fields: FormFields, last: int | None
    ) -> AsyncGenerator[HistoryMessage, None]:
        more = True
        while more:
            page = await listed(self._call, _GET, fields, patient=True)
            for message in _older(page, last):
                yield message
            more = len(page) >= _PAGE
            if more:
                fields["prev_id"] = last = _oldest(page, last)


def _written(options: dict[str, object]) -> FormFields:
    """Write the options as form fields, and check what they say together."""
    if options.get("emails") is not None and options.get("kind") is None:
        options["kind"] = "email"
    fields = _FIELDS.write(options)
    start, end = options["start"], options["end"]
    in_order(start, end)
    if isinstance(start, date) and isinstance(end, date):
        months = 12 * (end.year - start.year) + end.month - start.month
        if (months, end.day) > (_MONTHS, start.day):
            raise InvalidRequest("start", "is more than six months before end")
    return fields


def _number(message: HistoryMessage) -> int | None:
    number = message.global_id or ""
    return int(number) if number.isdecimal() and len(number) <= _DIGITS else None


def _older(page: list[HistoryMessage], last: int | None) -> list[HistoryMessage]:
    """Leave out what came before; the service may repeat the message that the page goes on from."""
    if last is None:
        return page
    return [one for one in page if (number := _number(one)) is None or number < last]


def _oldest(page: list[HistoryMessage], last: int | None) -> int:
    """Return the number of the oldest message; there has to be one older than the last."""
    numbers = [number for one in page if (number := _number(one)) is not None]
    if not numbers or (last is not None and min(numbers) >= last):
        raise BadReply("there is no older message in a full page", "$[0].int_id")
    return min(numbers)
