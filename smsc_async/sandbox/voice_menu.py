"""Reading the voice menu in the text of a call."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["check_menu"]

_MENU: Final = re.compile(r"(.*?)\{menu:(.*)\}(.*)", re.DOTALL)
_ENTRY: Final = re.compile(r"([*#0]|[1-9]+|[A-Za-z0-9]*[A-Za-z][A-Za-z0-9]*): ?(.*)")
_KEYS: Final = {"*": "back", "#": "start", "0": "repeat"}
_CALL: Final = re.compile(
    r"call:(\d+(?:,\d+){0,8})( wait=(\d{1,3}))?( ok:end)?( err:(?P<label>[A-Za-z0-9]+))?( record)?"
)
_TEXT: Final = re.compile(r"sms:(\d+|\$phone),[^,]+,.+")
_RECORD: Final = re.compile(r"record:( \d+)?")
_LONGEST_WAIT: Final = 120


def check_menu(text: str) -> bool:
    """Return whether a text has no voice menu, or one that can be read, after something to say."""
    if "{menu" not in text:
        return True
    found = _MENU.fullmatch(text)
    if found is None or not found[1].strip():
        return False
    _, *rows = found[2].split("\n")
    entries = [_ENTRY.fullmatch(row) for row in rows if row]
    known = [(entry[1], entry[2]) for entry in entries if entry is not None]
    steps = {key for key, _ in known}
    readable = bool(known) and len(known) == len(entries)
    return readable and all(_is_action(key, action, steps) for key, action in known)


def _is_action(key: str, action: str, steps: set[str]) -> bool:
    if key in _KEYS:
        return action == _KEYS[key]
    if action.startswith("sms:"):
        return _TEXT.fullmatch(action) is not None
    if action.startswith("record:"):
        return _RECORD.fullmatch(action) is not None
    if not action.startswith("call:"):
        return bool(action.strip())
    call = _CALL.fullmatch(action)
    if call is None or int(call[3] or 0) > _LONGEST_WAIT:
        return False
    return call["label"] is None or call["label"] in steps
