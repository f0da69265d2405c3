"""A governor for all processes of one host: the limits are counted in a file."""

from __future__ import annotations

import os
import sqlite3
import struct
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random, SystemRandom
from typing import TYPE_CHECKING, Final, TypeVar

import anyio
import anyio.to_thread
import attrs

from .._clock import Clock, SystemClock
from .batching import Batcher
from .rows import Row, RowCore
from .shared import SharedGovernor
from .store import Answer, StoreDown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .base import Need, Notice, Outcome
    from .core import Place

__all__ = ["SqliteGovernor", "SqliteStore"]

T = TypeVar("T")

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS governor_keys (
    key TEXT PRIMARY KEY,
    places BLOB NOT NULL,
    extra TEXT NOT NULL,
    until REAL NOT NULL,
    written REAL NOT NULL
) WITHOUT ROWID
"""
_READ: Final = "SELECT key, places, extra FROM governor_keys WHERE key IN (%s)"
_WRITE: Final = "REPLACE INTO governor_keys (key, places, extra, until, written) VALUES (?,?,?,?,?)"
_DELETE: Final = "DELETE FROM governor_keys WHERE key = ?"
_SWEEP: Final = "DELETE FROM governor_keys WHERE until <= ?"
# The clock began anew when the machine was started; what was written later is from before.
_FORGET: Final = "DELETE FROM governor_keys WHERE written > ?"

_SWEEP_EVERY: Final = 60.0
_PAUSE: Final = (0.0001, 0.001)
"""Seconds, at random, between two tries to write."""
_KEYS_AT_ONCE: Final = 500
_LOCKED: Final = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


class SqliteGovernor(SharedGovernor):
    """Keeps to the limits among all processes of this host that name the same file.

    The file is made when it is first needed; it holds hashes and moments, nothing that could be
    read. It has to be on a disk of this machine. Nothing is lost when a process dies: what it had
    in flight counts until the lease is over.

    Args:
        path: The file.
        share: While the file cannot be used, give permits for this part of each limit, 0 to 1,
            instead of raising `GovernorUnavailable`.
        timeout: Seconds to wait for the file.
        clock: Another clock than the machine's, for tests; all processes have to share it.
        random: Where the pauses come from, for tests.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        share: float | None = None,
        timeout: float = 2.0,
        clock: Clock | None = None,
        random: Random | None = None,
    ) -> None:
        clock = clock or SystemClock()
        store = SqliteStore(os.fspath(path), now=clock.now, timeout=timeout)
        super().__init__(store, clock=clock, share=share, random=random or SystemRandom())


@attrs.define(eq=False)
class _Step:
    """Something to do in a transaction, and what came of it."""

    keys: Sequence[str]
    work: Callable[[RowCore, float], object]
    error: Exception | None = None


