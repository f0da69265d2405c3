"""What one worker hears of errors 2 and 4 counts for all."""

from __future__ import annotations

import anyio
import anyio.lowlevel
import pytest
from clocks import FakeClock

from smsc_async import AuthenticationFailed, IpBlocked, MemoryGovernor, NotFound
from smsc_async._breaker import Breaker
from smsc_async._circuit import Circuit
from smsc_async.governor import Need, Notice, Outcome, Permit

pytestmark = pytest.mark.anyio

SLOT = Need("slots", 12, 0.0, "concurrency")


def blocked() -> IpBlocked:
    return IpBlocked(4, "ip is blocked")


class Worker:
    """One of those who share a governor."""

    def __init__(self, governor: MemoryGovernor, clock: FakeClock) -> None:
        self.governor = governor
        self.breaker = Breaker(Circuit(clock.now), governor, SLOT.key)

    async def permit(self) -> Permit:
        return await self.governor.acquire([SLOT], lease=30.0, patience=0)

    async def may_ask(self) -> bool:
        """Whether it gets as far as asking the service."""
        permit = await self.permit()
        try:
            await self.breaker.check()
            await self.breaker.enter(permit)
        except (IpBlocked, AuthenticationFailed):
            return False
        finally:
            await self.governor.release(permit, Outcome.NOT_SENT)
        return True


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def workers(clock: FakeClock) -> list[Worker]:
    governor = MemoryGovernor(clock=clock)
    return [Worker(governor, clock) for _ in range(4)]


async def test_one_block_stops_all(workers: list[Worker], clock: FakeClock) -> None:
    """After one worker's error 4 none asks, and each says for how long."""
    await workers[0].breaker.heard(blocked())
    await clock.advance(10.0)

    for worker in workers:
        assert not await worker.may_ask()
        with pytest.raises(IpBlocked) as caught:
            await worker.breaker.check()
        assert caught.value.retry_after == 50.0


async def test_one_trial_of_all(workers: list[Worker], clock: FakeClock) -> None:
    """When the pause is over one worker asks, and the others wait for what it finds."""
    await workers[0].breaker.heard(blocked())
    await clock.advance(60.0)

    assert [await worker.may_ask() for worker in workers] == [True, False, False, False]


async def test_one_trial_of_those_who_come_together(
    workers: list[Worker], clock: FakeClock
) -> None:
    """Those who have their permits before anybody has tried find out who was first."""
    await workers[0].breaker.heard(blocked())
    await clock.advance(60.0)
    permits = [await worker.permit() for worker in workers]

    asking = 0
    for worker, permit in zip(workers, permits, strict=True):
        try:
            await worker.breaker.enter(permit)
        except IpBlocked:
            continue
        asking += 1

    assert asking == 1


async def test_one_answer_lets_all_go_on(workers: list[Worker], clock: FakeClock) -> None:
    """The trial's answer opens the way for every worker, also for those who know of the block."""
    await workers[0].breaker.heard(blocked())
    assert not await workers[3].may_ask()
    await clock.advance(60.0)
    assert await workers[1].may_ask()
    await workers[1].breaker.heard(None)

    assert [await worker.may_ask() for worker in workers] == [True] * 4


async def test_a_failed_trial_stops_all_for_longer(workers: list[Worker], clock: FakeClock) -> None:
    """The pauses grow for all, whoever tries."""
    await workers[0].breaker.heard(blocked())
    await clock.advance(60.0)
    assert await workers[1].may_ask()
    again = blocked()
    await workers[1].breaker.heard(again)

    assert again.retry_after == 600.0
    await clock.advance(599.0)
    assert not await workers[2].may_ask()
    await clock.advance(1.0)
    assert await workers[2].may_ask()


async def test_a_trial_that_died_is_followed_by_another(
    workers: list[Worker], clock: FakeClock
) -> None:
    """A worker that is gone in the middle of its trial stops nobody for ever."""
    await workers[0].breaker.heard(blocked())
    await clock.advance(60.0)
    assert await workers[1].may_ask()
    await clock.advance(60.0)

    assert [await worker.may_ask() for worker in workers] == [True, False, False, False]


