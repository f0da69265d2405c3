"""The journal on PostgreSQL: many workers on one run, and an outbox."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from decimal import Decimal
from typing import Any

import anyio
import anyio.from_thread
import anyio.to_thread
import attrs
import psycopg
import pytest

from smsc_async import BulkReport, BulkResult, JournalError, Outgoing
from smsc_async.bulk import Mark, Pack, SourceMark
from smsc_async.bulk import postgres_work as at
from smsc_async.bulk.postgres import PostgresJournal
from smsc_async.bulk.sender import PackSender
from smsc_async.errors import SmscError

from .house import Smsc, people
from .journals import OnPostgres

pytestmark = pytest.mark.anyio

NO_PHONE = "InvalidRequest: to: is not an international phone number of 5 to 15 digits"


def numbers(smsc: Smsc) -> Counter[str]:
    """How often each phone got a message."""
    return Counter(message.phone for message in smsc.messages)


def pack(name: str, *places: int) -> Pack:
    return Pack(name, {}, (("Hello", tuple((at, f"+7999{at:07}") for at in places)),))


def accepted(one: Pack) -> Mark:
    results = [BulkResult(at, phone, one.id, "accepted") for at, phone in one.pieces]
    return Mark(one, results, len(one), Decimal("0.10") * len(one))


def workers(database: OnPostgres, count: int) -> list[PostgresJournal]:
    """Journals of as many workers on one run."""
    return [PostgresJournal(database.where) for _ in range(count)]


async def test_claims_of_the_dead_are_adopted(database: OnPostgres) -> None:
    """Only when the lease is over, by one of the living; then the late one can do nothing."""
    dead, living, other = workers(database, 3)
    late = pack("m1", 0, 1)
    await dead.open("dead")
    await dead.claim([late], source=SourceMark(2, "x"))
    known = await living.open("living")
    await other.open("other")

    before = await living.adopt()
    database.let_lease_end("dead")
    adopted = await living.adopt()
    again = await other.adopt()

    assert (before, known.mark.read, again) == ([], 2, [])
    assert [one.pack for one in adopted] == [late]
    with pytest.raises(JournalError, match="taken for dead"):
        await dead.renew()
    with pytest.raises(JournalError, match="adopted m1"):
        await dead.mark(accepted(late))
    with pytest.raises(JournalError, match="adopted m1"):
        await dead.claim([pack("m2", 0), pack("m3", 1)], source=None, instead_of=late)
    await dead.release(late)
    assert await other.take() is None
    await living.mark(accepted(late))
    assert (await living.totals()).accepted == 2
    for journal in (dead, living, other):
        await journal.aclose()


async def test_who_adopts_is_not_robbed(database: OnPostgres) -> None:
    """Of two who adopt at the same time one has the claims, however late the other has begun."""
    dead, quick = workers(database, 2)
    await dead.open("dead")
    await dead.claim([pack("m1", 0), pack("m2", 1)], source=SourceMark(2, "x"))
    database.let_lease_end("dead")
    found: list[list[str]] = []

    class Slow(psycopg.Connection[tuple[object, ...]]):
        """Is overtaken between finding the dead and adopting what they had."""

        def execute(self, query: Any, *rest: Any, **options: Any) -> Any:
            if "SKIP LOCKED" in query:
                found.append(anyio.from_thread.run(adopt))
            return super().execute(query, *rest, **options)

    async def adopt() -> list[str]:
        await quick.open("quick")
        return [one.pack.id for one in await quick.adopt()]

    def overtaken() -> list[str]:
        with Slow.connect(database.url) as connection:
            return [one.pack.id for one in at.adopt("june", "slow", 30.0, connection)]

    late = await anyio.to_thread.run_sync(overtaken)

    assert (found, late) == ([["m1", "m2"]], [])
    await quick.mark(accepted(pack("m1", 0)))
    await quick.aclose()
    await dead.aclose()


async def test_the_living_settle_what_the_dead_had_in_flight(database: OnPostgres) -> None:
    """While they work on: what the service has is accepted, what it has not is sent."""
    await database.make_tables()
    database.put(*people(20))
    smsc, stop, reports = Smsc(), anyio.Event(), list[BulkReport]()
    dead = PostgresJournal(database.where, size=5)
    await dead.open("dead")
    claimed = [await dead.take() for _ in range(4)]
    sender = PackSender(smsc._call, smsc.clock, ended=anyio.Event(), stop=lambda _: None)
    for one in claimed[:2]:
        assert one is not None
        await sender.send(one)

    async def work() -> None:
        reports.append(await smsc.send_outbox(database.where, stop=stop))

    async def settled(count: int) -> None:
        while (await database.journal().totals()).accepted < count:
            await anyio.sleep(0.01)

    with anyio.fail_after(60):
        async with anyio.create_task_group() as group:
            group.start_soon(work)
            database.put(*people(1, first=20))
            await settled(1)
            before = len(smsc.messages)
            database.let_lease_end("dead")
            await settled(21)
            stop.set()

    assert before == 11
    assert numbers(smsc) == Counter(f"7999{number:07}" for number in range(21))
    assert (reports[0].accepted, reports[0].in_doubt, reports[0].left) == (21, 0, 0)
    await dead.aclose()


async def test_who_ends_leaves_claims_at_once(database: OnPostgres) -> None:
    """What a worker has claimed when it ends need not wait for its lease."""
    first, second = workers(database, 2)
    await first.open("first")
    await first.claim([pack("m1", 0)], source=SourceMark(1, "x"))
    await second.open("second")

    await first.aclose()
    adopted = await second.adopt()

    assert [one.pack for one in adopted] == [pack("m1", 0)]
    await second.aclose()


async def test_one_worker_reads_the_source(database: OnPostgres) -> None:
    """Another is refused, and so is one that knows less than has been read since."""
    first, second = workers(database, 2)
    await first.open("first")
    await second.open("second")
    await first.claim([pack("m1", 0)], source=SourceMark(1, "x"))

    with pytest.raises(JournalError, match="another worker reads"):
        await second.claim([pack("m2", 0)], source=SourceMark(1, "x"))
    await first.aclose()
    with pytest.raises(JournalError, match="another worker reads"):
        await second.refuse([], source=SourceMark(1, "x"))
    await second.aclose()
    known = await second.open("third")
    await second.claim([pack("m3", 1)], source=SourceMark(2, "y"))

    assert (known.mark, 0 in known.covers, 1 in known.covers) == (SourceMark(1, "x"), True, False)
    await second.aclose()


async def test_many_begin_at_once(database: OnPostgres) -> None:
    """The tables are made by one of them, and all go on."""
    journals = workers(database, 6)

    async with anyio.create_task_group() as group:
        for number, journal in enumerate(journals):
            group.start_soon(journal.open, f"worker {number}")
    for journal in journals:
        await journal.aclose()

    assert database.ask("SELECT count(*) FROM smsc_schema") == [(1,)]


async def test_runs_know_nothing_of_each_other(database: OnPostgres) -> None:
    """Runs of other names share the tables, and nothing else."""
    other = attrs.evolve(database, run="july")
    await database.make_tables()
    database.put(*people(3))
    other.put(*people(4))
    june, july = Smsc(), Smsc()

    first = await june.send_many(None, journal=database.where)
    with pytest.raises(JournalError, match="there is no journal of a run july"):
        await other.journal().totals()
    second = await july.send_many(None, journal=other.where)

    assert (first.accepted, first.left, second.accepted) == (3, 0, 4)
    assert (len(june.messages), len(july.messages)) == (3, 4)


async def test_two_workers_never_take_the_same(database: OnPostgres) -> None:
    """Each message of the outbox is taken by one, in order, with the fields of all."""
    await database.make_tables()
    database.put(*people(40), Outgoing("?", "Hello"), Outgoing("+79990000040", "Hello", "Shop"))
    smsc = Smsc()
    reports = []

    async def work(worker: Smsc) -> None:
        reports.append(await worker.send_many(None, journal=database.where, size=5, translit=1))

    async with anyio.create_task_group() as group:
        group.start_soon(work, smsc)
        group.start_soon(work, smsc.again())

    totals = await database.journal().totals()
    assert numbers(smsc) == Counter(f"7999{number:07}" for number in range(41))
    assert (totals.accepted, totals.refused, totals.left) == (41, {NO_PHONE: 1}, 0)
    assert all("translit" in form for form in smsc.sends)
    assert sum("sender" in form for form in smsc.sends) == 1


async def test_an_outbox_beside_a_source(database: OnPostgres) -> None:
    """What the outbox has does not pass for a part of the source."""
    await database.make_tables()
    database.put(Outgoing("+79000000000", "Hello"))
    smsc = Smsc()

    report = await smsc.send_many(people(10), journal=database.where)
    again = await smsc.send_many(people(12), journal=database.where)

    assert (report.accepted, again.accepted, len(smsc.messages)) == (11, 13, 13)


async def test_what_waits_in_the_outbox_is_left(database: OnPostgres) -> None:
    """It is counted before anybody has taken it."""
    journal = PostgresJournal(database.where)
    await journal.open("a")
    database.put(*people(7))

    totals = await journal.totals()
    await journal.aclose()

    assert (totals.left, totals.in_doubt) == (7, 0)


async def test_an_outbox_is_sent_until_it_is_stopped(database: OnPostgres) -> None:
    """What comes while nothing is there is sent, too; and a worker that waits can be stopped."""
    await database.make_tables()
    database.put(*people(5))
    smsc = Smsc()
    stop = anyio.Event()
    reports = []

    async def work() -> None:
        reports.append(await smsc.send_outbox(database.where, stop=stop))

    with anyio.fail_after(20):
        async with anyio.create_task_group() as group:
            group.start_soon(work)
            for count in (5, 8):
                while len(smsc.messages) < count:
                    await anyio.sleep(0.01)
                database.put(*people(3, first=count))
            while len(smsc.messages) < 11:
                await anyio.sleep(0.01)
            stop.set()

    assert (reports[0].accepted, reports[0].left) == (11, 0)
    assert set(numbers(smsc).values()) == {1}


async def test_an_outbox_ends_with_what_meets_everybody(database: OnPostgres) -> None:
    """A worker that waits ends by itself when there is no money, and the rest is left."""
    await database.make_tables()
    database.put(*people(20))
    smsc = Smsc(balance="1")

    with anyio.fail_after(20):
        report = await smsc.send_outbox(database.where, stop=anyio.Event(), size=5)

    assert report.stopped_by is not None
    assert (report.accepted, report.left) == (5, 15)


async def test_without_psycopg(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the package the error says how to get it."""
    for name in ("postgres", "postgres_work", "postgres_pool"):
        monkeypatch.delitem(sys.modules, f"smsc_async.bulk.{name}")
    monkeypatch.setitem(sys.modules, "psycopg", None)

    with pytest.raises(SmscError, match=r"smsc-async\[postgres\]"):
        await Smsc().send_many(None, journal="postgresql://127.0.0.1/x")


def test_the_package_does_not_need_psycopg() -> None:
    """Who imports the client does not import psycopg."""
    check = "import sys, smsc_async; sys.exit('psycopg' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
