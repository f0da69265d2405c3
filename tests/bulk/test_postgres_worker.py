"""`smsc worker`: sends what is in the outbox until it is interrupted."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time

import anyio
import psycopg
from typer.testing import CliRunner

from smsc_async.bulk.postgres import PostgresJournal
from smsc_async.cli import app
from smsc_async.sandbox import Sandbox

PATIENCE = 30.0


def test_a_worker_sends_until_it_is_interrupted(postgres_url: str) -> None:
    """What an application inserts in its own transaction is sent once, not before it is done."""
    run = secrets.token_hex(8)
    journal = f"{postgres_url}?run={run}"

    async def accepted() -> int:
        return (await PostgresJournal(journal).totals()).accepted

    async def make_tables() -> None:
        book = PostgresJournal(journal)
        await book.open("makes the tables")
        await book.aclose()

    anyio.run(make_tables)
    command = [sys.executable, "-m", "smsc_async.cli", "worker", "--journal", journal]
    with Sandbox() as sandbox, psycopg.connect(postgres_url) as connection:
        environment = os.environ | dict(sandbox.environment)
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as worker:
            put = "INSERT INTO smsc_outbox (run, phone, text) VALUES (%s, '+79990000001', 'Paid')"
            connection.execute(put, (run,))
            unseen = sandbox.messages
            connection.commit()
            until = time.monotonic() + PATIENCE
            while anyio.run(accepted) < 1 and time.monotonic() < until:
                time.sleep(0.05)
            worker.send_signal(signal.SIGINT)
            said, _ = worker.communicate(timeout=PATIENCE)

        assert (worker.returncode, unseen) == (0, ())
        assert b"sent" in said
        assert [message.phone for message in sandbox.messages] == ["79990000001"]
        assert "accepted 1" in " ".join(
            CliRunner().invoke(app, ["journal", "show", journal]).output.split()
        )