async def test_two_bad_logins_of_any_stop_all(workers: list[Worker], clock: FakeClock) -> None:
    """It does not matter who was refused: after two of them nobody tries the password."""
    await workers[0].breaker.heard(AuthenticationFailed(2, "authorise error"))
    assert await workers[1].may_ask()
    await workers[1].breaker.heard(AuthenticationFailed(2, "authorise error"))

    assert [await worker.may_ask() for worker in workers] == [False] * 4
    await clock.advance(1800.0)
    assert await workers[2].may_ask()


async def test_blocks_met_together_are_one(workers: list[Worker], clock: FakeClock) -> None:
    """Workers in flight together meet the same block, and the pause does not grow."""
    for worker in workers:
        error = blocked()
        await worker.breaker.heard(error)
        assert error.retry_after == 60.0


async def test_an_old_permit_does_not_make_forget(workers: list[Worker]) -> None:
    """A permit from before the block does not let anybody ask who knows of the block."""
    permit = await workers[0].permit()
    await workers[0].breaker.heard(blocked())

    with pytest.raises(IpBlocked):
        await workers[0].breaker.enter(permit)


async def test_calm_costs_nothing(workers: list[Worker]) -> None:
    """While nothing is forbidden the board is neither read nor written."""
    worker = workers[0]
    worker.breaker._governor = None  # type: ignore[assignment]

    await worker.breaker.check()
    await worker.breaker.enter(Permit(1, (SLOT,)))
    await worker.breaker.heard(None)
    await worker.breaker.heard(NotFound(3, "not found"))


class Mute(MemoryGovernor):
    """A governor whose board is broken."""

    async def notice(self, key: str) -> Notice | None:
        raise OSError("gone")

    async def post(self, key: str, text: str, seconds: float, *, instead_of: str) -> bool:
        raise OSError("gone")


async def test_a_broken_board_costs_no_answer(
    clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """What a worker hears itself counts for itself, and it says what is wrong with the board."""
    worker = Worker(Mute(clock=clock), clock)

    await worker.breaker.heard(blocked())

    assert not await worker.may_ask()
    assert "the governor did not post" in caplog.text
    assert "the governor did not say" in caplog.text


async def test_who_hears_of_it_in_a_cancelled_task_tells_the_others(
    workers: list[Worker],
) -> None:
    """A cancellation does not keep the news from the others."""

    class Slow(MemoryGovernor):
        async def post(self, key: str, text: str, seconds: float, *, instead_of: str) -> bool:
            await anyio.lowlevel.checkpoint()
            return await MemoryGovernor.post(self, key, text, seconds, instead_of=instead_of)

    clock = FakeClock()
    governor = Slow(clock=clock)
    one, other = Worker(governor, clock), Worker(governor, clock)
    with anyio.CancelScope() as scope:
        scope.cancel()
        await one.breaker.heard(blocked())

    assert not await other.may_ask()


async def test_who_comes_second_waits_for_the_trial(clock: FakeClock) -> None:
    """Another worker's trial is posted while this one posts its own: it is not made."""

    class Crossing(MemoryGovernor):
        faster: Worker | None = None

        async def post(self, key: str, text: str, seconds: float, *, instead_of: str) -> bool:
            faster, self.faster = self.faster, None
            if faster is not None:
                assert await faster.may_ask()
            return await MemoryGovernor.post(self, key, text, seconds, instead_of=instead_of)

    governor = Crossing(clock=clock)
    one, other = Worker(governor, clock), Worker(governor, clock)
    await one.breaker.heard(blocked())
    await clock.advance(60.0)
    governor.faster = one

    assert not await other.may_ask()


async def test_news_that_cross_each_other_both_count(clock: FakeClock) -> None:
    """Two bad logins heard of at the same time are two."""

    class Crossing(MemoryGovernor):
        faster: Worker | None = None

        async def post(self, key: str, text: str, seconds: float, *, instead_of: str) -> bool:
            faster, self.faster = self.faster, None
            if faster is not None:
                await faster.breaker.heard(AuthenticationFailed(2, "authorise error"))
            return await MemoryGovernor.post(self, key, text, seconds, instead_of=instead_of)

    governor = Crossing(clock=clock)
    one, other = Worker(governor, clock), Worker(governor, clock)
    governor.faster = one
    await other.breaker.heard(AuthenticationFailed(2, "authorise error"))

    assert not await one.may_ask()
    assert not await other.may_ask()
