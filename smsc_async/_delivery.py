"""What the service says of a delivery: its codes, what they mean, and its word of flags."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import attrs

from ._convert import Answer, Code, wire

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "Delivery",
    "DeliveryError",
    "DeliveryStatus",
    "MessageFlags",
    "MessageType",
    "TemplateCategory",
]


class DeliveryStatus(Code):
    """How far a message has come. A code that is not here keeps its number."""

    NOT_FOUND = -3
    STOPPED = -2
    WAITING = -1
    WITH_OPERATOR = 0
    DELIVERED = 1
    READ = 2
    EXPIRED = 3
    LINK_CLICKED = 4
    UNDELIVERABLE = 20
    WRONG_NUMBER = 22
    REFUSED = 23
    NO_FUNDS = 24
    UNAVAILABLE_NUMBER = 25

    @property
    def is_final(self) -> bool:
        """Whether the message has come to its end; a delivered one may still be read or clicked."""
        return self >= DeliveryStatus.DELIVERED

    @property
    def is_delivered(self) -> bool:
        """Whether the recipient has got it."""
        return self in _DELIVERED


_DELIVERED: Final = frozenset(
    (DeliveryStatus.DELIVERED, DeliveryStatus.READ, DeliveryStatus.LINK_CLICKED)
)


class DeliveryError(Code):
    """Why a message was not delivered. A code that is not here keeps its number."""

    NONE = 0
    NO_RECIPIENT = 1
    MAILBOX_FULL = 2
    NO_MAIL_SERVER = 3
    MAILBOX_LOCKED = 4
    OFFLINE = 6
    NO_SERVICE = 11
    PHONE_FAULT = 12
    BLOCKED = 13
    UNSUPPORTED = 21
    TEST_MODE = 200
    SIM_REPLACED = 219
    OPERATOR_QUEUE_FULL = 220
    NO_ANSWER = 237
    NO_TEMPLATE = 238
    FORBIDDEN_IP = 239
    BUSY = 240
    CONVERSION_FAILED = 241
    ANSWERING_MACHINE = 242
    NO_CONTRACT = 243
    MAILINGS_FORBIDDEN = 244
    NO_REPORT = 245
    OUTSIDE_HOURS = 246
    DAILY_LIMIT = 247
    NO_ROUTE = 248
    BAD_FORMAT = 249
    FORBIDDEN_BY_SETTINGS = 250
    RECIPIENT_LIMIT = 251
    FORBIDDEN_RECIPIENT = 252
    SPAM_FILTER = 253
    UNREGISTERED_SENDER = 254
    REJECTED = 255

    @property
    def meaning(self) -> str:
        """What it says of a message or a call to a phone, or of an HLR request."""
        return _BY_PHONE.get(self) or _BY_EMAIL.get(self) or f"an unknown error, {int(self)}"

    @property
    def email_meaning(self) -> str:
        """What it says of an e-mail."""
        return _BY_EMAIL.get(self) or self.meaning


_BY_PHONE: Final[Mapping[int, str]] = MappingProxyType(
    {
        0: "no error: the number exists and can be reached",
        1: "there is no such number",
        6: "the phone is switched off, or out of reach",
        11: "the number takes no SMS: a service not ordered, roaming without SMS, or a landline",
        12: "the phone or its SIM card has a fault",
        13: "the subscriber is blocked: for want of money, by choice, or by a locked SIM card",
        21: "the device does not support this kind of message",
        200: "test mode: nothing was really sent",
        219: "the SIM card was replaced: sender names in letters are blocked for 24 hours",
        220: "the operator's queue is full; the service tries again by itself",
        237: "nobody took the call",
        238: "only texts that fit a template may be sent, and this one fits none",
        239: "the order came from an IP address that is not allowed, or was never used before",
        240: "the line was busy, or the call was rejected",
        241: "the sound could not be converted, or the operator did not get all parts of an SMS",
        242: "an answering machine took the call",
        243: "mailings and advertising need a signed contract",
        244: "the account may not send mailings, or the text has a forbidden link",
        245: "no report came within a day: nobody knows whether it was delivered",
        246: "the account's settings do not allow sending at this hour",
        247: "the account's daily limit of messages was reached",
        248: "no way leads to this number with this text; its code may not exist",
        249: "the number has a wrong code or length",
        250: "the account's settings forbid this number",
        251: "too many messages to this number: a daily limit, or more than 50 in close succession",
        252: "this number may not be written to, as one of the service's own",
        253: "the spam filter stopped the text or the sender name",
        254: "the sender name is not registered",
        255: "the operator refused it without a reason",
    }
)

_BY_EMAIL: Final[Mapping[int, str]] = MappingProxyType(
    {
        0: "no error: the address exists and can be reached",
        1: "there is no such address",
        2: "the mailbox is full",
        3: "there is no mail server for this domain",
        4: "the mailbox is blocked",
        245: "the mail server has not answered for a day: nobody knows whether it was delivered",
        248: "no way leads to this address with this text",
        249: "the address has a wrong format",
        252: "this address may not be written to: it is on the blacklist",
        253: "the spam filter stopped the text or the sender",
        254: "the sender's address is not registered",
        255: "the mail server refused it without a reason",
    }
)


class MessageType(Code):
    """What kind of message it is. A number that is not here is kept."""

    SMS = 0
    FLASH = 1
    BINARY = 2
    WAP_PUSH = 3
    HLR = 4
    PING = 5
    MMS = 6
    CALL = 7
    EMAIL = 8
    VIBER = 10
    SOCIAL = 12


class TemplateCategory(Code):
    """For what a message that fits a registered template is sent."""

    SERVICE = 0
    TRANSACTIONAL = 1
    AUTHORIZATION = 2
    ADVERTISING = 3


@attrs.frozen
class MessageFlags:
    """The word of flags in a status, taken apart. `word` is the number itself."""

    word: int

    @property
    def type(self) -> MessageType:
        """The kind of message: bits 0 to 3."""
        return MessageType(self.word & 0b1111)

    @property
    def electronic_balance(self) -> bool:
        """Whether it was paid from the second, electronic balance: bit 5."""
        return bool(self.word >> 5 & 1)

    @property
    def from_template(self) -> bool:
        """Whether it fits a registered template: bit 8."""
        return bool(self.word >> 8 & 1)

    @property
    def category(self) -> TemplateCategory | None:
        """What that template is for: bits 9 and 10; None without one, and for an HLR request."""
        if not self.from_template or self.type is MessageType.HLR:
            return None
        return TemplateCategory(self.word >> 9 & 0b11)


@attrs.frozen
class Delivery(Answer):
    """What the service says of a message to one recipient."""

    status: DeliveryStatus
    error: DeliveryError | None = attrs.field(default=None, metadata=wire("err"))
    """Why it was not delivered; `reason` says it in words."""
    changed_at: datetime | None = attrs.field(default=None, metadata=wire("last_timestamp"))
    sent_at: datetime | None = attrs.field(default=None, metadata=wire("send_timestamp"))
    id: str | None = None
    phone: str | None = None
    cost: Decimal | None = None
    sender: str | None = attrs.field(default=None, metadata=wire("sender_id"))
    status_name: str | None = None
    text: str | None = attrs.field(default=None, repr=False, metadata=wire("message"))
    type: MessageType | None = None
    country: str | None = None
    operator: str | None = None
    region: str | None = None

    @property
    def is_final(self) -> bool:
        """Whether nothing more is to come; a delivered message may still be read or clicked."""
        return self.status.is_final

    @property
    def is_email(self) -> bool:
        """Whether it went to an e-mail address."""
        return self.type is MessageType.EMAIL or "@" in (self.phone or "")

    @property
    def reason(self) -> str | None:
        """What `error` means for this message; None where there is no error."""
        if not self.error:
            return None
        return self.error.email_meaning if self.is_email else self.error.meaning
