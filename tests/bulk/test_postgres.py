"""The journal on PostgreSQL: what the one in a file does, and many workers, and an outbox."""

from __future__ import annotations

import secrets
import subprocess
import sys
from collections import Counter
from decimal import Decimal

import anyio
import psycopg
import pytest

from smsc_async import BulkResult, JournalError, Outgoing
from smsc_async.bulk import Delivered, Journal, Mark, Pack, SourceMark
from smsc_async.bulk.postgres import PostgresJournal
from smsc_async.errors import InvalidRequest, SmscError
from smsc_async.transport import Sent

from .house import Break, Smsc, people

pytestmark = pytest.mark.anyio


@pytest.fixture
def url(postgres_url: str) -> str:
    """Where a run of the test's own is."""
    return f"{postgres_url}?run={secrets.token_hex(8)}&lease=30"


def change(url: str, statement: str, *values: object) -> None:
    """Change something in the database."""
    bare, _, _ = url.partition("?")
    with psycopg.connect(bare) as connection:
        connection.execute(statement.encode(), values or None)


def run_of(url: str) -> str:
    return url.partition("run=")[2].partition("&")[0]


def put(url: str, *messages: Outgoing) -> None:
    """Do what an application does in a transaction of its own."""
    for one in messages:
        change(
            url,
            "INSERT INTO smsc_outbox (run, phone, text, sender) VALUES (%s, %s, %s, %s)",
            *(run_of(url), one.to, one.text, one.sender),
        )


async def make_tables(url: str) -> None:
    journal = PostgresJournal(url)
    await journal.open("makes the tables")
    await journal.aclose()


def numbers(smsc: Smsc) -> Counter[str]:
    """How often each phone got a message."""
    return Counter(message.phone for message in smsc.messages)


def pack(name: str, *places: int) -> Pack:
    return Pack(name, {}, (("Hello", tuple((at, f"+7999{at:07}") for at in places)),))


def accepted(one: Pack) -> Mark:
    results = [BulkResult(at, phone, one.id, "accepted") for at, phone in one.pieces]
    return Mark(one, results, len(one), Decimal("0.10") * len(one))


def the_dead(url: str) -> None:
    """Let the leases of all workers of the run be over."""
    change(
        url,
        "UPDATE smsc_worker SET alive_until = now() - interval '1 second' WHERE run = %s",
        run_of(url),
    )


async def cancelled_after(smsc: Smsc, url: str, count: int, results: int) -> None:
    """Run until so many results were told, and die."""
    told = 0
    with anyio.CancelScope() as scope:

        def on_result(_: BulkResult) -> None:
            nonlocal told
            told += 1
            if told == results:
                scope.cancel()

        await smsc.send_many(people(count), journal=url, on_result=on_result)


async def test_a_run_goes_on(url: str) -> None:
    """What was not sent is sent, what was sent is not, what was in flight is looked up."""
    first = Smsc()
    await cancelled_after(first, url, 3000, 950)
    sent = len(first.messages)

    report = await first.again().send_many(people(3000), journal=url)

    assert 900 < sent < 3000
    assert set(numbers(first).values()) == {1}
    assert (report.accepted, report.in_doubt, report.left) == (3000, 0, 0)
    assert [result.number async for result in report] == list(range(3000))
    assert report.cost == sum(message.cost for message in first.messages)


async def test_a_finished_run_stays_finished(url: str) -> None:
    """Once all is done, the same call sends nothing and reports the same."""
    first = Smsc()
    messages = [*people(300), Outgoing("nobody\0", "Hello")]
    done = await first.send_many(messages, journal=url)

    report = await first.again().send_many(messages, journal=url)

    assert len(first.exchange.forms) == 3
    assert (report.accepted, report.refused) == (300, {"InvalidRequest: to": 1})
    assert (report.units, report.cost) == (done.units, done.cost)


async def test_another_source_is_noticed(url: str) -> None:
    """A source that has changed, or other options, send nothing."""
    smsc = Smsc()
    await cancelled_after(smsc, url, 3000, 500)
    sent = len(smsc.messages)

    with pytest.raises(JournalError, match="another source"):
        await smsc.again().send_many(people(3000, first=1), journal=url)
    with pytest.raises(JournalError, match="the options of the run"):
        await smsc.again().send_many(people(3000), journal=url, sender="Shop")

    assert len(smsc.messages) == sent


