"""What became of a message: statuses, and deleting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias, cast

import attrs

from .._command import Command, Repeat
from .._convert import acknowledged, as_object, reader, wire
from .._delivery import Delivery, DeliveryStatus, MessageFlags, MessageType
from .._fields import email
from .._limits import RULES
from .._options import check_id, phone
from ..errors import BadReply, InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .._call import Caller

__all__ = ["DeliveryStatus", "Detail", "HlrStatus", "MessageStatus", "Statuses"]

_DOCS: Final = "https://smscentre.com/api/http/status_messages/"

Detail: TypeAlias = Literal[0, 1, 2]


@attrs.frozen
class _Status(Delivery):
    """What the answers about messages and about HLR requests share."""

    flag: int | None = None

    @property
    def flags(self) -> MessageFlags | None:
        """The flags, taken apart; None where the answer has none, as that of `NOT_FOUND`."""
        return None if self.flag is None else MessageFlags(self.flag)

    @property
    def is_email(self) -> bool:
        """Whether it went to an e-mail address."""
        by_flag = self.flags is not None and self.flags.type is MessageType.EMAIL
        return by_flag or super().is_email


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

        Reads only, and repeats itself when the network fails. `phone` is the address if it is an
        e-mail. The service takes five questions a minute about one message, and only within a day:
        after nine hours already, a message with a final status may be in the archive and come back
        as `NOT_FOUND`.
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
            raise InvalidRequest("pairs", "needs at least one")
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
    is_address = isinstance(number, str) and "@" in number
    to = email("phone", number) if is_address else phone(number).lstrip("+")
    return {"phone": to, "id": check_id(id)}


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