@attrs.define(eq=False)
class SqliteStore:
    """Keys, each in a row with the places taken under it; the core itself does the counting.

    All steps that wait are made in one transaction, in a thread.
    """

    _path: str = attrs.field(alias="path")
    _now: Callable[[], float] = attrs.field(kw_only=True, alias="now")
    _timeout: float = attrs.field(kw_only=True, alias="timeout")
    _file: _File = attrs.field(init=False)
    _batcher: Batcher[_Step] = attrs.field(init=False)
    _thread: anyio.CapacityLimiter | None = attrs.field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        self._file = _File(self._path, self._now, self._timeout)
        self._batcher = Batcher(self._make)

    async def take(
        self, number: int, needs: Sequence[Need], *, lease: float, waits: bool
    ) -> Answer:
        """Take a place under every need for the request of that number, or none."""
        return await self._do(
            [need.key for need in needs],
            lambda core, now: core.ask_all(now, number, needs, lease, waits=waits),
        )

    async def settle(self, number: int, needs: Sequence[Need], outcome: Outcome) -> None:
        """Say what became of a request."""
        await self._do(
            [need.key for need in needs],
            lambda core, now: core.settle(now, number, needs, outcome),
        )

    async def fill(self, name: int, need: Need, seconds: float, leave: int) -> None:
        """Leave at most that many of the need's places for that long."""
        await self._do([need.key], lambda core, now: core.fill_for(now, name, need, seconds, leave))

    async def restore(self, name: int, places: Mapping[str, Sequence[Place]]) -> None:
        """Make these all the places that a governor has taken on the keys."""

        def work(core: RowCore, now: float) -> None:
            for key, mine in places.items():
                core.restore(now, name, key, mine)

        await self._do(list(places), work)

    async def notice(self, key: str) -> Notice | None:
        """Return what is posted on a key."""
        return await self._do([key], lambda core, now: core.board.read(key, now))

    async def post(self, key: str, text: str, seconds: float, *, instead_of: str) -> bool:
        """Post a text on a key."""
        return await self._do(
            [key], lambda core, now: core.board.post(key, text, seconds, instead_of, now)
        )

    async def aclose(self) -> None:
        """Close the file."""
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self._file.close, limiter=self._limiter())
        self._thread = None

    def _limiter(self) -> anyio.CapacityLimiter:
        if self._thread is None:
            self._thread = anyio.CapacityLimiter(1)
        return self._thread

    async def _do(self, keys: Sequence[str], work: Callable[[RowCore, float], T]) -> T:
        """Make a step in a transaction; it may be one with the steps of others."""
        result: list[T] = []
        step = _Step(keys, lambda core, now: result.append(work(core, now)))
        await self._batcher.make(step)
        if step.error is not None:
            raise StoreDown(f"{type(step.error).__name__}: {step.error}") from step.error
        return result[0]

    async def _make(self, steps: list[_Step]) -> None:
        await anyio.to_thread.run_sync(self._file.make, steps, limiter=self._limiter())


class _File:
    """The database, for one thread at a time."""

    def __init__(self, path: str, now: Callable[[], float], timeout: float) -> None:
        self._path = path
        self._now = now
        self._timeout = timeout
        self._random = SystemRandom()
        self._connection: sqlite3.Connection | None = None
        self._sweep_at = 0.0

    def make(self, steps: Sequence[_Step]) -> None:
        """Make all steps in one transaction, or none; each knows afterwards what came of it."""
        try:
            self._make(steps)
        except (sqlite3.Error, OSError, struct.error, ValueError) as error:
            for step in steps:
                step.error = error
            self.close()

    def close(self) -> None:
        """Close it; it is opened again when it is needed."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _make(self, steps: Sequence[_Step]) -> None:
        connection = self._begin()
        now = self._now()
        core = RowCore()
        keys = list(dict.fromkeys(key for step in steps for key in step.keys))
        for start in range(0, len(keys), _KEYS_AT_ONCE):
            some = keys[start : start + _KEYS_AT_ONCE]
            for row in connection.execute(_READ % ",".join("?" * len(some)), some):
                core.load(row)
        for step in steps:
            step.work(core, now)
        written: list[Row] = []
        for key in keys:
            row = core.dump(key, now)
            if row is None:
                connection.execute(_DELETE, (key,))
            else:
                written.append(row)
        connection.executemany(_WRITE, ((*row, now) for row in written))
        if now >= self._sweep_at:
            connection.execute(_SWEEP, (now,))
            self._sweep_at = now + _SWEEP_EVERY
        connection.execute("COMMIT")

    def _begin(self) -> sqlite3.Connection:
        """Begin to write. SQLite's own waiting for a lock is coarse, and lets some starve."""
        until = time.monotonic() + self._timeout
        while True:
            try:
                connection = self._connection or self._open()
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF not in _LOCKED or time.monotonic() > until:
                    raise
                time.sleep(self._random.uniform(*_PAUSE))
            else:
                return connection

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            Path(self._path), timeout=0, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(_SCHEMA)
            connection.execute(_FORGET, (self._now() + 1.0,))
            connection.execute("COMMIT")
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return connection
