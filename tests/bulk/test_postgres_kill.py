"""Four workers on one run on PostgreSQL, and one of them is killed now and then."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, Final

import anyio
import psycopg
import pytest

from smsc_async.bulk import Totals
from smsc_async.bulk.outgoing import ResultOutcome
from smsc_async.bulk.postgres import PostgresJournal

from .test_kill import FAST, HOME, Service, service

pytestmark = [pytest.mark.kill]

WORKERS: Final = 4
KILLS: Final = 20
LEASE: Final = 10.0
PATIENCE: Final = 480.0
"""Seconds in which all of it has to be done."""

Worker = subprocess.Popen[str]


def fill(url: str, run: str, count: int) -> set[str]:
    """Put the messages into the outbox, in one transaction; return the phones."""
    with psycopg.connect(url) as connection:
        connection.execute(
            "INSERT INTO smsc_outbox (run, phone, text) SELECT %s, '+' || (79990000000 + one),"
            " 'Здравствуйте, покупатель ' || one || '!' FROM generate_series(0, %s - 1) AS one",
            (run, count),
        )
    return {str(79990000000 + one) for one in range(count)}


def course(start: Callable[[], Worker], running: Service, count: int) -> int:
    """Let them work, kill one now and then, and start another; return how many were killed."""
    # After the last there is still something to do.
    each = count * 7 // 10 // KILLS
    random, killed = Random(4), 0
    workers = [start() for _ in range(WORKERS)]
    until = time.monotonic() + PATIENCE
    try:
        while any(one.poll() is None for one in workers):
            assert time.monotonic() < until, "it takes too long"
            time.sleep(random.uniform(0.0, 0.02))
            if killed < KILLS and running.ask("how many") >= each * killed:
                alive = [one for one in workers if one.poll() is None]
                victim = random.choice(alive or workers)
                victim.kill()
                killed += victim.wait() == -9
                workers.remove(victim)
                workers.append(start())
        assert [one.returncode for one in workers] == [0] * WORKERS
    finally:
        for one in workers:
            one.kill()
            one.wait()
    return killed


async def read(url: str) -> tuple[Totals, list[tuple[str, ResultOutcome]]]:
    """Read the journal."""
    book = PostgresJournal(url)
    outcomes = [(one.phone.lstrip("+"), one.outcome) async for one in book.results()]
    return await book.totals(), outcomes


async def make_tables(url: str) -> None:
    journal = PostgresJournal(url)
    await journal.open("makes the tables")
    await journal.aclose()


def check(seen: dict[str, Any], wanted: set[str], url: str) -> None:
    """Hold what the service has taken against what the journal says."""
    totals, outcomes = anyio.run(read, url)
    taken = set(seen["phones"])
    accepted = {phone for phone, outcome in outcomes if outcome == "accepted"}
    doubtful = {phone for phone, outcome in outcomes if outcome == "in doubt"}
    assert seen["twice"] == []
    assert len(outcomes) == len(wanted)
    assert accepted | doubtful == wanted
    assert accepted <= taken
    assert (taken ^ accepted) <= doubtful
    assert (totals.left, len(doubtful)) == (0, totals.in_doubt)
    assert len(doubtful) <= len(wanted) / 50
    assert seen["refusals"] == {}
    assert seen["peak"] <= 12


@pytest.mark.parametrize(("backend", "count"), [("asyncio", 50_000), ("trio", 20_000)])
def test_many_workers_are_killed(
    postgres_url: str, tmp_path: Path, backend: str, count: int
) -> None:
    """Each message is accepted exactly once, or named in doubt, and no limit is broken."""
    count = int(os.environ.get("SMSC_KILL_MESSAGES", count))
    run = secrets.token_hex(8)
    journal = f"{postgres_url}?run={run}&lease={LEASE}"
    governor = f"sqlite:///{tmp_path}/governor.db"
    anyio.run(make_tables, journal)
    wanted = fill(postgres_url, run, count)
    with service(FAST) as running:
        facts = json.dumps([running.hosts, running.ca, journal, governor, FAST])
        command = [sys.executable, str(HOME / "kill_postgres_worker.py"), facts, backend]
        environment = os.environ | {"PYTHONPATH": str(HOME.parent / "doubles")}

        def start() -> Worker:
            return subprocess.Popen(command, env=environment, text=True)

        killed = course(start, running, count)
        # Claims of workers that were killed at the very end are left for one more.
        time.sleep(LEASE + 1.0)
        subprocess.run(command, env=environment, check=True)

        assert killed == KILLS
        check(running.ask("all"), wanted, journal)
