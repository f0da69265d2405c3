"""senders.php: sender names, which are looked at for a minute before they may be used.

A name of digits waits for its code instead, which is always the same here. Operators follow the
same minute; where documents are sent along, these are approved in it, too.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import attrs

from ..account import ServiceError
from ..kinds import Upload

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..account import Account

__all__ = ["CODE", "SCRIPT", "handle"]

SCRIPT: Final = "senders.php"
CODE: Final = "338824"
"""What every number is confirmed with."""

_MODERATION: Final = 60.0
_PENDING: Final = 0
_ALLOWED: Final = 1
_AT_OPERATOR: Final = (0, 2)
_FILE: Final = (0, 2)
_UNREACHABLE: Final = 20
_MOST: Final = 15_000
_LARGEST_FILE: Final = 3 * 1024 * 1024

_OPERATORS: Final = (
    *("mega_step", "mega_int", "bee_step", "motiv", "motiv_step", "motiv_int", "sber_step"),
    *("sber_int", "winmob_step", "volnamob_step", "mts_step", "mts_int", "tele2_step", "tele2"),
    *("tele2_int", "ua_reg", "ua_int", "by_reg", "by_int"),
)
_UKRAINE: Final = frozenset({"fio", "inn", "site", "email", "address", "desc", "subj"})
_BELARUS: Final = frozenset(
    {"by_fio", "by_inn", "by_address", "by_ocup", "by_type", "by_mes", "by_site"}
)
_NEEDED: Final = {"ua_reg": _UKRAINE, "ua_int": _UKRAINE, "by_reg": _BELARUS, "by_int": _BELARUS}
_FORMATS: Final = re.compile(r".+\.(jpg|tif|pdf|png|zip|rar)", re.IGNORECASE)
_UPLOAD: Final = re.compile(r"file\d*")
_NUMBER: Final = re.compile(r"\d{7,15}")


@attrs.define
class _Name:
    """A sender name. `confirmed` is None where no code is needed."""

    id: int
    sender: str
    owner: str
    added_at: float
    changed_at: float
    operators: set[str] = attrs.field(factory=set[str])
    files: list[tuple[int, str]] = attrs.field(factory=list[tuple[int, str]])
    confirmed: bool | None = None

    def status(self, now: float) -> int:
        """Whether it may be used."""
        ready = (
            self.confirmed if self.confirmed is not None else self._looked_at(self.added_at, now)
        )
        return _ALLOWED if ready else _PENDING

    def shown(self, now: float, form: Mapping[str, str]) -> dict[str, object]:
        """Return it as the list has it."""
        shown: dict[str, object] = {"sender": self.sender}
        done = self._looked_at(self.changed_at, now)
        if form.get("operators") == "1":
            # With these, everything is a string.
            shown |= {
                name: str(_AT_OPERATOR[done]) for name in _OPERATORS if name in self.operators
            }
            shown["id"] = str(self.id)
        else:
            shown |= {"status": self.status(now)} if form.get("all") == "1" else {}
            shown["id"] = self.id
        if form.get("files") == "1":
            shown["files"] = [
                {"file": name, "fid": number, "fstatus": _FILE[done], "fcomment": ""}
                for number, name in self.files
            ]
        return shown

    def _looked_at(self, since: float, now: float) -> bool:
        return now - since >= _MODERATION


@attrs.define
class Shelf:
    """The names by their ids, the first one first."""

    names: dict[int, _Name] = attrs.field(factory=dict[int, _Name])
    ids: Iterator[int] = attrs.field(factory=lambda: itertools.count(1))
    file_ids: Iterator[int] = attrs.field(factory=lambda: itertools.count(1))

    def find(self, form: Mapping[str, str]) -> _Name | None:
        """Return the name that a form is about."""
        for name in self.names.values():
            found = name.sender == form.get("sender") or str(name.id) == form.get("id")
            if found and name.owner == form.get("user", ""):
                return name
        return None


def handle(account: Account, form: Mapping[str, str]) -> object:
    """List, add, change, confirm or delete."""
    shelf = account.shelf(Shelf)
    if form.get("get") == "1":
        return _get(account, shelf, form)
    if form.get("add") == "1":
        return _add(account, shelf, form)
    if form.get("send_code") == "1":
        _check_number(account, form.get("sender", ""))
    name = shelf.find(form)
    if name is None:
        raise ServiceError(3, "sender not found")
    if form.get("del") == "1":
        del shelf.names[name.id]
    elif form.get("chg") == "1":
        _write(shelf, name, form, account.unix_time)
    elif form.get("send_code") == "1":
        _send_code(account, name)
    elif form.get("check_code") == "1":
        if form.get("code") != CODE:
            raise ServiceError(11, "wrong code")
        name.confirmed = True
    else:
        raise ServiceError(1, "parameters error")
    return {"result": "OK"}


def _get(account: Account, shelf: Shelf, form: Mapping[str, str]) -> object:
    account.count(SCRIPT, "senders.get.identical", tuple(sorted(form.items())))
    now = account.unix_time
    found = [name for name in reversed(shelf.names.values()) if name.owner == form.get("user", "")]
    if form.get("all") != "1":
        found = [name for name in found if name.status(now) == _ALLOWED]
    if form.get("prev_id"):
        found = [name for name in found if name.id < int(form["prev_id"])]
    if form.get("from_date"):
        since = datetime.strptime(form["from_date"], "%d.%m.%Y").replace(tzinfo=UTC).timestamp()
        found = [name for name in found if name.operators and name.changed_at >= since]
        found.sort(key=lambda name: -name.changed_at)
    found = found[: int(form.get("cnt") or _MOST)]
    if not found:
        raise ServiceError(3, "sender not found")
    return [name.shown(now, form) for name in found]


def _add(account: Account, shelf: Shelf, form: Mapping[str, str]) -> object:
    account.count(SCRIPT, "senders.add")
    sender = form.get("sender", "")
    if not sender:
        raise ServiceError(1, "parameters error")
    if shelf.find({"sender": sender, "user": form.get("user", "")}) is not None:
        raise ServiceError(5, "save error")
    now = account.unix_time
    confirmed = False if sender.isdigit() else None
    name = _Name(next(shelf.ids), sender, form.get("user", ""), now, now, confirmed=confirmed)
    _write(shelf, name, form, now)
    shelf.names[name.id] = name
    # Yes: the id comes under this name.
    return {"sender": name.id}


def _write(shelf: Shelf, name: _Name, form: Mapping[str, str], now: float) -> None:
    """Note what a form says of a name."""
    wanted = {operator for operator in _OPERATORS if form.get(operator) == "1"}
    needed = frozenset[str]().union(*(_NEEDED.get(operator, ()) for operator in wanted))
    if not all(form.get(field) for field in needed):
        raise ServiceError(1, "parameters error")
    files = [value for field, value in form.items() if _UPLOAD.fullmatch(field)]
    for file in files:
        size = file.size if isinstance(file, Upload) else 0
        if not _FORMATS.fullmatch(file) or size > _LARGEST_FILE:
            raise ServiceError(1, "parameters error")
    name.operators |= wanted
    name.files += [(next(shelf.file_ids), str(file)) for file in files]
    name.changed_at = now


def _check_number(account: Account, sender: str) -> None:
    if not _NUMBER.fullmatch(sender):
        raise ServiceError(7, "invalid number")
    if account.fate(sender).status >= _UNREACHABLE:
        raise ServiceError(8, "the code cannot be delivered")


def _send_code(account: Account, name: _Name) -> None:
    if account.limits.count("senders.send_code.same_sender", name.sender):
        text = "the code has been sent already"
        raise account.refuse(SCRIPT, 10, text, "senders.send_code.same_sender")
