"""The ids of messages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsc_async.sandbox.ids import read_id, wire_id


@pytest.mark.parametrize(
    ("given_id", "kept", "on_the_wire"),
    [
        ("1", "1", 1),
        ("007", "7", 7),
        ("2147483647", "2147483647", 2147483647),
        ("2147483648", "2147483648", "2147483648"),
        ("0", "0", "0"),
        ("a.B_c-9", "a.B_c-9", "a.B_c-9"),
        ("x" * 40, "x" * 40, "x" * 40),
    ],
)
def test_an_id_is_a_number_on_the_wire_where_it_is_one(
    given_id: str, kept: str, on_the_wire: int | str
) -> None:
    """Digits in the range of 32 bits become a JSON number, all else a string."""
    assert read_id(given_id) == kept
    assert wire_id(kept) == on_the_wire


@pytest.mark.parametrize("given_id", ["", "x" * 41, "a b", "a,b", "ид", "٣", '"1"'])
def test_there_is_no_such_id(given_id: str) -> None:
    """Other characters, no characters and too many characters are no id."""
    assert read_id(given_id) is None


@given(st.from_regex(r"[A-Za-z0-9._-]{1,40}", fullmatch=True))
def test_an_id_is_found_by_what_stands_in_the_answer(given_id: str) -> None:
    """Whoever asks with the id of an answer means the same id."""
    kept = read_id(given_id)
    assert kept is not None
    assert read_id(str(wire_id(kept))) == kept
