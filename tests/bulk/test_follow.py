"""Following a finished run until its messages are delivered, and a table of what became of them."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from smsc_async import (
    AuthenticationFailed,
    DeliveryReport,
    DeliveryStatus,
    Outgoing,
    SqliteJournal,
    export_csv,
)
from smsc_async.bulk import Delivered
from smsc_async.bulk.memory_journal import MemoryJournal
from smsc_async.transport import Sent

from .house import Smsc, people

pytestmark = pytest.mark.anyio


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the journal is."""
    return tmp_path / "june.db"


async def test_many_are_asked_about_together(path: Path) -> None:
    """Thousands are asked about once a minute, until each has a final status."""
    smsc = Smsc()
    source = [*people(3500), Outgoing("+79995550003", "Hello"), Outgoing("+79995550020", "Hello")]
    await smsc.send_many(source, journal=path)
    smsc.clock.pass_time(10.0)
    sent = len(smsc.exchange.forms)
    told: list[DeliveryReport] = []

    report = await smsc.follow_many(path, on_progress=told.append)

    assert report == DeliveryReport(3500, {"EXPIRED": 1, "UNDELIVERABLE": 1}, 0)
    asked = [form["id"].count(",") + 1 for _, form in smsc.exchange.forms[sent:]]
    assert asked == [3000, 502]
    assert smsc.exchange.account.refusals == []
    assert told[-1] == report
    [failed] = [
        result
        async for result in SqliteJournal(path).results()
        if result.status is DeliveryStatus.EXPIRED
    ]
    assert (failed.number, failed.error) == (3500, 6)
    assert failed.changed_at is not None


async def test_a_few_are_asked_about_one_by_one(path: Path) -> None:
    """The last few do not need to wait for the minute of the others."""
    smsc = Smsc()
    await smsc.send_many(people(15), journal=path)
    sent = len(smsc.exchange.forms)
    smsc.exchange.choose = lambda _, number: (True, Sent.UNKNOWN) if number == sent else None

    report = await smsc.follow_many(path)

    assert (report.delivered, report.waiting) == (15, 0)
    assert all("," not in form["id"] for _, form in smsc.exchange.forms[sent:])


@pytest.mark.parametrize("count", [10, 40])
async def test_what_is_in_the_archive_stays_as_it_was(path: Path, count: int) -> None:
    """A message that is not found any more keeps the status it had: none."""
    smsc = Smsc()
    await smsc.send_many(people(count), journal=path)
    smsc.clock.pass_time(2 * 86400.0)

    report = await smsc.follow_many(path, timeout=0.0)

    assert report.waiting == count
    assert await SqliteJournal(path).deliveries() == {None: count}


async def test_time_ends_it(path: Path) -> None:
    """What has no final status when the time is over is on its way."""
    smsc = Smsc()
    await smsc.send_many(
        [*people(5), Outgoing("+79995550000", "Hello"), *people(40, 10)], journal=path
    )
    began = smsc.clock.now()

    report = await smsc.follow_many(path, timeout=600.0)

    assert (report.delivered, report.waiting) == (45, 1)
    assert smsc.clock.now() - began <= 600.0
    assert (await smsc.follow_many(path, timeout=0.0)).waiting == 1


async def test_a_question_that_fails_is_asked_again(path: Path) -> None:
    """Trouble on the way costs nothing but time; a bad password ends it."""
    smsc = Smsc()
    await smsc.send_many(people(40), journal=path)
    sent = len(smsc.exchange.forms)
    smsc.exchange.choose = lambda _, number: (
        (True, Sent.UNKNOWN) if sent <= number < sent + 8 else None
    )

    report = await smsc.follow_many(path)
    assert report.delivered == 40

    await smsc.send_many(people(50), journal=path)
    smsc.exchange.instead = b'{"error": "authorise error", "error_code": 2}'
    with pytest.raises(AuthenticationFailed):
        await smsc.follow_many(path)


async def test_the_minute_of_others_may_be_too_late(path: Path) -> None:
    """When its turn would come after the time is over, it ends."""
    smsc = Smsc()
    await smsc.send_many(people(40), journal=path)
    await smsc.statuses([("a", "79990000001"), ("b", "79990000001")])

    report = await smsc.follow_many(path, timeout=10.0)

    assert report == DeliveryReport(0, {}, 40)


async def test_what_is_posted_is_written_down(path: Path) -> None:
    """Statuses that come from elsewhere are kept; only a final one takes a final one's place."""
    smsc = Smsc()
    await smsc.send_many(people(3), journal=path)
    its_id = smsc.messages[0].id
    journal = SqliteJournal(path)

    known = [
        await journal.deliver([Delivered(its_id, "79990000001", status, 0, changed)])
        for status, changed in ((0, 100), (1, 200), (0, 300), (4, 400))
    ]
    unknown = await journal.deliver(
        [Delivered("nobody", "79990000001", 1), Delivered(its_id, "79991111111", 1)]
    )

    assert known == [1, 1, 0, 1]
    assert unknown == 0
    found = [(r.status, r.changed_at) async for r in journal.results()]
    assert found[0] == (None, None)
    assert found[1][0] is DeliveryStatus.LINK_CLICKED
    assert await journal.deliveries() == {None: 2, 4: 1}
    assert [r.number for r in await journal.undelivered(-1, 10)] == [0, 2]


async def test_a_table_of_results(path: Path, tmp_path: Path) -> None:
    """Each message is a row, in the order of the source, those in doubt as well."""
    smsc = Smsc()
    smsc.exchange.choose = lambda path, number: (
        (True, Sent.UNKNOWN) if number == 0 or path.endswith("status.php") else None
    )
    source = [*people(2150), Outgoing("nobody", "Hello"), Outgoing("+79995550007", "Hello")]
    await smsc.send_many(source, journal=path)
    target = tmp_path / "june.csv"

    count = await export_csv(SqliteJournal(path).results(), target, encoding="utf-8-sig")

    def rows() -> list[dict[str, str]]:
        return list(csv.DictReader(target.read_text(encoding="utf-8-sig").splitlines()))

    assert count == len(rows()) == 2152
    assert sorted(int(row["number"]) for row in rows()) == list(range(2152))
    assert {row["outcome"] for row in rows()} == {"accepted", "refused", "in doubt"}
    assert {row["reason"] for row in rows()} == {
        "",
        "InvalidRequest: to: is not an international phone number of 5 to 15 digits",
        "WRONG_NUMBER 249",
    }


async def test_without_a_journal_nothing_is_followed() -> None:
    """The journal of a run without one knows nobody who was sent to."""
    journal = MemoryJournal()

    assert await journal.undelivered(-1, 10) == ()
    assert await journal.deliver([Delivered("a", "79990000001", 1)]) == 0
    assert await journal.deliveries() == {None: 0}
