"""What a callback says: a status, an incoming message, a call."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, TypeAlias, TypeVar

import attrs

from .._delivery import DeliveryError, DeliveryStatus, MessageFlags, MessageType
from ..errors import MalformedCallback

__all__ = ["CallConfirmation", "Event", "IncomingMessage", "StatusEvent", "build"]

_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_NUMBER: Final = re.compile(r"-?[0-9]{1,9}")
_TIMESTAMP: Final = re.compile(r"[0-9]{1,12}")
_AMOUNT: Final = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,8})?")
_LONGEST_RECIPIENT: Final = 100
_WAITCALL: Final = "[waitcall]"


def _fitting(pattern: re.Pattern[str], text: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError("expected something else")
    return text


def _id(text: str) -> str:
    return _fitting(_ID, text.strip())


def _recipient(text: str) -> str:
    text = text.strip().removeprefix("+")
    if not 0 < len(text) <= _LONGEST_RECIPIENT or not text.isprintable() or " " in text:
        raise ValueError("expected a phone number or an address")
    return text


def _int(text: str) -> int:
    return int(_fitting(_NUMBER, text.strip()))


def _status(text: str) -> DeliveryStatus:
    return DeliveryStatus(_int(text))


def _error(text: str) -> DeliveryError:
    return DeliveryError(_int(text))


def _type(text: str) -> MessageType:
    return MessageType(_int(text))


def _money(text: str) -> Decimal:
    return Decimal(_fitting(_AMOUNT, text.strip()))


def _moment(text: str) -> datetime | None:
    seconds = int(_fitting(_TIMESTAMP, text.strip()))
    try:
        return datetime.fromtimestamp(seconds, UTC) if seconds else None
    except (OverflowError, OSError) as error:
        raise ValueError("expected a timestamp") from error


def _wire(name: str, read: Callable[[str], object] = str) -> dict[str, object]:
    return {"wire": name, "read": read}


def _text(name: str, *, show: bool = True) -> str | None:
    field: str | None = attrs.field(default=None, repr=show, metadata=_wire(name))
    return field


@attrs.frozen(kw_only=True)
class _Event:
    """What all of them have: `extra` keeps the parameters of the handler's own address."""

    phone: str = attrs.field(metadata=_wire("phone", _recipient))
    """Who it is about, without a plus; for an e-mail the address."""
    extra: Mapping[str, str] = attrs.field(factory=dict[str, str], repr=False, hash=False)


@attrs.frozen(kw_only=True)
class StatusEvent(_Event):
    """A message has come as far as `status`; it may come late, repeated and out of order.

    What the service did not say, or what cannot be read, is None; the latter is in `extra` then.
    """

    id: str = attrs.field(metadata=_wire("id", _id))
    status: DeliveryStatus = attrs.field(metadata=_wire("status", _status))
    changed_at: datetime | None = attrs.field(default=None, metadata=_wire("ts", _moment))
    local_time: str | None = _text("time")
    """The same moment as the service prints it, in the account's zone."""
    error: DeliveryError | None = attrs.field(default=None, metadata=_wire("err", _error))
    """Why it was not delivered; `reason` says it in words."""
    operator_error: str | None = _text("syserr")
    units: int | None = attrs.field(default=None, metadata=_wire("cnt", _int))
    """Parts of an SMS, seconds of a call."""
    cost: Decimal | None = attrs.field(default=None, metadata=_wire("cost", _money))
    type: MessageType | None = attrs.field(default=None, metadata=_wire("type", _type))
    flag: int | None = attrs.field(default=None, metadata=_wire("flag", _int))
    sender: str | None = _text("sender")
    comment: str | None = _text("cmt", show=False)
    keys: str | None = _text("dtmf", show=False)
    """What the recipient of a call has typed."""
    imsi: str | None = _text("imsi", show=False)
    msc: str | None = _text("msc")
    mcc: str | None = _text("mcc")
    mnc: str | None = _text("mnc")
    home_country: str | None = _text("cn")
    home_network: str | None = _text("net")
    roaming_country: str | None = _text("rcn")
    roaming_network: str | None = _text("rnet")
    call_seconds: int | None = attrs.field(default=None, metadata=_wire("calltime", _int))
    """Until the key was pressed, or of the whole call."""
    menu_keys: str | None = _text("callmenu", show=False)
    """The way through a voice menu."""
    ring_seconds: int | None = attrs.field(default=None, metadata=_wire("ringtime", _int))

    @property
    def is_final(self) -> bool:
        """Whether nothing more is to come; a delivered message may still be read or clicked."""
        return self.status.is_final

    @property
    def flags(self) -> MessageFlags | None:
        """The flags, taken apart."""
        return None if self.flag is None else MessageFlags(self.flag)

    @property
    def reason(self) -> str | None:
        """What `error` means for this message; None where there is no error."""
        if not self.error:
            return None
        is_email = self.type is MessageType.EMAIL or "@" in self.phone
        return self.error.email_meaning if is_email else self.error.meaning


@attrs.frozen(kw_only=True)
class IncomingMessage(_Event):
    """Somebody has sent you a message; its `id` is the service's own."""

    id: str = attrs.field(metadata=_wire("id", _id))
    text: str = attrs.field(repr=False, metadata=_wire("mes"))
    to_phone: str | None = _text("to")
    """The number that it was sent to."""
    answers: str | None = _text("sms_id")
    """The id of the message that it answers, if it answers one."""
    service_centre: str | None = _text("smsc")
    sent_at: datetime | None = attrs.field(default=None, metadata=_wire("sent", _moment))
    received_at: datetime | None = attrs.field(default=None, metadata=_wire("time", _moment))

    @property
    def is_call(self) -> bool:
        """Whether it only notes a call that confirms a number; that comes as a call, too."""
        return self.text.strip() == _WAITCALL


@attrs.frozen(kw_only=True)
class CallConfirmation(_Event):
    """Somebody has called, to confirm that the number is theirs."""

    called_at: datetime | None = attrs.field(default=None, metadata=_wire("ts", _moment))


Event: TypeAlias = StatusEvent | IncomingMessage | CallConfirmation


E = TypeVar("E", bound=_Event)


def build(cls: type[E], fields: Mapping[str, str]) -> E:
    """Make an event of the fields; what it does not know, or cannot read, becomes its `extra`."""
    rest = dict(fields)
    values: dict[str, Any] = {}
    for field in attrs.fields(cls):
        wire = field.metadata.get("wire")
        said = rest.get(wire)
        required = field.default is attrs.NOTHING
        if wire is None or (said is None and not required):
            continue
        if said is None:
            raise MalformedCallback(f"it has no {wire}")
        if not said and not required:
            del rest[wire]
            continue
        try:
            values[field.name] = field.metadata["read"](said)
        except ValueError:
            if required:
                raise MalformedCallback(f"its {wire} cannot be read") from None
        else:
            del rest[wire]
    return cls(**values, extra=rest)
