"""From parsed JSON to attrs classes."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from smsc_async import Balance, DeliveryStatus, HlrStatus, MessageStatus, Quote
from smsc_async._convert import UNFIT, added_id, list_reader, misfit, reader
from smsc_async.groups.statuses import _read_status, _read_statuses


@pytest.mark.parametrize("amount", ["0", "0.00", "3.8", "83.6", "1871.62", "3215.3097", 12])
def test_money(amount: str | int) -> None:
    """Money has none to four decimals, and keeps them."""
    assert reader(Balance)({"balance": amount}).amount == Decimal(amount)


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "much", "", None, True, [], {}])
def test_not_money(amount: object) -> None:
    """What is not a finite number is not money."""
    with pytest.raises(UNFIT):
        reader(Balance)({"balance": amount})


def test_currency_is_the_services_own() -> None:
    """The service calls the rouble RUR; it is not corrected."""
    balance = reader(Balance)({"balance": "1.50", "currency": "RUR", "credit": ""})

    assert balance == Balance(Decimal("1.50"), "RUR", None)


@pytest.mark.parametrize("units", [2, "2"])
def test_numbers_may_be_strings(units: object) -> None:
    """A number may come as a string."""
    assert reader(Quote)({"cost": "1.40", "cnt": units}) == Quote(Decimal("1.40"), 2)


@pytest.mark.parametrize("units", ["two", 2.5, True, None, ""])
def test_not_a_number(units: object) -> None:
    """What is not a whole number does not become one."""
    with pytest.raises(UNFIT):
        reader(Quote)({"cost": "1.40", "cnt": units})


def test_status_alone() -> None:
    """A message that is not found has a status and nothing else."""
    status = _read_status({"status": -3})

    assert status == MessageStatus(DeliveryStatus.NOT_FOUND)
    assert not status.is_final


def test_missing_fields() -> None:
    """Old answers lack the flag, new ones the error."""
    status = _read_status({"status": "1", "last_timestamp": "1286524541"})

    assert status.status is DeliveryStatus.DELIVERED
    assert status.changed_at == datetime(2010, 10, 8, 7, 55, 41, tzinfo=UTC)
    assert (status.error, status.flag) == (None, None)


def test_no_moment() -> None:
    """A timestamp of 0, or an empty one, is no moment."""
    statuses = [_read_status({"status": 0, "last_timestamp": stamp}) for stamp in (0, "0", "")]

    assert [status.changed_at for status in statuses] == [None, None, None]


def test_moment_out_of_range() -> None:
    """A timestamp beyond all calendars does not fit."""
    with pytest.raises(UNFIT):
        _read_status({"status": 0, "last_timestamp": 10**30})


def test_unknown_code_survives() -> None:
    """A status that nobody has documented keeps its number, through a pickle, too."""
    status = _read_status({"status": 77}).status

    assert (status, status.name, status.is_final) == (77, "UNKNOWN_77", True)


def test_unknown_fields_are_kept() -> None:
    """What the class does not name is in its `extra`."""
    status = _read_status({"status": 1, "last_date": "01.01.2026 00:00:00", "err": 0})

    assert status.extra == {"last_date": "01.01.2026 00:00:00"}


def test_hlr_is_recognised() -> None:
    """An HLR answer is told by its IMSI, or by its type; its codes keep their zeros."""
    by_imsi = _read_status({"status": 1, "imsi": "250", "mnc": "01", "rnet": ""})
    by_type = _read_status({"status": 20, "err": 1, "type": "4"})

    assert by_imsi == HlrStatus(DeliveryStatus.DELIVERED, imsi="250", mnc="01", roaming_network="")
    assert isinstance(by_type, HlrStatus)


def test_path_of_a_misfit() -> None:
    """What does not fit is named by its place in the answer."""
    with pytest.raises(UNFIT) as caught:
        reader(Quote)({"cost": "1.40", "cnt": "two"})
    bad = misfit(caught.value)

    assert bad.path == "$.cnt"
    assert "@ $.cnt" in str(bad)


def test_not_an_array() -> None:
    """Many statuses come as an array, and nothing else will do."""
    with pytest.raises(TypeError):
        _read_statuses({"status": 1})


@pytest.mark.parametrize("document", [None, 1, "text", [], [1]])
def test_not_an_object(document: object) -> None:
    """A class is made of an object, and nothing else will do."""
    with pytest.raises(UNFIT):
        reader(Balance)(document)


def test_list_of_one() -> None:
    """An object alone is a list of one; an empty list is a list."""
    read = list_reader(Quote)
    one = {"cost": "1.40", "cnt": 2}

    assert read(one) == read([one]) == [Quote(Decimal("1.40"), 2)]
    assert read([]) == []


def test_path_into_a_list() -> None:
    """What does not fit is named by its place in the list."""
    with pytest.raises(UNFIT) as caught:
        list_reader(Quote)([{"cost": "1.40", "cnt": 2}, {"cost": "1.40", "cnt": "two"}])

    assert misfit(caught.value).path == "$[1].cnt"


@pytest.mark.parametrize("answer", [{"id": 12}, {"id": "12", "result": "OK"}])
def test_id_of_what_was_added(answer: dict[str, object]) -> None:
    """The id is a string, whatever else there is."""
    assert added_id(answer) == "12"
