"""Mailings: messages to many that the service keeps, sends when it is time, and repeats."""

from __future__ import annotations

from datetime import date, tzinfo
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, Unpack, cast

import attrs

from .._call import Caller
from .._convert import Answer, acknowledged, as_list, as_object, list_reader, reader, wire
from .._fields import Fields, code, day, in_order, needed, sender_name, switch, text, whole
from .._limits import RULES
from .._options import SendOptions, SharedOptions, check_choice, option_params, recipients
from .._script import Script
from ..content import Content, Line, as_content
from ..errors import InvalidRequest, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .._attachments import Attachment
    from .._fields import FormFields

__all__ = ["AddedMailing", "Mailing", "MailingOptions", "Mailings", "RepeatEvery"]

_DOCS: Final = "https://smscentre.com/api/http/jobs/"

RepeatEvery: TypeAlias = Literal[
    "manually", "hour", "day", "working day", "weekend day", "week", "month", "year"
]
_PERIODS: Final[tuple[RepeatEvery, ...]] = (
    *("manually", "hour", "day", "working day"),
    *("weekend day", "week", "month", "year"),
)


@attrs.frozen
class AddedMailing(Answer):
    """A mailing that the service keeps now: its id, and what it will cost."""

    id: str
    cost: Decimal | None = None


@attrs.frozen
class Mailing(Answer):
    """A mailing, and how far it is.

    `recipients` are phone numbers, group codes or addresses as the service lists them. Moments are
    as it prints them, in the zone that is set for the account there. What the numbers of `status`,
    `format` and `repeat` mean is not documented. In a list, what is printed below `delivered` is
    missing, and what is there has its default.
    """

    id: str
    name: str = ""
    changed: str = ""
    scheduled: str = attrs.field(default="", metadata=wire("need_date"))
    last_sent: str = ""
    recipients: str = attrs.field(default="", repr=False, metadata=wire("phones"))
    recipient_count: int | None = attrs.field(default=None, metadata=wire("phones_cnt"))
    text: str = attrs.field(default="", repr=False, metadata=wire("message"))
    sender: str = attrs.field(default="", metadata=wire("sender_id"))
    status: int | None = None
    format: int | None = None
    cost: Decimal | None = None
    sent: int | None = attrs.field(default=None, metadata=wire("sms_sent"))
    delivered: int | None = attrs.field(default=None, metadata=wire("sms_ok"))
    subject: str = ""
    created: str = ""
    repeat: int | None = attrs.field(default=None, metadata=wire("repeat_send"))
    repeat_count: int | None = attrs.field(default=None, metadata=wire("repeat_cnt"))
    valid: str = attrs.field(default="", metadata=wire("validity"))
    period: str = ""
    freq: int | None = attrs.field(default=None, metadata=wire("frequency"))


class MailingOptions(SharedOptions, total=False):
    """What a mailing may have besides its name, recipients and content."""

    repeat_every: RepeatEvery
    """How often to send it again; without it, only when you do so in your account there."""
    repeat_limit: int
    """How many times to repeat it at most; goes with `repeat_every`."""
    fallback: bool
    """Send the message as an SMS to those whom it does not reach."""
    fallback_text: str
    """Send this text as an SMS to those whom the message does not reach: up to 1000 characters."""
    fallback_sender: str
    """The sender name of that SMS."""


_SHARED: Final = frozenset(SharedOptions.__annotations__)

_NO_SUCH_THING: Final = 3
"""The code with which other scripts say so."""


def _period(name: str, value: object) -> str:
    return str(_PERIODS.index(check_choice(name, cast("RepeatEvery", value), _PERIODS)))


_FIELDS: Final = Fields(
    repeat_every=("rpt", _period),
    repeat_limit=("rptn", whole(1)),
    fallback=("fl[5]", switch),
    fallback_text=("mes2", text(1000, least=1)),
    fallback_sender=("sender2", sender_name),
)
_OTHERS: Final = Fields(
    name=("name", text(least=1)),
    template=("tpl", code),
    id=("id", code),
    email=("mail", switch),
    start=("start", day),
    end=("end", day),
)

_READ: Final = list_reader(Mailing)


def _read_all(document: object) -> list[Mailing]:
    return _READ([_renamed(item) for item in as_list(document)])


def _renamed(item: object) -> object:
    """Return what is said of a mailing, the recipients of letters under the name of others."""
    fields = as_object(item)
    if fields is None or "emails" not in fields:
        return item
    rest = {name: value for name, value in fields.items() if name != "emails"}
    return {**rest, "phones": fields["emails"]}


def _read_one(document: object) -> Mailing:
    """Read the only item of an array; what the service says of an unknown id is not documented."""
    found = _read_all(document)
    if not found:
        raise NotFound(_NO_SUCH_THING, "there is no mailing with this id")
    return found[0]


_SCRIPT: Final = Script("jobs.php", _DOCS, (RULES["jobs.identical"],))
_ADD: Final = _SCRIPT.changing("add", reader(AddedMailing))
_DELETE: Final = _SCRIPT.changing("del", acknowledged)
_CANCEL: Final = _SCRIPT.changing("cancel", acknowledged)
_GET: Final = _SCRIPT.reading("get", _read_one)
_GET_ALL: Final = _SCRIPT.reading("get_all", _read_all)


