"""From what is known of a request to the places it needs; pure.

A key names a counter of the service without giving away whose it is: phones, texts and logins go
through a hash that is salted with the account.
"""

from __future__ import annotations

import hashlib
import math
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal

from .._limits import STATUS_CONCURRENCY, Scope
from .base import MARGIN, Need

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .._limits import Rule

__all__ = ["login_slots", "needs", "slots", "status_slots"]

_LOGINS: Final = 2
"""Workers that may try a password at once: five mistakes would block the address."""

_DUPLICATES: Final = "send.identical"

_NEVER_COUNT: Final = frozenset({"login", "psw", "apikey", "fmt", "charset", "op", "err"})
"""Who asks and how the answer should look: two requests that differ only here are identical."""

_CONTENT: Final = ("mes", "list", "subj", "fileurl", "tpl")
_KINDS: Final = (
    *("flash", "bin", "push", "hlr", "ping", "mms"),
    *("mail", "soc", "viber", "whatsapp", "bot", "call"),
)
_SEPARATORS: Final = re.compile(r"[,;\n]")


def needs(
    rules: Sequence[Rule],
    *,
    account: str,
    scope_name: str,
    fields: Mapping[str, str],
    recipients: Sequence[str] = (),
    concurrency: int,
    status: bool = False,
    strict: bool = False,
    repeat: Literal["raise", "wait"] = "raise",
) -> tuple[Need, ...]:
    """Return the places a request needs: one per rule and recipient as given, the slots last.

    `scope_name` is the command's name and `fields` its form. `recipients` are those of the form,
    or of its list; without them the form's `phones` are taken. A `status` request also needs one
    of the service's few status slots; with `strict` it starts only while at most three requests
    of any kind are in flight. `repeat` says whether a duplicate of a message waits for its
    minute to pass or never waits.
    """
    who = [*map(_plain, recipients)] or _split(fields.get("phones", ""))
    found: list[Need] = []
    for rule in rules:
        patience = None
        if rule.name == _DUPLICATES:
            patience = math.inf if repeat == "wait" else 0.0
        hold = rule.window + MARGIN
        for parts in _counters(rule, scope_name, fields, who):
            key = f"{rule.name}:{_digest(account, parts)}"
            found.append(Need(key, rule.limit, hold, rule.name, rule.streak, patience))
    found.append(
        slots(account, min(concurrency, STATUS_CONCURRENCY) if strict and status else concurrency)
    )
    if status:
        found.append(status_slots(account))
    return tuple(found)


@lru_cache(maxsize=64)
def slots(account: str, concurrency: int) -> Need:
    """Return the need for one of the account's simultaneous requests."""
    return Need(f"slots:{_digest(account, ())}", concurrency, 0.0, "concurrency")


@lru_cache(maxsize=16)
def status_slots(account: str) -> Need:
    """Return the need for one of the account's simultaneous status requests."""
    return Need(
        f"status-slots:{_digest(account, ())}", STATUS_CONCURRENCY, 0.0, "status.concurrency"
    )


@lru_cache(maxsize=16)
def login_slots(account: str) -> Need:
    """Return the need of a request before anybody has seen that the password is right."""
    return Need(f"login:{_digest(account, ())}", _LOGINS, 0.0, "login")


def _counters(
    rule: Rule, scope_name: str, fields: Mapping[str, str], who: Sequence[str]
) -> Iterable[Sequence[object]]:
    """Return what names each of the counters under a rule that a request advances."""
    match rule.scope:
        case Scope.ANY:
            return [()]
        case Scope.ENTITY:
            return [tuple(_plain(fields.get(name, "")) for name in rule.fields)]
        case Scope.RECIPIENT:
            return [(recipient,) for recipient in dict.fromkeys(who)]
        case Scope.IDENTICAL:
            return [(scope_name, *_substance(fields, who))]


def _substance(fields: Mapping[str, str], who: Sequence[str]) -> Sequence[object]:
    """Return what makes two requests of one command identical.

    Messages are compared by recipients, content and kind alone. Whatever the service compares, it
    cannot find two messages identical that differ here.
    """
    if not ("phones" in fields or "mes" in fields or "list" in fields):
        return sorted(
            (name, value)
            for name, value in fields.items()
            if name not in _NEVER_COUNT and not _only_asks_for_cost(name, value)
        )
    kinds = [(name, fields[name]) for name in _KINDS if fields.get(name, "0") not in {"", "0"}]
    return (
        sorted(set(who)),
        [fields.get(name, "") for name in _CONTENT],
        kinds,
        fields.get("cost") == "1",
    )


def _only_asks_for_cost(name: str, value: str) -> bool:
    """Whether the field merely adds the cost to the answer; cost=1 asks instead of sending."""
    return name == "cost" and value != "1"


def _split(phones: str) -> list[str]:
    return [plain for part in _SEPARATORS.split(phones) if (plain := _plain(part))]


def _plain(recipient: str) -> str:
    return recipient.strip().removeprefix("+")


def _digest(account: str, parts: Sequence[object]) -> str:
    """Return a hash of the parts: texts, in lists and tuples, whose `repr` keeps them apart."""
    digest = _salted(account).copy()
    digest.update(repr(parts).encode())
    return digest.hexdigest()


@lru_cache(maxsize=16)
def _salted(account: str) -> hashlib.blake2b:
    salt = hashlib.blake2b(account.encode(), digest_size=32).digest()
    return hashlib.blake2b(digest_size=12, key=salt)
