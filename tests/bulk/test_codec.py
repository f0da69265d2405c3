"""How results are written: what was written is read."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsc_async import BulkResult
from smsc_async.bulk.codec import row_of, rows_of, write_results, write_rows
from smsc_async.bulk.outgoing import OUTCOMES
from smsc_async.bulk.ranges import ranges, size

NUMBERS = st.integers(0, 10**15)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
COSTS = st.none() | st.decimals(0, 100, places=2)


@st.composite
def results(draw: st.DrawFn) -> list[BulkResult]:
    """What became of a pack: its numbers follow one by one, or do not."""
    first = draw(NUMBERS)
    some = draw(st.lists(NUMBERS, min_size=1, max_size=5, unique=True))
    numbers = draw(st.sampled_from([some, list(range(first, first + len(some)))]))
    return [
        BulkResult(
            *(number, draw(TEXTS), "m1", draw(st.sampled_from(OUTCOMES))),
            *(draw(st.none() | TEXTS), draw(COSTS)),
        )
        for number in numbers
    ]


@given(results())
def test_results_of_a_pack_are_read_as_they_were(those: list[BulkResult]) -> None:
    """Whether all of them are alike or none, with the id that they have in common."""
    rows = rows_of("m1", write_results(those))

    assert [(*row[:5], row[5] and Decimal(row[5]), *row[6:]) for row in rows] == [
        (*row[:5], row[5] and Decimal(row[5]), *row[6:]) for row in map(row_of, those)
    ]


@given(results(), st.data())
def test_rows_of_a_pack_are_read_as_they_were(those: list[BulkResult], data: st.DataObject) -> None:
    """With statuses, errors and times, some of them or all."""
    news = st.tuples(*3 * [st.none() | st.integers(-3, 300)])
    rows = [(*row_of(one)[:6], *data.draw(news)) for one in those]

    assert rows_of("m1", write_rows(rows)) == rows


def test_results_that_are_alike_are_written_once() -> None:
    """What all have in common takes no place for each of them."""
    cost = Decimal("0.30")
    those = [BulkResult(at, f"+7{at}", "m1", "accepted", None, cost) for at in range(5, 8)]

    assert write_results(those) == '[5,["+75","+76","+77"],0,null,"0.30",null,null,null]'


@pytest.mark.parametrize("numbers", [[7], [2, 0, 1], [0, 2], [9, 1, 0, 3, 4]])
def test_the_size_of_ranges(numbers: list[int]) -> None:
    """What is written as ranges says how many it is."""
    assert size(ranges(numbers)) == len(numbers)
