"""status.php: what became of messages, and deleting them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final

from ..account import Message, ServiceError
from ..refuse import check_limit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..account import Account

__all__ = ["handle"]

_MOSCOW: Final = timezone(timedelta(hours=3))
_HLR: Final = 4
_NAMES: Final = {
    -1: "Waiting send",
    0: "Transferred to the operator",
    1: "Delivered",
    20: "Unable to deliver",
    23: "Banned",
}


def handle(account: Account, form: Mapping[str, str]) -> object:
    """Answer with the status of one message, or of many if there is a comma in the ids."""
    phone, message_id = form.get("phone", ""), form.get("id", "")
    if not phone or not message_id:
        raise ServiceError(1, "parameters error")
    detail = form.get("all", "0")
    if form.get("del") == "1":
        check_limit(account, "status.php", "status", phone, message_id)
        return _delete(account, phone, message_id)
    if "," not in message_id:
        check_limit(account, "status.php", "status", phone, message_id)
        return _status(account, phone, message_id, detail)
    check_limit(account, "status.php", "mass status")
    pairs = [
        pair for pair in zip(phone.split(","), message_id.split(","), strict=False) if all(pair)
    ]
    return [
        _status(account, *pair, detail)
        | ({"id": pair[1]} if detail != "0" else {"id": pair[1], "phone": pair[0]})
        for pair in pairs
    ]


def _delete(account: Account, phone: str, message_id: str) -> object:
    message = account.find(phone, message_id)
    if message is None:
        raise ServiceError(5, "error deleting a message")
    message.deleted = True
    return {"result": "OK"}


def _status(account: Account, phone: str, message_id: str, detail: str) -> dict[str, object]:
    message = account.find(phone, message_id)
    if message is None:
        return {"status": -3}
    status, error, since = message.status(account.now(), account.delivery)
    changed = int(message.sent_at + since)
    answer: dict[str, object] = {
        "status": status,
        "last_date": _date(changed),
        "last_timestamp": changed,
        "flag": message.kind,
        "err": error,
    }
    if message.kind == _HLR:
        answer |= {"imsi": "250011234567890", "msc": "79168960000", "mcc": "250", "mnc": "01"}
        answer |= {"cn": "Россия", "net": "МТС", "rcn": "", "rnet": ""}
    if detail in ("1", "2"):
        answer |= _full(message, status)
    if detail == "2":
        answer |= {"country": "Россия", "operator": "МТС", "region": "Москва"}
        if message.kind != _HLR:
            answer |= {"mccmnc": "25001", "operator_orig": "МТС"}
    return answer


def _full(message: Message, status: int) -> dict[str, object]:
    answer: dict[str, object] = {
        "send_date": _date(message.sent_at),
        "send_timestamp": message.sent_at,
        "phone": message.phone,
        "cost": f"{message.cost:.2f}",
        "sender_id": message.sender,
        "status_name": _NAMES.get(status, ""),
        "message": message.text,
        "type": message.kind,
    }
    if message.kind != _HLR:
        answer |= {"comment": "", "sms_cnt": message.units}
    return answer


def _date(timestamp: int) -> str:
    return f"{datetime.fromtimestamp(timestamp, UTC).astimezone(_MOSCOW):%d.%m.%Y %H:%M:%S}"
