"""An SQLite database in a worker thread: one at a time, and many who wait in one commit."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar, cast

import anyio
import attrs
from anyio import to_thread

from ..errors import JournalError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Database", "inspect"]

T = TypeVar("T")
A = TypeVar("A")
R = TypeVar("R")

_Work: TypeAlias = Callable[[sqlite3.Connection, Sequence[A]], Sequence[R]]

_APPLICATION: Final = 0x534D5343
_VERSION: Final = 2
_PATIENCE: Final = 10.0
"""Seconds to wait for somebody who reads or writes."""


@attrs.define(eq=False)
class _Job:
    """A piece of work on the database, and what came of it."""

    work: _Work[object, object]
    matter: object
    done: bool = False
    answer: object = None
    error: Exception | None = None


class Database:
    """The database of one worker, who has it alone while it is open.

    `run` does work inside a transaction. Whoever comes while another transaction is being committed
    waits, and all who have waited go into the next one together: so a slow disk, or the way to the
    thread, slows all of them down no more than one.
    """

    def __init__(self, path: Path, schema: str) -> None:
        self._path = path
        self._schema = schema
        self._connection: sqlite3.Connection | None = None
        self._guard: sqlite3.Connection | None = None
        self._jobs: list[_Job] = []
        self._turn = anyio.Lock()

    async def open(self) -> None:
        """Open it, for nobody else meanwhile; make it if it is not there."""
        await to_thread.run_sync(self._open)

    async def aclose(self) -> None:
        """Close it; does nothing the second time."""
        with anyio.CancelScope(shield=True):
            async with self._turn:
                await to_thread.run_sync(self._close)

    async def run(self, work: _Work[A, R], matter: A) -> R:
        """Do the work in a transaction, and return what it returns once it is committed.

        It is given the matters of all who wait for the same work, and returns an answer to each.
        """
        job = _Job(cast("_Work[object, object]", work), matter)
        self._jobs.append(job)
        try:
            async with self._turn:
                if not job.done:
                    jobs, self._jobs = self._jobs, []
                    await to_thread.run_sync(self._commit, jobs)
        except BaseException:
            if job in self._jobs:
                self._jobs.remove(job)
            raise
        if job.error is not None:
            raise _explain(self._path, job.error) from job.error
        return cast("R", job.answer)

    def _open(self) -> None:
        try:
            self._guard = _lock(self._path)
            self._connection = _connect(self._path)
            _prepare(self._connection, self._schema)
        except sqlite3.Error as error:
            self._close()
            raise _explain(self._path, error) from error
        except BaseException:
            self._close()
            raise

    def _close(self) -> None:
        for connection in (self._connection, self._guard):
            if connection is not None:
                connection.close()
        self._connection = self._guard = None

    def _commit(self, jobs: list[_Job]) -> None:
        """Do all the jobs in one transaction; if one of them fails, each in its own."""
        try:
            self._transact(jobs)
        except Exception as error:  # noqa: BLE001 - whose job it is raises it
            if len(jobs) == 1:
                jobs[0].error = error
            else:
                for job in jobs:
                    self._commit([job])
        for job in jobs:
            job.done = True

    def _transact(self, jobs: list[_Job]) -> None:
        if self._connection is None:
            raise sqlite3.ProgrammingError("it is closed")
        same: dict[_Work[object, object], list[_Job]] = {}
        for job in jobs:
            same.setdefault(job.work, []).append(job)
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            for work, together in same.items():
                answers = work(self._connection, [job.matter for job in together])
                for job, answer in zip(together, answers, strict=True):
                    job.answer = answer
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise


async def inspect(path: Path, work: Callable[[sqlite3.Connection], T]) -> T:
    """Do work that only reads on a connection of its own; somebody else may be writing."""
    return await to_thread.run_sync(_inspect, path, work)


def _inspect(path: Path, work: Callable[[sqlite3.Connection], T]) -> T:
    if not path.exists():
        raise JournalError(f"there is no journal {path}")
    try:
        connection = _connect(path)
        try:
            _check(connection)
            return work(connection)
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise _explain(path, error) from error


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False)


def _lock(path: Path) -> sqlite3.Connection:
    """Keep everybody else out, for as long as the connection is open and the process lives."""
    guard = sqlite3.connect(
        f"{path}-lock", timeout=0.0, isolation_level=None, check_same_thread=False
    )
    try:
        guard.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        guard.close()
        raise JournalError(f"the journal {path} is being used by another run") from error
    return guard


def _prepare(connection: sqlite3.Connection, schema: str) -> None:
    """Make the tables in an empty file."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        _check(connection)
        return
    connection.executescript(
        f"BEGIN; {schema} PRAGMA application_id = {_APPLICATION};"
        f" PRAGMA user_version = {_VERSION}; COMMIT;"
    )


def _check(connection: sqlite3.Connection) -> None:
    [application] = connection.execute("PRAGMA application_id").fetchone()
    [version] = connection.execute("PRAGMA user_version").fetchone()
    if (application, version) != (_APPLICATION, _VERSION):
        raise JournalError("the file is no journal, or one of another version")


def _explain(path: Path, error: Exception) -> Exception:
    if not isinstance(error, sqlite3.Error):
        return error
    return JournalError(f"the journal {path}: {error}")
