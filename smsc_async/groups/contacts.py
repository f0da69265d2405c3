"""Contacts: phone numbers and e-mail addresses with names, in groups."""

from __future__ import annotations

import re
from collections.abc import Iterable  # noqa: TC003 - whoever reads the hints of a TypedDict
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final, Generic, TypedDict, TypeVar, Unpack

import attrs

from .._call import Caller
from .._convert import Answer, acknowledged, added_id, as_list, as_object, list_reader, wire
from .._fields import Fields, code, day, email, needed, several, text, whole
from .._limits import RULES
from .._listing import listed
from .._options import plain_phone
from .._script import Script
from ..errors import BadReply, NotFound

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from .._fields import FormFields

__all__ = [
    "Contact",
    "ContactChanges",
    "ContactDetails",
    "ContactFilter",
    "Contacts",
    "EmailContact",
    "EmailContactChanges",
    "EmailContactDetails",
    "EmailContacts",
]

_DOCS: Final = "https://smscentre.com/api/http/contact/"

_PAGE: Final = 1000
_NONE_FOUND: Final = 3
_LAST_ID: Final = "$[-1].int_id"


@attrs.frozen
class _Listed(Answer):
    """What contacts of both kinds have."""

    id: str | None = attrs.field(default=None, metadata=wire("int_id"))
    own_id: str = attrs.field(default="", metadata=wire("id"))
    name: str = ""
    groups: tuple[str, ...] = attrs.field(default=(), metadata=wire("group"))
    last_name: str = ""
    first_name: str = ""
    middle_name: str = ""
    birthday_text: str = attrs.field(default="", metadata=wire("birthday"))
    comment: str = attrs.field(default="", metadata=wire("comments"))
    tags: str = ""

    @property
    def birthday(self) -> date | None:
        """The day of birth; None if there is none, or if what is printed is not a day."""
        try:
            return datetime.strptime(self.birthday_text, "%d.%m.%Y").replace(tzinfo=UTC).date()
        except ValueError:
            return None


@attrs.frozen
class Contact(_Listed):
    """Somebody's phone numbers. `id` is the service's own, `own_id` the one that you gave.

    `groups` are the ids of the groups that it is in. Nothing is ever sent to `other_phones`.
    """

    phones: tuple[str, ...] = attrs.field(default=(), metadata=wire("phone"))
    other_phones: str = attrs.field(default="", metadata=wire("phone_other"))


@attrs.frozen
class EmailContact(_Listed):
    """Somebody's e-mail addresses. `id` is the service's own, `own_id` the one that you gave.

    `groups` are the ids of the groups that it is in. Nothing is ever sent to `other_emails`.
    """

    emails: tuple[str, ...] = attrs.field(default=(), metadata=wire("mail"))
    other_emails: str = attrs.field(default="", metadata=wire("mail_other"))


class _Details(TypedDict, total=False):
    """What contacts of both kinds may have besides their address."""

    name: str
    """What the contact is called."""
    groups: str | int | Iterable[str | int]
    """The id of the group that it is in, or of several."""
    last_name: str
    """The surname."""
    first_name: str
    """The first name."""
    middle_name: str
    """The patronymic."""
    birthday: date
    """The day of birth."""
    own_id: str
    """Your own id of the contact."""
    comment: str
    """A note."""
    tags: str
    """Words to find it by, as you like to write them."""


class ContactDetails(_Details, total=False):
    """What a contact may have besides its phone numbers."""

    other_phones: str
    """Further numbers, as you like to write them; nothing is sent to these."""


class ContactChanges(ContactDetails, total=False):
    """What of a contact may be changed; the rest stays as it is."""

    phones: str | Iterable[str]
    """Its phone numbers, instead of all those that it has."""


class EmailContactDetails(_Details, total=False):
    """What a contact may have besides its e-mail addresses."""

    other_emails: str
    """Further addresses, as you like to write them; nothing is sent to these."""


class EmailContactChanges(EmailContactDetails, total=False):
    """What of a contact may be changed; the rest stays as it is."""

    emails: str | Iterable[str]
    """Its e-mail addresses, instead of all those that it has."""


