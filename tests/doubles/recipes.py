"""Callbacks as the documentation describes them, made here without any of the package's code."""

from __future__ import annotations

import hashlib
import json
import zlib
from typing import Final
from urllib.parse import quote
from xml.sax.saxutils import escape

__all__ = ["CALL", "INCOMING", "SECRET", "SIGNED", "STATUS", "as_form", "as_json", "as_xml", "sign"]

_NUMBERS: Final = ("status", "ts", "cnt", "type", "flag", "sent", "waitcall")

SECRET: Final = "correct-horse_7"

STATUS: Final = {
    "id": "order-17",
    "phone": "79991234567",
    "status": "1",
    "time": "21.11.26 13:45:10",
    "ts": "1795265110",
    "cnt": "2",
    "type": "0",
    "cost": "0.30",
    "flag": "256",
    "sender": "Магазин",
    "cmt": "Спасибо",
}
INCOMING: Final = {
    "id": "5501",
    "sms_id": "order-17",
    "phone": "79991234567",
    "mes": "Да, приду: в 5 & с другом ё",
    "to": "79037676877",
    "smsc": "79262000331",
    "sent": "1795265100",
    "time": "1795265102",
}
CALL: Final = {"waitcall": "1", "phone": "79991234567", "ts": "1795265110"}

SIGNED: Final = {
    "status": ("id", "phone", "status"),
    "incoming": ("phone", "mes", "to"),
    "call": ("phone", "ts"),
}


def sign(
    fields: dict[str, str],
    kind: str,
    algorithm: str = "sha1",
    *,
    charset: str = "utf-8",
    secret: str = SECRET,
) -> dict[str, str]:
    """Return the fields with a control value of some kind of callback."""
    text = ":".join([*(fields[name] for name in SIGNED[kind]), secret])
    data = text.encode(charset)
    if algorithm == "crc32":
        value = str(zlib.crc32(data))
    else:
        value = hashlib.new(algorithm, data).hexdigest()
    return {**fields, algorithm: value}


def as_form(fields: dict[str, str], charset: str = "utf-8") -> bytes:
    """Write a form."""
    pairs = (f"{name}={quote(value.encode(charset))}" for name, value in fields.items())
    return "&".join(pairs).encode()


def _is_number(name: str, value: str) -> bool:
    return name in _NUMBERS and value.isascii() and value.isdigit() and len(value) < 20


def as_json(fields: dict[str, str], charset: str = "utf-8") -> bytes:
    """Write JSON; numbers without quotes."""
    values = {
        name: int(value) if _is_number(name, value) else value for name, value in fields.items()
    }
    return json.dumps(values, ensure_ascii=False).encode(charset)


def as_xml(fields: dict[str, str], charset: str = "utf-8") -> bytes:
    """Write XML."""
    elements = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields.items())
    head = f'<?xml version="1.0" encoding="{charset}"?>'
    return f"{head}<callback>{elements}</callback>".encode(charset)
