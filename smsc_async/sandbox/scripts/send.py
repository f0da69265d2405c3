"""send.php: takes messages, or says what they would cost."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from ..account import DELIVERED, PRICE, REFUSED, UNDELIVERABLE, WAITING, Message, ServiceError
from ..refuse import check_limit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..account import Account

__all__ = ["handle"]

_KINDS: Final = {"flash": 1, "bin": 2, "push": 3, "hlr": 4, "ping": 5, "mms": 6, "call": 7}
_NO_TEXT: Final = ("hlr", "ping")
_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,40}")
_MAX_NUMBER: Final = 2**31 - 1
_MAX_TEXT: Final = 1000
_MCCMNC: Final = "25001"

# By its last digits a number is refused (error code, text) or fails later (status, error).
_REFUSED_NUMBERS: Final = {
    "0000006": (6, "message is denied", 253),
    "0000007": (7, "invalid number", 249),
    "0000008": (8, "can't to deliver", 248),
}
_FAILING_NUMBERS: Final = {"0000020": (UNDELIVERABLE, 1)}


def handle(account: Account, form: Mapping[str, str]) -> object:
    """Take the messages of the form and answer with what they cost."""
    lines = _lines(form)
    message_id = _message_id(account, form)
    kind = next((code for name, code in _KINDS.items() if form.get(name, "0") != "0"), 0)
    what = (kind, tuple(sorted((phone, text) for phone, text in lines)))
    if form.get("cost") == "1":
        check_limit(account, "send.php", "cost", what)
        total = sum((_units(text, kind) for _, text in lines), 0)
        return {"cost": _money(PRICE * total), "cnt": total}
    check_limit(account, "send.php", "send", what)
    return _accept(account, form, lines, message_id, kind)


def _accept(
    account: Account,
    form: Mapping[str, str],
    lines: list[tuple[str, str]],
    message_id: str,
    kind: int,
) -> object:
    _refuse_whole(account, lines, message_id, kind)
    taken: list[Message] = []
    report: list[dict[str, str]] = []
    for phone, text in lines:
        if refusal := _REFUSED_NUMBERS.get(phone[-7:]):
            report.append(_recipient(phone, Decimal(0), 22, refusal[2]))
            continue
        message = _message(account, form, phone, text, message_id, kind)
        account.add(message)
        taken.append(message)
        report.append(_recipient(phone, message.cost, WAITING, 0))
    answer: dict[str, object] = {
        "id": _wire_id(message_id),
        "cnt": sum(message.units for message in taken),
    }
    if form.get("cost") in ("2", "3"):
        answer["cost"] = _money(sum((message.cost for message in taken), Decimal(0)))
    if form.get("cost") == "3":
        answer["balance"] = _money(account.balance)
    if form.get("op") == "1":
        answer["phones"] = report
    return answer


def _refuse_whole(
    account: Account, lines: list[tuple[str, str]], message_id: str, kind: int
) -> None:
    if any("forbidden" in text.lower() for _, text in lines):
        raise ServiceError(6, "message is denied", message_id)
    refusals = [_REFUSED_NUMBERS.get(phone[-7:]) for phone, _ in lines]
    if refusals[0] and all(refusals):
        raise ServiceError(refusals[0][0], refusals[0][1], message_id)
    if account.balance < PRICE * sum(_units(text, kind) for _, text in lines):
        raise ServiceError(3, "no money", message_id)


def _message(
    account: Account,
    form: Mapping[str, str],
    phone: str,
    text: str,
    message_id: str,
    kind: int,
) -> Message:
    units = _units(text, kind)
    final = _FAILING_NUMBERS.get(phone[-7:], (DELIVERED, 0))
    flooded = account.limits.floods(phone)
    return Message(
        message_id,
        phone,
        text,
        form.get("sender", ""),
        units,
        Decimal(0) if flooded else PRICE * units,
        account.now(),
        int(account.wall()),
        kind,
        (REFUSED, 251) if flooded else final,
    )


def _lines(form: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return phone and text of each message of the form."""
    if "list" in form:
        pairs = [line.split(":", 1) for line in form["list"].split("\n") if line]
        if any(len(pair) != 2 for pair in pairs):  # noqa: PLR2004 - a pair
            raise ServiceError(1, "parameters error")
        raw = [(phones.rpartition("|")[2], text.replace("\\n", "\n")) for phones, text in pairs]
    elif form.get("mes") or any(form.get(name) == "1" for name in _NO_TEXT):
        raw = [(form.get("phones", ""), form.get("mes", ""))]
    else:
        raise ServiceError(1, "parameters error")
    lines = [
        (phone.strip().lstrip("+"), text)
        for phones, text in raw
        for phone in re.split("[,;]", phones)
        if phone.strip()
    ]
    if not lines or any(len(text) > _MAX_TEXT for _, text in lines):
        raise ServiceError(1, "parameters error")
    if any(not phone.isdigit() for phone, _ in lines):
        raise ServiceError(7, "invalid number")
    return lines


def _message_id(account: Account, form: Mapping[str, str]) -> str:
    given = form.get("id")
    if given is None:
        return account.new_id()
    number = given.isdigit()
    if not _ID.fullmatch(given) or (number and not 1 <= int(given) <= _MAX_NUMBER):
        raise ServiceError(1, "parameters error")
    return given


def _wire_id(message_id: str) -> int | str:
    return int(message_id) if message_id.isdigit() else message_id


def _units(text: str, kind: int) -> int:
    if kind and not text:
        return 1
    single, part = (160, 153) if text.isascii() else (70, 67)
    return 1 if len(text) <= single else -(-len(text) // part)


def _money(amount: Decimal) -> str:
    return f"{amount:.2f}"


def _recipient(phone: str, cost: Decimal, status: int, error: int) -> dict[str, str]:
    return {
        "phone": phone,
        "mccmnc": _MCCMNC,
        "cost": _money(cost),
        "status": str(status),
        "error": str(error),
    }
