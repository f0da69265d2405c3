"""A few connections to PostgreSQL, each used in a worker thread: so asyncio and trio are one."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

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
_STALE: Final = 5.0
"""Seconds after which a connection is tried before it is used: its server may be gone."""


class Pool:
    """Does one piece of work in one transaction, on a connection that nobody else has meanwhile.

    Only between `open` and `aclose` are connections kept.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._limiter = anyio.CapacityLimiter(_MOST)
        self._idle: list[tuple[Connection, float]] = []
        self._keeping = False

    def open(self) -> None:
        """Keep connections from now on."""
        self._keeping = True

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Do the work in a transaction, and return what it returns once it is committed.

        Who is cancelled meanwhile is so only afterwards. Raises `JournalError`.
        """
        return await to_thread.run_sync(partial(self._run, work), limiter=self._limiter)

    async def aclose(self) -> None:
        """Close the connections."""
        self._keeping = False
        await to_thread.run_sync(self._close)

    def _run(self, work: Callable[[Connection], T]) -> T:
        try:
            connection = self._get()
            try:
                with connection.transaction():
                    return work(connection)
            finally:
                self._put(connection)
        except psycopg.Error as error:
            raise JournalError(f"the journal on PostgreSQL: {error}") from error

    def _get(self) -> Connection:
        while self._idle:
            connection, since = self._idle.pop()
            if time.monotonic() - since < _STALE or _answers(connection):
                return connection
        # Statements that the server remembers do not go with poolers between us and it.
        return psycopg.connect(
            self._url, autocommit=True, prepare_threshold=None, connect_timeout=10
        )

    def _put(self, connection: Connection) -> None:
        if self._keeping and not connection.closed:
            self._idle.append((connection, time.monotonic()))
        else:
            connection.close()

    def _close(self) -> None:
        while self._idle:
            self._idle.pop()[0].close()


def _answers(connection: Connection) -> bool:
    try:
        connection.execute("SELECT 1")
    except psycopg.Error:
        connection.close()
        return False
    return True
