"""Two workers, each with a client and a governor of its own, and what the service forbids."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import attrs
import pytest

from smsc_async import AsyncSmsc, AuthenticationFailed, IpBlocked, SmscError
from smsc_async._clock import SystemClock
from smsc_async.governor import Governor, SqliteGovernor
from smsc_async.governor.redis import RedisGovernor
from smsc_async.sandbox import Fault, Faults, Sandbox

pytestmark = pytest.mark.anyio


class JumpingClock(SystemClock):
    """The machine's clock, and what we skip of the time."""

    ahead = 0.0

    def now(self) -> float:
        """Return the seconds since some fixed moment."""
        return super().now() + self.ahead


@attrs.define
class Town:
    """The service, whether it has blocked us, and where our workers count."""

    sandbox: Sandbox
    clock: JumpingClock
    place: str
    blocks: list[bool]

    def governor(self) -> Governor:
        """Make one that counts where the others do."""
        if self.place.startswith("redis"):
            url, _, prefix = self.place.partition("#")
            return RedisGovernor(url, clock=self.clock, now=self.clock.now, prefix=prefix)
        return SqliteGovernor(self.place, clock=self.clock)

    @asynccontextmanager
    async def worker(self, password: str | None = None) -> AsyncIterator[AsyncSmsc]:
        """Start a worker."""
        governor = self.governor()
        try:
            async with AsyncSmsc(
                self.sandbox.login,
                password or self.sandbox.password,
                hosts=self.sandbox.urls,
                verify=self.sandbox.ca,
                clock=self.clock,
                governor=governor,
            ) as smsc:
                yield smsc
        finally:
            await governor.aclose()


@pytest.fixture(params=["sqlite", "redis"])
async def town(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Town]:
    blocks = [False]
    clock = JumpingClock()
    place = str(tmp_path / "governor.db")
    if request.param == "redis":
        place = f"{request.getfixturevalue('redis_url')}#{secrets.token_hex(8)}"

    def choose(script: str, host: int) -> tuple[Fault, float] | None:
        return (Fault.ERROR_4, 0.0) if blocks[0] else None

    async with Sandbox(hosts=1, time=clock.now, faults=Faults(choose)) as sandbox:
        yield Town(sandbox, clock, place, blocks)


async def test_a_blocked_address_stops_all_and_one_trial_reopens(town: Town) -> None:
    """After one worker's error 4 the others do not even ask; then one asks for all."""
    async with town.worker() as one, town.worker() as other:
        await one.balance()
        await other.balance()
        town.blocks[0] = True
        with pytest.raises(IpBlocked):
            await one.balance()
        asked = len(town.sandbox.faults.strikes)
        assert asked == 1

        for smsc in (other, one, other):
            with pytest.raises(IpBlocked, match="the next try is in"):
                await smsc.balance()
        assert len(town.sandbox.faults.strikes) == asked

        town.clock.ahead += 61.0
        for smsc in (other, one):
            with pytest.raises(IpBlocked):
                await smsc.balance()
        assert len(town.sandbox.faults.strikes) == asked + 1

        town.blocks[0] = False
        town.clock.ahead += 601.0
        await one.balance()
        await other.balance()


async def test_a_wrong_password_is_tried_by_few(town: Town) -> None:
    """However many workers start with a wrong password, the address is not blocked for it."""
    said: list[SmscError] = []

    async def try_it() -> None:
        async with town.worker("wrong") as smsc:
            try:
                await smsc.balance()
            except SmscError as error:
                said.append(error)

    async with anyio.create_task_group() as group:
        for _ in range(8):
            group.start_soon(try_it)

    assert {type(error) for error in said} == {AuthenticationFailed}
    assert town.sandbox.requests(script="balance.php") <= 3
