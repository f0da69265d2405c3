"""What a message can be. A plain `str` is an `Sms`.

Each content has `params()`, its form fields; `files`, what goes with them; and `recipient()`, which
returns a recipient as the service reads it, or refuses it. A `sender` among the form fields, as a
letter has, is part of the content.
"""

from __future__ import annotations

from typing import TypeAlias

from ..errors import InvalidRequest
from ._files import external_file, file_mark, uploaded_file
from .call import Call, Voice
from .line import Line
from .media import Email, Mms
from .menu import (
    END_MENU,
    CallTo,
    EndMenu,
    MenuAction,
    MenuItem,
    MenuLabel,
    Record,
    Report,
    Say,
    TextTo,
    VoiceMenu,
)
from .messengers import Social, Telegram, WhatsApp
from .prefix import parse_prefix
from .short import Binary, Flash, Hlr, Ping, Sms, WapPush
from .viber import Button, Viber

__all__ = [
    "END_MENU",
    "Binary",
    "Button",
    "Call",
    "CallTo",
    "Content",
    "Email",
    "EndMenu",
    "Flash",
    "Hlr",
    "Line",
    "MenuAction",
    "MenuItem",
    "MenuLabel",
    "Mms",
    "Ping",
    "Record",
    "Report",
    "Say",
    "Sms",
    "Social",
    "Telegram",
    "TextTo",
    "Viber",
    "Voice",
    "VoiceMenu",
    "WapPush",
    "WhatsApp",
    "as_content",
    "external_file",
    "file_mark",
    "parse_prefix",
    "uploaded_file",
]

Content: TypeAlias = (
    Sms
    | Flash
    | Hlr
    | Ping
    | Binary
    | WapPush
    | Mms
    | Email
    | Social
    | Viber
    | WhatsApp
    | Telegram
    | Call
)


def as_content(value: str | Content) -> Content:
    """Return the content that was meant; anything but a `str` or a content is refused."""
    if isinstance(value, str):
        return Sms(value)
    if isinstance(value, Content):
        return value
    raise InvalidRequest(
        "content", f"has to be a str or a content value, not {type(value).__name__}"
    )
