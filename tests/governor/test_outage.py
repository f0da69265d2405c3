"""A store that is away, comes back, or has lost its memory."""

from __future__ import annotations

import copy
import os
import signal
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest
from clocks import FakeClock, let_others_act
from redis_server import RedisServer, redis_server

from smsc_async import DuplicateMessage, GovernorUnavailable, InvalidRequest
from smsc_async._clock import SystemClock
from smsc_async.errors import RateLimited, SmscError
from smsc_async.governor import Governor, Need, Outcome, Permit, SqliteGovernor
from smsc_async.governor.address import governor_at
from smsc_async.governor.redis import RedisGovernor, RedisStore
from smsc_async.sandbox import Sandbox

from .house import HOLD, LEASE, slot, window
from .plain_redis import PlainLink, at_once

pytestmark = pytest.mark.anyio

RETRY = 1.0
"""Seconds for which a store that failed is left alone."""
LOOK = 0.25
"""The longest that one waits before looking again for what others have given back."""


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with redis_server() as running:
        yield running


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@asynccontextmanager
async def on_redis(
    server: RedisServer, clock: FakeClock, *, share: float | None = None, timeout: float = 5.0
) -> AsyncIterator[RedisGovernor]:
    governor = RedisGovernor(server.url, clock=clock, now=clock.now, share=share, timeout=timeout)
    try:
        yield governor
    finally:
        await governor.aclose()


def give(governor: RedisGovernor, seconds: float) -> None:
    """Give its Redis that much time to answer."""
    store = governor._store
    assert isinstance(store, RedisStore)
    store._connection._timeout = seconds


async def used_up(governor: Governor, *needs: Need) -> None:
    permit = await governor.acquire(needs, lease=LEASE, patience=0)
    await governor.release(permit, Outcome.ANSWERED)


async def refused(governor: Governor, *needs: Need) -> RateLimited:
    with pytest.raises(RateLimited) as caught:
        await governor.acquire(needs, lease=LEASE, patience=0)
    return caught.value


async def unavailable(governor: Governor, *needs: Need) -> GovernorUnavailable:
    with pytest.raises(GovernorUnavailable) as caught:
        await governor.acquire(needs, lease=LEASE, patience=0)
    return caught.value


async def test_who_cannot_ask_sends_nothing(server: RedisServer, clock: FakeClock) -> None:
    """Without its store a governor gives no permits, and says why on one line."""
    async with on_redis(server, clock) as governor:
        await used_up(governor, window("before"))
        server.stop()

        error = await unavailable(governor, window(), slot())

        assert "nothing was sent: the governor's store fails" in str(error)
        assert "\n" not in str(error)


async def test_a_store_that_failed_is_left_alone_for_a_second(
    server: RedisServer, clock: FakeClock
) -> None:
    """Meanwhile everybody hears of it at once; then one tries, and all go on."""
    async with on_redis(server, clock) as governor:
        server.stop()
        await unavailable(governor, window())
        server.start()

        await clock.advance(RETRY - 0.1)
        await unavailable(governor, window())
        await clock.advance(0.1)
        await used_up(governor, window())


async def test_a_store_without_memory_hears_what_was_done(
    server: RedisServer, clock: FakeClock
) -> None:
    """When it is back, each tells it what it has done itself, and the others hear of it."""
    async with on_redis(server, clock) as here, on_redis(server, clock) as there:
        await used_up(here, window(), slot())
        flying = await here.acquire([slot(2)], lease=LEASE, patience=0)
        server.stop()
        await unavailable(here, window("other"))
        server.start()
        await clock.advance(RETRY)
        await used_up(here, window("other"))

        assert (await refused(there, window())).retry_after == HOLD - RETRY
        await refused(there, slot(1))
        await here.release(flying, Outcome.ANSWERED)
        await clock.advance(LOOK)
        await used_up(there, slot(1))


async def test_a_store_that_forgets_loses_only_the_others_history(
    server: RedisServer, clock: FakeClock
) -> None:
    """What a process has done itself it still knows when everything is gone from the store."""
    async with on_redis(server, clock) as here, on_redis(server, clock) as there:
        await used_up(here, window("mine"))
        await used_up(there, window("others"))
        link = PlainLink(server.url)
        link._say("FLUSHALL")
        at_once(link.aclose())

        assert (await refused(here, window("mine"))).retry_after == HOLD
        await used_up(here, window("others"))


