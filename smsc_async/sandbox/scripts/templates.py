"""templates.php: message templates."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import attrs

from ..account import ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..account import Account

__all__ = ["SCRIPT", "handle"]

SCRIPT: Final = "templates.php"

_NAMES: Final = {"name": "name", "msg": "message", "format": "format", "sender": "sender"}
_SIGNING: Final = 2


@attrs.define
class Shelf:
    """The templates by their ids."""

    templates: dict[str, dict[str, object]] = attrs.field(factory=dict[str, dict[str, object]])
    ids: Iterator[int] = attrs.field(factory=lambda: itertools.count(1))


def handle(account: Account, form: Mapping[str, str]) -> object:
    """Add, change, delete or list."""
    account.count(SCRIPT, "templates.identical", tuple(sorted(form.items())))
    templates = account.shelf(Shelf).templates
    if form.get("get") == "1":
        return list(templates.values())
    if form.get("add") == "1":
        return _add(account.shelf(Shelf), form)
    template = templates.get(form.get("id", ""))
    if template is None:
        raise ServiceError(3, "template not found")
    if form.get("del") == "1":
        del templates[form["id"]]
    elif form.get("chg") == "1":
        template |= _written(form)
    else:
        raise ServiceError(1, "parameters error")
    return {"result": "OK"}


def _add(shelf: Shelf, form: Mapping[str, str]) -> object:
    if not form.get("name") or not form.get("msg"):
        raise ServiceError(1, "parameters error")
    number = next(shelf.ids)
    plain: dict[str, object] = {"id": number, "format": "sms", "sender": "", "flag": 0}
    shelf.templates[str(number)] = plain | _written(form)
    return {"id": number}


def _written(form: Mapping[str, str]) -> dict[str, object]:
    """Return what the form says of a template, as the list shows it."""
    written: dict[str, object] = {_NAMES[name]: form[name] for name in _NAMES if name in form}
    if "fl[1]" in form:
        written["flag"] = _SIGNING if form["fl[1]"] == "1" else 0
    return written
