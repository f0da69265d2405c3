"""Whose number it is."""

from __future__ import annotations

import pytest
from clocks import InstantClock
from service import InProcess, ScriptedExchange, caller

from smsc_async import InvalidRequest, NotFound
from smsc_async.groups.lookup import Lookup, NumberInfo

pytestmark = pytest.mark.anyio


@pytest.fixture
async def lookup() -> Lookup:
    """A lookup that asks a sandbox."""
    clock = InstantClock()
    return Lookup(caller(InProcess(clock), clock=clock))


async def test_one_and_many(lookup: Lookup) -> None:
    """One number has one answer, many have one each, in their order."""
    [one] = await lookup.get("+7 999 000-00-01")
    assert (one.phone, one.operator, one.mcc, one.mnc) == ("79990000001", "МегаФон", "250", "02")

    many = await lookup.get(["79990000001", "79990000002"])
    assert [info.phone for info in many] == ["79990000001", "79990000002"]


async def test_unknown_operator() -> None:
    """A number that belongs to nobody is `NotFound`."""
    exchange = ScriptedExchange({"error": "operator not found", "error_code": 3})
    with pytest.raises(NotFound):
        await Lookup(caller(exchange)).get("79990000001")


async def test_on_the_wire_and_odd_answers() -> None:
    """Numbers reach the documented field; bare numbers and unknown fields are read."""
    exchange = ScriptedExchange({"mcc": 250, "mnc": 2, "tz": 3, "new": "x"})

    [info] = await Lookup(caller(exchange)).get(["79990000001", "79990000002"])

    [(path, form)] = exchange.asked
    assert path == "/sys/info.php"
    assert form.items() >= {("get_operator", "1"), ("phone", "79990000001,79990000002")}
    assert info == NumberInfo(mcc="250", mnc="2", zone="3", extra={"new": "x"})


@pytest.mark.parametrize("phones", ["", [], ["79990000001,79990000002"], "+7999x"])
async def test_refused_before_the_network(lookup: Lookup, phones: str | list[str]) -> None:
    """Nothing, and what is no number, are refused."""
    with pytest.raises(InvalidRequest) as caught:
        await lookup.get(phones)
    assert caught.value.field == "phones"
