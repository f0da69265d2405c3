"""The journal on PostgreSQL when the server is not there, goes, comes back, or is short of room."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator

import anyio
import psycopg
import pytest
from postgres_server import PostgresServer, postgres_server

from smsc_async import JournalError, Outgoing
from smsc_async.bulk import postgres_pool
from smsc_async.bulk.postgres import PostgresJournal
from smsc_async.bulk.postgres_pool import Connection, Pool
from smsc_async.errors import InvalidRequest

from .house import Smsc, people
from .journals import OnPostgres

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A server that only these tests use, for they stop it."""
    with postgres_server() as server:
        yield server


@pytest.fixture(autouse=True)
def _look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_pool, "_PAUSE", 0.02)


def numbers(smsc: Smsc) -> Counter[str]:
    """How often each phone got a message."""
    return Counter(message.phone for message in smsc.messages)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("postgresql://me:secret@127.0.0.1:1/shop", "refused"),
        ("postgresql://me:secret@127.0.0.1:port/shop", "port"),
        ("postgresql://me:secret@nowhere.invalid/shop", "nowhere.invalid"),
    ],
)
async def test_no_server(url: str, reason: str) -> None:
    """Who names a server that is not there is told at once, and nothing is sent."""
    smsc = Smsc()

    with pytest.raises(JournalError, match=f"the journal on PostgreSQL: .*{reason}") as told:
        await smsc.send_many(people(1), journal=url)

    assert "secret" not in str(told.value)
    assert smsc.messages == []


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:secret@[::1/shop",
        "postgresql://me:se%zzcret@127.0.0.1/shop",
        "postgresql://me:secret@127.0.0.1/shop?colour=red",
    ],
)
async def test_what_is_no_address(url: str) -> None:
    """Who gives something else is told what it has to be, without the password."""
    with pytest.raises(InvalidRequest, match="postgresql://user") as told:
        await Smsc().send_many(people(1), journal=url)

    assert "cret@" not in str(told.value)


async def test_a_database_that_is_not_there(postgres_url: str) -> None:
    """The server's own words say which one."""
    with pytest.raises(JournalError, match='database "shop" does not exist'):
        await PostgresJournal(postgres_url.replace("/postgres", "/shop")).totals()


@pytest.mark.parametrize("lease", ["soon", "0.5", "", "nan", "1e9"])
def test_leases(postgres_url: str, lease: str) -> None:
    """A lease is from a second to a day."""
    with pytest.raises(InvalidRequest, match="lease"):
        PostgresJournal(f"{postgres_url}?lease={lease}")


async def test_a_connection_that_was_ended_meanwhile(database: OnPostgres) -> None:
    """When the server has ended all idle connections, the next call makes another."""
    journal = PostgresJournal(database.where)
    await journal.open("a")

    database.cut()
    totals = await journal.totals()
    await journal.aclose()

    assert totals.accepted == 0


async def test_work_that_was_cut_off_is_done_again(database: OnPostgres) -> None:
    """What a transaction did is gone with its connection, so all of it is done once more."""
    pool, begun = Pool(database.url), 0
    pool.open()
    await pool.run(lambda connection: connection.execute("CREATE TABLE done (what int)"))

    def work(connection: Connection) -> int:
        nonlocal begun
        begun += 1
        connection.execute("INSERT INTO done VALUES (1)")
        if begun == 1:
            database.cut()
        connection.execute("INSERT INTO done VALUES (2)")
        return begun

    answer = await pool.run(work)
    await pool.aclose()

    assert (answer, begun) == (2, 2)
    assert database.ask("SELECT what FROM done ORDER BY what") == [(1,), (2,)]


async def test_a_connection_that_does_not_know_that_it_is_lost(database: OnPostgres) -> None:
    """What the driver says of it is no error of the server's: the work is done again on another."""
    pool, used = Pool(database.url), list[Connection]()
    pool.open()
    await pool.run(lambda connection: connection.execute("CREATE TABLE done (what int)"))

    def work(connection: Connection) -> int:
        used.append(connection)
        connection.execute("INSERT INTO done VALUES (%s)", (len(used),))
        if len(used) == 1:
            raise psycopg.OperationalError("cannot exit pipeline mode while busy")
        return len(used)

    assert await pool.run(work) == 2
    await pool.aclose()

    assert used[0] is not used[1]
    assert database.ask("SELECT what FROM done") == [(2,)]