@attrs.frozen(eq=False)
class Mailings:
    """Mailings. The service takes one identical request a minute, also of those that only read.

    The second one waits for a little more than a minute, if the client's `patience` is as long; it
    is `RateLimited` if not, as with the patience that a client has by itself.
    Mailings of letters are apart from all others: to get at them say `email=True`.
    """

    _call: Caller = attrs.field(repr=False)
    _sender: str | None = None
    _zone: tzinfo | None = None

    async def add(
        self,
        name: str,
        to: str | Iterable[str],
        content: str | Content | None = None,
        *,
        template: str | int | None = None,
        **options: Unpack[MailingOptions],
    ) -> AddedMailing:
        """Make a mailing, to be sent at its `time` or at once, and return its id and cost.

        The account pays for its messages. Recipients and content are those of `send`; the text may
        have macros for what is known of a contact, as "{Name}". With the id of a `template` instead
        of a content, the text of that is sent.

        The service gives the id, so there is no asking for a mailing whose answer was lost: nothing
        is repeated, and `OutcomeUnknown` is raised. Look for its name in `all` then; but do that
        soon, for the mailing may be sent. Raises `BadDate`, and `OperationFailed` when the service
        could not keep it. https://smscentre.com/api/http/jobs/
        """
        if (content is None) is (template is None):
            raise InvalidRequest(
                "content", "exactly one of `content` or `template` has to be given"
            )
        params = self._params(name, options)
        if content is None:
            params |= _OTHERS.write({"template": template})
            return await self._add({**params, "phones": ",".join(recipients(to))})
        message = as_content(content)
        fields = message.params()
        if "sender" in fields and "sender" in options:
            raise InvalidRequest("sender", "is a part of this content")
        numbers = recipients(to, message.recipient)
        return await self._add({**params, **fields, "phones": ",".join(numbers)}, message.files)

    async def add_list(
        self, name: str, lines: Iterable[Line], **options: Unpack[MailingOptions]
    ) -> AddedMailing:
        """Make a mailing of many texts, each to its own recipients.

        Otherwise as `add`. https://smscentre.com/api/http/jobs/
        """
        rows = tuple(lines)
        if not rows:
            raise InvalidRequest("lines", "needs at least one")
        local = any(line.tz is not None for line in rows)
        params = self._params(name, options, local=local)
        params["list"] = "\n".join(line.row() for line in rows)
        return await self._call(_ADD, params)

    async def get(self, id: str | int, *, email: bool = False) -> Mailing:
        """Return a mailing with all that is known of it.

        Raises `NotFound`, or another `ApiError`, if there is none with this id: which one is not
        documented. https://smscentre.com/api/http/jobs/
        """
        return await self._call(_GET, _about(id, email=email))

    async def all(
        self, *, start: date | None = None, end: date | None = None, email: bool = False
    ) -> list[Mailing]:
        """Return the mailings from one day to another.

        Without a `start` those of the last two months come, without an `end` those until today; and
        in both cases ten of them at most: to have all, give both.
        https://smscentre.com/api/http/jobs/
        """
        fields = _OTHERS.write({"start": start, "end": end, "email": email or None})
        in_order(start, end)
        return await self._call(_GET_ALL, fields)

    async def cancel(self, id: str | int, *, email: bool = False) -> None:
        """Switch a mailing off that waits to be sent. It stays in the list.

        https://smscentre.com/api/http/jobs/
        """
        await self._call(_CANCEL, _about(id, email=email))

    async def delete(self, id: str | int, *, email: bool = False) -> None:
        """Delete a mailing; what it has sent is not called back.

        https://smscentre.com/api/http/jobs/
        """
        await self._call(_DELETE, _about(id, email=email))

    def _params(self, name: str, options: MailingOptions, *, local: bool = False) -> FormFields:
        """Return the form fields of all but recipients and content."""
        needed(name=name)
        given = {option: value for option, value in options.items() if value is not None}
        shared = {option: given.pop(option) for option in tuple(given) if option in _SHARED}
        _check(given)
        return {
            "sender": self._sender,
            **option_params(cast("SendOptions", shared), self._zone, local=local),
            **_OTHERS.write({"name": name}),
            **_FIELDS.write(given),
            "cost": 1,
        }

    async def _add(self, params: FormFields, files: tuple[Attachment, ...] = ()) -> AddedMailing:
        # The service wants it in any case, and empty where there is no text.
        params.setdefault("mes", "")
        return await self._call(_ADD, params, files=files)


def _check(given: dict[str, object]) -> None:
    """Refuse options that go with others which are not there; a text is a fallback by itself."""
    if "repeat_limit" in given and given.get("repeat_every", "manually") == "manually":
        raise InvalidRequest("repeat_limit", "needs a `repeat_every`")
    if "fallback_text" in given:
        given.setdefault("fallback", True)
    if switch("fallback", given.get("fallback", False)) == "0":
        given.pop("fallback", None)
        for option in ("fallback_text", "fallback_sender"):
            if option in given:
                raise InvalidRequest(option, "needs a `fallback`")


def _about(id: str | int, *, email: bool) -> FormFields:
    needed(id=id)
    return _OTHERS.write({"id": id, "email": email or None})
