"""Where a test's own run has its journal, and what a test may do behind the journal's back."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Protocol

import attrs
import psycopg

from smsc_async import Outgoing, SqliteJournal
from smsc_async.bulk import Journal
from smsc_async.bulk.postgres import PostgresJournal

__all__ = ["Engine", "OnFile", "OnPostgres"]


class Engine(Protocol):
    """Keeps the journal of one run."""

    @property
    def where(self) -> str:
        """What names the journal in `send_many`."""
        ...

    def journal(self) -> Journal:
        """Return the journal, once more: as another process would have it."""
        ...

    def age(self, seconds: float) -> None:
        """Let all claims be that old."""
        ...

    def texts(self) -> list[str]:
        """Return the messages that are written there."""
        ...

    def of_another_version(self) -> None:
        """Make it a journal that a later program has made."""
        ...


@attrs.frozen
class OnFile:
    """A file."""

    path: Path

    @property
    def where(self) -> str:
        return str(self.path)

    def journal(self) -> Journal:
        return SqliteJournal(self.path)

    def age(self, seconds: float) -> None:
        self._execute("UPDATE claim SET claimed_at = ?", time.time() - seconds)

    def texts(self) -> list[str]:
        rows = self._execute("SELECT body FROM claim")
        return [text for (text,) in rows]

    def of_another_version(self) -> None:
        self._execute("PRAGMA user_version = 99")

    def _execute(self, statement: str, *values: object) -> list[tuple[str]]:
        connection = sqlite3.connect(self.path)
        with connection:
            rows = connection.execute(statement, values).fetchall()
        connection.close()
        return rows


@attrs.frozen
class OnPostgres:
    """A run in a schema of the test's own."""

    server: str
    schema: str
    run: str = "june"

    @property
    def url(self) -> str:
        """The database and the schema; its connections have the schema's name."""
        return (
            f"{self.server}?application_name={self.schema}&options=-c%20search_path%3D{self.schema}"
        )

    @property
    def where(self) -> str:
        return f"{self.url}&run={self.run}&lease=30"

    def journal(self) -> Journal:
        return PostgresJournal(self.where)

    def age(self, seconds: float) -> None:
        self.execute("UPDATE smsc_pack SET claimed_at = now() - make_interval(secs => %s)", seconds)

    def texts(self) -> list[str]:
        rows = self.ask("SELECT body FROM smsc_pack WHERE body IS NOT NULL")
        return [str(text) for (text,) in rows]

    def of_another_version(self) -> None:
        self.execute("UPDATE smsc_schema SET version = 99")

    def execute(self, statement: str, *values: object) -> None:
        """Change something."""
        with psycopg.connect(self.url) as connection:
            connection.execute(statement.encode(), values or None)

    def ask(self, question: str, *values: object) -> list[tuple[object, ...]]:
        """Look something up."""
        with psycopg.connect(self.url) as connection:
            return connection.execute(question.encode(), values or None).fetchall()

    async def make_tables(self) -> None:
        """Do what the first worker does."""
        journal = self.journal()
        await journal.open("makes the tables")
        await journal.aclose()

    def put(self, *messages: Outgoing) -> None:
        """Do what an application does in a transaction of its own."""
        with psycopg.connect(self.url) as connection, connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO smsc_outbox (run, phone, text, sender) VALUES (%s, %s, %s, %s)",
                [(self.run, one.to, one.text, one.sender) for one in messages],
            )

    def let_lease_end(self, worker: str) -> None:
        """Let a worker not have been heard of for longer than its lease."""
        self.execute(
            "UPDATE smsc_worker SET alive_until = now() - interval '1 second' WHERE name = %s",
            worker,
        )

    def cut(self) -> None:
        """End all connections to the schema but this one, as an administrator can."""
        self.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = %s AND pid <> pg_backend_pid()",
            self.schema,
        )
