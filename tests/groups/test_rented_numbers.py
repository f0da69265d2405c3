"""Numbers for rent."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from clocks import InstantClock
from service import InProcess, ScriptedExchange, caller, failure

from smsc_async import (
    ApiError,
    BadParameters,
    BadReply,
    InsufficientFunds,
    InvalidRequest,
    OutcomeUnknown,
    RateLimited,
)
from smsc_async.groups.rented_numbers import NumberKind, RentableNumber, RentedNumbers
from smsc_async.sandbox.scripts.receive_phones import Shelf
from smsc_async.transport import Sent

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.anyio


@pytest.fixture
async def numbers(service: InProcess, clock: InstantClock) -> RentedNumbers:
    return RentedNumbers(caller(service, clock=clock))


def scripted(*replies: object) -> RentedNumbers:
    return RentedNumbers(caller(ScriptedExchange(*replies), patience=300))


async def test_what_is_bought_is_paid_for_and_gone(
    numbers: RentedNumbers, service: InProcess
) -> None:
    """A number is listed until it is bought, which takes the price of the days that are left."""
    before = await numbers.all()
    assert before[0] == RentableNumber(
        "79580000011", NumberKind.VIRTUAL, Decimal(300), Decimal("164.52"), "МТС, SMS"
    )

    assert await numbers.buy("+7 958 000-00-11") == Decimal("164.52")

    assert service.account.balance == Decimal("835.48")
    assert await numbers.all() == before[1:]
    with pytest.raises(BadParameters):
        await numbers.buy("79580000011")


async def test_renewal(numbers: RentedNumbers, service: InProcess) -> None:
    """The rent is renewed, unless that is refused when it is bought, or later."""
    rented = service.account.shelf(Shelf).rented
    await numbers.buy("79580000011", renew=False)
    await numbers.buy("79580000012")
    assert rented == {"79580000011": False, "79580000012": True}

    await numbers.change("79580000011", renew=True)
    await numbers.change("79580000012", renew=False)
    assert rented == {"79580000011": True, "79580000012": False}

    with pytest.raises(BadParameters):
        await numbers.change("79580000013", renew=True)


async def test_not_enough_money(numbers: RentedNumbers, service: InProcess) -> None:
    """What cannot be paid is not rented."""
    with pytest.raises(InsufficientFunds):
        await numbers.buy("79580000013")
    assert service.account.balance == 1000
    assert len(await numbers.all()) == 3


async def test_on_the_wire() -> None:
    """Phone and renewal reach their documented fields; the latter turned round."""
    exchange = ScriptedExchange([], {"cost": "1"}, {"cost": 1}, {"result": "OK"})
    numbers = RentedNumbers(caller(exchange))
    common = {"login": "alex", "psw": "secret-password", "fmt": "3", "charset": "utf-8"}

    await numbers.all()
    await numbers.buy("+79999999999")
    await numbers.buy("79999999999", renew=True)
    await numbers.change("79999999999", renew=False)

    assert exchange.asked == [
        ("/sys/receive_phones.php", {"get": "1", **common}),
        ("/sys/receive_phones.php", {"buy": "1", "phone": "79999999999", **common}),
        (
            "/sys/receive_phones.php",
            {"buy": "1", "phone": "79999999999", "noprolong": "0", **common},
        ),
        (
            "/sys/receive_phones.php",
            {"chg": "1", "phone": "79999999999", "noprolong": "1", **common},
        ),
    ]


async def test_odd_answers() -> None:
    """An object alone is a list of one; new kinds and fields are kept, fields may be missing."""
    document = {"phone": 79580000011, "type": "7", "current_cost": 1, "new": "x"}
    assert await scripted(document).all() == [
        RentableNumber("79580000011", NumberKind(7), None, Decimal(1), extra={"new": "x"})
    ]
    assert await scripted([]).all() == []


@pytest.mark.parametrize("document", [[{"type": 1}], [{"phone": "7", "cost": "x"}], "x"])
async def test_no_answer(document: object) -> None:
    """What is no list of numbers is a `BadReply`."""
    with pytest.raises(BadReply):
        await scripted(*[document] * 9).all()


@pytest.mark.parametrize(
    ("field", "act"),
    [
        ("phone", lambda n: n.buy("")),
        ("phone", lambda n: n.buy("7999x")),
        ("phone", lambda n: n.buy(None)),
        ("phone", lambda n: n.change("12", renew=True)),
        ("renew", lambda n: n.buy("79580000011", renew="no")),
        ("renew", lambda n: n.change("79580000011", renew=None)),
    ],
)
async def test_refused_before_the_network(field: str, act: Callable[[RentedNumbers], Any]) -> None:
    """What is no phone number, or no decision, is refused."""
    with pytest.raises(InvalidRequest) as caught:
        await act(scripted())
    assert caught.value.field == field


@pytest.mark.parametrize("code", [1, 2, 3, 4])
async def test_errors(code: int) -> None:
    """Each documented error is raised as what it is."""
    with pytest.raises(ApiError) as caught:
        await scripted({"error": "x", "error_code": code}).buy("79580000011")
    assert caught.value.code == code
    assert type(caught.value) is not ApiError


@pytest.mark.parametrize(
    "act",
    [lambda n: n.buy("79580000011"), lambda n: n.change("79580000011", renew=True)],
    ids=["buy", "change"],
)
@pytest.mark.parametrize("reply", [failure(Sent.UNKNOWN), b"<html>"], ids=["lost", "unreadable"])
async def test_nothing_is_repeated_in_doubt(
    act: Callable[[RentedNumbers], Any], reply: object
) -> None:
    """When nobody knows whether a number was rented, nothing is asked again."""
    exchange = ScriptedExchange(reply)
    with pytest.raises(OutcomeUnknown):
        await act(RentedNumbers(caller(exchange)))
    assert len(exchange.asked) == 1


async def test_the_limit() -> None:
    """The third identical request in a minute has to wait."""
    numbers = RentedNumbers(caller(ScriptedExchange([], [], {"cost": 1}), patience=0))
    await numbers.all()
    await numbers.all()
    with pytest.raises(RateLimited):
        await numbers.all()
    assert await numbers.buy("79580000011") == 1
