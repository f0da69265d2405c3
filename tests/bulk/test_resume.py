"""A run that ended before its time, and goes on with its journal."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest

from smsc_async import BulkResult, JournalError, Outgoing, SqliteJournal
from smsc_async.bulk import Pack, SourceMark
from smsc_async.bulk.database import Database
from smsc_async.transport import Sent

from .house import Break, Smsc, people

pytestmark = pytest.mark.anyio


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the journal is."""
    return tmp_path / "june.db"


def numbers(smsc: Smsc) -> Counter[str]:
    """How often each phone got a message."""
    return Counter(message.phone for message in smsc.messages)


async def cancelled_after(smsc: Smsc, path: Path, count: int, results: int) -> None:
    """Run until so many results were told, and die."""
    told = 0
    with anyio.CancelScope() as scope:

        def on_result(_: BulkResult) -> None:
            nonlocal told
            told += 1
            if told == results:
                scope.cancel()

        await smsc.send_many(people(count), journal=path, on_result=on_result)


async def test_a_run_goes_on(path: Path) -> None:
    """What was not sent is sent, what was sent is not, what was in flight is looked up."""
    first = Smsc()
    await cancelled_after(first, path, 3000, 950)
    sent = len(first.messages)
    second = first.again()
    told: list[int] = []

    report = await second.send_many(
        people(3000), journal=path, on_result=lambda one: told.append(one.number)
    )

    assert 900 < sent < 3000
    assert set(numbers(first).values()) == {1}
    assert len(numbers(first)) == 3000
    assert (report.accepted, report.in_doubt, report.left) == (3000, 0, 0)
    assert len({result.number async for result in report}) == 3000
    assert len(told) == len(set(told)) <= 3000 - 900
    assert report.cost == sum(message.cost for message in first.messages)


async def test_a_finished_run_stays_finished(path: Path) -> None:
    """Once all is done, the same call sends nothing and reports the same."""
    first = Smsc()
    done = await first.send_many(people(300), journal=path)
    second = first.again()

    report = await second.send_many(people(300), journal=path)

    assert len(first.exchange.forms) == 3
    assert (report.accepted, report.units, report.cost) == (done.accepted, done.units, done.cost)
    assert report.requests == 0


async def test_a_source_may_grow(path: Path) -> None:
    """What was added behind its end is sent when the run goes on."""
    smsc = Smsc()
    await smsc.send_many(people(150), journal=path)

    report = await smsc.send_many(people(250), journal=path)

    assert report.accepted == len(smsc.messages) == 250
    assert set(numbers(smsc).values()) == {1}


async def test_another_source_is_noticed(path: Path) -> None:
    """A source with one other message, in another order, or cut short sends nothing."""
    smsc = Smsc()
    await cancelled_after(smsc, path, 3000, 500)
    sent = len(smsc.messages)
    other = list(people(3000))
    swapped = [other[1], other[0], *other[2:]]
    other[250] = Outgoing("+79990000250", "Hello")

    for source in (other, swapped, people(100), people(3000, first=1), ()):
        with pytest.raises(JournalError, match="another source"):
            await smsc.again().send_many(source, journal=path)

    assert len(smsc.messages) == sent


async def test_other_options_are_noticed(path: Path) -> None:
    """With other options the messages would be others."""
    smsc = Smsc()
    await cancelled_after(smsc, path, 3000, 500)

    with pytest.raises(JournalError, match="the options of the run"):
        await smsc.again().send_many(people(3000), journal=path, sender="Shop")


async def test_two_runs_cannot_share_a_file(path: Path) -> None:
    """While one uses the file another is refused; both may look at it."""
    smsc = Smsc()

    async def on_progress(_: object) -> None:
        with pytest.raises(JournalError, match="another run"):
            await smsc.send_many(people(10), journal=path)
        assert (await SqliteJournal(path).totals()).accepted == 10

    await smsc.send_many(people(10), journal=path, on_progress=on_progress)

    assert len(smsc.messages) == 10


@pytest.fixture(params=["text", "database"])
def foreign(request: pytest.FixtureRequest, path: Path) -> Path:
    """A file of another kind."""
    if request.param == "text":
        path.write_bytes(b"x" * 5000)
    else:
        connection = sqlite3.connect(path)
        connection.execute("CREATE TABLE mine (a)")
        connection.close()
    return path


async def test_a_file_that_is_no_journal(foreign: Path) -> None:
    """A file of another kind is refused."""
    with pytest.raises(JournalError):
        await Smsc().send_many(people(10), journal=foreign)
    with pytest.raises(JournalError):
        await SqliteJournal(foreign).totals()


async def test_a_journal_that_is_not_there(path: Path) -> None:
    """Who only looks makes no file."""
    for _ in range(2):
        with pytest.raises(JournalError, match="there is no journal"):
            await SqliteJournal(path).totals()


