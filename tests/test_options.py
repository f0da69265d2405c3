"""What may be said about a message, and what is refused before the network."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsc_async import Flash, Hlr, InvalidRequest, Ping, Sms
from smsc_async._options import check_id, mint_id, option_params, phone, recipients
from smsc_async.content import as_content

NOON = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)


def refused(field: str, call: Callable[[], object]) -> str:
    """The rule with which a call is refused, for a field."""
    with pytest.raises(InvalidRequest) as caught:
        call()
    assert caught.value.field == field
    return caught.value.rule


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("+79991234567", "+79991234567"),
        ("79991234567", "79991234567"),
        ("+7 (999) 123-45-67", "+79991234567"),
        ("8.999.123.45.67", "89991234567"),
    ],
)
def test_phones(written: str, meant: str) -> None:
    """A phone number is read without its punctuation, and keeps its plus."""
    assert phone(written) == meant


@pytest.mark.parametrize(
    "wrong",
    ["", "1234", "phone", "+", "7999123456789012", "+7999x234567", "٧٩٩٩١٢٣٤٥٦٧", None, 7999],
)
def test_not_a_phone(wrong: Any) -> None:
    """What is not 5 to 15 digits is not a phone number; the error does not repeat it."""
    rule = refused("phone", lambda: phone(wrong))

    assert not any(digits in rule for digits in ("1234", "7999"))


def test_recipients() -> None:
    """One recipient or many, phone numbers or group codes."""
    assert recipients("+7999 1234567") == ("+79991234567",)
    assert recipients(["79991234567", "G12"]) == ("79991234567", "G12")
    assert recipients(number for number in ("79991234567",)) == ("79991234567",)


@pytest.mark.parametrize(
    "wrong", [[], (), ["79991234567", "+79991234567"], "79991234567,79997654321", 7999, [None]]
)
def test_not_recipients(wrong: Any) -> None:
    """Nobody, somebody twice, or several in one string are refused."""
    refused("to", lambda: recipients(wrong))


def test_which_recipient() -> None:
    """Of many the refused one is named by its place, for the number itself may not be shown."""
    rule = refused("to", lambda: recipients(["79991234567", "12x", "79991234568"]))

    assert rule.startswith("no. 2 is not an international phone number")


@given(st.integers())
def test_minted_ids_are_ids(seed: int) -> None:
    """A minted id is one that the service takes, and never looks like a number."""
    minted = mint_id(Random(seed))

    assert check_id(minted) == minted
    assert len(minted) == 25
    assert minted[0].isalpha()


def test_minted_ids_differ() -> None:
    """No two minted ids are the same."""
    random = Random(1)

    assert len({mint_id(random) for _ in range(1000)}) == 1000


@pytest.mark.parametrize("right", ["1", "2147483647", "a.b-c_D9", "x" * 40])
def test_ids(right: str) -> None:
    """A number of 31 bits, or 40 letters, digits, dots, dashes and underlines."""
    assert check_id(right) == right


@pytest.mark.parametrize("wrong", ["", "0", "2147483648", "x" * 41, "a,b", "a b", "ы", "a\n", 5])
def test_not_ids(wrong: Any) -> None:
    """Anything else is refused."""
    refused("id", lambda: check_id(wrong))


@pytest.mark.parametrize(
    ("option", "value", "wire"),
    [
        ("id", "mine", "mine"),
        ("sender", "Shop", "Shop"),
        ("sender", "123456789012345", "123456789012345"),
        ("time", NOON, "01796126400"),
        ("time", NOON.astimezone(timezone(timedelta(hours=3))), "01796126400"),
        ("time", datetime(2026, 12, 1, 15, 0), "01796126400"),
        ("time", timedelta(minutes=90), "+90"),
        ("time", (9, 21), "9-21"),
        ("time", "now", "0"),
        ("valid", 24, "24"),
        ("valid", timedelta(minutes=90), "01:30"),
        ("valid", timedelta(hours=24), "24:00"),
        ("translit", 2, "2"),
        ("tinyurl", True, "1"),
        ("maxsms", 3, "3"),
        ("userip", "2001:db8::1", "2001:db8::1"),
        ("pp", 17, "17"),
    ],
)
def test_options(option: str, value: object, wire: object) -> None:
    """Each option has its way onto the wire."""
    zone = timezone(timedelta(hours=3))
    params = option_params({option: value}, zone)  # type: ignore[misc]

    assert params == {option: wire}


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("id", "a b"),
        ("sender", "A long name!"),
        ("sender", "1234567890123456"),
        ("sender", 5),
        ("sender", "Sho\ud800"),
        ("time", "tomorrow"),
        ("time", datetime(2026, 12, 1)),
        ("time", timedelta(seconds=90)),
        ("time", timedelta(minutes=-1)),
        ("time", (21, 9)),
        ("time", (9, 25)),
        ("time", (9,)),
        ("time", (9.0, 21.0)),
        ("valid", 0),
        ("valid", 25),
        ("valid", "1"),
        ("valid", timedelta(seconds=90)),
        ("valid", timedelta(hours=25)),
        ("userip", "localhost"),
        ("pp", "me"),
        ("translit", 3),
        ("tinyurl", 2),
        ("maxsms", 0),
        ("sendr", "Shop"),
    ],
)
def test_options_refused(option: str, value: object) -> None:
    """An option out of its range, of a wrong type, or unknown, is refused by its name."""
    refused(option, lambda: option_params({option: value}, None))  # type: ignore[misc]


@pytest.mark.parametrize(
    ("options", "params"),
    [
        (
            {"time": datetime(2026, 12, 1, 15, 5), "tz": -3},
            {"time": "0112261505", "tz": "-3"},
        ),
        ({"time": (9, 21), "tz": 0}, {"time": "9-21", "tz": "0"}),
        ({"period": 0.1, "freq": 1440}, {"period": "0.1", "freq": "1440"}),
        ({"period": Decimal("719.50"), "freq": 1}, {"period": "719.50", "freq": "1"}),
        ({"imgcode": "a7f", "userip": "10.0.0.7"}, {"imgcode": "a7f", "userip": "10.0.0.7"}),
    ],
)
def test_options_that_go_together(options: Any, params: dict[str, str]) -> None:
    """A zone says where a naive time is, a period goes with a pause, a captcha with a visitor."""
    assert option_params(options, UTC) == params


@pytest.mark.parametrize(
    ("field", "options"),
    [
        ("time", {"tz": 3}),
        ("time", {"tz": 3, "time": NOON}),
        ("time", {"tz": 3, "time": timedelta(hours=1)}),
        ("time", {"tz": 3, "time": "now"}),
        ("tz", {"tz": -16, "time": (9, 21)}),
        ("tz", {"tz": 3.5, "time": (9, 21)}),
        ("freq", {"period": 1}),
        ("freq", {"freq": 1}),
        ("freq", {"period": 1, "freq": 1441}),
        ("period", {"period": 0.09, "freq": 1}),
        ("period", {"period": 721, "freq": 1}),
        ("period", {"period": float("nan"), "freq": 1}),
        ("period", {"period": "1", "freq": 1}),
        ("period", {"period": True, "freq": 1}),
        ("userip", {"imgcode": "a7f"}),
        ("imgcode", {"imgcode": "", "userip": "10.0.0.7"}),
    ],
)
def test_options_that_do_not(field: str, options: Any) -> None:
    """What says nothing without the other, or nothing together, is refused."""
    refused(field, lambda: option_params(options, UTC))


def test_option_none_is_not_sent() -> None:
    """An option that is None is as if it had not been given."""
    assert option_params({"sender": None}, None) == {}  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    ("content", "params"),
    [
        ("Hello", {"mes": "Hello"}),
        (Sms("Hello"), {"mes": "Hello"}),
        (Flash("Hello"), {"mes": "Hello", "flash": "1"}),
        (Hlr(), {"hlr": "1"}),
        (Ping(), {"ping": "1"}),
    ],
)
def test_contents(content: Any, params: dict[str, str]) -> None:
    """A content knows its form fields; a string is an SMS."""
    assert as_content(content).params() == params


@pytest.mark.parametrize("wrong", ["", "x" * 1001, "\ud800", None, b"Hello"])
@pytest.mark.parametrize("kind", [Sms, Flash])
def test_texts_refused(kind: type[Sms | Flash], wrong: Any) -> None:
    """A text is 1 to 1000 whole characters; it is checked when the content is made."""
    rule = refused("text", lambda: kind(wrong))

    assert "1001" in rule or len(str(wrong)) < 1001


def test_longest_text() -> None:
    """A thousand characters are taken."""
    assert len(Sms("ы" * 1000).text) == 1000


@pytest.mark.parametrize("wrong", [None, 5, b"Hello", {"mes": "Hello"}])
def test_not_content(wrong: Any) -> None:
    """What is neither a string nor a content is refused."""
    refused("content", lambda: as_content(wrong))