async def test_what_money_was_missing_for_is_sent_later(url: str) -> None:
    """Packs that were given back go first when the run goes on, under the ids they had."""
    smsc = Smsc(balance="30")
    first = await smsc.send_many(list(people(1000)), journal=url)
    ids = {form["id"] for form in smsc.sends}
    smsc.exchange.account.balance += 1000
    before = len(smsc.sends)

    report = await smsc.send_many(list(people(1000)), journal=url)

    assert (first.accepted, first.left) == (200, 800)
    assert {form["id"] for form in smsc.sends[before:]} & ids
    assert report.accepted == len(smsc.messages) == 1000
    assert set(numbers(smsc).values()) == {1}


async def test_doubts_are_asked_about_again(url: str) -> None:
    """What was in doubt is found when the service can be asked, and not sent again."""
    smsc = Smsc()

    def lose(path: str, number: int) -> Break | None:
        return (True, Sent.UNKNOWN) if path.endswith("status.php") or number == 0 else None

    smsc.exchange.choose = lose
    first = await smsc.send_many(people(300), journal=url)
    doubtful = [result async for result in first if result.outcome == "in doubt"]
    smsc.exchange.choose = lambda *_: None

    report = await smsc.again().send_many(people(300), journal=url)

    assert (first.accepted, first.in_doubt, len(doubtful)) == (200, 100, 100)
    assert (report.accepted, report.in_doubt) == (300, 0)
    assert set(numbers(smsc).values()) == {1}


async def test_who_is_refused_fails_nobody_else(url: str) -> None:
    """A pack that is refused as a whole is halved, and the journal has the halves."""
    smsc = Smsc()
    smsc.exchange.choose = lambda _, number: (
        b'{"error":"no","error_code":8}' if not number else None
    )

    report = await smsc.send_many(people(100), journal=url)

    assert (report.accepted, report.left) == (100, 0)
    assert len({result.message_id async for result in report}) == 2


async def test_statuses_are_written_down(url: str) -> None:
    """A status never takes a final one's place; who is not known here is left alone."""
    journal: Journal = PostgresJournal(url)
    await Smsc().send_many(people(3), journal=url)
    [one, two, _] = await journal.undelivered(-1, 10)
    final = Delivered(one.message_id or "", one.phone.lstrip("+"), 1, 0, 1_700_000_000)
    waiting = Delivered(one.message_id or "", one.phone, 0)
    other = Delivered(two.message_id or "", two.phone, 0)

    known = await journal.deliver([final, other, Delivered("x", "+7", 1)])
    late = await journal.deliver([waiting])

    assert (known, late) == (2, 0)
    assert await journal.deliver([]) == 0
    assert await journal.deliveries() == {1: 1, 0: 1, None: 1}
    assert [result.number for result in await journal.undelivered(0, 1)] == [1]


async def test_claims_of_the_dead_are_adopted(url: str) -> None:
    """Only when the lease is over, by one of the living; then the late one cannot mark."""
    dead, living, other = (PostgresJournal(url) for _ in range(3))
    await dead.open("dead")
    await dead.claim([pack("m1", 0, 1)], source=SourceMark(2, "x"))
    known = await living.open("living")
    await other.open("other")

    before = await living.adopt()
    the_dead(url)
    adopted = await living.adopt()
    again = await other.adopt()
    with pytest.raises(JournalError, match="taken for dead"):
        await dead.renew()

    assert (before, known.mark.read, again) == ([], 2, [])
    assert [one.pack for one in adopted] == [pack("m1", 0, 1)]
    await other.aclose()
    with pytest.raises(JournalError, match="adopted m1"):
        await dead.mark(accepted(pack("m1", 0, 1)))
    await living.mark(accepted(pack("m1", 0, 1)))
    assert (await living.totals()).accepted == 2
    for journal in (dead, living):
        await journal.aclose()


async def test_who_ends_leaves_claims_at_once(url: str) -> None:
    """What a worker has claimed when it ends need not wait for its lease."""
    first, second = PostgresJournal(url), PostgresJournal(url)
    await first.open("first")
    await first.claim([pack("m1", 0)], source=SourceMark(1, "x"))
    await second.open("second")

    await first.aclose()
    adopted = await second.adopt()

    assert [one.pack for one in adopted] == [pack("m1", 0)]
    await second.aclose()


async def test_one_worker_reads_the_source(url: str) -> None:
    """Another is refused, and so is one that knows less than has been read since."""
    first, second = PostgresJournal(url), PostgresJournal(url)
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


