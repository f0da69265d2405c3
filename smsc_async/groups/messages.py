"""Messages: sending them, and what they would cost."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Final, Literal, Unpack

import attrs

from .._command import Command, Repeat
from .._convert import Answer, reader, wire
from .._limits import RULES
from .._look import MISSING, UNSEEN, Look, Search, Seen
from .._options import (
    SendOptions,
    check_choice,
    check_id,
    mint_id,
    option_params,
    recipients,
)
from .._resolve import OUTCOMES, OutcomeMode, Resend, resolve
from ..content import Content, Line, as_content
from ..errors import ApiError, ClientClosed, InvalidRequest, OutcomeUnknown, SmscError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from datetime import tzinfo
    from random import Random

    from .._attachments import Attachment
    from .._call import Caller
    from .._clock import Clock

__all__ = ["Messages", "Quote", "RecipientResult", "SentMessage", "can_be_found"]

_DOCS: Final = "https://smscentre.com/api/http/send/"


@attrs.frozen
class Quote(Answer):
    """What a message would cost; nothing was sent. `units` is the total over all recipients."""

    cost: Decimal
    units: int = attrs.field(metadata=wire("cnt"))


@attrs.frozen
class RecipientResult(Answer):
    """What became of one recipient of an accepted send.

    `accepted` is False for one who was refused while others were accepted, and None where nobody
    could be asked after the answer was lost. `error` is why, if the answer said so. With a single
    recipient, or a group, only the phone is known.
    """

    phone: str
    accepted: bool | None = None
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


_MINUTE: Final = 62.0
"""Seconds after the end of a request in which it may still be processed."""

_NUMBER: Final = re.compile(r"\+?\d+")
_NATIONAL: Final = re.compile(r"8\d{10}|9\d{9}")

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

        Phone numbers are international; a recipient may also be a group code, as "G12", and for an
        `Email` is an address. The message gets an id of its own before the first attempt, and is
        repeated at once only when it certainly was not processed. When the answer is lost,
        `outcome="careful"` asks for the message's status for a minute, sends it once more if the
        service does not have it, and raises `OutcomeUnknown` if that settles nothing.
        `outcome="fast"` sends it again within seconds, inside the service's own guard against
        duplicates: for codes that expire. `outcome="raise"` raises at once, and so does any
        message to a group, an address, or a Russian number in national form, which the service
        may correct.

        The same text to the same recipients within a minute raises `DuplicateMessage` at once;
        `repeat="wait"` waits until it may be sent. https://smscentre.com/api/http/send/
        """
        numbers, params, files = self._params(to, content, options)
        return await self._deliver(numbers, params, repeat, outcome, files)

    async def send_list(
        self,
        lines: Iterable[Line],
        *,
        repeat: Literal["raise", "wait"] = "raise",
        outcome: OutcomeMode | None = None,
        **options: Unpack[SendOptions],
    ) -> SentMessage:
        """Send many texts, each to its own recipients, in one request and under one id.

        When the answer is lost, the messages are asked for by id and phone; so a list in which a
        recipient stands twice is then never sent again, and its doubt is raised at once. Otherwise
        as `send`. https://smscentre.com/api/http/send/
        """
        rows = tuple(lines)
        numbers = tuple(number for line in rows for number in line.to)
        if not numbers:
            raise InvalidRequest("lines", "has no line")
        local = any(line.tz is not None for line in rows)
        params = option_params(options, self._zone, local=local)
        params["list"] = "\n".join(line.row() for line in rows)
        params.setdefault("sender", self._sender)
        return await self._deliver(numbers, params, repeat, outcome)

    async def _deliver(
        self,
        numbers: tuple[str, ...],
        params: dict[str, str | int | None],
        repeat: Literal["raise", "wait"],
        outcome: OutcomeMode | None,
        files: tuple[Attachment, ...] = (),
    ) -> SentMessage:
        check_choice("repeat", repeat, ("raise", "wait"))
        mode = check_choice("outcome", outcome or self._outcome, OUTCOMES)
        message_id = str(params.setdefault("id", mint_id(self._random)))
        params |= {"cost": 3, "op": 1 if len(numbers) > 1 else None}
        send = partial(
            self._call, _SEND, params, files=files, message_id=message_id, recipients=numbers
        )
        began = self._clock.now()
        try:
            return _sent(await send(repeat=repeat), numbers)
        except OutcomeUnknown as doubt:
            if mode == "raise" or not _are_told_apart(numbers):
                raise
            with self._call.doubts.resolving(message_id):
                return await self._settle(doubt, numbers, send, began, fast=mode == "fast")

    async def reconcile(self, id: str, phones: str | Iterable[str]) -> SentMessage | None:
        """Return the message if the service has it, None if it certainly has not.

        For a send that ended in `OutcomeUnknown`, or was cancelled: nothing is sent. `phones` are
        all its recipients. It asks for the status, and for a message that is not found in the
        history of the last thousand to these phones, where messages go some hours after they were
        delivered; the service takes thirty such questions an hour.

        Raises `OutcomeUnknown` while the service may still process a request for the message: for
        a minute after the last one, and while the send itself is still finding out. Of a send by
        another client it cannot know when that was. Raises what a status raises if the service
        cannot be asked, and `InvalidRequest` for group codes: who is in a group is not known here.
        """
        message_id, numbers = check_id(id), recipients(phones)
        doubts = self._call.doubts
        doubt = doubts.find(message_id)
        _check_phones(numbers, doubt)
        search = Search(self._call, message_id, numbers)
        if await search.look(thorough=True) or await search.search_history():
            doubts.settle(message_id)
            return await _confirmed(message_id, search)
        if doubt is not None and doubts.age(message_id) < _MINUTE:
            raise doubt
        if not search.missing:
            text = "the service did not say of each recipient whether it has the message"
            raise OutcomeUnknown(text, numbers).about(message_id=message_id)
        doubts.settle(message_id)
        return None

    async def quote(
        self, to: str | Iterable[str], content: str | Content, **options: Unpack[SendOptions]
    ) -> Quote:
        """Return what the message would cost and how many units it has; nothing is sent.

        The service takes five identical questions a minute.
        https://smscentre.com/api/http/send/
        """
        _, params, files = self._params(to, content, options)
        return await self._call(_QUOTE, params, files=files)

    def _params(
        self, to: str | Iterable[str], content: str | Content, options: SendOptions
    ) -> tuple[tuple[str, ...], dict[str, str | int | None], tuple[Attachment, ...]]:
        message = as_content(content)
        fields = message.params()
        if "sender" in fields and "sender" in options:
            raise InvalidRequest("sender", "is a part of this content")
        numbers = recipients(to, message.recipient)
        own = option_params(options, self._zone)
        params = {"phones": ",".join(numbers), "sender": self._sender, **own, **fields}
        return numbers, params, message.files

    async def _settle(
        self,
        doubt: OutcomeUnknown,
        numbers: tuple[str, ...],
        send: Callable[..., Awaitable[_Accepted]],
        began: float,
        *,
        fast: bool,
    ) -> SentMessage:
        """Find out whether it was sent; see `_resolve`."""
        message_id = doubt.message_id or ""
        last = doubt.attempts[-1].host if doubt.attempts else ""

        async def resend(how: Resend, patience: float) -> SentMessage:
            return _sent(await send(repeat=how, avoid=last, patience=patience), numbers)

        try:
            sent = await resolve(
                doubt,
                began=began,
                until=began + self._call.deadline,
                fast=fast,
                look=partial(_look, message_id, Search(self._call, message_id, numbers)),
                resend=resend,
                clock=self._clock,
            )
        except ClientClosed as closed:
            raise doubt from closed
        except ApiError:
            # The second request was refused for good, and the first was not there.
            self._call.doubts.settle(message_id)
            raise
        self._call.doubts.settle(message_id)
        return sent


