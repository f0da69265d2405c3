"""Messages: sending them, and what they would cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Literal, Unpack

import attrs

from .._command import Command, Repeat
from .._convert import extra, reader, wire
from .._limits import RULES
from .._options import SendOptions, mint_id, option_params, recipients
from ..content import Content, as_content
from ..errors import InvalidRequest

if TYPE_CHECKING:
    from datetime import tzinfo
    from random import Random

    from .._call import Caller

__all__ = ["Messages", "Quote", "RecipientResult", "SentMessage"]

_DOCS: Final = "https://smscentre.com/api/http/send/"


@attrs.frozen
class Quote:
    """What a message would cost; nothing was sent. `units` is the total over all recipients."""

    cost: Decimal
    units: int = wire("cnt")
    extra: Mapping[str, object] = extra()


@attrs.frozen
class RecipientResult:
    """What became of one recipient of an accepted send.

    `error` other than 0 says that this recipient was refused while others were accepted. With a
    single recipient, or a group, only the phone is known.
    """

    phone: str
    cost: Decimal | None = None
    status: int | None = None
    error: int | None = None
    mccmnc: str | None = None
    extra: Mapping[str, object] = extra()


@attrs.frozen
class SentMessage:
    """A message that the service has accepted.

    `units` and `cost` are totals over all recipients; `balance` is what was left after it. With
    `confirmed_by="status"` the answer was lost and the message was found by asking for it; then
    units, cost and balance are not known.
    """

    id: str
    units: int
    cost: Decimal
    balance: Decimal
    recipients: tuple[RecipientResult, ...]
    confirmed_by: Literal["reply", "status"] = "reply"
    extra: Mapping[str, object] = extra()


@attrs.frozen
class _Accepted:
    id: str
    units: int = wire("cnt")
    cost: Decimal
    balance: Decimal
    phones: tuple[RecipientResult, ...] = ()
    extra: Mapping[str, object] = extra()


_SEND: Final = Command(
    "send.php",
    reader(_Accepted),
    rules=(RULES["send.identical"], RULES["send.flood"]),
    docs=_DOCS,
)
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
    _random: Random
    _sender: str | None
    _zone: tzinfo | None

    async def send(
        self,
        to: str | Iterable[str],
        content: str | Content,
        *,
        repeat: Literal["raise", "wait"] = "raise",
        **options: Unpack[SendOptions],
    ) -> SentMessage:
        """Send a message to one recipient or to many, once, and return what it cost.

        Phone numbers are international; a recipient may also be a group code, as "G12". The message
        gets an id of its own before the first attempt. It is sent again only when it certainly was
        not processed; otherwise `OutcomeUnknown` is raised with the id to ask for.

        The same text to the same recipients within a minute raises `DuplicateMessage` at once;
        `repeat="wait"` waits until it may be sent. https://smscentre.com/api/http/send/
        """
        numbers, params = self._params(to, content, options)
        if repeat not in ("raise", "wait"):
            raise InvalidRequest("repeat", 'has to be "raise" or "wait"')
        message_id = str(params.setdefault("id", mint_id(self._random)))
        params |= {"cost": 3, "op": 1 if len(numbers) > 1 else None}
        accepted = await self._call(
            _SEND, params, message_id=message_id, recipients=numbers, repeat=repeat
        )
        phones = accepted.phones or tuple(RecipientResult(number.lstrip("+")) for number in numbers)
        return SentMessage(
            accepted.id,
            accepted.units,
            accepted.cost,
            accepted.balance,
            phones,
            extra=accepted.extra,
        )

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