async def test_scripts_may_be_forgotten(redis_url: str, clock: FakeClock) -> None:
    """A server that was told to forget its scripts is told them again."""
    governor = RedisGovernor(redis_url, clock=clock, prefix="test-scripts")
    link = PlainLink(redis_url)
    await used_up(governor, window(f"{time.time()}"))
    link._say("SCRIPT", "FLUSH")
    await used_up(governor, window(f"{time.time()}"))
    at_once(link.aclose())
    await governor.aclose()


async def test_what_became_of_a_request_is_told_later(
    server: RedisServer, clock: FakeClock
) -> None:
    """A permit can be given back while the store is away; it hears of it when it is back."""
    async with on_redis(server, clock) as here, on_redis(server, clock) as there:
        permit = await here.acquire([slot()], lease=LEASE, patience=0)
        os.kill(server.pid, signal.SIGSTOP)
        give(here, 0.1)
        await here.release(permit, Outcome.ANSWERED)
        os.kill(server.pid, signal.SIGCONT)
        give(here, 5.0)
        await clock.advance(RETRY)
        await used_up(here, window())

        await used_up(there, slot())


async def test_a_share_goes_on_without_the_store(server: RedisServer, clock: FakeClock) -> None:
    """With a share of the limits configured, that many permits are given, and then no more."""
    async with on_redis(server, clock, share=0.5) as governor:
        server.stop()
        for _ in range(2):
            await used_up(governor, window(limit=5))

        assert (await refused(governor, window(limit=5))).retry_after == HOLD
        await used_up(governor, window("one", limit=1))
        await refused(governor, window("one", limit=1))


async def test_what_a_share_has_used_counts_for_all(server: RedisServer, clock: FakeClock) -> None:
    """When the store is back, what was done without it is in it, whoever asks."""
    async with on_redis(server, clock, share=0.5) as here, on_redis(server, clock) as there:
        server.stop()
        for _ in range(2):
            await used_up(here, window(limit=4))
        alone = await here.acquire([slot(2)], lease=LEASE, patience=0)
        await here.fill(window("full"), 30.0)
        server.start()
        await clock.advance(RETRY)
        await here.release(alone, Outcome.UNKNOWN)

        for _ in range(2):
            await used_up(there, window(limit=4))
        assert (await refused(there, window(limit=4))).retry_after == HOLD - RETRY
        assert (await refused(there, window("full"))).retry_after == 30.0 - RETRY
        await refused(there, slot(1))


async def test_who_waited_when_the_store_went_gets_no_more_than_the_share(
    server: RedisServer, clock: FakeClock
) -> None:
    """Places that come free meanwhile are given out again only within the share."""
    async with on_redis(server, clock, share=0.5) as governor, anyio.create_task_group() as group:
        held = [await governor.acquire([slot(2)], lease=LEASE, patience=0) for _ in range(2)]
        granted: list[Permit] = []

        async def wait() -> None:
            granted.append(await governor.acquire([slot(2)], lease=LEASE, patience=20.0))

        for _ in range(2):
            group.start_soon(wait)
        await let_others_act()
        server.stop()
        for permit in held:
            await governor.release(permit, Outcome.ANSWERED)
            await let_others_act()
        assert len(granted) == 1
        await governor.release(granted[0], Outcome.ANSWERED)
        await let_others_act()
        assert len(granted) == 2


async def test_a_full_limit_comes_back_with_the_store(
    server: RedisServer, clock: FakeClock
) -> None:
    """One who waits for the share's sake goes as soon as there is a whole limit again."""
    async with on_redis(server, clock, share=0.5) as governor:
        server.stop()
        await used_up(governor, window(limit=2))
        await refused(governor, window(limit=2))
        server.start()
        await clock.advance(RETRY)

        await used_up(governor, window(limit=2))
        await refused(governor, window(limit=2))


async def test_a_store_that_hangs(server: RedisServer, clock: FakeClock) -> None:
    """One that does not answer costs its time limit once, and nobody waits meanwhile."""
    async with on_redis(server, clock, timeout=0.2) as governor:
        await used_up(governor, window("before"))
        os.kill(server.pid, signal.SIGSTOP)
        try:
            begun = time.monotonic()
            await unavailable(governor, window())
            assert time.monotonic() - begun >= 0.2
            begun = time.monotonic()
            for _ in range(100):
                await unavailable(governor, window())
            assert time.monotonic() - begun < 0.2
        finally:
            os.kill(server.pid, signal.SIGCONT)
        give(governor, 5.0)
        await clock.advance(RETRY)
        await used_up(governor, window())