class ContactFilter(TypedDict, total=False):
    """Which contacts to look for."""

    group: str | int
    """Only those in the group with this id."""
    full_name: str
    """Only those with this surname, first name or patronymic, or with several of these."""
    search: str
    """Only those with this in their name or address."""


_DETAILS: Final = {
    "name": ("name", text()),
    "groups": ("grp", several(code)),
    "last_name": ("lnm", text()),
    "first_name": ("fnm", text()),
    "middle_name": ("mnm", text()),
    "birthday": ("bd", day),
    "own_id": ("myid", text()),
    "comment": ("cmt", text()),
    "tags": ("tags", text()),
}
_FILTER: Final = Fields(
    group=("grp", code),
    full_name=("fio", text(least=1)),
    search=("search", text(least=1)),
    after=("after_id", code),
    limit=("cnt", whole(1, _PAGE)),
)
_PHONE: Final = Fields(phone=("phone", plain_phone))
_NEW_CONTACT: Final = Fields(
    phones=("phone", several(plain_phone)), other_phones=("pho", text()), **_DETAILS
)
_CHANGES: Final = Fields(
    phones=("new_phone", several(plain_phone)), other_phones=("pho", text()), **_DETAILS
)
_EMAIL: Final = Fields(email=("mail", email))
_NEW_EMAIL_CONTACT: Final = Fields(
    emails=("mail", several(email)), other_emails=("pho", text()), **_DETAILS
)
_EMAIL_CHANGES: Final = Fields(
    emails=("new_mail", several(email)), other_emails=("pho", text()), **_DETAILS
)

_PARTS: Final = {
    "phone": re.compile(r"\+?\d+"),
    "mail": re.compile(r"[^\s,;|]+"),
    "group": re.compile(r"[1-9]\d*"),
}
"""How to find the parts of fields that have several; the service separates them as it likes."""


def _in_parts(item: object) -> object:
    """Return a contact without what is null, and with lists where it may have several."""
    fields = as_object(item)
    if fields is None:
        return item
    known = {name: value for name, value in fields.items() if value is not None}
    for name, parts in _PARTS.items():
        value = known.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool):
            known[name] = parts.findall(str(value))
    return known


C = TypeVar("C", bound=_Listed)


class _Commands(Generic[C]):
    """The commands of one of the two scripts, which differ in nothing but their addresses."""

    def __init__(self, script: str, contact: type[C]) -> None:
        read = list_reader(contact)

        def read_page(document: object) -> list[C]:
            return read([_in_parts(item) for item in as_list(document)])

        commands = Script(script, _DOCS, (RULES["phones.identical"],))
        self.add = commands.changing("add", added_id)
        self.change = commands.changing("chg", acknowledged)
        self.delete = commands.changing("del", acknowledged)
        self.get = commands.reading("get", read_page)


_PHONES: Final = _Commands("phones.php", Contact)
_MAILS: Final = _Commands("mails.php", EmailContact)


@attrs.frozen(eq=False)
class _Book(Generic[C]):
    """What both kinds of contacts are read by."""

    _call: Caller = attrs.field(repr=False)
    _commands: _Commands[C] = attrs.field(init=False, repr=False)

    async def page(
        self,
        *,
        limit: int | None = None,
        after: str | int | None = None,
        **which: Unpack[ContactFilter],
    ) -> list[C]:
        """Return some contacts in one request; if there are none, an empty list.

        `limit` is how many, up to 1000. `after` is the `id` of a contact: only those that come
        after it in the service's order. https://smscentre.com/api/http/contact/
        """
        fields = _FILTER.write({"limit": limit, "after": after, **which})
        return await listed(self._call, self._commands.get, fields)

    def all(
        self, *, after: str | int | None = None, **which: Unpack[ContactFilter]
    ) -> AsyncGenerator[C, None]:
        """Go through all contacts, or some of them, in the service's order.

        Fetches them in pages of 1000, and waits for the limits as long as it takes. To go on later,
        give the `id` of the last one that you had as `after`. Raises `BadReply` when the service
        leaves out the ids that it takes to ask for the next page.
        https://smscentre.com/api/http/contact/
        """
        fields = _FILTER.write({"limit": _PAGE, "after": after, **which})
        return self._walk(fields)

    async def _get(self, fields: FormFields) -> C:
        found = await self._call(self._commands.get, fields)
        if not found:
            command = self._commands.get.name
            raise NotFound(_NONE_FOUND, "no records found").about(command=command, docs=_DOCS)
        return found[0]

    async def _walk(self, fields: FormFields) -> AsyncGenerator[C, None]:
        """Go through the pages; nothing says in which order contacts come, so none is relied on."""
        been = {fields.get("after_id")}
        more = True
        while more:
            page = await listed(self._call, self._commands.get, fields, patient=True)
            for contact in page:
                if contact.id is None or contact.id != fields.get("after_id"):
                    yield contact
            more = len(page) >= _PAGE
            if more:
                last = page[-1].id
                if not last or last in been:
                    raise BadReply("a full page ends without a new id to go on from", _LAST_ID)
                been.add(last)
                fields["after_id"] = last


