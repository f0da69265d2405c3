"""get.php: the history of messages, what has come in, statistics and tariffs."""

from __future__ import annotations

import math
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from ..account import PRICE, ServiceError, money
from ..ids import wire_id
from ..incoming import IncomingShelf
from ..schedule import MOSCOW
from .status import NAMES, date

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..account import Account
    from ..message import Message

__all__ = ["SCRIPT", "handle"]

SCRIPT: Final = "get.php"

_MOST: Final = 1000
_MOST_ANSWERS: Final = 10_000
_WEEK: Final = 168
_HOUR: Final = 3600
_DAY: Final = 24 * _HOUR
_EMAIL: Final = 8


def handle(account: Account, form: Mapping[str, str]) -> object:
    """Answer one of the four questions."""
    for flag, answer in _COMMANDS.items():
        if form.get(flag) == "1":
            return answer(account, form)
    raise ServiceError(1, "parameters error")


def _messages(account: Account, form: Mapping[str, str]) -> object:
    """Answer with messages to some recipients, or to all, the latest first."""
    account.count(SCRIPT, "get_messages.identical", tuple(sorted(form.items())))
    account.count(SCRIPT, "get_messages.hour")
    phones, emails = _listed(form, "phone"), _listed(form, "email")
    of_email = _number(form, "format", 0) == _EMAIL
    wanted = emails if of_email else {phone.removeprefix("+") for phone in phones}
    before = _number(form, "prev_id", len(account.messages) + 1)
    days = _days(form)
    found = [
        (number, message)
        for number, message in enumerate(account.messages, start=1)
        if number < before
        and (message.kind == _EMAIL) == of_email
        and (not wanted or message.phone in wanted)
        and days(message.timestamp)
    ]
    if not found:
        raise ServiceError(3, "message not found")
    most = min(_number(form, "cnt", 10), _MOST)
    return [_record(account, number, message) for number, message in found[: -most - 1 : -1]]


def _record(account: Account, number: int, message: Message) -> dict[str, object]:
    step = message.step(account.time())
    changed = int(message.timestamp + step.at)
    return {
        "status": step.status,
        "last_date": date(changed),
        "last_timestamp": changed,
        "err": step.error,
        "send_date": date(message.timestamp),
        "send_timestamp": message.timestamp,
        "phone": message.phone,
        "cost": money(message.cost),
        "sender_id": message.sender,
        "status_name": NAMES.get(step.status, ""),
        "message": message.text,
        "mccmnc": "25002",
        "country": "Россия",
        "operator": "МегаФон",
        "region": "Москва",
        "type": message.kind,
        "id": wire_id(message.id),
        "int_id": str(number),
        "sms_cnt": message.units,
        "format": 0,
        "crc": 0,
    }


def _answers(account: Account, form: Mapping[str, str]) -> object:
    """Answer with what has come in: today, in so many hours, or after an id; the oldest first."""
    account.count(SCRIPT, "get_answers.identical", tuple(sorted(form.items())))
    now, after = int(account.unix_time), _number(form, "after_id", 0)
    since = 0 if "after_id" in form else now - (now + 3 * _HOUR) % (24 * _HOUR)
    if "hour" in form:
        since = now - min(_number(form, "hour", 0), _WEEK) * _HOUR
    to_phone = form.get("to_phone", "").removeprefix("+")
    found = [
        {
            "id": one.id,
            "received": date(one.timestamp),
            "phone": one.phone,
            "message": one.text,
            "to_phone": one.to_phone,
            "sent": date(one.timestamp),
        }
        for one in account.shelf(IncomingShelf).messages
        if one.id > after and one.timestamp >= since and to_phone in ("", one.to_phone)
    ]
    return found[: min(_number(form, "cnt", _MOST_ANSWERS), _MOST_ANSWERS)]


def _statistics(account: Account, form: Mapping[str, str]) -> object:
    """Answer with the number and the cost of messages; none is paid from a second balance."""
    account.count(SCRIPT, "get_stat.any")
    days = _days(form)
    costs = [message.cost for message in account.messages if days(message.timestamp)]
    if not costs or form.get("balance2") == "1":
        return []
    return [
        {
            "login": account.login,
            "sms": str(len(costs)),
            "credit": "0",
            "debit": money(sum(costs, Decimal(0))),
            "currency": account.currency,
        }
    ]


def _tariffs(account: Account, form: Mapping[str, str]) -> object:
    """Answer with the one price that there is; no operator has one of its own."""
    account.count(SCRIPT, "get_price.identical", tuple(sorted(form.items())))
    price = money(PRICE)
    prices = dict.fromkeys(("api", "mass", "mms", "hlr", "call"), price)
    return {"zones": [{"zone": "1", "name": "Россия"} | prices], "mail": price}


_COMMANDS: Final = {
    "get_messages": _messages,
    "get_answers": _answers,
    "get_stat": _statistics,
    "get_price": _tariffs,
}


def _listed(form: Mapping[str, str], name: str) -> set[str]:
    return {one.strip() for one in form.get(name, "").split(",")} - {""}


def _number(form: Mapping[str, str], name: str, otherwise: int) -> int:
    given = form.get(name, "")
    if not given:
        return otherwise
    if not (given.isascii() and given.isdigit()):
        raise ServiceError(1, "parameters error")
    return int(given)


def _days(form: Mapping[str, str]) -> Callable[[int], bool]:
    """Return what tells whether a moment is from the first day to the last, in Moscow."""
    start, end = _day(form.get("start", "")), _day(form.get("end", ""))
    since = -math.inf if start is None else start.timestamp()
    until = math.inf if end is None else end.timestamp() + _DAY
    return lambda timestamp: since <= timestamp < until


def _day(given: str) -> datetime | None:
    try:
        return datetime.strptime(given, "%d.%m.%Y").replace(tzinfo=MOSCOW) if given else None
    except ValueError:
        raise ServiceError(1, "parameters error") from None
