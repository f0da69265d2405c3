"""The only room that knows httpx: which host, over which connection, and was it sent?"""

from __future__ import annotations

from .exchange import FORM, Body, Exchange, HttpExchange, Reply
from .failure import Progress, Sent, TransportFailure, Untrusted
from .hosts import Hosts

__all__ = [
    "FORM",
    "Body",
    "Exchange",
    "Hosts",
    "HttpExchange",
    "Progress",
    "Reply",
    "Sent",
    "TransportFailure",
    "Untrusted",
]
