"""op_templates.php: templates at the operators.

An operator gets a template after a minute and decides in another one: it takes all but those with
"forbidden" in them. The sender name "Unknown" is accepted by none, and a blank text is not saved.
"""

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

SCRIPT: Final = "op_templates.php"

_OPERATORS: Final = (
    *("mts_srv", "mts_auth", "mts_trn"),
    *("mega_adv", "mega_srv", "mega_auth", "mega_trn"),
    *("bee_srv", "bee_trn", "tele2_srv", "tele2_trn", "motiv_srv", "motiv_trn", "soc"),
)
_STRANGER: Final = "Unknown"
_FORBIDDEN: Final = "forbidden"

_NOT_SAVED: Final = -2
_NO_SENDER: Final = -1
_ADDED: Final = 1

_NOT_FOUND: Final = -1
_WAITING: Final = 0
_SENT: Final = 1
_ACCEPTED: Final = 2
_REFUSED: Final = 3

_MINUTE: Final = 60.0


@attrs.frozen
class _Template:
    """A template as one operator has it."""

    id: int
    text: str
    added_at: float

    def status(self, now: float) -> int:
        """Return how far it is at this moment of the sandbox's clock."""
        minutes = (now - self.added_at) // _MINUTE
        if minutes < 1:
            return _WAITING
        if minutes < 2:  # noqa: PLR2004 - the second of two
            return _SENT
        return _REFUSED if _FORBIDDEN in self.text.lower() else _ACCEPTED


@attrs.define
class Shelf:
    """The templates by sender name, text and operator."""

    templates: dict[tuple[str, str, str], _Template] = attrs.field(
        factory=dict[tuple[str, str, str], _Template]
    )
    ids: Iterator[int] = attrs.field(factory=lambda: itertools.count(1))


def handle(account: Account, form: Mapping[str, str]) -> object:
    """Register a template with the operators that are asked for, or tell of it at all of them."""
    account.count(SCRIPT, "op_templates.identical", tuple(sorted(form.items())))
    sender, text = form.get("sender", ""), form.get("msg", "")
    if not sender or not text:
        raise ServiceError(1, "parameters error")
    shelf = account.shelf(Shelf)
    if form.get("add") == "1":
        asked = [operator for operator in _OPERATORS if form.get(operator) == "1"]
        return [_add(account, shelf, (sender, text, operator)) for operator in asked]
    if form.get("get") == "1":
        return [_get(account, shelf, (sender, text, operator)) for operator in _OPERATORS]
    raise ServiceError(1, "parameters error")


def _add(account: Account, shelf: Shelf, key: tuple[str, str, str]) -> object:
    sender, text, operator = key
    if not text.strip():
        return {operator: _NOT_SAVED}
    if sender == _STRANGER:
        return {operator: _NO_SENDER}
    if key not in shelf.templates:
        shelf.templates[key] = _Template(next(shelf.ids), text, account.time())
    return {operator: _ADDED, "id": shelf.templates[key].id}


def _get(account: Account, shelf: Shelf, key: tuple[str, str, str]) -> object:
    template = shelf.templates.get(key)
    if template is None:
        return {key[2]: _NOT_FOUND}
    return {key[2]: template.status(account.time()), "id": template.id}
