"""Confirming a phone by a call from it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from clocks import InstantClock
from service import InProcess, ScriptedExchange, caller, failure

from smsc_async import (
    ApiError,
    BadReply,
    InsufficientFunds,
    InvalidRequest,
    OperationFailed,
    OutcomeUnknown,
    RateLimited,
)
from smsc_async.groups.phone_confirmation import ExpectedCall, PhoneConfirmation
from smsc_async.sandbox.scripts.wait_call import Expected, Shelf
from smsc_async.transport import Sent

pytestmark = pytest.mark.anyio

ALL = ("79580000001", "79580000002", "79580000003")


@pytest.fixture
def service() -> InProcess:
    return InProcess(InstantClock())


@pytest.fixture
async def confirmation(service: InProcess) -> PhoneConfirmation:
    return PhoneConfirmation(caller(service))


def scripted(*replies: object) -> PhoneConfirmation:
    return PhoneConfirmation(caller(ScriptedExchange(*replies)))


async def test_a_call_is_expected(confirmation: PhoneConfirmation, service: InProcess) -> None:
    """The answer is a number to call, one of several, for a quarter of an hour."""
    expected = await confirmation.expect("+7 999 123-45-67")

    assert expected == ExpectedCall(expected.number, ALL)
    assert expected.number in ALL
    assert service.account.shelf(Shelf).calls == {
        "79991234567": Expected(expected.number, service.account.time() + 900)
    }


async def test_who_is_not_expected(confirmation: PhoneConfirmation, service: InProcess) -> None:
    """A phone on the blacklist is refused, and any phone when there is no money."""
    with pytest.raises(OperationFailed) as caught:
        await confirmation.expect("+79995550008")
    assert caught.value.code == 5
    service.account.balance = Decimal(0)
    with pytest.raises(InsufficientFunds):
        await confirmation.expect("+79991234567")
    assert service.account.shelf(Shelf).calls == {}


async def test_on_the_wire() -> None:
    """The phone reaches its documented field, with the plus that forbids correcting it."""
    exchange = ScriptedExchange({"phone": "7"}, {"phone": "7"})
    confirmation = PhoneConfirmation(caller(exchange))
    common = {"login": "alex", "psw": "secret-password", "fmt": "3", "charset": "utf-8"}

    await confirmation.expect("+7 999 123-45-67")
    await confirmation.expect("79991234567")

    assert exchange.asked == [
        ("/sys/wait_call.php", {"phone": "+79991234567", **common}),
        ("/sys/wait_call.php", {"phone": "79991234567", **common}),
    ]


@pytest.mark.parametrize(
    ("document", "want"),
    [
        ({"phone": 7958}, ExpectedCall("7958")),
        ({"phone": "7958", "all_phones": [7958, "7959"]}, ExpectedCall("7958", ("7958", "7959"))),
        ({"phone": "7958", "all_phones": "7958"}, ExpectedCall("7958", ("7958",))),
        ({"phone": "7958", "until": 5}, ExpectedCall("7958", extra={"until": 5})),
    ],
)
async def test_odd_answers(document: object, want: ExpectedCall) -> None:
    """Numbers for strings, one number for many, missing and unknown fields are read."""
    assert await scripted(document).expect("79991234567") == want


@pytest.mark.parametrize("document", [{}, [], {"phone": "7", "all_phones": 1.5}])
async def test_no_answer(document: object) -> None:
    """Without a number nobody knows what was done; and it is not asked for again."""
    with pytest.raises(OutcomeUnknown) as caught:
        await scripted(document).expect("79991234567")
    assert isinstance(caught.value.__cause__, BadReply)


@pytest.mark.parametrize("phone", ["", "abc", None, "G12"])
async def test_refused_before_the_network(phone: Any) -> None:
    """What is no phone number is refused."""
    with pytest.raises(InvalidRequest) as caught:
        await scripted().expect(phone)
    assert caught.value.field == "phone"


@pytest.mark.parametrize("code", [1, 2, 3, 4, 5])
async def test_errors(code: int) -> None:
    """Each documented error is raised as what it is."""
    with pytest.raises(ApiError) as caught:
        await scripted({"error": "x", "error_code": code}).expect("79991234567")
    assert caught.value.code == code
    assert type(caught.value) is not ApiError


async def test_nothing_is_repeated_in_doubt() -> None:
    """When nobody knows whether a call is expected, nothing is asked again."""
    exchange = ScriptedExchange(failure(Sent.UNKNOWN))
    with pytest.raises(OutcomeUnknown):
        await PhoneConfirmation(caller(exchange)).expect("79991234567")
    assert len(exchange.asked) == 1


async def test_the_limit() -> None:
    """The fifty-first identical request in a minute has to wait."""
    confirmation = PhoneConfirmation(caller(ScriptedExchange(*[{"phone": "7"}] * 51), patience=0))
    for _ in range(50):
        await confirmation.expect("79991234567")
    with pytest.raises(RateLimited):
        await confirmation.expect("79991234567")
    await confirmation.expect("79991234568")
