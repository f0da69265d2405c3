"""Phone numbers as people write them."""

from __future__ import annotations

import sys

import pytest

from smsc_async import InvalidRequest, SmscError
from smsc_async._options import phone
from smsc_async.phones import normalise

pytest.importorskip("phonenumbers")


@pytest.mark.parametrize(
    ("written", "region", "number"),
    [
        ("+7 (999) 123-45-67", None, "+79991234567"),
        ("8 999 123-45-67", "RU", "+79991234567"),
        ("9991234567", "RU", "+79991234567"),
        ("07400 123456", "GB", "+447400123456"),
        ("tel:+44-7400-123456", None, "+447400123456"),
        ("+44 7400 123456", "RU", "+447400123456"),
    ],
)
def test_normalise(written: str, region: str | None, number: str) -> None:
    """A number becomes international, with a plus, and a region is for those without one."""
    assert normalise(written, region) == number
    assert phone(number) == number


@pytest.mark.parametrize(
    ("written", "region", "field"),
    [
        ("8 999 123-45-67", None, "number"),
        ("hello", "RU", "number"),
        ("", "RU", "number"),
        ("+7 999 12", None, "number"),
        ("+999 1234567890", None, "number"),
        ("+7 999 123-45-67 ext. 5", None, "number"),
        ("8 999 123-45-67", "ru", "region"),
        (79991234567, "RU", "number"),
    ],
)
def test_refused(written: str, region: str | None, field: str) -> None:
    """What is no number, or not enough of one, is refused, and not repeated in the error."""
    with pytest.raises(InvalidRequest) as caught:
        normalise(written, region)

    assert caught.value.field == field
    assert "999" not in str(caught.value)


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the package the error says how to install it."""
    monkeypatch.setitem(sys.modules, "phonenumbers", None)

    with pytest.raises(SmscError, match=r"pip install 'smsc-async\[phones\]'"):
        normalise("+79991234567")