async def test_a_cancelled_call_does_not_hang_with_its_store(
    server: RedisServer, clock: FakeClock
) -> None:
    """Who is cancelled waits for the store no longer than its time limit."""
    async with on_redis(server, clock, timeout=0.2) as governor:
        await used_up(governor, window("before"))
        os.kill(server.pid, signal.SIGSTOP)
        try:
            with anyio.fail_after(5), anyio.move_on_after(0.01) as scope:
                await governor.acquire([window()], lease=LEASE, patience=0)
            assert scope.cancelled_caught
        finally:
            os.kill(server.pid, signal.SIGCONT)


async def test_notices_stay_here_while_the_store_is_away(
    server: RedisServer, clock: FakeClock
) -> None:
    """What is posted meanwhile counts for those who share the governor."""
    async with on_redis(server, clock, share=1.0) as governor:
        server.stop()
        assert await governor.post("k", "closed", 60.0, instead_of="")
        notice = await governor.notice("k")
        assert notice is not None
        assert notice.text == "closed"
        permit = await governor.acquire([window("k")], lease=LEASE, patience=0)
        assert permit.notice == notice


async def test_nobody_there(server: RedisServer, clock: FakeClock) -> None:
    """A Redis that never was there is one that cannot be reached; no password is told."""
    server.stop()
    governor = RedisGovernor(f"redis://alex:secret@127.0.0.1:{server.port}/0", clock=clock)
    error = await unavailable(governor, window())
    assert "secret" not in f"{error} {error!r} {governor!r} {vars(error)}"
    await governor.aclose()


async def test_closed_by_another_task_and_used_again(redis_url: str, clock: FakeClock) -> None:
    """Whoever opened it, anybody may close it; it opens again when it is needed."""
    governor = RedisGovernor(redis_url, clock=clock, prefix="test-closing")
    async with anyio.create_task_group() as group:
        group.start_soon(used_up, governor, window(f"{time.time()}"))
    await governor.aclose()
    await used_up(governor, window(f"{time.time()}"))
    async with anyio.create_task_group() as group:
        group.start_soon(governor.aclose)
        group.start_soon(governor.aclose)


async def test_nothing_in_redis_can_be_read_or_stays(server: RedisServer) -> None:
    """No login, phone or text is in any key or value, and every key expires."""
    link = PlainLink(server.url)
    async with Sandbox() as sandbox, sandbox.client(governor=server.url) as smsc:
        sent = await smsc.send("+79991234567", "Hello", repeat="wait")
        await smsc.status(sent.id, "+79991234567")
        with pytest.raises(DuplicateMessage):
            await smsc.send("+79991234567", "Hello")
        names = [name.decode() for name in link._say("KEYS", "*")]
        seen = " ".join(names)
        for name in names:
            assert link._say("PTTL", name) > 0
            seen += f" {link._say('ZRANGE', name, '0', '-1')}"
    at_once(link.aclose())
    assert any("send.identical" in name for name in names)
    for secret in ("9991234567", "Hello", sandbox.login, sandbox.password, sent.id):
        assert secret not in seen


async def test_a_file_that_cannot_be_made(tmp_path: Path, clock: FakeClock) -> None:
    """Without its directory there are no permits; once it is there, there are."""
    governor = SqliteGovernor(tmp_path / "later" / "governor.db", clock=clock)
    await unavailable(governor, window())
    (tmp_path / "later").mkdir()
    await clock.advance(RETRY)
    await used_up(governor, window())
    await governor.aclose()


async def test_a_file_that_is_something_else(tmp_path: Path, clock: FakeClock) -> None:
    """A file of another kind is left alone."""
    path = tmp_path / "letter.txt"
    letter = "Dear Alex, " * 1000
    path.write_text(letter)
    governor = SqliteGovernor(path, clock=clock)
    await unavailable(governor, window())
    await governor.aclose()
    assert await anyio.Path(path).read_text() == letter


async def test_a_file_that_is_locked(tmp_path: Path, clock: FakeClock) -> None:
    """One that another program keeps locked is waited for, but not for ever."""
    path = tmp_path / "governor.db"
    governor = SqliteGovernor(path, clock=clock, timeout=0.1)
    await used_up(governor, window("before"))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert "locked" in str(await unavailable(governor, window()))
    other.execute("ROLLBACK")
    other.close()
    await clock.advance(RETRY)
    await used_up(governor, window())
    await governor.aclose()


