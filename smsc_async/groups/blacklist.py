"""Blacklists: phone numbers and e-mail addresses to which the service sends nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic, TypeVar

import attrs

from .._call import Caller
from .._convert import Answer, Code, acknowledged, added_id, list_reader, wire
from .._fields import Fields, code, email, needed, text, whole
from .._limits import RULES
from .._listing import listed
from .._options import plain_phone
from .._script import Script
from ..errors import BadReply, InvalidRequest

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from .._fields import FormFields

__all__ = [
    "Blacklist",
    "BlacklistEntry",
    "BlockedMessages",
    "EmailBlacklist",
    "EmailBlacklistEntry",
]

_DOCS: Final = "https://smscentre.com/api/http/contact/"

_PAGE: Final = 1000


class BlockedMessages(Code):
    """Which messages do not go to a recipient on a blacklist."""

    ALL = 0
    MAILINGS = 1
    SINGLE = 2


@attrs.frozen
class _Entry(Answer):
    """What entries of both lists have."""

    id: str = attrs.field(validator=attrs.validators.matches_re(r"[0-9]{1,20}"))
    blocked: BlockedMessages | None = attrs.field(default=None, metadata=wire("type"))
    comment: str = ""


@attrs.frozen
class BlacklistEntry(_Entry):
    """A phone number to which nothing is sent, or not everything."""

    phone: str = ""


@attrs.frozen
class EmailBlacklistEntry(_Entry):
    """An e-mail address to which nothing is sent, or not everything."""

    email: str = ""


def _blocked(name: str, value: object) -> str:
    if value not in (BlockedMessages.ALL, BlockedMessages.MAILINGS, BlockedMessages.SINGLE):
        raise InvalidRequest(name, "has to be one of BlockedMessages")
    return whole(0)(name, value)


_FIELDS: Final = Fields(
    phone=("phone", plain_phone),
    email=("mail", email),
    blocked=("type", _blocked),
    comment=("cmt", text()),
    before=("prev_id", code),
    limit=("cnt", whole(1, _PAGE)),
)

E = TypeVar("E", bound=_Entry)


class _Commands(Generic[E]):
    """The commands of one of the two scripts, which differ in nothing but their addresses."""

    def __init__(self, script: str, entry: type[E]) -> None:
        commands = Script(script, _DOCS, (RULES["phones.identical"],))
        self.add = commands.changing("add_black", added_id)
        self.delete = commands.changing("del_black", acknowledged)
        self.get = commands.reading("get_black", list_reader(entry))


_PHONES: Final = _Commands("phones.php", BlacklistEntry)
_MAILS: Final = _Commands("mails.php", EmailBlacklistEntry)


@attrs.frozen(eq=False)
class _List(Generic[E]):
    """What both blacklists are read by."""

    _call: Caller = attrs.field(repr=False)
    _commands: _Commands[E] = attrs.field(init=False, repr=False)

    async def page(self, *, limit: int | None = None, before: str | int | None = None) -> list[E]:
        """Return some entries in one request; if there are none, an empty list.

        `limit` is how many, up to 1000. `before` is the id of an entry: only those that were added
        before it. https://smscentre.com/api/http/contact/
        """
        fields = _FIELDS.write({"limit": limit, "before": before})
        return await listed(self._call, self._commands.get, fields)

    def all(self, *, before: str | int | None = None) -> AsyncGenerator[E, None]:
        """Go through all entries, or those that were added before one of them.

        Fetches them in pages of 1000, the latest first, and waits for the limits as long as it
        takes. To go on later, give the id of the last one that you had as `before`.
        https://smscentre.com/api/http/contact/
        """
        fields = _FIELDS.write({"limit": _PAGE, "before": before})
        return self._walk(fields, None if before is None else int(before))

    async def _walk(self, fields: FormFields, last: int | None) -> AsyncGenerator[E, None]:
        more = True
        while more:
            page = await listed(self._call, self._commands.get, fields, patient=True)
            older = [entry for entry in page if last is None or int(entry.id) < last]
            for entry in older:
                yield entry
            more = len(page) >= _PAGE
            if more:
                if not older:
                    raise BadReply("there is no older entry in a full page", "$[0].id")
                fields["prev_id"] = last = min(int(entry.id) for entry in older)


@attrs.frozen(eq=False)
class Blacklist(_List[BlacklistEntry]):
    """Phone numbers to which nothing is sent. Three identical requests a minute are taken."""

    _commands: _Commands[BlacklistEntry] = attrs.field(default=_PHONES, init=False, repr=False)

    async def add(
        self, phone: str, *, blocked: BlockedMessages | None = None, comment: str | None = None
    ) -> str:
        """Block a phone number for all messages, or only for some, and return the entry's id.

        Raises `OperationFailed` when the service cannot do it. Not repeated when it is unknown
        whether it worked: you get `OutcomeUnknown`. https://smscentre.com/api/http/contact/
        """
        needed(phone=phone)
        fields = _FIELDS.write({"phone": phone, "blocked": blocked, "comment": comment})
        return await self._call(_PHONES.add, fields)

    async def delete(self, phone: str) -> None:
        """Let messages to a phone number go out again; raises `NotFound` if it is not blocked.

        https://smscentre.com/api/http/contact/
        """
        needed(phone=phone)
        await self._call(_PHONES.delete, _FIELDS.write({"phone": phone}))


@attrs.frozen(eq=False)
class EmailBlacklist(_List[EmailBlacklistEntry]):
    """E-mail addresses to which nothing is sent. Three identical requests a minute are taken."""

    _commands: _Commands[EmailBlacklistEntry] = attrs.field(default=_MAILS, init=False, repr=False)

    async def add(
        self, email: str, *, blocked: BlockedMessages | None = None, comment: str | None = None
    ) -> str:
        """Block an e-mail address for all messages, or only for some, and return the entry's id.

        Raises `OperationFailed` when the service cannot do it. Not repeated when it is unknown
        whether it worked: you get `OutcomeUnknown`. https://smscentre.com/api/http/contact/
        """
        needed(email=email)
        fields = _FIELDS.write({"email": email, "blocked": blocked, "comment": comment})
        return await self._call(_MAILS.add, fields)

    async def delete(self, email: str) -> None:
        """Let messages to an address go out again; raises `NotFound` if it is not blocked.

        https://smscentre.com/api/http/contact/
        """
        needed(email=email)
        await self._call(_MAILS.delete, _FIELDS.write({"email": email}))