async def test_what_money_was_missing_for_is_sent_later(path: Path) -> None:
    """Packs that were given back go first when the run goes on, under the ids they had."""
    smsc = Smsc(balance="30")
    first = await smsc.send_many(list(people(1000)), journal=path)
    ids = {form["id"] for form in smsc.sends}
    smsc.exchange.account.balance += 1000
    before = len(smsc.sends)

    report = await smsc.send_many(list(people(1000)), journal=path)

    assert (first.accepted, first.left) == (200, 800)
    assert first.left == 800
    assert (await SqliteJournal(path).totals()).left == 0
    assert {form["id"] for form in smsc.sends[before:]} & ids
    assert report.accepted == len(smsc.messages) == 1000
    assert set(numbers(smsc).values()) == {1}


async def test_what_the_journal_has_needs_no_source(path: Path) -> None:
    """Packs that were given back are sent without the source, too, and no more."""
    smsc = Smsc(balance="30")
    first = await smsc.send_many(people(1000), journal=path)
    smsc.exchange.account.balance += 1000

    given_back = (await SqliteJournal(path).totals()).left
    report = await smsc.send_many(None, journal=path)

    assert first.accepted == 200
    assert given_back > 0
    assert report.accepted == len(smsc.messages) == 200 + given_back
    assert (await SqliteJournal(path).totals()).left == 0


async def test_doubts_are_asked_about_again(path: Path) -> None:
    """What was in doubt is found when the service can be asked, and not sent again."""
    smsc = Smsc()

    def lose(path: str, number: int) -> Break | None:
        return (True, Sent.UNKNOWN) if path.endswith("status.php") or number == 0 else None

    smsc.exchange.choose = lose
    first = await smsc.send_many(people(300), journal=path)
    doubtful = [result async for result in first if result.outcome == "in doubt"]
    smsc.exchange.choose = lambda *_: None

    report = await smsc.again().send_many(people(300), journal=path)

    assert (first.accepted, first.in_doubt, len(doubtful)) == (200, 100, 100)
    assert (report.accepted, report.in_doubt) == (300, 0)
    assert set(numbers(smsc).values()) == {1}


async def claim_without_sending(path: Path, count: int, age: float) -> None:
    """Leave behind what a process leaves that died between claim and send, so long ago."""
    smsc = Smsc()

    def die(*_: object) -> None:
        raise ZeroDivisionError

    smsc.exchange.choose = die
    with pytest.raises(ZeroDivisionError):
        await smsc.send_many(people(count), journal=path)
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE pack SET claimed_at = ?", (time.time() - age,))
    connection.close()


async def test_a_claim_that_was_not_sent_is_sent_after_a_minute(path: Path) -> None:
    """It is asked for first, and not before its minute is over; then it goes as it was."""
    await claim_without_sending(path, 100, age=5.0)
    smsc = Smsc(random=2)
    began = smsc.clock.now()

    report = await smsc.send_many(people(100), journal=path)

    assert report.accepted == len(smsc.messages) == 100
    assert smsc.messages[0].accepted_at >= began + 62
    assert [path for path, _ in smsc.exchange.forms[:2]] == ["/sys/status.php"] * 2


async def test_an_old_claim_is_searched_in_the_history(path: Path) -> None:
    """After hours a message may be in the archive, where only the history knows it."""
    await claim_without_sending(path, 100, age=9 * 3600.0)
    smsc = Smsc(random=2)

    report = await smsc.send_many(people(100), journal=path)

    assert report.accepted == len(smsc.messages) == 100
    assert "/sys/get.php" in {path for path, _ in smsc.exchange.forms}


async def test_an_old_claim_stays_in_doubt_without_the_history(path: Path) -> None:
    """When the history cannot be asked the pack is not sent."""
    await claim_without_sending(path, 100, age=9 * 3600.0)
    smsc = Smsc(random=2)
    smsc.exchange.choose = lambda path, _: (
        (True, Sent.UNKNOWN) if path.endswith("get.php") else None
    )

    report = await smsc.send_many(people(100), journal=path)

    assert (report.in_doubt, smsc.messages) == (100, [])


async def test_a_history_that_is_cut_off_says_nothing(path: Path) -> None:
    """When its recipients have had a thousand messages since, the pack may be behind those."""
    await claim_without_sending(path, 100, age=9 * 3600.0)
    smsc = Smsc(random=2)
    for _ in range(10):
        await smsc.send_many(people(100))
        smsc.clock.pass_time(100.0)

    report = await smsc.send_many(people(100), journal=path)

    assert (report.in_doubt, len(smsc.messages)) == (100, 1000)


async def test_an_old_claim_is_found_in_the_history(path: Path) -> None:
    """What the history has was sent."""
    first = Smsc()
    first.exchange.choose = lambda *_: (True, Sent.UNKNOWN)
    await first.send_many(people(100), journal=path)
    first.exchange.choose = lambda *_: None
    first.clock.pass_time(2 * 86400.0)
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE pack SET claimed_at = 0")
    connection.close()

    report = await first.again().send_many(people(100), journal=path)

    assert report.accepted == len(first.messages) == 100


