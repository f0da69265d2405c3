"""status.php: what became of messages, and deleting them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from ..account import ServiceError, money
from ..ids import read_id, wire_id
from ..message import HLR
from ..notices import NETWORK
from ..schedule import MOSCOW

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..account import Account
    from ..message import Message

__all__ = ["NAMES", "SCRIPT", "date", "handle"]

SCRIPT: Final = "status.php"

NAMES: Final = {
    -1: "Waiting send",
    0: "Transferred to the operator",
    1: "Delivered",
    3: "Expired",
    20: "Unable to deliver",
    22: "Wrong number",
    23: "Banned",
    25: "Unavailable number",
}


def handle(account: Account, form: Mapping[str, str]) -> object:
    """Answer with the status of one message, or of many if there is a comma in the ids."""
    phones, ids = form.get("phone", "").strip(), form.get("id", "").strip()
    if not phones or not ids:
        raise ServiceError(1, "parameters error")
    detail = form.get("all", "0")
    if "," in phones + ids and form.get("del") != "1":
        account.count(SCRIPT, "status.mass")
        return [
            _status(account, phone, message_id, detail) | _whose(phone, message_id, detail)
            for phone, message_id in _pairs(phones, ids)
        ]
    phone, message_id = _pair(phones, ids)
    account.count(SCRIPT, "status.same_message", (phone, message_id))
    if form.get("del") == "1":
        if not account.delete(phone, message_id):
            raise ServiceError(5, "error deleting a message")
        return {"result": "OK"}
    return _status(account, phone, message_id, detail)


def _pair(phone: str, given: str) -> tuple[str, str]:
    message_id = read_id(given)
    if message_id is None:
        raise ServiceError(1, "parameters error")
    return phone.strip().removeprefix("+"), message_id


def _pairs(phones: str, ids: str) -> list[tuple[str, str]]:
    """Return recipients and ids in pairs; both lists may end with a comma."""
    listed = [part for part in phones.split(",") if part.strip()]
    asked = [part for part in ids.split(",") if part.strip()]
    if len(listed) != len(asked):
        raise ServiceError(1, "parameters error")
    return [_pair(*pair) for pair in zip(listed, asked, strict=True)]


def _whose(phone: str, message_id: str, detail: str) -> dict[str, object]:
    whose: dict[str, object] = {"id": wire_id(message_id)}
    return whose if detail in ("1", "2") else whose | {"phone": phone}


def _status(account: Account, phone: str, message_id: str, detail: str) -> dict[str, object]:
    message = account.find(phone, message_id)
    if message is None:
        return {"status": -3}
    step = message.step(account.time())
    changed = int(message.timestamp + step.at)
    answer: dict[str, object] = {
        "status": step.status,
        "last_date": date(changed),
        "last_timestamp": changed,
        "flag": message.kind,
        "err": step.error,
    }
    if message.kind == HLR:
        answer |= _network(known=step.status == 1)
    if detail in ("1", "2"):
        answer |= _message(message, step.status)
    if detail == "2":
        answer |= {"country": "Россия", "operator": "МегаФон", "region": "Москва"}
        if message.kind != HLR:
            answer |= {"mccmnc": "25002", "operator_orig": "МегаФон"}
    return answer


def _network(*, known: bool) -> dict[str, object]:
    """What an HLR request finds out; nothing until it is answered."""
    return {name: value if known else "" for name, value in NETWORK.items()}


def _message(message: Message, status: int) -> dict[str, object]:
    answer: dict[str, object] = {
        "send_date": date(message.timestamp),
        "send_timestamp": message.timestamp,
        "phone": message.phone,
        "cost": money(message.cost),
        "sender_id": message.sender,
        "status_name": NAMES.get(status, ""),
        "message": message.text,
        "type": message.kind,
    }
    if message.kind != HLR:
        answer |= {"comment": message.comment, "sms_cnt": message.units}
    return answer


def date(timestamp: int) -> str:
    """Return the moment as the service prints it, in Moscow time."""
    return f"{datetime.fromtimestamp(timestamp, MOSCOW):%d.%m.%Y %H:%M:%S}"
