"""Asking what became of messages, and deleting them."""

from __future__ import annotations

import pytest
from service import Client, ScriptedExchange

from smsc_async import BadReply, DeliveryStatus, HlrStatus, InvalidRequest, OperationFailed

pytestmark = pytest.mark.anyio

ONE = {"status": 1, "last_timestamp": 1796126400, "err": 0}


async def test_status() -> None:
    """One status is asked for with phone and id, without plus and without a comma."""
    smsc = Client(ScriptedExchange(ONE))

    status = await smsc.status("m1", "+7 999 123-45-67", detail=2)

    [(path, form)] = smsc.asked
    assert path == "/sys/status.php"
    assert (form["phone"], form["id"], form["all"]) == ("79991234567", "m1", "2")
    assert status.status is DeliveryStatus.DELIVERED
    assert status.is_final


async def test_hlr_status() -> None:
    """The answer to an HLR request has a class of its own."""
    smsc = Client(ScriptedExchange(ONE | {"imsi": "25001", "cn": "Russia"}))

    status = await smsc.status("m1", "79991234567")

    assert isinstance(status, HlrStatus)
    assert status.home_country == "Russia"


async def test_statuses_are_matched() -> None:
    """Statuses of many come back in the order asked for, whatever the order of the answer."""
    first = {"status": 1, "id": 7, "phone": "79991234567"}
    second = {"status": 0, "id": "m2", "phone": "79997654321"}
    smsc = Client(ScriptedExchange([second, first]))

    statuses = await smsc.statuses([("7", "+79991234567"), ("m2", "79997654321")])

    [(_, form)] = smsc.asked
    assert (form["phone"], form["id"]) == ("79991234567,79997654321", "7,m2")
    assert [status.status for status in statuses] == [1, 0]


async def test_statuses_without_names_keep_their_order() -> None:
    """Items that do not say whose they are stand in the order asked for."""
    smsc = Client(ScriptedExchange([{"status": -3}, {"status": 1}]))

    statuses = await smsc.statuses([("a", "79991234567"), ("b", "79991234567")])

    assert [status.status for status in statuses] == [-3, 1]


async def test_one_of_many_is_one() -> None:
    """A single pair is an ordinary question: the limit of many is one a minute."""
    smsc = Client(ScriptedExchange(ONE))

    [status] = await smsc.statuses([("m1", "79991234567")])

    assert smsc.asked[0][1]["id"] == "m1"
    assert status.status is DeliveryStatus.DELIVERED


async def test_too_few_statuses() -> None:
    """An answer that leaves somebody out is not an answer."""
    smsc = Client(ScriptedExchange([ONE]))

    with pytest.raises(BadReply, match="2 statuses were asked for, 1 came"):
        await smsc.statuses([("a", "79991234567"), ("b", "79991234567")])


async def test_delete() -> None:
    """Deleting says nothing when it worked."""
    smsc = Client(ScriptedExchange({"result": "OK"}))

    await smsc.delete("m1", "79991234567")

    assert smsc.asked[0][1]["del"] == "1"


async def test_delete_that_fails() -> None:
    """What cannot be deleted is an error with its id."""
    smsc = Client(ScriptedExchange({"error": "error deleting", "error_code": 5}))

    with pytest.raises(OperationFailed) as caught:
        await smsc.delete("m1", "79991234567")

    assert caught.value.message_id == "m1"


async def test_bad_input_does_not_reach_the_network() -> None:
    """Whatever is wrong with a question is said before anything is asked."""
    smsc = Client(ScriptedExchange())

    for call in (
        smsc.status("a,b", "79991234567"),
        smsc.status("a", "phone"),
        smsc.status("a", "79991234567", detail=3),  # type: ignore[arg-type]
        smsc.statuses([]),
        smsc.statuses([("a", "79991234567"), ("a", "+79991234567")]),
        smsc.delete("", "79991234567"),
    ):
        with pytest.raises(InvalidRequest):
            await call

    assert smsc.asked == []
