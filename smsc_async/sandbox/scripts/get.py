"""get.php: the history of messages sent, the latest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..account import ServiceError, money
from ..ids import wire_id
from .status import NAMES, date

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..account import Account
    from ..message import Message

__all__ = ["SCRIPT", "handle"]

SCRIPT: Final = "get.php"

_MOST: Final = 1000


def handle(account: Account, form: Mapping[str, str]) -> object:
    """Answer with the messages to some phones, or to all; other commands are not there."""
    if form.get("get_messages") != "1":
        raise ServiceError(1, "parameters error")
    phones = {phone.strip().removeprefix("+") for phone in form.get("phone", "").split(",")} - {""}
    most = min(int(form.get("cnt") or "10"), _MOST)
    account.count(SCRIPT, "get_messages.identical", (frozenset(phones), most))
    account.count(SCRIPT, "get_messages.hour")
    found = [
        (number, message)
        for number, message in enumerate(account.messages, start=1)
        if not phones or message.phone in phones
    ]
    if not found:
        raise ServiceError(3, "message not found")
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
