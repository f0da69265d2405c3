"""Statistics and tariffs of the account."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from clocks import InstantClock
from service import InProcess, ScriptedExchange, caller, failure, refused_field

from smsc_async import (
    ApiError,
    AuthenticationFailed,
    BadParameters,
    BadReply,
    IpBlocked,
    RateLimited,
)
from smsc_async.groups.account import Account, OperatorTariff, Statistics, Tariffs, ZoneTariff
from smsc_async.sandbox.scripts import SCRIPTS
from smsc_async.transport import Sent

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.anyio

# The sandbox's first day, and the day after it.
FIRST, SECOND = date(2026, 1, 15), date(2026, 1, 16)
CENTS = Decimal("0.15")


async def test_statistics() -> None:
    """What was sent in some days is counted, with what it cost; nothing is an empty list."""
    clock = InstantClock()
    service = InProcess(clock)
    account = Account(caller(service, clock=clock, patience=100.0))
    SCRIPTS["send.php"](service.account, {"phones": "79990000001,79990000002", "mes": "Hi"})
    clock.pass_time(86400)
    SCRIPTS["send.php"](service.account, {"phones": "79990000001", "mes": "Hi"})

    [both] = await account.statistics(FIRST, SECOND)
    [one] = await account.statistics(SECOND, SECOND, own_currency=True)

    assert both == Statistics("alex", 3, Decimal(0), 3 * CENTS, "RUR")
    assert (one.messages, one.debit) == (1, CENTS)
    assert await account.statistics(FIRST, SECOND, electronic_balance=True) == []
    assert await account.statistics(date(2026, 1, 17), date(2027, 1, 17)) == []
    assert service.account.refusals == []


async def test_tariffs() -> None:
    """There is a price for each kind of message, and none of its own for an operator."""
    clock = InstantClock()
    account = Account(caller(InProcess(clock), clock=clock))

    tariffs = await account.tariffs()

    assert tariffs == Tariffs((ZoneTariff("1", "Россия", *[CENTS] * 5),), (), CENTS)


async def test_on_the_wire() -> None:
    """Every option reaches its documented field; one that is off is not sent."""
    exchange = ScriptedExchange([], [], {"mail": "1"})
    account = Account(caller(exchange))

    await account.statistics(
        date(2014, 1, 1), date(2014, 2, 1), own_currency=True, electronic_balance=True
    )
    await account.statistics(date(2014, 1, 1), date(2014, 2, 1))
    await account.tariffs()

    common = {"login", "psw", "fmt", "charset"}
    asked = [
        (path, {name: value for name, value in form.items() if name not in common})
        for path, form in exchange.asked
    ]
    days = {"get_stat": "1", "start": "01.01.2014", "end": "01.02.2014"}
    assert asked == [
        ("/sys/get.php", days | {"mycur": "1", "balance2": "1"}),
        ("/sys/get.php", days),
        ("/sys/get.php", {"get_price": "1"}),
    ]


@pytest.mark.parametrize(
    ("field", "act"),
    [
        ("start", lambda a: a.statistics("15.01.2026", SECOND)),
        ("start", lambda a: a.statistics(None, SECOND)),
        ("end", lambda a: a.statistics(FIRST, datetime(2026, 1, 16, tzinfo=UTC))),
        ("end", lambda a: a.statistics(FIRST, None)),
        ("end", lambda a: a.statistics(SECOND, FIRST)),
        ("own_currency", lambda a: a.statistics(FIRST, SECOND, own_currency="yes")),
        ("electronic_balance", lambda a: a.statistics(FIRST, SECOND, electronic_balance=2)),
    ],
)
async def test_refused_before_the_network(field: str, act: Callable[[Account], Any]) -> None:
    """What breaks a rule is refused with the name of the option."""
    assert await refused_field(Account, act) == field


COMMANDS: dict[str, Callable[[Account], Any]] = {
    "get_stat": lambda account: account.statistics(FIRST, SECOND),
    "get_price": lambda account: account.tariffs(),
}


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@pytest.mark.parametrize("act", COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize(
    ("code", "error"),
    [(1, BadParameters), (2, AuthenticationFailed), (4, IpBlocked), (99, ApiError)],
)
async def test_error_codes(act: Callable[[Account], Any], code: int, error: type[ApiError]) -> None:
    """Each documented code has its meaning, and so has one that is not documented."""
    exchange = ScriptedExchange({"error": "no", "error_code": code})
    with pytest.raises(error) as caught:
        await act(Account(caller(exchange)))
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("rule", "act"),
    [
        ("get_stat.any", COMMANDS["get_stat"]),
        ("get_price.identical", COMMANDS["get_price"]),
    ],
)
async def test_limits(rule: str, act: Callable[[Account], Any]) -> None:
    """A fourth question in a minute is not asked, nor one after somebody else's error 9."""
    clock = InstantClock()
    service = InProcess(clock)
    account = Account(caller(service, clock=clock, patience=50.0))
    for _ in range(3):
        await act(account)
    with pytest.raises(RateLimited) as caught:
        await act(account)
    assert caught.value.rule == rule
    assert service.account.requests.total() == 3

    exchange = ScriptedExchange({"error": "duplicate request", "error_code": 9})
    with pytest.raises(RateLimited) as caught:
        await act(Account(caller(exchange)))
    assert caught.value.rule == rule