async def test_a_file_with_nonsense_in_it(tmp_path: Path, clock: FakeClock) -> None:
    """A row that means nothing gives no permits."""
    path = tmp_path / "governor.db"
    governor = SqliteGovernor(path, clock=clock)
    await used_up(governor, window())
    with sqlite3.connect(path) as other:
        other.execute("UPDATE governor_keys SET extra = '?'")
    other.close()
    await clock.advance(HOLD)
    assert "JSONDecodeError" in str(await unavailable(governor, window()))
    await governor.aclose()


async def test_a_file_from_before_the_machine_was_started(tmp_path: Path) -> None:
    """The clock began anew: what is dated later than now means nothing any more."""
    path = tmp_path / "governor.db"
    before = SqliteGovernor(path, clock=FakeClock(50_000.0))
    await used_up(before, window(), slot())
    await before.aclose()
    after = SqliteGovernor(path, clock=FakeClock(30.0))
    await used_up(after, window(), slot())
    await refused(after, window())
    await after.aclose()


async def test_a_file_does_not_grow(tmp_path: Path, clock: FakeClock) -> None:
    """Keys of which nothing is left go, whoever made them."""
    path = tmp_path / "governor.db"
    governor = SqliteGovernor(path, clock=clock)
    for number in range(50):
        await used_up(governor, window(f"k{number}"))
    await clock.advance(2 * HOLD)
    await used_up(governor, window("last"))
    await governor.aclose()
    other = sqlite3.connect(path)
    assert other.execute("SELECT key FROM governor_keys").fetchall() == [("last",)]
    other.close()


@pytest.mark.parametrize(
    "address",
    [
        "sqlite://",
        "sqlite://host/file.db",
        "sqlite:///file.db?prefix=x",
        "sqlite:///file.db?share=x",
        "sqlite:///file.db?share=0",
        "sqlite:///file.db?share=1.5",
        "redis://",
        "redis://host:port/0",
        "postgres://host/db",
        "sqlite:///file.db?share",
    ],
)
def test_an_address_that_is_none(address: str, clock: FakeClock) -> None:
    """An address that cannot be meant is refused before anything is opened."""
    with pytest.raises(InvalidRequest):
        governor_at(address, clock)


async def test_addresses(tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three slashes are a file here, four one anywhere; a share may be told."""
    monkeypatch.chdir(tmp_path)
    for address in ("sqlite:///a%20b.db", f"sqlite:///{tmp_path}/c.db?share=0.5", redis_url):
        governor = governor_at(address, SystemClock())
        await used_up(governor, window(f"{time.time()}"))
        await governor.aclose()
    assert [await anyio.Path(name).exists() for name in ("a b.db", "c.db")] == [True, True]


def test_a_governor_has_its_name_from_where_it_is_used(tmp_path: Path) -> None:
    """One that was made before its process forked is another one in each child."""
    made = SqliteGovernor(tmp_path / "governor.db")
    assert copy.copy(made)._local.name != copy.copy(made)._local.name


def test_without_coredis(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who wants Redis and lacks the package is told what to install."""
    monkeypatch.setitem(sys.modules, "coredis", None)
    with pytest.raises(SmscError, match=r"pip install 'smsc-async\[redis\]'"):
        governor_at("redis://127.0.0.1/0", SystemClock())


class Strange:
    """A link to something that is no Redis of ours."""

    def __init__(self, *replies: object) -> None:
        self.replies = list(replies)

    async def run(self, script: str, keys: object, terms: object) -> object:
        """Answer the next of the replies."""
        return self.replies.pop(0)


@pytest.mark.parametrize("reply", [None, [[2]], [[0, [0]]], [7]])
async def test_answers_of_something_else(reply: object, clock: FakeClock) -> None:
    """What no script of ours would say gives no permit."""
    governor = RedisGovernor("redis://127.0.0.1/0", clock=clock)
    vars(governor._store)["_connection"] = Strange(reply)
    assert "none of our script's" in str(await unavailable(governor, window()))


async def test_a_mistake_leaves_nothing_taken(clock: FakeClock) -> None:
    """Whatever goes wrong in a store, the places are free again here."""
    governor = RedisGovernor("redis://127.0.0.1/0", clock=clock)
    vars(governor._store)["_connection"] = Strange()
    for _ in range(3):
        with pytest.raises(IndexError):
            await governor.acquire([slot()], lease=LEASE, patience=0)
