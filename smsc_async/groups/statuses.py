"""What became of a message: statuses, and deleting."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, cast

import attrs

from .._command import Command, Repeat
from .._convert import Answer, Code, acknowledged, as_object, reader, wire
from .._limits import RULES
from .._options import check_id, phone
from ..errors import BadReply, InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .._call import Caller

__all__ = ["DeliveryStatus", "Detail", "HlrStatus", "MessageStatus", "Statuses"]

_DOCS: Final = "https://smscentre.com/api/http/status_messages/"

Detail: TypeAlias = Literal[0, 1, 2]


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


@attrs.frozen
class _Status(Answer):
    status: DeliveryStatus
    error: int | None = attrs.field(default=None, metadata=wire("err"))
    """Why it was not delivered; 0 is no error, 200 a message of the test mode."""
    changed_at: datetime | None = attrs.field(default=None, metadata=wire("last_timestamp"))
    sent_at: datetime | None = attrs.field(default=None, metadata=wire("send_timestamp"))
    id: str | None = None
    phone: str | None = None
    cost: Decimal | None = None
    sender: str | None = attrs.field(default=None, metadata=wire("sender_id"))
    status_name: str | None = None
    text: str | None = attrs.field(default=None, repr=False, metadata=wire("message"))
    type: int | None = None
    flag: int | None = None
    country: str | None = None
    operator: str | None = None
    region: str | None = None

    @property
    def is_final(self) -> bool:
        """Whether nothing more is to come; a delivered message may still be read or clicked."""
        return self.status.is_final


@attrs.frozen
class MessageStatus(_Status):
    """How far a message has come, and since when.

    With `detail=0` there are the status, the moment and the error; with 1 also the message's own
    data; with 2 also the recipient's country, operator and region. A message that is not found or
    in the archive has the status `NOT_FOUND` and nothing else.
    """

    units: int | None = attrs.field(default=None, metadata=wire("sms_cnt"))
    comment: str | None = None
    mccmnc: str | None = None
    operator_orig: str | None = None


@attrs.frozen
class HlrStatus(_Status):
    """What an HLR request has found out about a number; see `MessageStatus` for the details."""

    imsi: str | None = None
    msc: str | None = None
    mcc: str | None = None
    mnc: str | None = None
    home_country: str | None = attrs.field(default=None, metadata=wire("cn"))
    home_network: str | None = attrs.field(default=None, metadata=wire("net"))
    roaming_country: str | None = attrs.field(default=None, metadata=wire("rcn"))
    roaming_network: str | None = attrs.field(default=None, metadata=wire("rnet"))


_read_message = reader(MessageStatus)
_read_hlr = reader(HlrStatus)
_HLR_TYPE: Final = 4


def _read_status(document: object) -> MessageStatus | HlrStatus:
    fields = as_object(document) or {}
    if "imsi" in fields or str(fields.get("type")) == str(_HLR_TYPE):
        return _read_hlr(document)
    return _read_message(document)


def _read_statuses(document: object) -> list[MessageStatus | HlrStatus]:
    if not isinstance(document, list):
        raise TypeError("expected an array")
    return [_read_status(item) for item in cast("list[object]", document)]


_STATUS: Final = Command(
    "status.php",
    _read_status,
    rules=(RULES["status.same_message"],),
    repeat=Repeat.ALWAYS,
    docs=_DOCS,
)
_STATUSES: Final = Command(
    "status.php",
    _read_statuses,
    rules=(RULES["status.mass"],),
    repeat=Repeat.ALWAYS,
    docs=_DOCS,
)


_DELETE: Final = Command(
    "status.php",
    acknowledged,
    flag={"del": "1"},
    # No limit of its own is documented; it is counted with the status requests to be safe.
    rules=(RULES["status.same_message"],),
    docs=_DOCS,
)


class Statuses:
    """The verbs of the client that ask about messages already sent."""

    _call: Caller

    async def status(
        self,
        id: str,
        phone: str,
        *,
        detail: Detail = 0,
    ) -> MessageStatus | HlrStatus:
        """Return what became of the message with this id to this recipient.

        Reads only, and repeats itself when the network fails. The service takes five questions a
        minute about one message, and only within a day: after nine hours already, a message with a
        final status may be in the archive and come back as `NOT_FOUND`.
        https://smscentre.com/api/http/status_messages/
        """
        params = _key(id, phone) | {"all": _detail(detail)}
        return await self._call(_STATUS, params, message_id=id)

    async def statuses(
        self, pairs: Iterable[tuple[str, str]], *, detail: Detail = 0
    ) -> list[MessageStatus | HlrStatus]:
        """Return the statuses of many messages, given as pairs of id and phone, in their order.

        One request for all of them; the service takes one such request a minute for the whole
        account. A single pair is asked for by `status`, which has a limit of its own.
        https://smscentre.com/api/http/status_messages/
        """
        keys = [_key(*pair) for pair in pairs]
        if not keys:
            raise InvalidRequest("pairs", "has no message")
        if len({tuple(key.values()) for key in keys}) < len(keys):
            raise InvalidRequest("pairs", "has a message twice")
        if len(keys) == 1:
            return [await self._call(_STATUS, keys[0] | {"all": _detail(detail)})]
        params = {name: ",".join(str(key[name]) for key in keys) for name in ("phone", "id")}
        answer = await self._call(_STATUSES, {**params, "all": _detail(detail)})
        return _in_order(keys, answer)

    async def delete(self, id: str, phone: str) -> None:
        """Delete a sent message, before the service moves it to the archive.

        Raises `OperationFailed` when it cannot be deleted. Not repeated when it is unknown whether
        it worked. https://smscentre.com/api/http/status_messages/
        """
        await self._call(_DELETE, _key(id, phone), message_id=id)


def _key(id: str, number: str) -> dict[str, str | int | None]:
    return {"phone": phone(number).lstrip("+"), "id": check_id(id)}


def _detail(value: Detail) -> int:
    if value not in (0, 1, 2):
        raise InvalidRequest("detail", "has to be 0, 1 or 2")
    return value


def _in_order(
    keys: list[dict[str, str | int | None]], answer: list[MessageStatus | HlrStatus]
) -> list[MessageStatus | HlrStatus]:
    """Match by id and phone where the answer has them, else by position."""
    if len(answer) != len(keys):
        raise BadReply(f"{len(keys)} statuses were asked for, {len(answer)} came")
    found = {(item.id, item.phone): item for item in answer}
    wanted = [(str(key["id"]), str(key["phone"])) for key in keys]
    if set(found) == set(wanted):
        return [found[pair] for pair in wanted]
    return answer
