"""Alerts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from clocks import InstantClock
from service import InProcess, ScriptedExchange, caller, failure

from smsc_async import ApiError, InvalidRequest, NotFound, OutcomeUnknown, RateLimited
from smsc_async.groups.alerts import Alerts
from smsc_async.sandbox.scripts.ping import GROUP, Shelf
from smsc_async.transport import Sent

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.anyio

OK = {"result": "OK"}


@pytest.fixture
def service() -> InProcess:
    return InProcess(InstantClock())


@pytest.fixture
async def alerts(service: InProcess) -> Alerts:
    return Alerts(caller(service))


def scripted(*replies: object) -> Alerts:
    return Alerts(caller(ScriptedExchange(*replies)))


async def test_texts(alerts: Alerts, service: InProcess) -> None:
    """What happened takes the place of the macros in the group's text for it."""
    await alerts.send(GROUP, name="База", host="10.0.0.7", info="disk full")
    await alerts.send(int(GROUP), name="База", host="10.0.0.7", recovered=True)

    assert service.account.shelf(Shelf).notifications == [
        "База (10.0.0.7) failed: disk full",
        "База (10.0.0.7) is well: ",
    ]


async def test_there_is_no_such_group(alerts: Alerts, service: InProcess) -> None:
    """Nobody is told where there is no such group."""
    with pytest.raises(NotFound):
        await alerts.send(17)
    assert service.account.shelf(Shelf).notifications == []


async def test_on_the_wire() -> None:
    """Every option reaches its documented field."""
    exchange = ScriptedExchange(OK, OK)
    alerts = Alerts(caller(exchange))
    common = {"login": "alex", "psw": "secret-password", "fmt": "3", "charset": "utf-8"}

    await alerts.send(7)
    await alerts.send("7", name="n", host="h", info="i", recovered=False)

    assert exchange.asked == [
        ("/sys/ping.php", {"id": "7", **common}),
        ("/sys/ping.php", {"id": "7", "name": "n", "host": "h", "info": "i", "ok": "0", **common}),
    ]


@pytest.mark.parametrize(
    ("field", "act"),
    [
        ("group", lambda a: a.send("a")),
        ("group", lambda a: a.send(0)),
        ("group", lambda a: a.send(None)),
        ("name", lambda a: a.send(1, name=5)),
        ("info", lambda a: a.send(1, info="\ud800")),
        ("recovered", lambda a: a.send(1, recovered="yes")),
        ("colour", lambda a: a.send(1, colour="red")),
    ],
)
async def test_refused_before_the_network(field: str, act: Callable[[Alerts], Any]) -> None:
    """What breaks a rule is refused with the name of the option."""
    with pytest.raises(InvalidRequest) as caught:
        await act(scripted())
    assert caught.value.field == field


@pytest.mark.parametrize("code", [1, 2, 3, 4])
async def test_errors(code: int) -> None:
    """Each documented error is raised as what it is."""
    with pytest.raises(ApiError) as caught:
        await scripted({"error": "x", "error_code": code}).send(1)
    assert caught.value.code == code
    assert type(caught.value) is not ApiError


@pytest.mark.parametrize(
    "reply", [failure(Sent.UNKNOWN), {"result": "no"}, []], ids=["lost", "other", "array"]
)
async def test_nothing_is_repeated_in_doubt(reply: object) -> None:
    """When nobody knows whether it was sent, nothing is asked again."""
    exchange = ScriptedExchange(reply)
    with pytest.raises(OutcomeUnknown):
        await Alerts(caller(exchange)).send(1)
    assert len(exchange.asked) == 1


async def test_the_limit() -> None:
    """The sixth identical request in a minute has to wait."""
    alerts = Alerts(caller(ScriptedExchange(*[OK] * 6), patience=0))
    for _ in range(5):
        await alerts.send(1, name="n")
    with pytest.raises(RateLimited):
        await alerts.send(1, name="n")
    await alerts.send(1, name="m")
