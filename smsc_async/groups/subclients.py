"""Sub-clients: accounts below the own one."""

from __future__ import annotations

from datetime import date  # noqa: TC003 - whoever reads the hints of a TypedDict
from decimal import Decimal
from typing import TYPE_CHECKING, Final, TypedDict, TypeVar, Unpack

import attrs

from .._call import Caller
from .._convert import Answer, acknowledged, added_id, list_reader, wire
from .._fields import Fields, code, day, exactly_one, in_order, money, switch, text
from .._limits import RULES
from .._script import Script
from .._subclient_settings import FIELDS, SubclientSettings
from ..errors import InvalidRequest, NotFound

if TYPE_CHECKING:
    from .._command import Command
    from .._fields import FormFields

__all__ = [
    "DetailedStatistics",
    "OperatorStatistics",
    "StatisticsOptions",
    "SubclientStatistics",
    "Subclients",
]

T = TypeVar("T")

_DOCS: Final = "https://smscentre.com/api/http/users/subclients/"
_NOTHING_FOUND: Final = 3


@attrs.frozen
class SubclientStatistics(Answer):
    """How many messages a sub-client sent, and its money.

    The documentation explains `credit` and `debit` crosswise; both are as the service has them.
    """

    login: str
    messages: int = attrs.field(metadata=wire("sms"))
    credit: Decimal
    debit: Decimal
    currency: str = ""


@attrs.frozen
class OperatorStatistics(Answer):
    """One kind of operation of a sub-client with one operator; see `SubclientStatistics`."""

    messages: int = attrs.field(metadata=wire("sms"))
    credit: Decimal
    debit: Decimal
    currency: str = ""
    description: str = ""
    operator: str = ""
    mccmnc: str = ""


@attrs.frozen
class DetailedStatistics(Answer):
    """What a sub-client sent, by operation and operator."""

    login: str
    items: tuple[OperatorStatistics, ...] = ()


class StatisticsOptions(TypedDict, total=False):
    """Which sub-clients, when, and how."""

    login: str
    """Only this sub-client."""
    id: str | int
    """Only this sub-client; instead of `login`."""
    start: date
    """The first day."""
    end: date
    """The last day; needs a `start`, and without it everything since then is returned."""
    hide_deleted: bool
    """Leave out sub-clients that were deleted."""
    main_currency: bool
    """Count in the currency of the main account."""
    electronic_balance: bool
    """Those of the electronic balance."""


_OWN: Final = Fields(
    login=("user", text(least=1)),
    # The service also asks for three of: letters, digits, both cases, other signs; its own example
    # has small letters only.
    password=("password", text(least=8)),
    new_login=("new_login", text(least=1)),
    amount=("sum", money),
    electronic_balance=("balance2", switch),
)
_STATISTICS: Final = Fields(
    login=("user", text(least=1)),
    id=("user_id", code),
    start=("start", day),
    end=("end", day),
    independent=("reseller", switch),
    hide_deleted=("hide_deleted", switch),
    main_currency=("mycur", switch),
    electronic_balance=("balance2", switch),
)


_SCRIPT: Final = Script("users.php", _DOCS)
_CHANGES: Final = RULES["users.chg.same_user"]

# Whether both share a counter is not documented: one that was just added counts as changed.
_ADD: Final = _SCRIPT.changing("add", added_id, rules=(RULES["users.add"], _CHANGES))
_CHANGE: Final = _SCRIPT.changing("chg", acknowledged, rules=(_CHANGES,))
_PAY: Final = _SCRIPT.changing("pay", acknowledged, rules=(_CHANGES,))
_GET: Final = _SCRIPT.reading("get_stat", list_reader(SubclientStatistics))
_GET_DETAILED: Final = _SCRIPT.reading("get_stat_all", list_reader(DetailedStatistics))


@attrs.frozen(eq=False)
class Subclients:
    """Sub-clients. The service adds three in a minute, and changes one three times in a minute."""

    _call: Caller = attrs.field(repr=False)

    async def add(self, login: str, password: str, **settings: Unpack[SubclientSettings]) -> str:
        """Make a sub-client, and return its id.

        The password has 8 characters at least, with three of: letters, digits, both cases, other
        signs. Not repeated when it is unknown whether it worked: you get `OutcomeUnknown`. Raises
        `OperationFailed` when the service cannot save it.
        https://smscentre.com/api/http/users/subclients/
        """
        own = _OWN.write({"login": login, "password": password})
        return await self._call(_ADD, own | FIELDS.write(settings))

    async def change(
        self,
        login: str,
        *,
        new_login: str | None = None,
        password: str | None = None,
        **settings: Unpack[SubclientSettings],
    ) -> None:
        """Change what is given of a sub-client, and nothing else.

        Raises `NotFound` if there is none with this login. A `password` has the same rules as in
        `add`. https://smscentre.com/api/http/users/subclients/
        """
        own = _OWN.write({"login": login, "new_login": new_login, "password": password})
        await self._call(_CHANGE, own | FIELDS.write(settings))

    async def pay(
        self, login: str, amount: Decimal | int | str, *, electronic_balance: bool | None = None
    ) -> None:
        """Move money of the main account, in its currency, to a sub-client.

        Never repeated when it is unknown whether it worked: you get `OutcomeUnknown`. Raises
        `InsufficientFunds` where the main account has not got as much, `NotFound` for an unknown
        login, and `OperationFailed` for a sub-client that has no balance of its own, unless it is
        the electronic one. Taking money back is not documented, so it cannot be done here.
        https://smscentre.com/api/http/users/subclients/
        """
        options = {"login": login, "amount": amount, "electronic_balance": electronic_balance}
        await self._call(_PAY, _OWN.write(options))

    async def statistics(
        self, *, independent: bool | None = False, **options: Unpack[StatisticsOptions]
    ) -> list[SubclientStatistics]:
        """Return how many messages the sub-clients sent, and what they cost.

        With `independent` they are those with a balance of their own instead of those that use the
        main one; with None the service chooses. One sub-client is found without it. Nothing found
        is an empty list; an unknown login is `NotFound`.
        https://smscentre.com/api/http/users/subclients/
        """
        return await self._get(_GET, independent, options)

    async def detailed_statistics(
        self, *, independent: bool | None = False, **options: Unpack[StatisticsOptions]
    ) -> list[DetailedStatistics]:
        """Return what the sub-clients sent by operation and operator; see `statistics`.

        https://smscentre.com/api/http/users/subclients/
        """
        return await self._get(_GET_DETAILED, independent, options)

    async def _get(
        self, command: Command[list[T]], independent: bool | None, options: StatisticsOptions
    ) -> list[T]:
        fields = _statistics_fields(independent, options)
        try:
            return await self._call(command, fields)
        except NotFound as error:
            if error.code != _NOTHING_FOUND:
                raise
            return []


def _statistics_fields(independent: bool | None, options: StatisticsOptions) -> FormFields:
    login, number, start, end = (options.get(name) for name in ("login", "id", "start", "end"))
    one = login is not None or number is not None
    if one:
        exactly_one(login=login, id=number)
    fields = _STATISTICS.write(options)
    if end is not None and start is None:
        raise InvalidRequest("end", "needs a start")
    in_order(start, end)
    # Off is documented to be the same as absent, and of one sub-client nobody has said it.
    if one and independent is False:
        independent = None
    return fields | _STATISTICS.write({"independent": independent})