@pytest.mark.parametrize("committed", [True, False])
async def test_a_commit_that_was_cut_off(database: OnPostgres, *, committed: bool) -> None:
    """The server is asked whether it was done, and only what was not is done again."""
    pool, begun = Pool(database.url), 0
    pool.open()
    await pool.run(lambda connection: connection.execute("CREATE TABLE done (what int)"))

    def work(connection: Connection) -> int:
        nonlocal begun
        begun += 1
        connection.execute("INSERT INTO done VALUES (%s)", (begun,))
        if begun == 1:
            connection.commit = lose  # type: ignore[method-assign]
            committing.append(connection)
        return begun

    committing: list[Connection] = []

    def lose() -> None:
        [connection] = committing
        if committed:
            psycopg.Connection.commit(connection)
        database.cut()
        connection.execute("SELECT 1")

    answer = await pool.run(work)
    await pool.aclose()

    assert answer == begun == (1 if committed else 2)
    assert database.ask("SELECT what FROM done") == [(answer,)]


async def test_who_only_read_has_what_he_read(database: OnPostgres) -> None:
    """When the end of a transaction that wrote nothing is cut off, nothing is missing."""
    pool, begun = Pool(database.url), 0
    pool.open()

    def work(connection: Connection) -> int:
        nonlocal begun
        begun += 1

        def lose() -> None:
            database.cut()
            psycopg.Connection.commit(connection)

        connection.commit = lose  # type: ignore[method-assign]
        return begun

    assert (await pool.run(work), begun) == (1, 1)
    await pool.aclose()


async def test_a_server_that_goes_at_a_commit(server: PostgresServer) -> None:
    """It is asked when it is back."""
    pool, begun = Pool(server.url), 0
    pool.open()

    def work(connection: Connection) -> int:
        nonlocal begun
        begun += 1
        connection.execute("CREATE TABLE IF NOT EXISTS done (what int)")
        connection.execute("INSERT INTO done VALUES (%s)", (begun,))
        if begun == 1:
            committing.append(connection)
            connection.commit = lose  # type: ignore[method-assign]
        return begun

    committing: list[Connection] = []

    def lose() -> None:
        psycopg.Connection.commit(committing[0])
        server.stop()
        committing[0].execute("SELECT 1")

    async with anyio.create_task_group() as group:

        @group.start_soon
        async def come_back() -> None:
            while server.running or not committing:
                await anyio.sleep(0.01)
            await anyio.sleep(0.1)
            await anyio.to_thread.run_sync(server.start)

        answer = await pool.run(work)
    rows = await pool.run(lambda connection: connection.execute("TABLE done").fetchall())
    await pool.run(lambda connection: connection.execute("DROP TABLE done"))
    await pool.aclose()

    assert (answer, begun, rows) == (1, 1, [(1,)])


async def test_work_that_fails_leaves_nothing(database: OnPostgres) -> None:
    """An error of the server's is told once; the connection is good for the next."""
    pool = Pool(database.url)
    pool.open()

    def work(connection: Connection) -> None:
        connection.execute("CREATE TABLE done (what int)")
        connection.execute("SELECT 1 / 0")

    with pytest.raises(JournalError, match="division by zero"):
        await pool.run(work)
    [there] = await pool.run(
        lambda connection: connection.execute("SELECT to_regclass('done')").fetchall()
    )
    await pool.aclose()

    assert there == (None,)


LATE = """
CREATE TABLE done (what int);
CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN RAISE EXCEPTION 'too late' USING ERRCODE = '40001'; END
$$;
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON done DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION late();
INSERT INTO done VALUES (1);
"""
"""What is refused only when it is committed."""


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("SET LOCAL statement_timeout = 10; SELECT pg_sleep(10)", "statement timeout"),
        (LATE, "too late"),
    ],
)
async def test_what_fails_for_want_of_luck(
    database: OnPostgres, statement: str, reason: str
) -> None:
    """While the connection is good, it is told, and not done again."""
    pool = Pool(database.url)
    pool.open()

    with pytest.raises(JournalError, match=reason):
        await pool.run(lambda connection: connection.execute(statement.encode()))
    await pool.aclose()


