"""Four workers on one PostgreSQL and one Redis, killed and replaced at random."""

from __future__ import annotations

import os
import random
import secrets
import subprocess
import sys
import time
from collections import Counter

import anyio
import psycopg

from smsc_async.bulk.postgres import PostgresJournal
from smsc_async.sandbox import Sandbox

WORKERS = 4
KILL_EVERY = 1.0
KILLS = 5


def put(postgres: str, run: str, count: int) -> None:
    """Do what an application does, beside whatever else is in its transaction."""
    with psycopg.connect(postgres) as connection, connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO smsc_outbox (run, phone, text) VALUES (%s, %s, %s)",
            [(run, f"+7999{at:07}", f"Your order {at} is ready") for at in range(count)],
        )


async def prepare(journal: str) -> None:
    """Make the tables; a migration of yours would do it with `postgres_schema.SCHEMA`."""
    book = PostgresJournal(journal)
    await book.open(secrets.token_hex(8))
    await book.aclose()


async def accepted(journal: str) -> int:
    """Count what the journal knows to be accepted."""
    return (await PostgresJournal(journal).totals()).accepted


def main(postgres: str, redis: str, count: int) -> None:
    """Let the fleet send so many messages, and count what the service has got."""
    run = secrets.token_hex(4)
    journal = f"{postgres}?run={run}&lease=10"
    anyio.run(prepare, journal)
    with Sandbox(latency=0.1, balance=str(count)) as sandbox:
        governor = {"SMSC_GOVERNOR": f"{redis}?prefix={run}"}
        environment = os.environ | dict(sandbox.environment) | governor
        command = [sys.executable, "-m", "smsc_async.cli", "worker", "-j", journal, "--size", "5"]

        def start() -> subprocess.Popen[bytes]:
            return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)  # noqa: S603

        workers = [start() for _ in range(WORKERS)]
        try:
            put(postgres, run, count)
            kill_at, kills = time.monotonic() + KILL_EVERY, 0
            while (done := anyio.run(accepted, journal)) < count:
                time.sleep(0.2)
                if done and kills < KILLS and time.monotonic() > kill_at:
                    victim = workers.pop(random.randrange(WORKERS))  # noqa: S311
                    victim.kill()
                    victim.wait()
                    workers.append(start())
                    print(f"{done} of {count} accepted; killed worker {victim.pid}")
                    kill_at, kills = time.monotonic() + KILL_EVERY, kills + 1
                    if kills == KILLS:
                        print("No more. What was in flight is looked up, which takes minutes.")
        finally:
            for worker in workers:
                worker.terminate()
            for worker in workers:
                worker.wait()
        taken = Counter(message.phone for message in sandbox.messages)
        print(f"{len(taken)} messages, each {max(taken.values())} time(s)")
        assert (len(taken), max(taken.values())) == (count, 1)


if __name__ == "__main__":
    main(os.environ["FLEET_POSTGRES"], os.environ["FLEET_REDIS"], 1500)