async def test_a_stopped_run_leaves_its_doubts_for_later(path: Path) -> None:
    """A run that is told to stop does not wait a minute for a look; it names the doubt."""
    smsc = Smsc()
    stop = anyio.Event()
    smsc.exchange.choose = lambda path, number: (
        (True, Sent.UNKNOWN) if path.endswith("status.php") or number == 0 else None
    )

    report = await smsc.send_many(
        people(300), journal=path, stop=stop, on_progress=lambda _: stop.set()
    )

    assert report.in_doubt == 100
    assert (await SqliteJournal(path).totals()).in_doubt == 100


async def test_many_wait_for_one_commit(tmp_path: Path) -> None:
    """Those who come while a transaction is under way go into the next one together."""
    database = Database(tmp_path / "a.db", "CREATE TABLE a (b);")
    await database.open()
    seen: list[int] = []

    def work(number: int) -> Callable[[sqlite3.Connection], int]:
        def insert(connection: sqlite3.Connection) -> int:
            seen.append(connection.total_changes)
            connection.execute("INSERT INTO a VALUES (?)", (number,))
            return number

        return insert

    answers: list[int] = []

    async def run(number: int) -> None:
        answers.append(await database.run(work(number)))

    async with anyio.create_task_group() as group:
        for number in range(20):
            group.start_soon(run, number)
    count = await database.run(lambda c: c.execute("SELECT count(*) FROM a").fetchone()[0])
    await database.aclose()
    await database.aclose()

    assert (sorted(answers), count) == (list(range(20)), 20)
    with pytest.raises(JournalError, match="closed"):
        await database.run(work(1))


async def test_a_failed_transaction_is_rolled_back(tmp_path: Path) -> None:
    """What fails leaves nothing, and the next one works."""
    database = Database(tmp_path / "a.db", "CREATE TABLE a (b);")
    await database.open()

    def fail(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO a VALUES (1)")
        connection.execute("INSERT INTO nowhere VALUES (1)")

    with pytest.raises(JournalError, match="nowhere"):
        await database.run(fail)
    count = await database.run(lambda c: c.execute("SELECT count(*) FROM a").fetchone()[0])
    await database.aclose()

    assert count == 0


async def test_who_fails_fails_alone(tmp_path: Path) -> None:
    """Of those who share a transaction only those fail whose own work does."""
    database = Database(tmp_path / "a.db", "CREATE TABLE a (b UNIQUE);")
    await database.open()
    failed: list[int] = []

    async def insert(number: int) -> None:
        try:
            await database.run(lambda c: c.execute("INSERT INTO a VALUES (?)", (number % 15,)))
        except JournalError:
            failed.append(number)

    async with anyio.create_task_group() as group:
        for number in range(20):
            group.start_soon(insert, number)
    count = await database.run(lambda c: c.execute("SELECT count(*) FROM a").fetchone()[0])
    await database.aclose()

    assert (len(failed), count) == (5, 15)


async def test_who_is_cancelled_leaves_the_queue(tmp_path: Path) -> None:
    """Work whose owner has given up before its turn is not done."""
    database = Database(tmp_path / "a.db", "CREATE TABLE a (b);")
    await database.open()

    async with anyio.create_task_group() as group, database._turn:

        async def insert() -> None:
            await database.run(lambda c: c.execute("INSERT INTO a VALUES (1)"))

        group.start_soon(insert)
        await anyio.wait_all_tasks_blocked()
        group.cancel_scope.cancel()
    count = await database.run(lambda c: c.execute("SELECT count(*) FROM a").fetchone()[0])
    await database.aclose()

    assert count == 0


async def test_the_journal_forgets_texts(path: Path) -> None:
    """The texts of packs are gone once it is known what became of them."""
    await Smsc().send_many(people(250), journal=path)

    connection = sqlite3.connect(path)
    bodies = connection.execute("SELECT DISTINCT body FROM pack").fetchall()
    connection.close()

    assert bodies == [(None,)]


async def test_a_pack_keeps_its_bytes(path: Path) -> None:
    """A pack that is read from the journal makes the same request."""
    journal = SqliteJournal(path)
    pack = Pack("m1", {"sender": "Shop"}, (("One\nline", ((0, "+7999"),)), ("Two", ((5, "8999"),))))
    await journal.open("a")
    await journal.claim((pack,), source=None)
    await journal.release(pack)

    taken = await journal.take()
    nothing = await journal.take()
    await journal.aclose()

    assert nothing is None
    assert taken == pack
    assert taken.params() == pack.params()
    assert pack.params()["list"] == "+7999:One\\nline\n8999:Two"


async def test_the_source_was_read_as_far_as_anybody_has_read_it(path: Path) -> None:
    """A claim that is committed after a later one takes nothing back."""
    journal = SqliteJournal(path)
    await journal.open("a")
    for number, read in enumerate((200, 100)):
        pack = Pack(f"m{number}", {}, (("Hello", ((number, "+79990000001"),)),))
        await journal.claim((pack,), source=SourceMark(read, str(read)))
    await journal.aclose()

    known = await journal.open("b")
    await journal.aclose()

    assert known.mark == SourceMark(200, "200")
    assert [number in known.covers for number in range(3)] == [True, True, False]
