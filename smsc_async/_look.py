"""Asking the service whether it has a message."""

from __future__ import annotations

import enum
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import anyio
import attrs

from ._command import Command, Repeat
from ._convert import UNFIT, as_list, reader, wire
from ._limits import RULES
from .errors import NotFound, SmscError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ._call import Caller
    from ._wire import Params

__all__ = ["MISSING", "UNSEEN", "Look", "Search", "Seen", "look_up"]

_DOCS: Final = "https://smscentre.com/api/http/status_messages/"
_NOT_FOUND: Final = -3
_FEW: Final = 20
"""Recipients who are asked about one by one; more of them in one request."""

_AT_ONCE: Final = 2
_PAGE: Final = 1000


class Look(enum.Enum):
    """What a look may find besides the message."""

    MISSING = "the service does not have it"
    UNSEEN = "it could not be asked"


MISSING: Final = Look.MISSING
UNSEEN: Final = Look.UNSEEN


@attrs.frozen
class Seen:
    """What the service says of a message to one recipient, as far as it matters here."""

    status: int
    units: int | None = attrs.field(default=None, metadata=wire("sms_cnt"))
    cost: Decimal | None = None
    id: str | None = None
    phone: str | None = None


@attrs.frozen
class _Money:
    """The money on the account, of which nothing else is used here."""

    balance: Decimal


_read_seen = reader(Seen)


def _all_seen(document: object) -> list[Seen]:
    """Read many; one that does not fit is not there."""
    found: list[Seen] = []
    for item in as_list(document):
        try:
            found.append(_read_seen(item))
        except UNFIT:
            continue
    return found


_STATUS: Final = Command(
    "status.php",
    _read_seen,
    rules=(RULES["status.same_message"],),
    repeat=Repeat.ALWAYS,
    docs=_DOCS,
)
_STATUSES: Final = Command(
    "status.php", _all_seen, rules=(RULES["status.mass"],), repeat=Repeat.ALWAYS, docs=_DOCS
)
_HISTORY: Final = Command(
    "get.php",
    _all_seen,
    flag={"get_messages": "1"},
    rules=(RULES["get_messages.identical"], RULES["get_messages.hour"]),
    repeat=Repeat.ALWAYS,
    docs="https://smscentre.com/api/http/get_data/",
)
_MONEY: Final = Command(
    "balance.php",
    reader(_Money),
    rules=(RULES["balance.any"],),
    repeat=Repeat.ALWAYS,
    docs="https://smscentre.com/api/http/balance/",
)


class Search:
    """The search for one message to some recipients, and what is known of each of them."""

    def __init__(self, call: Caller, message_id: str, numbers: Sequence[str]) -> None:
        self._call = call
        self._id = message_id
        self.seen: dict[str, Seen | Look] = dict.fromkeys(numbers, UNSEEN)
        self.cut_off: bool = False
        """Whether the history had more to these recipients than it told."""

    @property
    def found(self) -> bool:
        """Whether the service has the message, to anybody at all."""
        return any(isinstance(one, Seen) for one in self.seen.values())

    @property
    def missing(self) -> bool:
        """Whether it was asked about every recipient, and has the message to none."""
        return all(one is MISSING for one in self.seen.values())

    async def look(self, *, thorough: bool) -> bool:
        """Ask about the first and the last recipient; if thorough and in vain, about all.

        A refused recipient is never found, so two of them say nothing of those in between. Raises
        what a question raised, unless another one found the message.
        """
        self.seen = dict.fromkeys(self.seen, UNSEEN)
        numbers = tuple(self.seen)
        failures = await self._ask_each(dict.fromkeys((numbers[0], numbers[-1])))
        if thorough and not self.found and not failures:
            failures = await self._ask_rest()
        if failures and not self.found:
            raise failures[0]
        return self.found

    async def collect(self) -> None:
        """Ask about those of whom nothing is known yet; what cannot be asked stays `UNSEEN`."""
        await self._ask_rest()

    async def search_history(self) -> bool:
        """Ask the history, where messages go some hours after they were delivered."""
        phones = ",".join(number.lstrip("+") for number in self.seen)
        try:
            history = await self._call(_HISTORY, {"phone": phones, "cnt": _PAGE})
        except NotFound:
            return False
        self.cut_off = len(history) >= _PAGE
        ours = {one.phone.lstrip("+"): one for one in history if one.phone and one.id == self._id}
        self.seen |= {
            number: ours[number.lstrip("+")] for number in self.seen if number.lstrip("+") in ours
        }
        return self.found

    async def balance(self) -> Decimal:
        """Return the money that is left; NaN if that cannot be asked, either."""
        try:
            return (await self._call(_MONEY, {})).balance
        except SmscError:
            return Decimal("NaN")

    async def _ask_rest(self) -> list[SmscError]:
        rest = [number for number, one in self.seen.items() if one is UNSEEN]
        return await (self._ask_each(rest) if len(rest) <= _FEW else self._ask_together(rest))

    async def _ask_each(self, numbers: Iterable[str]) -> list[SmscError]:
        """Ask one by one, leaving most of the few status slots to others."""
        failures: list[SmscError] = []
        limiter = anyio.CapacityLimiter(_AT_ONCE)

        async def ask(number: str) -> None:
            params: Params = {"phone": number.lstrip("+"), "id": self._id, "all": 1}
            async with limiter:
                try:
                    seen = await self._call(_STATUS, params, message_id=self._id)
                except SmscError as error:
                    failures.append(error)
                else:
                    self.seen[number] = _found_or_missing(seen)

        async with anyio.create_task_group() as group:
            for number in numbers:
                group.start_soon(ask, number)
        return failures

    async def _ask_together(self, numbers: Sequence[str]) -> list[SmscError]:
        """Ask about many in one request, of which the service takes one a minute."""
        try:
            seen = await look_up(self._call, [(self._id, number) for number in numbers])
        except SmscError as error:
            return [error]
        self.seen |= {number: one for (_, number), one in seen.items()}
        return []


async def look_up(
    call: Caller, pairs: Sequence[tuple[str, str]], *, patient: bool = False
) -> dict[tuple[str, str], Seen | Look]:
    """Ask about many messages, given as id and phone, in one request of those one a minute.

    What the answer does not say is left out. One pair alone is a question of its own.
    """
    message_id = pairs[0][0]
    params: Params = {
        "phone": ",".join(number.lstrip("+") for _, number in pairs),
        "id": ",".join(one for one, _ in pairs),
        "all": 1,
    }
    if len(pairs) == 1:
        one = await call(_STATUS, params, message_id=message_id, patient=patient)
        return {pairs[0]: _found_or_missing(one)}
    answers = await call(_STATUSES, params, message_id=message_id, patient=patient)
    only = message_id if len({one for one, _ in pairs}) == 1 else None
    named = {(one.id or only, one.phone.lstrip("+")): one for one in answers if one.phone}
    in_order = answers if len(answers) == len(pairs) else []
    found: dict[tuple[str, str], Seen | Look] = {}
    for place, (its_id, number) in enumerate(pairs):
        known = named.get((its_id, number.lstrip("+")))
        # One that is not found may come without its phone.
        if known is None and in_order and not in_order[place].phone:
            known = in_order[place] if in_order[place].id in {None, its_id} else None
        if known is not None:
            found[its_id, number] = _found_or_missing(known)
    return found


def _found_or_missing(seen: Seen) -> Seen | Look:
    return MISSING if seen.status == _NOT_FOUND else seen