@attrs.frozen(eq=False)
class Contacts(_Book[Contact]):
    """Contacts with phone numbers. The service takes three identical requests a minute."""

    _commands: _Commands[Contact] = attrs.field(default=_PHONES, init=False, repr=False)

    async def add(self, phones: str | Iterable[str], **details: Unpack[ContactDetails]) -> str:
        """Keep a contact with one phone number or several, and return the service's id of it.

        Raises `NotFound` or `OperationFailed` when the service cannot do it. Not repeated when it
        is unknown whether it worked: you get `OutcomeUnknown`.
        https://smscentre.com/api/http/contact/
        """
        needed(phones=phones)
        fields = _NEW_CONTACT.write({"phones": phones, **details})
        return await self._call(_PHONES.add, fields)

    async def change(self, phone: str, **changes: Unpack[ContactChanges]) -> None:
        """Change what is given of the contact with this phone number, and nothing else.

        Raises `NotFound` if there is none. https://smscentre.com/api/http/contact/
        """
        fields = _one_phone(phone) | _CHANGES.write(changes)
        await self._call(_PHONES.change, fields)

    async def delete(self, phone: str) -> None:
        """Delete the contact with this phone number; raises `NotFound` if there is none.

        https://smscentre.com/api/http/contact/
        """
        await self._call(_PHONES.delete, _one_phone(phone))

    async def get(self, phone: str) -> Contact:
        """Return the contact with this phone number; raises `NotFound` if there is none.

        If several have it, this is the first of them. https://smscentre.com/api/http/contact/
        """
        return await self._get(_one_phone(phone))


@attrs.frozen(eq=False)
class EmailContacts(_Book[EmailContact]):
    """Contacts with e-mail addresses. The service takes three identical requests a minute."""

    _commands: _Commands[EmailContact] = attrs.field(default=_MAILS, init=False, repr=False)

    async def add(self, emails: str | Iterable[str], **details: Unpack[EmailContactDetails]) -> str:
        """Keep a contact with one e-mail address or several, and return the service's id of it.

        Raises `NotFound` or `OperationFailed` when the service cannot do it. Not repeated when it
        is unknown whether it worked: you get `OutcomeUnknown`.
        https://smscentre.com/api/http/contact/
        """
        needed(emails=emails)
        fields = _NEW_EMAIL_CONTACT.write({"emails": emails, **details})
        return await self._call(_MAILS.add, fields)

    async def change(self, email: str, **changes: Unpack[EmailContactChanges]) -> None:
        """Change what is given of the contact with this address, and nothing else.

        Raises `NotFound` if there is none. https://smscentre.com/api/http/contact/
        """
        fields = _one_email(email) | _EMAIL_CHANGES.write(changes)
        await self._call(_MAILS.change, fields)

    async def delete(self, email: str) -> None:
        """Delete the contact with this address; raises `NotFound` if there is none.

        https://smscentre.com/api/http/contact/
        """
        await self._call(_MAILS.delete, _one_email(email))

    async def get(self, email: str) -> EmailContact:
        """Return the contact with this address; raises `NotFound` if there is none.

        If several have it, this is the first of them. https://smscentre.com/api/http/contact/
        """
        return await self._get(_one_email(email))


def _one_phone(phone: str) -> FormFields:
    needed(phone=phone)
    return _PHONE.write({"phone": phone})


def _one_email(email: str) -> FormFields:
    needed(email=email)
    return _EMAIL.write({"email": email})
