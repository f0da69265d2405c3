"""Four workers on one PostgreSQL and one Redis, killed and replaced at random."""

from __future__ import annotations

import os
import random
import secrets
import subprocess
import sys
import time
from collections import Counter
from typing import Self

import anyio
import psycopg

from smsc_async.bulk.postgres import PostgresJournal
from smsc_async.sandbox import Sandbox

WORKERS = 4
KILLS = 5


class Fleet:
    """Processes of `smsc worker`; at its end it interrupts them, which is how one stops them."""

    def __init__(self, journal: str, environment: dict[str, str]) -> None:
        self._command = [sys.executable, "-m", "smsc_async.cli", "worker", "-j", journal]
        self._command += ["--size", "5"]
        self._environment = os.environ | environment
        self._workers = [self._start() for _ in range(WORKERS)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.terminate()
        for worker in self._workers:
            worker.wait()

    def replace_one(self) -> int:
        """Kill one, whatever it is doing, and start another."""
        victim = random.choice(self._workers)  # noqa: S311
        victim.kill()
        victim.wait()
        self._workers.remove(victim)
        self._workers.append(self._start())
        return victim.pid

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603
            self._command, env=self._environment, stdout=subprocess.DEVNULL
        )


async def make_tables(journal: str) -> None:
    """Do what a migration of yours would do, with `postgres_schema.SCHEMA`."""
    book = PostgresJournal(journal)
    await book.open(secrets.token_hex(8))
    await book.aclose()


def put(postgres: str, run: str, count: int) -> None:
    """Do what an application does, in the transaction of whatever else it does."""
    with psycopg.connect(postgres) as connection, connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO smsc_outbox (run, phone, text) VALUES (%s, %s, %s)",
            [(run, f"+7999{at:07}", f"Your order {at} is ready") for at in range(count)],
        )


async def accepted(journal: str) -> int:
    """Count what the journal knows to be accepted."""
    return (await PostgresJournal(journal).totals()).accepted


def kill_now_and_then(fleet: Fleet, journal: str, count: int) -> None:
    """Return when all is accepted; until half of it is, kill a worker now and then."""
    kills = 0
    while (done := anyio.run(accepted, journal)) < count:
        if kills < KILLS and done > count * (kills + 1) // (2 * KILLS):
            killed, kills = fleet.replace_one(), kills + 1
            print(f"{done} of {count} accepted; killed worker {killed}", flush=True)
            if kills == KILLS:
                print("No more. What was in flight is looked up first, which takes minutes.")
        time.sleep(0.2)


def main(postgres: str, redis: str, count: int = 1500) -> Counter[str]:
    """Let the fleet send so many messages; return how often each phone has got one."""
    run = secrets.token_hex(4)
    journal = f"{postgres}?run={run}&lease=10"
    anyio.run(make_tables, journal)
    put(postgres, run, count)
    with Sandbox(latency=0.1, balance=str(count)) as sandbox:
        governor = {"SMSC_GOVERNOR": f"{redis}?prefix={run}"}
        with Fleet(journal, dict(sandbox.environment) | governor) as fleet:
            kill_now_and_then(fleet, journal, count)
        taken = Counter(message.phone for message in sandbox.messages)
        print(f"{len(taken)} messages, at most {max(taken.values())} time(s) each")
        print(f"At most {sandbox.peak_in_flight} at once, {len(sandbox.refusals)} refused")
    return taken


if __name__ == "__main__":
    main(os.environ["FLEET_POSTGRES"], os.environ["FLEET_REDIS"])
