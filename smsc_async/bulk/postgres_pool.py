"""A few connections to PostgreSQL, each used in a worker thread: so asyncio and trio are one."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar, cast

import anyio
import psycopg
from anyio import to_thread

from ..errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["Connection", "Pool"]

T = TypeVar("T")
Connection: TypeAlias = "psycopg.Connection[tuple[Any, ...]]"

_MOST: Final = 4
_PATIENCE: Final = 15.0
"""Seconds for which a server that was there is waited for when it is gone."""
_PAUSE: Final = 0.5


class _Gone(Exception):
    """There is no connection, or none any more, and the work is certainly not done."""


class _Unsure(Exception):
    """The connection was lost while a transaction was being committed."""

    def __init__(self, transaction: int, answer: object) -> None:
        super().__init__("the connection was lost")
        self.transaction = transaction
        self.answer = answer


class Pool:
    """Does one piece of work in one transaction, on a connection that nobody else has meanwhile.

    Who comes while all connections are in use waits. Only between `open` and `aclose` are they
    kept; in that time a server that restarts is waited for, and asked what it has committed.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._limiter = anyio.CapacityLimiter(_MOST)
        self._idle: list[Connection] = []
        self._keeping = False
        self._met = False

    def open(self) -> None:
        """Keep connections from now on."""
        self._keeping = True

    async def run(self, work: Callable[[Connection], T], *, patient: bool = True) -> T:
        """Do the work in a transaction, and return what it returns once it is committed.

        When the connection is lost, it is done again from its beginning, unless it turns out to
        have been committed. Who is cancelled meanwhile is so only afterwards. Raises
        `JournalError`.
        """
        until = anyio.current_time() + _PATIENCE
        attempt = partial(self._run, work)
        while True:
            try:
                return await to_thread.run_sync(attempt, limiter=self._limiter)
            except _Unsure as unsure:
                error: Exception = unsure
                attempt = partial(self._recall, work, unsure)
            except _Gone as gone:
                error = gone
            if not (patient and self._keeping and self._met) or anyio.current_time() > until:
                raise JournalError(f"the journal on PostgreSQL: {error}") from error.__cause__
            await anyio.sleep(_PAUSE)

    async def aclose(self) -> None:
        """Close the connections."""
        self._keeping = False
        await to_thread.run_sync(self._close)

    def _run(self, work: Callable[[Connection], T]) -> T:
        connection = self._begun()
        try:
            return _commit(connection, *_before_commit(connection, work))
        except BaseException as error:
            with suppress(psycopg.Error):
                connection.rollback()
            if isinstance(error, psycopg.Error):
                raise JournalError(f"the journal on PostgreSQL: {error}") from error
            raise
        finally:
            self._put(connection)

    def _recall(self, work: Callable[[Connection], T], unsure: _Unsure) -> T:
        """Find out whether the work was committed, and do it if it was not."""

        def ask(connection: Connection) -> object:
            query = "SELECT txid_status(%s)"
            [(status,)] = connection.execute(query, (unsure.transaction,)).fetchall()
            return status

        try:
            status = self._run(ask)
        except _Gone:
            raise unsure from None
        if status == "committed":
            return cast("T", unsure.answer)
        if status == "aborted":
            return self._run(work)
        raise unsure

    def _begun(self) -> Connection:
        """Return a connection in a transaction: not one that its server has ended meanwhile."""
        with suppress(IndexError):
            while True:
                connection = self._idle.pop()
                try:
                    connection.execute("BEGIN")
                except psycopg.Error:
                    connection.close()
                else:
                    return connection
        try:
            # Statements that the server remembers do not go with poolers between us and it.
            connection = psycopg.connect(
                self._url, autocommit=True, prepare_threshold=None, connect_timeout=10
            )
            connection.execute("BEGIN")
        except psycopg.Error as error:
            raise _Gone(str(error)) from error
        self._met = True
        return connection

    def _put(self, connection: Connection) -> None:
        if self._keeping and not connection.closed:
            self._idle.append(connection)
        else:
            connection.close()

    def _close(self) -> None:
        while self._idle:
            self._idle.pop().close()


def _before_commit(connection: Connection, work: Callable[[Connection], T]) -> tuple[T, int | None]:
    """Do the work; return with its answer the number of its transaction, if it wrote anything."""
    try:
        answer = work(connection)
        [(number,)] = connection.execute("SELECT txid_current_if_assigned()").fetchall()
    except psycopg.OperationalError as error:
        if _lost(connection, error):
            raise _Gone(str(error)) from error
        raise
    return answer, number


def _commit(connection: Connection, answer: T, number: int | None) -> T:
    try:
        connection.commit()
    except psycopg.OperationalError as error:
        if not _lost(connection, error):
            raise
        if number is not None:
            raise _Unsure(number, answer) from error
    return answer


def _lost(connection: Connection, error: psycopg.OperationalError) -> bool:
    """Return whether it was the connection that failed, and close it then.

    It may not know yet: what ends it in the middle of many statements, the driver tells otherwise.
    """
    if not connection.closed and error.sqlstate is None:
        connection.close()
    return connection.closed
