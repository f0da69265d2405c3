"""How values are written in a form, and which are refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from smsc_async import InvalidRequest
from smsc_async._fields import (
    Fields,
    Writer,
    choice,
    code,
    day,
    email,
    exactly_one,
    in_order,
    ip,
    money,
    needed,
    sender_name,
    several,
    switch,
    text,
    url,
    whole,
)

DAY = date(2026, 1, 31)


@pytest.mark.parametrize(
    ("writer", "value", "written"),
    [
        (text(), "", ""),
        (text(3), "abc", "abc"),
        (whole(1, 9), 9, "9"),
        (whole(0), 0, "0"),
        (code, 12, "12"),
        (code, "0012", "0012"),
        (switch, True, "1"),
        (switch, 0, "0"),
        (choice("a", "b"), "b", "b"),
        (day, DAY, "31.01.2026"),
        (money, "1.50", "1.50"),
        (money, Decimal("1E+2"), "100"),
        (email, "anna@example.com", "anna@example.com"),
        (ip, "::1", "::1"),
        (url, "https://example.com/a", "https://example.com/a"),
        (several(code), 7, "7"),
        (several(code), [7, "8"], "7,8"),
        (sender_name, "A" * 11, "A" * 11),
        (sender_name, "1" * 15, "1" * 15),
        (sender_name, "", ""),
    ],
)
def test_written(writer: Writer, value: object, written: str) -> None:
    """Each kind of value has one way to be written."""
    assert writer("field", value) == written


@pytest.mark.parametrize(
    ("writer", "value"),
    [
        (text(), 5),
        (text(3), "abcd"),
        (text(least=1), ""),
        (text(), "\ud83d"),
        (whole(1, 9), 10),
        (whole(0), -1),
        (whole(0), True),
        (whole(0), "1"),
        (code, 0),
        (code, "12a"),
        (code, "\u0661"),
        (switch, 2),
        (switch, "1"),
        (choice("a", "b"), "c"),
        (day, datetime(2026, 1, 31, tzinfo=UTC)),
        (day, "31.01.2026"),
        (money, 0),
        (money, "NaN"),
        (money, "much"),
        (money, 1.5),
        (email, "anna@example"),
        (email, None),
        (ip, "1.2.3"),
        (url, "ftp://example.com"),
        (several(code), []),
        (several(code), None),
        (several(text()), ["a,b", "c"]),
        (sender_name, "A" * 12),
        (sender_name, "1" * 16),
    ],
)
def test_refused(writer: Writer, value: object) -> None:
    """What cannot be written is refused by the name of its option."""
    with pytest.raises(InvalidRequest) as caught:
        writer("field", value)

    assert caught.value.field == "field"


def test_fields() -> None:
    """Options are written under their names on the wire, and None is left out."""
    fields = Fields(name=("fnm", text()), id=("grp", code))

    assert fields.write({"name": "Anna", "id": None}) == {"fnm": "Anna"}
    assert fields.names == {"name", "id"}


def test_unknown_option() -> None:
    """An option that the call does not have is refused, also where it is None."""
    with pytest.raises(InvalidRequest, match="nome: is not an option"):
        Fields(name=("fnm", text())).write({"nome": None})


def test_exactly_one() -> None:
    """Of options that say the same, one has to be there."""
    exactly_one(link="x", id=None)

    for link, number in ((None, None), ("x", 1)):
        with pytest.raises(InvalidRequest, match="exactly one of `link` or `id`"):
            exactly_one(link=link, id=number)


def test_needed() -> None:
    """None is not what a call can be about."""
    needed(id=0, name="")

    with pytest.raises(InvalidRequest, match="name: is needed"):
        needed(id=1, name=None)


def test_in_order() -> None:
    """The last day is not before the first; where one is missing there is no order."""
    in_order(DAY, DAY)
    in_order(None, DAY)
    in_order(DAY, None)

    with pytest.raises(InvalidRequest) as caught:
        in_order(DAY, date(2026, 1, 30))

    assert caught.value.field == "end"