def _are_told_apart(numbers: tuple[str, ...]) -> bool:
    """Return whether id and phone surely find each message, and only that one."""
    plain = {number.lstrip("+") for number in numbers}
    return len(plain) == len(numbers) and all(map(can_be_found, numbers))


def can_be_found(recipient: str) -> bool:
    """Return whether the recipient is surely kept as it was given, and so found again.

    It has to be a number, and no group or address; and without a plus the service may correct what
    looks like a national number of Russia's.
    """
    return bool(_NUMBER.fullmatch(recipient)) and not _NATIONAL.fullmatch(recipient)


def _check_phones(numbers: tuple[str, ...], doubt: OutcomeUnknown | None) -> None:
    if any(number.startswith("G") for number in numbers):
        raise InvalidRequest("phones", "has a group, and who is in it is not known here")
    if doubt is not None:
        known = {number.lstrip("+") for number in doubt.phones}
        if known != {number.lstrip("+") for number in numbers}:
            raise InvalidRequest("phones", "are not the recipients of that message")


async def _look(message_id: str, search: Search, thorough: bool) -> SentMessage | Look:
    try:
        if await search.look(thorough=thorough):
            return await _confirmed(message_id, search)
    except ClientClosed:
        raise
    except SmscError:
        return UNSEEN
    return MISSING if search.missing else UNSEEN


async def _confirmed(message_id: str, search: Search) -> SentMessage:
    """Collect what the service says of a message that was sent after all."""
    await search.collect()
    found = [one for one in search.seen.values() if isinstance(one, Seen)]
    return SentMessage(
        message_id,
        sum(one.units or 0 for one in found),
        sum((one.cost or Decimal(0) for one in found), Decimal(0)),
        await search.balance(),
        tuple(_recipient(number, one) for number, one in search.seen.items()),
        confirmed_by="status",
    )


def _recipient(number: str, seen: Seen | Look) -> RecipientResult:
    phone = number.lstrip("+")
    if isinstance(seen, Seen):
        return RecipientResult(phone, True, seen.cost, seen.status)
    return RecipientResult(phone, False if seen is MISSING else None)


def _sent(accepted: _Accepted, numbers: tuple[str, ...]) -> SentMessage:
    return SentMessage(
        accepted.id,
        accepted.units,
        accepted.cost,
        accepted.balance,
        tuple(attrs.evolve(one, accepted=not one.error) for one in accepted.phones)
        or tuple(RecipientResult(number.lstrip("+"), True) for number in numbers),
        extra=accepted.extra,
    )
