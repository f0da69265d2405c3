"""users.php: sub-clients. They send nothing by themselves here; their money is what they were paid.

Their settings are kept under the names of their form fields.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final

import attrs

from ..account import ServiceError, money

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..account import Account

__all__ = ["SCRIPT", "Shelf", "Subclient", "handle"]

SCRIPT: Final = "users.php"

_LEAST_PASSWORD: Final = 8
_OWN_BALANCE: Final = ("0", "1")
_NOT_SETTINGS: Final = frozenset(
    {"login", "psw", "apikey", "fmt", "charset", "add", "chg", "user", "new_login", "pswc"}
)


@attrs.define
class Subclient:
    """A sub-client: its settings, and what it was paid."""

    id: str
    login: str
    settings: dict[str, str]
    balance: Decimal = Decimal(0)
    electronic_balance: Decimal = Decimal(0)

    @property
    def is_independent(self) -> bool:
        """Whether it has a balance of its own."""
        return self.settings.get("type", "0") in _OWN_BALANCE


@attrs.define
class Shelf:
    """The sub-clients by their logins."""

    subclients: dict[str, Subclient] = attrs.field(factory=dict[str, Subclient])
    ids: Iterator[int] = attrs.field(factory=lambda: itertools.count(1))

    def find(self, form: Mapping[str, str]) -> Subclient | None:
        """Return the one that a form asks for, by `user` or by `user_id`."""
        if "user" in form:
            return self.subclients.get(form["user"])
        by_id = (one for one in self.subclients.values() if one.id == form.get("user_id"))
        return next(by_id, None)


def handle(account: Account, form: Mapping[str, str]) -> object:
    """Add, change, pay, or tell what they sent."""
    shelf = account.shelf(Shelf)
    if form.get("add") == "1":
        return _add(account, shelf, form)
    if form.get("get_stat") == "1":
        return [_summary(account, one) for one in _chosen(shelf, form)]
    if form.get("get_stat_all") == "1":
        return [_details(account, one) for one in _chosen(shelf, form)]
    if form.get("chg") != "1" and form.get("pay") != "1":
        raise ServiceError(1, "parameters error")
    account.count(SCRIPT, "users.chg.same_user", form.get("user"))
    subclient = shelf.subclients.get(form.get("user", ""))
    if subclient is None:
        raise ServiceError(6, "user not found")
    if form.get("pay") == "1":
        _pay(account, subclient, form)
    else:
        _change(shelf, subclient, form)
    return {"result": "OK"}


def _add(account: Account, shelf: Shelf, form: Mapping[str, str]) -> object:
    account.count(SCRIPT, "users.add")
    login = form.get("user")
    if not login or len(form.get("password", "")) < _LEAST_PASSWORD:
        raise ServiceError(1, "parameters error")
    if login in shelf.subclients:
        raise ServiceError(8, "save error")
    subclient = Subclient(str(next(shelf.ids)), login, _settings(form))
    shelf.subclients[login] = subclient
    return {"id": int(subclient.id)}


def _change(shelf: Shelf, subclient: Subclient, form: Mapping[str, str]) -> None:
    if form.get("pswc", subclient.settings["password"]) != subclient.settings["password"]:
        raise ServiceError(5, "operation error")
    login = form.get("new_login", subclient.login)
    if login != subclient.login and login in shelf.subclients:
        raise ServiceError(8, "save error")
    subclient.settings |= _settings(form)
    del shelf.subclients[subclient.login]
    subclient.login = login
    shelf.subclients[login] = subclient


def _pay(account: Account, subclient: Subclient, form: Mapping[str, str]) -> None:
    try:
        amount = Decimal(form.get("sum", ""))
    except InvalidOperation:
        raise ServiceError(1, "parameters error") from None
    electronic = form.get("balance2") == "1"
    if not electronic and not subclient.is_independent:
        raise ServiceError(7, "this sublogin shares the balance of the main account")
    if amount > account.balance:
        raise ServiceError(10, "not enough money")
    account.balance -= amount
    if electronic:
        subclient.electronic_balance += amount
    else:
        subclient.balance += amount


def _chosen(shelf: Shelf, form: Mapping[str, str]) -> list[Subclient]:
    if "user" in form or "user_id" in form:
        one = shelf.find(form)
        if one is None:
            raise ServiceError(6, "user not found")
        return [one]
    independent = form.get("reseller") == "1"
    found = [one for one in shelf.subclients.values() if one.is_independent == independent]
    if not found:
        raise ServiceError(3, "no records")
    return found


def _summary(account: Account, subclient: Subclient) -> dict[str, object]:
    return {"login": subclient.login, **_sums(account, subclient)}


def _details(account: Account, subclient: Subclient) -> dict[str, object]:
    item = {"description": "Зачисление", "operator": "", "mccmnc": ""}
    return {"login": subclient.login, "items": [item | _sums(account, subclient)]}


def _sums(account: Account, subclient: Subclient) -> dict[str, object]:
    paid = subclient.balance + subclient.electronic_balance
    return {"sms": "0", "credit": money(paid), "debit": "0", "currency": account.currency}


def _settings(form: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in form.items() if name not in _NOT_SETTINGS}
