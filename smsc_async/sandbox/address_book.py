"""The contacts, groups and blacklists of the stand-in service, for phones and e-mail alike.

A list of contacts has each address once. Deleting a group leaves its contacts.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import attrs

from .account import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .account import Account

__all__ = ["Blocked", "Book", "Contact", "Group", "Kind", "Shelf", "handle"]

_MOST: Final = 1000
_LOCKS: Final = ("0", "1", "2")
_MODES: Final = ("1", "2", "3")

_DETAILS: Final = {
    "name": "name",
    "fnm": "first_name",
    "lnm": "last_name",
    "mnm": "middle_name",
    "bd": "birthday",
    "myid": "id",
    "cmt": "comments",
    "tags": "tags",
}
_FULL_NAME: Final = ("last_name", "first_name", "middle_name")
_OK: Final = {"result": "OK"}


@attrs.frozen
class Kind:
    """What phones and e-mail do not have in common.

    `field` has the addresses of a contact, and "new_" before it its new ones; `blocked` has them
    in the answer with the blacklist. `groups` is the type of its groups.
    """

    script: str
    field: str
    blocked: str
    groups: str
    address: re.Pattern[str]


@attrs.define
class Contact:
    """Somebody: addresses, groups by their ids, and the rest under the names of the answer."""

    id: int
    addresses: list[str] = attrs.field(factory=list[str])
    groups: list[int] = attrs.field(factory=list[int])
    others: str = ""
    details: dict[str, str] = attrs.field(factory=lambda: dict.fromkeys(_DETAILS.values(), ""))


@attrs.define
class Group:
    """A group of contacts, all of a kind."""

    id: int
    name: str
    type: str
    number: int = 0


@attrs.frozen
class Blocked:
    """An address to which nothing is sent; `type` says what of."""

    id: int
    address: str
    type: str
    comment: str


@attrs.define
class Book:
    """The contacts by their ids, and whose an address is; what is blocked by its address."""

    kind: Kind
    contacts: dict[int, Contact] = attrs.field(factory=dict[int, Contact])
    owners: dict[str, Contact] = attrs.field(factory=dict[str, Contact])
    blacklist: dict[str, Blocked] = attrs.field(factory=dict[str, Blocked])
    ids: Iterator[int] = attrs.field(factory=lambda: itertools.count(1))
    blocked_ids: Iterator[int] = attrs.field(factory=lambda: itertools.count(1))

    def give(self, contact: Contact, addresses: list[str]) -> None:
        """Let a contact have these addresses, and no others, unless another one has them."""
        if any(self.owners.get(address, contact) is not contact for address in addresses):
            raise ServiceError(5, "there is such a contact")
        for address in contact.addresses:
            del self.owners[address]
        contact.addresses = list(dict.fromkeys(addresses))
        self.owners.update(dict.fromkeys(addresses, contact))

    def addresses(self, text: str) -> list[str]:
        """Return the addresses of a list, in which anything separates them."""
        found = self.kind.address.findall(text)
        if not found:
            raise ServiceError(1, "parameters error")
        return found

    def address(self, form: Mapping[str, str]) -> str:
        """Return the only address of a form."""
        found = self.addresses(form.get(self.kind.field, ""))
        if len(found) > 1:
            raise ServiceError(1, "parameters error")
        return found[0]

    def contact(self, form: Mapping[str, str]) -> Contact:
        """Return the contact that a form is about."""
        contact = self.owners.get(self.address(form))
        if contact is None:
            raise ServiceError(3, "contact not found")
        return contact


@attrs.define
class Shelf:
    """The groups by their ids, which both scripts see, and a book for each script."""

    groups: dict[int, Group] = attrs.field(factory=dict[int, Group])
    books: dict[str, Book] = attrs.field(factory=dict[str, Book])
    ids: Iterator[int] = attrs.field(factory=lambda: itertools.count(1))

    def book(self, kind: Kind) -> Book:
        """Return what is kept of a kind."""
        return self.books.setdefault(kind.script, Book(kind))

    def contacts(self, group: Group) -> list[Contact]:
        """Return who is in a group."""
        everybody = (one for book in self.books.values() for one in book.contacts.values())
        return [one for one in everybody if group.id in one.groups]

    def chosen(self, form: Mapping[str, str], type: str) -> list[int]:
        """Return the ids that a form has; each has to be of a group of this type."""
        ids = [int(number) for number in re.findall(r"\d+", form.get("grp", ""))]
        if not all(number in self.groups and self.groups[number].type == type for number in ids):
            raise ServiceError(3, "group not found")
        return ids

    def group(self, form: Mapping[str, str]) -> Group:
        """Return the only group of a form."""
        group = self.groups.get(_number(form, "grp", 0))
        if group is None:
            raise ServiceError(3, "group not found")
        return group


def handle(account: Account, form: Mapping[str, str], kind: Kind) -> object:
    """Do what a form asks of the book of a kind, or of the groups."""
    account.count(kind.script, "phones.identical", (kind.script, *sorted(form.items())))
    shelf = account.shelf(Shelf)
    for flag, act in _COMMANDS.items():
        if flag in form:
            return act(shelf, shelf.book(kind), form)
    raise ServiceError(1, "parameters error")


def _add(shelf: Shelf, book: Book, form: Mapping[str, str]) -> object:
    addresses = book.addresses(form.get(book.kind.field, ""))
    contact = Contact(next(book.ids), groups=shelf.chosen(form, book.kind.groups))
    book.give(contact, addresses)
    _write(contact, form)
    book.contacts[contact.id] = contact
    return {"id": contact.id}


def _change(shelf: Shelf, book: Book, form: Mapping[str, str]) -> object:
    contact, chosen = book.contact(form), shelf.chosen(form, book.kind.groups)
    new = form.get(f"new_{book.kind.field}")
    addresses = contact.addresses if new is None else book.addresses(new)
    book.give(contact, addresses)
    contact.groups = chosen or contact.groups
    _write(contact, form)
    return _OK


def _write(contact: Contact, form: Mapping[str, str]) -> None:
    contact.details |= {shown: form[name] for name, shown in _DETAILS.items() if name in form}
    contact.others = form.get("pho", contact.others)


def _delete(_: Shelf, book: Book, form: Mapping[str, str]) -> object:
    contact = book.contact(form)
    book.give(contact, [])
    del book.contacts[contact.id]
    return _OK


def _get(_: Shelf, book: Book, form: Mapping[str, str]) -> object:
    found = [book.contact(form)] if book.kind.field in form else list(book.contacts.values())
    group, after = _number(form, "grp", 0), _number(form, "after_id", 0)
    initials, text = set(form.get("fio", "").lower().split()), form.get("search", "").lower()
    found = [
        one
        for one in found
        if one.id > after
        and (not group or group in one.groups)
        and initials <= {one.details[name].lower() for name in _FULL_NAME}
        and any(text in place.lower() for place in (one.details["name"], *one.addresses))
    ]
    return _some([_shown(book.kind, one) for one in found], form)


def _shown(kind: Kind, contact: Contact) -> dict[str, object]:
    # The number that is documented, unless there are several.
    groups = contact.groups
    group = ",".join(map(str, groups)) if len(groups) > 1 else sum(groups)
    shown = {"int_id": contact.id, kind.field: ",".join(contact.addresses), "group": group}
    return {**shown, **contact.details, f"{kind.field}_other": contact.others}


def _move_group(shelf: Shelf, book: Book, form: Mapping[str, str]) -> object:
    """Put a contact into other groups (1) or into more (2), or take it out of some (3)."""
    contact, chosen = book.contact(form), shelf.chosen(form, book.kind.groups)
    mode = form["move_group"]
    if not chosen or mode not in _MODES:
        raise ServiceError(1, "parameters error")
    if mode == "1":
        contact.groups = chosen
    elif mode == "2":
        contact.groups += [group for group in chosen if group not in contact.groups]
    elif not set(chosen) <= set(contact.groups):
        raise ServiceError(3, "the contact is not in the group")
    else:
        contact.groups = [group for group in contact.groups if group not in chosen]
    return _OK


def _add_group(shelf: Shelf, _: Book, form: Mapping[str, str]) -> object:
    if not form.get("name"):
        raise ServiceError(1, "parameters error")
    group = Group(next(shelf.ids), form["name"], _group_type(form), _number(form, "num", 0))
    shelf.groups[group.id] = group
    return {"id": group.id}


def _change_group(shelf: Shelf, _: Book, form: Mapping[str, str]) -> object:
    group = shelf.group(form)
    if not form.get("name"):
        raise ServiceError(1, "parameters error")
    group.name, group.number = form["name"], _number(form, "num", group.number)
    return _OK


def _delete_group(shelf: Shelf, _: Book, form: Mapping[str, str]) -> object:
    group = shelf.group(form)
    for contact in shelf.contacts(group):
        contact.groups.remove(group.id)
    del shelf.groups[group.id]
    return _OK


def _get_group(shelf: Shelf, _: Book, form: Mapping[str, str]) -> object:
    return _some(
        [
            {
                "id": group.id,
                "name": group.name,
                "number": group.number,
                "cnt": str(len(shelf.contacts(group))),
            }
            for group in shelf.groups.values()
            if group.type == _group_type(form)
        ]
    )


def _group_type(form: Mapping[str, str]) -> str:
    if form.get("type", "0") not in ("0", "1"):
        raise ServiceError(1, "parameters error")
    return form.get("type", "0")


def _add_black(_: Shelf, book: Book, form: Mapping[str, str]) -> object:
    address, type_ = book.address(form), form.get("type", "0")
    if type_ not in _LOCKS:
        raise ServiceError(1, "parameters error")
    if address in book.blacklist:
        raise ServiceError(5, "the address is blocked already")
    entry = Blocked(next(book.blocked_ids), address, type_, form.get("cmt", ""))
    book.blacklist[address] = entry
    return {"id": entry.id}


def _delete_black(_: Shelf, book: Book, form: Mapping[str, str]) -> object:
    if book.blacklist.pop(book.address(form), None) is None:
        raise ServiceError(3, "the address is not blocked")
    return _OK


def _get_black(_: Shelf, book: Book, form: Mapping[str, str]) -> object:
    """Answer with what is blocked, the latest first."""
    entries = reversed(book.blacklist.values())
    before = _number(form, "prev_id", 0)
    return _some(
        [
            {
                "id": entry.id,
                book.kind.blocked: entry.address,
                "type": int(entry.type),
                "comment": entry.comment,
            }
            for entry in entries
            if not before or entry.id < before
        ],
        form,
    )


def _some(found: list[dict[str, object]], form: Mapping[str, str] | None = None) -> object:
    """Return as many as are wanted, of which there has to be one."""
    most = min(_number(form or {}, "cnt", _MOST), _MOST)
    if not found[:most]:
        raise ServiceError(3, "no records found")
    return found[:most]


def _number(form: Mapping[str, str], field: str, default: int) -> int:
    value = form.get(field) or str(default)
    if not (value.isascii() and value.isdigit()):
        raise ServiceError(1, "parameters error")
    return int(value)


_COMMANDS: Final[Mapping[str, Callable[[Shelf, Book, Mapping[str, str]], object]]] = {
    "add": _add,
    "chg": _change,
    "del": _delete,
    "get": _get,
    "move_group": _move_group,
    "add_group": _add_group,
    "chg_group": _change_group,
    "del_group": _delete_group,
    "get_group": _get_group,
    "add_black": _add_black,
    "del_black": _delete_black,
    "get_black": _get_black,
}
