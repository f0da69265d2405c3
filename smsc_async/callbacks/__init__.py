"""What SMSC posts to you: read it, verify it, put it in order. No I/O.

In the account's settings one enters the address of a handler, which `handler_url` builds. `parse`
makes an event of each request to it, or raises a `CallbackError` and nothing else, whatever was
posted. `DeliveryTracker` puts statuses in order, which come repeated, late, and before the send
has returned.

A control value proves that whoever made it knows the secret, and no more: it covers id, phone and
status, or phone, text and number, or phone and moment, and says neither when nor for which of the
three it was made. So give the service an https address.
https://smscentre.com/api/http/miscellaneous/callback/
"""

from __future__ import annotations

from ..errors import BadSignature, CallbackError, MalformedCallback
from ._address import handler_url
from ._body import MAX_BODY
from ._parse import check_settings, parse
from ._signature import Algorithm, WeakSignatureWarning
from .events import CallConfirmation, Event, IncomingMessage, StatusEvent
from .tracker import (
    DeliveryTracker,
    MemoryStore,
    Recipient,
    RecipientStatus,
    Report,
    Sent,
    StatusStore,
)

__all__ = [
    "MAX_BODY",
    "Algorithm",
    "BadSignature",
    "CallConfirmation",
    "CallbackError",
    "DeliveryTracker",
    "Event",
    "IncomingMessage",
    "MalformedCallback",
    "MemoryStore",
    "Recipient",
    "RecipientStatus",
    "Report",
    "Sent",
    "StatusEvent",
    "StatusStore",
    "WeakSignatureWarning",
    "check_settings",
    "handler_url",
    "parse",
]
