"""The journal in a file: what only a file can do to one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest

from smsc_async import JournalError, SqliteJournal
from smsc_async.bulk.database import Database

from .house import Smsc, people

pytestmark = pytest.mark.anyio


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the journal is."""
    return tmp_path / "june.db"


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