@pytest.mark.parametrize("act", COMMANDS.values(), ids=COMMANDS)
async def test_a_lost_answer_is_asked_for_again(act: Callable[[Account], Any]) -> None:
    """Both only read, so they are repeated when the answer was lost."""
    exchange = ScriptedExchange(failure(Sent.UNKNOWN), {"login": "a", "sms": 1, "mail": "1"})
    await act(Account(caller(exchange)))
    assert len(exchange.asked) == 2


async def test_no_statistics() -> None:
    """Should the service call it an error that there is nothing, it is still an empty list."""
    exchange = ScriptedExchange({"error": "not found", "error_code": 3})
    assert await Account(caller(exchange)).statistics(FIRST, SECOND) == []


async def test_odd_statistics() -> None:
    """Amounts may be numbers, fields missing or new, and one row without brackets."""
    exchange = ScriptedExchange({"login": "alex", "sms": "5", "debit": 7, "credit": "", "new": 1})
    [row] = await Account(caller(exchange)).statistics(FIRST, SECOND)
    assert row == Statistics("alex", 5, None, Decimal(7), extra={"new": 1})


async def test_a_tariff_of_its_own_for_an_operator() -> None:
    """A table of operators may come, with rows or a row, or empty; prices may be numbers."""
    row = {"mccmnc": 25002, "cost": "1.5"}
    zone = {"zone": 1, "api": 2, "call": "", "new": "x"}
    exchange = ScriptedExchange(
        {"zones": [zone], "codes": [row, row], "mail": 1},
        {"zones": zone, "codes": row},
        {"zones": [], "codes": None, "mail": ""},
    )
    account = Account(caller(exchange))

    mine, its_zone = OperatorTariff("25002", Decimal("1.5")), ZoneTariff("1", sms=Decimal(2))
    assert (await account.tariffs()).operators == (mine, mine)
    one = await account.tariffs()
    assert (one.operators, one.email) == ((mine,), None)
    assert one.zones[0].extra == {"new": "x"}
    assert one.zones[0].sms == its_zone.sms
    assert await account.tariffs() == Tariffs()


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@pytest.mark.parametrize("act", COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize("answer", ["no", 5, {}, {"zones": 5}, [[]]])
async def test_answers_that_are_none(act: Callable[[Account], Any], answer: object) -> None:
    """What is no list of rows, and no table of tariffs, is a `BadReply`."""
    exchange = ScriptedExchange(*[answer] * 4)
    with pytest.raises(BadReply):
        await act(Account(caller(exchange, patience=1000.0)))
