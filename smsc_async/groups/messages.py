"""Messages: sending them, and what they would cost."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Final, Literal, Unpack

import anyio
import attrs

from .._command import Command, Repeat
from .._convert import Answer, reader, wire
from .._limits import RULES
from .._options import (
    SendOptions,
    check_choice,
    check_id,
    local_time,
    mint_id,
    option_params,
    recipients,
)
from .._resolve import MISSING, OUTCOMES, UNSEEN, Look, OutcomeMode, Resend, resolve
from ..content import Content, Line, as_content
from ..errors import ApiError, ClientClosed, NotFound, OutcomeUnknown, SmscError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping
    from datetime import tzinfo
    from random import Random

    from .._call import Caller
    from .._clock import Clock
    from .._wire import Params

__all__ = ["Messages", "Quote", "RecipientResult", "SentMessage"]

_DOCS: Final = "https://smscentre.com/api/http/send/"


@attrs.frozen
class Quote(Answer):
    """What a message would cost; nothing was sent. `units` is the total over all recipients."""

    cost: Decimal
    units: int = attrs.field(metadata=wire("cnt"))


@attrs.frozen
class RecipientResult(Answer):
    """What became of one recipient of an accepted send.

    `error` other than 0 says that this recipient was refused while others were accepted. With a
    single recipient, or a group, only the phone is known.
    """

    phone: str
    cost: Decimal | None = None
    status: int | None = None
    error: int | None = None
    mccmnc: str | None = None


@attrs.frozen
class SentMessage(Answer):
    """A message that the service has accepted.

    `units` and `cost` are totals over all recipients; `balance` is what was left after it. With
    `confirmed_by="status"` the answer was lost, and the message was found by asking for its status:
    units and cost are then what the statuses say, and the balance is NaN, for nobody has said it.
    """

    id: str
    units: int
    cost: Decimal
    balance: Decimal
    recipients: tuple[RecipientResult, ...]
    confirmed_by: Literal["reply", "status"] = "reply"


@attrs.frozen
class _Accepted(Answer):
    id: str
    cost: Decimal
    balance: Decimal
    units: int = attrs.field(metadata=wire("cnt"))
    phones: tuple[RecipientResult, ...] = ()


_SEND: Final = Command(
    "send.php",
    reader(_Accepted),
    rules=(RULES["send.identical"], RULES["send.flood"]),
    docs=_DOCS,
)


@attrs.frozen
class _Seen:
    status: int
    units: int = attrs.field(default=0, metadata=wire("sms_cnt"))
    cost: Decimal = Decimal(0)
    error: int | None = attrs.field(default=None, metadata=wire("err"))


_LOOK: Final = Command(
    "status.php",
    reader(_Seen),
    rules=(RULES["status.same_message"],),
    repeat=Repeat.ALWAYS,
    docs="https://smscentre.com/api/http/status_messages/",
)
_NOT_FOUND: Final = -3


@attrs.frozen
class _Archived(_Seen):
    id: str = ""
    phone: str = ""


_HISTORY: Final = Command(
    "get.php",
    reader(list[_Archived]),
    flag={"get_messages": "1"},
    rules=(RULES["get_messages.identical"], RULES["get_messages.hour"]),
    repeat=Repeat.ALWAYS,
    docs="https://smscentre.com/api/http/get_data/",
)
_HISTORY_PAGE: Final = 1000

_QUOTE: Final = Command(
    "send.php",
    reader(Quote),
    flag={"cost": "1"},
    rules=(RULES["send.cost.identical"],),
    repeat=Repeat.ALWAYS,
    docs=_DOCS,
)


class Messages:
    """The verbs of the client that send."""

    _call: Caller
    _clock: Clock
    _random: Random
    _sender: str | None
    _zone: tzinfo | None
    _outcome: OutcomeMode

    async def send(
        self,
        to: str | Iterable[str],
        content: str | Content,
        *,
        repeat: Literal["raise", "wait"] = "raise",
        outcome: OutcomeMode | None = None,
        **options: Unpack[SendOptions],
    ) -> SentMessage:
        """Send a message to one recipient or to many, once, and return what it cost.

        Phone numbers are international; a recipient may also be a group code, as "G12". The message
        gets an id of its own before the first attempt, and is repeated at once only when it
        certainly was not processed. When the answer is lost, `outcome="careful"` asks for the
        message's status for a minute, sends it once more if the service does not have it, and
        raises `OutcomeUnknown` if that settles nothing. `outcome="fast"` sends it again within
        seconds, inside the service's own guard against duplicates: for codes that expire.
        `outcome="raise"` raises at once, and so does any message to a group.

        The same text to the same recipients within a minute raises `DuplicateMessage` at once;
        `repeat="wait"` waits until it may be sent. https://smscentre.com/api/http/send/
        """
        numbers, params = self._params(to, content, options)
        return await self._deliver(numbers, params, repeat, outcome)

    async def send_list(
        self,
        lines: Iterable[Line],
        *,
        repeat: Literal["raise", "wait"] = "raise",
        outcome: OutcomeMode | None = None,
        **options: Unpack[SendOptions],
    ) -> SentMessage:
        """Send many texts, each to its own recipients, in one request and under one id.

        A recipient may stand in one line only, so that id and phone say which message is meant.
        Otherwise as `send`. https://smscentre.com/api/http/send/
        """
        rows = tuple(lines)
        numbers = recipients([number for line in rows for number in line.to])
        local = any(line.tz is not None for line in rows)
        moment = local_time(options.pop("time", None)) if local else None
        params = {"time": moment} | option_params(options, self._zone)
        params["list"] = "\n".join(line.row() for line in rows)
        params.setdefault("sender", self._sender)
        return await self._deliver(numbers, params, repeat, outcome)

    async def _deliver(
        self,
        numbers: tuple[str, ...],
        params: dict[str, str | int | None],
        repeat: Literal["raise", "wait"],
        outcome: OutcomeMode | None,
    ) -> SentMessage:
        check_choice("repeat", repeat, ("raise", "wait"))
        mode = check_choice("outcome", outcome or self._outcome, OUTCOMES)
        message_id = str(params.setdefault("id", mint_id(self._random)))
        params |= {"cost": 3, "op": 1 if len(numbers) > 1 else None}
        send = partial(self._call, _SEND, params, message_id=message_id, recipients=numbers)
        began = self._clock.now()
        try:
            return _sent(await send(repeat=repeat), numbers)
        except OutcomeUnknown as doubt:
            if mode == "raise" or any(number.startswith("G") for number in numbers):
                raise
            return await self._settle(doubt, message_id, numbers, send, began, fast=mode == "fast")

    async def reconcile(self, id: str, phones: str | Iterable[str]) -> SentMessage | None:
        """Return the message if the service has it, None if it has not.

        For a send that ended in `OutcomeUnknown`, or was cancelled: nothing is sent. It asks for
        the status, and for a message that is not found in the history of the last thousand to
        these phones, where messages go some hours after they were delivered; the service takes
        thirty such questions an hour. Raises what a status raises if the service cannot be asked.
        """
        message_id, numbers = check_id(id), recipients(phones)
        seen = [await self._see(message_id, number) for number in _ends(numbers)]
        if all(one is MISSING for one in seen):
            sent = await self._archived(message_id, numbers)
        else:
            sent = await self._found(message_id, numbers)
        self._call.doubts.pop(message_id, None)
        return sent

    async def quote(
        self, to: str | Iterable[str], content: str | Content, **options: Unpack[SendOptions]
    ) -> Quote:
        """Return what the message would cost and how many units it has; nothing is sent.

        The service takes five identical questions a minute.
        https://smscentre.com/api/http/send/
        """
        _, params = self._params(to, content, options)
        return await self._call(_QUOTE, params)

    def _params(
        self, to: str | Iterable[str], content: str | Content, options: SendOptions
    ) -> tuple[tuple[str, ...], dict[str, str | int | None]]:
        numbers = recipients(to)
        message = as_content(content)
        own = option_params(options, self._zone)
        return numbers, {
            "phones": ",".join(numbers),
            **message.params(),
            "sender": self._sender,
            **own,
        }

    async def _settle(
        self,
        doubt: OutcomeUnknown,
        message_id: str,
        numbers: tuple[str, ...],
        send: Callable[..., Awaitable[_Accepted]],
        began: float,
        *,
        fast: bool,
    ) -> SentMessage:
        """Find out whether it was sent; see `_resolve`."""

        async def look() -> SentMessage | Look:
            seen = [await self._look(message_id, number) for number in _ends(numbers)]
            if any(isinstance(one, _Seen) for one in seen):
                return await self._found(message_id, numbers)
            return MISSING if all(one is MISSING for one in seen) else UNSEEN

        async def resend(how: Resend, patience: float) -> SentMessage:
            last = doubt.attempts[-1].host if doubt.attempts else ""
            return _sent(await send(repeat=how, avoid=last, patience=patience), numbers)

        try:
            sent = await resolve(
                doubt, began=began, fast=fast, look=look, resend=resend, clock=self._clock
            )
        except ClientClosed as closed:
            raise doubt from closed
        except ApiError:
            # The second request was refused for good, and the first was not there.
            self._call.doubts.pop(message_id, None)
            raise
        self._call.doubts.pop(message_id, None)
        return sent

    async def _look(self, message_id: str, number: str) -> _Seen | Look:
        try:
            return await self._see(message_id, number)
        except ClientClosed:
            raise
        except SmscError:
            return UNSEEN

    async def _see(self, message_id: str, number: str) -> _Seen | Look:
        params: Params = {"phone": number.lstrip("+"), "id": message_id, "all": 1}
        seen = await self._call(_LOOK, params, message_id=message_id)
        return MISSING if seen.status == _NOT_FOUND else seen

    async def _found(self, message_id: str, numbers: tuple[str, ...]) -> SentMessage:
        """Collect what the statuses say of a message that was sent after all."""
        seen: dict[str, _Seen | Look] = dict.fromkeys(numbers, UNSEEN)

        async def ask(number: str) -> None:
            seen[number] = await self._look(message_id, number)

        async with anyio.create_task_group() as group:
            for number in numbers:
                group.start_soon(ask, number)
        return _confirmed(message_id, seen)

    async def _archived(self, message_id: str, numbers: tuple[str, ...]) -> SentMessage | None:
        """Look into the history, where a status of "not found" may mean "long done"."""
        phones = ",".join(number.lstrip("+") for number in _ends(numbers))
        try:
            history = await self._call(_HISTORY, {"phone": phones, "cnt": _HISTORY_PAGE})
        except NotFound:
            return None
        found = {one.phone.lstrip("+"): one for one in history if one.id == message_id}
        if not found:
            return None
        seen: dict[str, _Seen | Look] = dict.fromkeys(numbers, UNSEEN)
        seen |= {
            number: found[number.lstrip("+")] for number in numbers if number.lstrip("+") in found
        }
        return _confirmed(message_id, seen)


def _ends(numbers: tuple[str, ...]) -> tuple[str, ...]:
    """The first and the last recipient: together they stand for all."""
    return numbers if len(numbers) == 1 else (numbers[0], numbers[-1])


def _confirmed(message_id: str, seen: Mapping[str, _Seen | Look]) -> SentMessage:
    found = [one for one in seen.values() if isinstance(one, _Seen)]
    return SentMessage(
        message_id,
        sum(one.units for one in found),
        sum((one.cost for one in found), Decimal(0)),
        Decimal("NaN"),
        tuple(_recipient(number, one) for number, one in seen.items()),
        confirmed_by="status",
    )


def _sent(accepted: _Accepted, numbers: tuple[str, ...]) -> SentMessage:
    return SentMessage(
        accepted.id,
        accepted.units,
        accepted.cost,
        accepted.balance,
        accepted.phones or tuple(RecipientResult(number.lstrip("+")) for number in numbers),
        extra=accepted.extra,
    )


def _recipient(number: str, seen: _Seen | Look) -> RecipientResult:
    phone = number.lstrip("+")
    if isinstance(seen, _Seen):
        return RecipientResult(phone, seen.cost, seen.status, seen.error)
    return RecipientResult(phone, status=_NOT_FOUND if seen is MISSING else None)
