"""How many units a text is billed as."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsc_async.units import Units, count_units

EURO = "\N{EURO SIGN}"
FACE = "\N{GRINNING FACE}"
GSM = "@\N{POUND SIGN}$\n\r_ !\"#%&'()*+,-./09:;<=>?AZaz\N{LATIN SMALL LETTER E WITH ACUTE}"


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("", Units(0, 0, "GSM-7")),
        ("x" * 160, Units(1, 160, "GSM-7")),
        ("x" * 161, Units(2, 161, "GSM-7")),
        ("x" * 306, Units(2, 306, "GSM-7")),
        ("x" * 307, Units(3, 307, "GSM-7")),
        ("я" * 70, Units(1, 70, "UCS-2")),
        ("я" * 71, Units(2, 71, "UCS-2")),
        ("я" * 134, Units(2, 134, "UCS-2")),
        ("я" * 135, Units(3, 135, "UCS-2")),
        ("x" * 69 + "я", Units(1, 70, "UCS-2")),
        (EURO * 80, Units(1, 160, "GSM-7")),
        (EURO * 81, Units(2, 162, "GSM-7")),
        # 76 in the first part, which has one septet left; 153 would not do.
        (EURO * 153, Units(3, 306, "GSM-7")),
        (FACE * 35, Units(1, 70, "UCS-2")),
        (FACE * 36, Units(2, 72, "UCS-2")),
        (FACE * 67, Units(3, 134, "UCS-2")),
        ("\uffff" * 70, Units(1, 70, "UCS-2")),
        ("`", Units(1, 1, "UCS-2")),
        ("x" * 160 + "\n~~~\nпримечание", Units(1, 160, "GSM-7")),
    ],
)
def test_units(text: str, units: Units) -> None:
    """160 or 70 characters fit alone, 153 or 67 into a part; none is torn apart."""
    assert count_units(text) == units


@pytest.mark.parametrize("character", "^{}\\[~]|" + EURO)
def test_extended(character: str) -> None:
    """What needs the escape takes two places."""
    assert count_units(character) == Units(1, 2, "GSM-7")


@given(st.text(st.sampled_from(GSM)))
def test_latin(text: str) -> None:
    """Without extended characters, the units follow from the length alone."""
    assert count_units(text).units == (
        -(-len(text) // 160) if len(text) <= 160 else -(-len(text) // 153)
    )


@given(st.text(), st.characters())
def test_longer_never_costs_less(text: str, more: str) -> None:
    """A character more never makes a text cheaper, and never adds more than the encoding does."""
    if "~" in text + more:
        return
    shorter, longer = count_units(text), count_units(text + more)
    assert longer.units >= shorter.units
    assert longer.units <= shorter.units + 1 or longer.encoding != shorter.encoding


@given(st.text(st.characters(exclude_categories=["Cs"])).filter(lambda text: "~" not in text))
def test_other_characters_are_counted_as_utf_16(text: str) -> None:
    """In UCS-2 the characters are the words of UTF-16."""
    counted = count_units(text + "я")
    assert counted.encoding == "UCS-2"
    assert counted.characters == len((text + "я").encode("utf-16-le")) // 2