async def test_two_workers_never_take_the_same(url: str) -> None:
    """Each message of the outbox is taken by one, in order, with the fields of all."""
    await make_tables(url)
    put(url, *people(40), Outgoing("?", "Hello"), Outgoing("+79990000040", "Hello", "Shop"))
    smsc = Smsc()
    reports = []

    async def work(worker: Smsc) -> None:
        reports.append(await worker.send_many(None, journal=url, size=5, translit=1))

    async with anyio.create_task_group() as group:
        group.start_soon(work, smsc)
        group.start_soon(work, smsc.again())

    totals = await PostgresJournal(url).totals()
    assert numbers(smsc) == Counter(f"7999{number:07}" for number in range(41))
    assert (totals.accepted, totals.refused, totals.left) == (41, {"InvalidRequest: to": 1}, 0)
    assert all("translit" in form for form in smsc.sends)
    assert sum("sender" in form for form in smsc.sends) == 1


async def test_an_outbox_beside_a_source(url: str) -> None:
    """What the outbox has does not pass for a part of the source."""
    await make_tables(url)
    put(url, Outgoing("+79000000000", "Hello"))
    smsc = Smsc()

    report = await smsc.send_many(people(10), journal=url)
    again = await smsc.send_many(people(12), journal=url)

    assert (report.accepted, again.accepted, len(smsc.messages)) == (11, 13, 13)


async def test_an_outbox_is_sent_until_it_is_stopped(url: str) -> None:
    """What comes while nothing is there is sent, too; and a worker that waits can be stopped."""
    await make_tables(url)
    put(url, *people(5))
    smsc = Smsc()
    stop = anyio.Event()
    reports = []

    async def work() -> None:
        reports.append(await smsc.send_outbox(url, stop=stop))

    with anyio.fail_after(20):
        async with anyio.create_task_group() as group:
            group.start_soon(work)
            for count in (5, 8):
                while len(smsc.messages) < count:
                    await anyio.sleep(0.01)
                put(url, *people(3, first=count))
            while len(smsc.messages) < 11:
                await anyio.sleep(0.01)
            stop.set()

    assert (reports[0].accepted, reports[0].left) == (11, 0)
    assert set(numbers(smsc).values()) == {1}


async def test_an_outbox_ends_with_what_meets_everybody(url: str) -> None:
    """A worker that waits ends by itself when there is no money, and the rest is left."""
    await make_tables(url)
    put(url, *people(20))
    smsc = Smsc(balance="1")

    with anyio.fail_after(20):
        report = await smsc.send_outbox(url, stop=anyio.Event(), size=5)

    assert report.stopped_by is not None
    assert (report.accepted, report.left) == (5, 15)


async def test_there_is_no_journal(url: str, postgres_url: str) -> None:
    """Who only looks makes nothing; what is no address, lease or server is named."""
    with pytest.raises(JournalError, match="there is no journal"):
        await PostgresJournal(url).totals()
    with pytest.raises(JournalError, match="there is no journal"):
        [_ async for _ in PostgresJournal(url).results()]
    with pytest.raises(JournalError, match="on PostgreSQL"):
        await PostgresJournal("postgresql://smsc@127.0.0.1:1/postgres").totals()
    with pytest.raises(InvalidRequest, match="lease"):
        PostgresJournal(f"{postgres_url}?lease=soon")


async def test_a_connection_that_is_gone_is_made_again(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the server has ended a connection meanwhile, the next call has another."""
    monkeypatch.setattr("smsc_async.bulk.postgres_pool._STALE", 0.0)
    journal = PostgresJournal(url)
    await journal.open("a")
    change(
        url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        " AND query LIKE '%smsc_%' AND datname = 'postgres'",
    )

    assert (await journal.totals()).accepted == 0
    await journal.aclose()


async def test_without_psycopg(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the package the error says how to get it."""
    monkeypatch.delitem(sys.modules, "smsc_async.bulk.postgres")
    monkeypatch.delitem(sys.modules, "smsc_async.bulk.postgres_work")
    monkeypatch.delitem(sys.modules, "smsc_async.bulk.postgres_pool")
    monkeypatch.setitem(sys.modules, "psycopg", None)

    with pytest.raises(SmscError, match=r"smsc-async\[postgres\]"):
        await Smsc().send_many(None, journal="postgresql://127.0.0.1/x")


def test_the_package_does_not_need_psycopg() -> None:
    """Who imports the client does not import psycopg."""
    check = "import sys, smsc_async; sys.exit('psycopg' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
