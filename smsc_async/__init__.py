"""An async, typed client for the SMSC SMS gateway (smscentre.com, smsc.ru)."""

from __future__ import annotations

from .client import SMSC_RU, SMSCENTRE, AsyncSmsc
from .content import Content, Flash, Hlr, Line, Ping, Sms
from .errors import (
    ApiError,
    Attempt,
    AuthenticationFailed,
    BadDate,
    BadParameters,
    BadReply,
    ClientClosed,
    DuplicateMessage,
    GovernorUnavailable,
    InsufficientFunds,
    InvalidNumber,
    InvalidRequest,
    IpBlocked,
    MessageForbidden,
    NotFound,
    NotSent,
    OperationFailed,
    OutcomeUnknown,
    RateLimited,
    SmscError,
    TooManyRequests,
    Undeliverable,
)
from .governor import Governor, MemoryGovernor
from .groups.account import Balance
from .groups.messages import Quote, RecipientResult, SentMessage
from .groups.statuses import DeliveryStatus, HlrStatus, MessageStatus

__all__ = [
    "SMSCENTRE",
    "SMSC_RU",
    "ApiError",
    "AsyncSmsc",
    "Attempt",
    "AuthenticationFailed",
    "BadDate",
    "BadParameters",
    "BadReply",
    "Balance",
    "ClientClosed",
    "Content",
    "DeliveryStatus",
    "DuplicateMessage",
    "Flash",
    "Governor",
    "GovernorUnavailable",
    "Hlr",
    "HlrStatus",
    "InsufficientFunds",
    "InvalidNumber",
    "InvalidRequest",
    "IpBlocked",
    "Line",
    "MemoryGovernor",
    "MessageForbidden",
    "MessageStatus",
    "NotFound",
    "NotSent",
    "OperationFailed",
    "OutcomeUnknown",
    "Ping",
    "Quote",
    "RateLimited",
    "RecipientResult",
    "SentMessage",
    "Sms",
    "SmscError",
    "TooManyRequests",
    "Undeliverable",
]