async def test_a_run_goes_on_when_its_connections_are_cut(database: OnPostgres) -> None:
    """Whatever it was doing then, each message is sent once."""
    smsc, told = Smsc(), 0

    def on_progress(_: object) -> None:
        nonlocal told
        told += 1
        if told % 4 == 0:
            database.cut()

    report = await smsc.send_many(
        people(400), journal=database.where, size=10, on_progress=on_progress
    )

    assert (report.accepted, report.in_doubt, report.left) == (400, 0, 0)
    assert set(numbers(smsc).values()) == {1}


async def test_a_server_that_restarts_is_waited_for(server: PostgresServer) -> None:
    """A run stands still meanwhile, and goes on."""
    smsc, told = Smsc(), 0
    journal = f"{server.url}?run={secrets.token_hex(8)}"

    async def on_progress(_: object) -> None:
        nonlocal told
        told += 1
        if told == 5:
            server.stop()
            await anyio.sleep(0.1)
            server.start()

    report = await smsc.send_many(people(200), journal=journal, size=10, on_progress=on_progress)

    assert (report.accepted, report.in_doubt, report.left) == (200, 0, 0)
    assert set(numbers(smsc).values()) == {1}


async def test_a_server_that_stays_away(
    server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is waited for only so long; then the run ends, and goes on another time."""
    monkeypatch.setattr(postgres_pool, "_PATIENCE", 0.2)
    smsc, told = Smsc(), 0
    journal = f"{server.url}?run={secrets.token_hex(8)}"

    def on_progress(_: object) -> None:
        nonlocal told
        told += 1
        if told == 5:
            server.stop()

    with pytest.raises(JournalError, match="the journal on PostgreSQL"):
        await smsc.send_many(people(400), journal=journal, size=10, on_progress=on_progress)
    sent = len(smsc.messages)
    server.start()
    with psycopg.connect(server.url) as connection:
        connection.execute("UPDATE smsc_worker SET alive_until = now()")
    report = await smsc.again().send_many(people(400), journal=journal, size=10)

    assert 50 <= sent < 400
    assert (report.accepted, report.in_doubt, report.left) == (400, 0, 0)
    assert set(numbers(smsc).values()) == {1}


async def test_more_tasks_than_connections(database: OnPostgres) -> None:
    """Who comes while all connections are in use waits; there are never more than four."""
    pool, busy, most = Pool(database.url), 0, 0
    pool.open()

    def work(connection: Connection) -> None:
        nonlocal busy, most
        busy += 1
        most = max(most, busy)
        connection.execute("SELECT pg_sleep(0.02)")
        busy -= 1

    async with anyio.create_task_group() as group:
        for _ in range(12):
            group.start_soon(pool.run, work)
    [(open_,)] = database.ask(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE application_name = %s AND pid <> pg_backend_pid()",
        database.schema,
    )
    await pool.aclose()

    assert 2 <= most <= 4
    assert 2 <= int(str(open_)) <= 4


async def test_a_server_without_room_for_all_connections(database: OnPostgres) -> None:
    """With one connection a run is slower; without any it is told why."""
    await database.make_tables()
    role = f"r{secrets.token_hex(8)}"
    database.execute(f"CREATE ROLE {role} LOGIN CONNECTION LIMIT 1")
    database.execute(f"GRANT ALL ON SCHEMA {database.schema} TO {role}")
    database.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA {database.schema} TO {role}")
    journal = database.where.replace("//smsc@", f"//{role}@")
    smsc = Smsc()
    try:
        report = await smsc.send_many(people(60), journal=journal, size=5)
        with anyio.fail_after(10):
            # The server lets a connection go some time after it was closed.
            while database.ask("SELECT FROM pg_stat_activity WHERE usename = %s", role):
                await anyio.sleep(0.01)
        with (
            psycopg.connect(database.url.replace("//smsc@", f"//{role}@")),
            pytest.raises(JournalError, match="too many connections"),
        ):
            await PostgresJournal(journal).totals()
    finally:
        database.execute(f"DROP OWNED BY {role}")
        database.execute(f"DROP ROLE {role}")

    assert (report.accepted, len(smsc.messages)) == (60, 60)


async def test_what_the_server_cannot_write(database: OnPostgres) -> None:
    """A phone with a character that no text of PostgreSQL has is refused like any other."""
    smsc = Smsc()

    report = await smsc.send_many([Outgoing("no\0body", "Hello")], journal=database.where)

    assert [result.phone async for result in report] == ["nobody"]
    assert report.refused.keys() == {
        "InvalidRequest: to: is not an international phone number of 5 to 15 digits"
    }
