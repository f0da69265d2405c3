"""The journal in a file: what only a file can do to one."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
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


def insert(connection: sqlite3.Connection, numbers: Sequence[int]) -> list[int]:
    """Insert numbers into the table; answer how many came together."""
    connection.executemany("INSERT INTO a VALUES (?)", [(number,) for number in numbers])
    return [len(numbers)] * len(numbers)


def count(connection: sqlite3.Connection, asked: Sequence[None]) -> list[int]:
    """Count the rows of the table."""
    return [connection.execute("SELECT count(*) FROM a").fetchone()[0] for _ in asked]


def fail(connection: sqlite3.Connection, numbers: Sequence[int]) -> list[int]:
    """Insert numbers, and fail."""
    insert(connection, numbers)
    connection.execute("INSERT INTO nowhere VALUES (1)")
    return []


async def test_many_wait_for_one_commit(tmp_path: Path) -> None:
    """Those who come while a transaction is under way are done by the next one, all at once."""
    database = Database(tmp_path / "a.db", "CREATE TABLE a (b);")
    await database.open()
    together: list[int] = []

    async def run(number: int) -> None:
        together.append(await database.run(insert, number))

    async with anyio.create_task_group() as group:
        for number in range(20):
            group.start_soon(run, number)
    rows = await database.run(count, None)
    await database.aclose()
    await database.aclose()

    assert rows == len(together) == 20
    assert max(together) >= 19
    with pytest.raises(JournalError, match="closed"):
        await database.run(insert, 1)


async def test_each_is_answered(tmp_path: Path) -> None:
    """Who waits together with others, for the same work or another, gets an answer of his own."""
    database = Database(tmp_path / "a.db", "")
    await database.open()
    answers: list[tuple[int, int]] = []

    def double(_: sqlite3.Connection, numbers: Sequence[int]) -> list[int]:
        return [2 * number for number in numbers]

    def negate(_: sqlite3.Connection, numbers: Sequence[int]) -> list[int]:
        return [-number for number in numbers]

    async def run(number: int) -> None:
        answers.append((number, await database.run(double if number % 2 else negate, number)))

    async with anyio.create_task_group() as group:
        for number in range(20):
            group.start_soon(run, number)
    await database.aclose()

    assert sorted(answers) == [(at, 2 * at if at % 2 else -at) for at in range(20)]


async def test_a_failed_transaction_is_rolled_back(tmp_path: Path) -> None:
    """What fails leaves nothing, and the next one works."""
    database = Database(tmp_path / "a.db", "CREATE TABLE a (b);")
    await database.open()

    with pytest.raises(JournalError, match="nowhere"):
        await database.run(fail, 1)
    rows = await database.run(count, None)
    await database.aclose()

    assert rows == 0


async def test_who_fails_fails_alone(tmp_path: Path) -> None:
    """Of those who share a transaction only those fail whose own work does."""
    database = Database(tmp_path / "a.db", "CREATE TABLE a (b UNIQUE);")
    await database.open()
    failed: list[int] = []

    async def run(number: int) -> None:
        try:
            await database.run(insert, number % 15)
        except JournalError:
            failed.append(number)

    async with anyio.create_task_group() as group:
        for number in range(20):
            group.start_soon(run, number)
    rows = await database.run(count, None)
    await database.aclose()

    assert (len(failed), rows) == (5, 15)


async def test_who_is_cancelled_leaves_the_queue(tmp_path: Path) -> None:
    """Work whose owner has given up before its turn is not done."""
    database = Database(tmp_path / "a.db", "CREATE TABLE a (b);")
    await database.open()

    async with anyio.create_task_group() as group, database._turn:
        group.start_soon(database.run, insert, 1)
        await anyio.wait_all_tasks_blocked()
        group.cancel_scope.cancel()
    rows = await database.run(count, None)
    await database.aclose()

    assert rows == 0
