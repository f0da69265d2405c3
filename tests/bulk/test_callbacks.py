"""Callbacks that are written into the journal of a run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from recipes import INCOMING, as_form

from smsc_async import DeliveryStatus
from smsc_async.bulk import Delivered, SqliteJournal, journal_callbacks
from smsc_async.callbacks import DeliveryTracker, StatusEvent, parse

from .house import Smsc, people

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Full(SqliteJournal):
    """A journal whose disk is full, until it is not."""

    full = True

    async def deliver(self, statuses: Sequence[Delivered]) -> int:
        if self.full:
            raise OSError("no space left on device")
        return await super().deliver(statuses)


def event(id: str, phone: str, status: int) -> StatusEvent:
    return StatusEvent(phone=phone, id=id, status=DeliveryStatus(status), changed_at=NOON)


async def test_statuses_of_a_run(tmp_path: Path) -> None:
    """Whatever their order, the statuses of the run's messages end up in its journal."""
    path, tracker = tmp_path / "june.db", DeliveryTracker()
    await Smsc().send_many(people(3), journal=path)
    journal = SqliteJournal(path)
    first, second, _ = [result async for result in journal.results()]
    store = journal_callbacks(journal, tracker)

    for one in (
        event(str(first.message_id), first.phone, 1),
        event(str(first.message_id), first.phone, 0),
        event(str(first.message_id), first.phone, 20),
        event(str(second.message_id), second.phone, 20),
        event("of somebody else", "79990000000", 1),
        parse(as_form(INCOMING)),
    ):
        await store(one)

    assert await journal.deliveries() == {None: 1, 1: 1, 20: 1}
    assert tracker.get(str(first.message_id), first.phone).is_delivered


async def test_what_could_not_be_written_comes_again(tmp_path: Path) -> None:
    """A status is not known before it is written."""
    path = tmp_path / "june.db"
    await Smsc().send_many(people(1), journal=path)
    journal = Full(path)
    [result] = [result async for result in journal.results()]
    store = journal_callbacks(journal)
    delivered = event(str(result.message_id), result.phone, 1)

    with pytest.raises(OSError, match="no space"):
        await store(delivered)
    journal.full = False
    await store(delivered)

    assert await journal.deliveries() == {1: 1}
