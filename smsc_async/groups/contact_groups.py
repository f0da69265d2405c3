"""Groups of contacts, to which one can send by their number, as "G12"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import attrs

from .._call import Caller
from .._convert import Answer, acknowledged, added_id, list_reader, wire
from .._fields import Fields, code, email, needed, several, text, whole
from .._limits import RULES
from .._listing import listed
from .._options import plain_phone
from .._script import Script
from ..errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .._fields import FormFields

__all__ = ["ContactGroup", "ContactGroupKind", "ContactGroups", "EmailContactGroups"]

_DOCS: Final = "https://smscentre.com/api/http/contact/"

_LARGEST: Final = 9_999_999_999

ContactGroupKind: TypeAlias = Literal["phone", "email"]


@attrs.frozen
class ContactGroup(Answer):
    """A group of contacts. One sends to it by its `number`; `size` is how many contacts it has."""

    id: str
    name: str = ""
    number: int | None = None
    size: int | None = attrs.field(default=None, metadata=wire("cnt"))


_KINDS: Final = {"phone": "0", "email": "1"}


def _kind(name: str, value: object) -> str:
    if not isinstance(value, str) or value not in _KINDS:
        raise InvalidRequest(name, 'has to be "phone" or "email"')
    return _KINDS[value]


_FIELDS: Final = Fields(
    id=("grp", code),
    name=("name", text(least=1)),
    number=("num", whole(1, _LARGEST)),
    kind=("type", _kind),
    groups=("grp", several(code)),
    phone=("phone", plain_phone),
    email=("mail", email),
)


class _Commands:
    """The commands of one of the two scripts, which differ in nothing but their addresses."""

    def __init__(self, script: str) -> None:
        commands = Script(script, _DOCS, (RULES["phones.identical"],))
        self.add = commands.changing("add_group", added_id)
        self.get = commands.reading("get_group", list_reader(ContactGroup))
        self.change = commands.changing("chg_group", acknowledged)
        self.delete = commands.changing("del_group", acknowledged)
        self.move_contact = commands.changing("move_group", acknowledged, value="1")
        self.add_contact = commands.changing("move_group", acknowledged, value="2")
        self.remove_contact = commands.changing("move_group", acknowledged, value="3")


_PHONES: Final = _Commands("phones.php")
_MAILS: Final = _Commands("mails.php")


@attrs.frozen(eq=False)
class _Groups:
    """What both kinds of groups have in common."""

    _call: Caller = attrs.field(repr=False)
    _commands: _Commands = attrs.field(init=False, repr=False)

    async def change(self, id: str | int, name: str, *, number: int | None = None) -> None:
        """Give a group another name, and another number if one is given.

        Raises `NotFound` if there is none with this id. https://smscentre.com/api/http/contact/
        """
        needed(id=id, name=name)
        fields = _FIELDS.write({"id": id, "name": name, "number": number})
        await self._call(self._commands.change, fields)

    async def delete(self, id: str | int) -> None:
        """Delete a group; raises `NotFound` if there is none with this id.

        What becomes of its contacts is not documented. https://smscentre.com/api/http/contact/
        """
        needed(id=id)
        await self._call(self._commands.delete, _FIELDS.write({"id": id}))

    async def _add(self, name: str, number: int | None, kind: ContactGroupKind | None) -> str:
        needed(name=name)
        fields = _FIELDS.write({"name": name, "number": number, "kind": kind})
        return await self._call(self._commands.add, fields)

    async def _all(self, kind: ContactGroupKind | None) -> list[ContactGroup]:
        return await listed(self._call, self._commands.get, _FIELDS.write({"kind": kind}))


@attrs.frozen(eq=False)
class ContactGroups(_Groups):
    """Groups of contacts. The service takes three identical requests a minute.

    What moves contacts is about those with phone numbers; for the others there is
    `EmailContactGroups`.
    """

    _commands: _Commands = attrs.field(default=_PHONES, init=False, repr=False)

    async def add(
        self, name: str, *, number: int | None = None, kind: ContactGroupKind | None = None
    ) -> str:
        """Make a group, and return its id.

        `number` is what one sends to it by, as "G12"; `kind` is whether it is for phone numbers, as
        it is without it, or for e-mail addresses. Raises `OperationFailed` when the service cannot
        do it. Not repeated when it is unknown whether it worked: you get `OutcomeUnknown`.
        https://smscentre.com/api/http/contact/
        """
        return await self._add(name, number, kind)

    async def all(self, *, kind: ContactGroupKind | None = None) -> list[ContactGroup]:
        """Return the groups for phone numbers, or those of a kind; without any, an empty list.

        https://smscentre.com/api/http/contact/
        """
        return await self._all(kind)

    async def move_contact(self, phone: str, groups: str | int | Iterable[str | int]) -> None:
        """Put the contact with this phone number into a group, by its id, and out of its others.

        With several ids it is in all of these then. Raises `NotFound` if there is no such contact
        or group. https://smscentre.com/api/http/contact/
        """
        await self._call(self._commands.move_contact, _of_phone(phone, groups))

    async def add_contact(self, phone: str, groups: str | int | Iterable[str | int]) -> None:
        """Put the contact with this phone number into one more group, by its id, or into several.

        Raises `NotFound` if there is no such contact or group.
        https://smscentre.com/api/http/contact/
        """
        await self._call(self._commands.add_contact, _of_phone(phone, groups))

    async def remove_contact(self, phone: str, groups: str | int | Iterable[str | int]) -> None:
        """Take the contact with this phone number out of a group, by its id, or out of several.

        Raises `NotFound` if there is no such contact or group, or if it is not in it.
        https://smscentre.com/api/http/contact/
        """
        await self._call(self._commands.remove_contact, _of_phone(phone, groups))


@attrs.frozen(eq=False)
class EmailContactGroups(_Groups):
    """Groups of contacts with e-mail addresses.

    The service says no more of them than that its script for addresses is like the one for phone
    numbers, which makes and lists groups for addresses, too: see `kind` of `ContactGroups.add` and
    `all`. It takes three identical requests a minute.
    """

    _commands: _Commands = attrs.field(default=_MAILS, init=False, repr=False)

    async def add(self, name: str, *, number: int | None = None) -> str:
        """Make a group for e-mail addresses, and return its id.

        `number` is what one sends to it by, as "G12". Raises `OperationFailed` when the service
        cannot do it. Not repeated when it is unknown whether it worked: you get `OutcomeUnknown`.
        https://smscentre.com/api/http/contact/
        """
        return await self._add(name, number, "email")

    async def all(self) -> list[ContactGroup]:
        """Return the groups for e-mail addresses; without any, an empty list.

        https://smscentre.com/api/http/contact/
        """
        return await self._all("email")

    async def move_contact(self, email: str, groups: str | int | Iterable[str | int]) -> None:
        """Put the contact with this address into a group, by its id, and out of its others.

        With several ids it is in all of these then. Raises `NotFound` if there is no such contact
        or group. https://smscentre.com/api/http/contact/
        """
        await self._call(self._commands.move_contact, _of_email(email, groups))

    async def add_contact(self, email: str, groups: str | int | Iterable[str | int]) -> None:
        """Put the contact with this address into one more group, by its id, or into several.

        Raises `NotFound` if there is no such contact or group.
        https://smscentre.com/api/http/contact/
        """
        await self._call(self._commands.add_contact, _of_email(email, groups))

    async def remove_contact(self, email: str, groups: str | int | Iterable[str | int]) -> None:
        """Take the contact with this address out of a group, by its id, or out of several.

        Raises `NotFound` if there is no such contact or group, or if it is not in it.
        https://smscentre.com/api/http/contact/
        """
        await self._call(self._commands.remove_contact, _of_email(email, groups))


def _of_phone(phone: str, groups: str | int | Iterable[str | int]) -> FormFields:
    needed(phone=phone, groups=groups)
    return _FIELDS.write({"phone": phone, "groups": groups})


def _of_email(email: str, groups: str | int | Iterable[str | int]) -> FormFields:
    needed(email=email, groups=groups)
    return _FIELDS.write({"email": email, "groups": groups})
