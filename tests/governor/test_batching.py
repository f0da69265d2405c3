"""Steps of many tasks, made together."""

from __future__ import annotations

import anyio
import anyio.lowlevel
import pytest

from smsc_async.governor.batching import Batcher

pytestmark = pytest.mark.anyio


class Batches:
    """Keeps what was made together, and lets others act meanwhile."""

    def __init__(self) -> None:
        self.made: list[list[int]] = []
        self.busy = False

    async def __call__(self, steps: list[int]) -> None:
        assert not self.busy
        self.busy = True
        for _ in range(3):
            await anyio.lowlevel.checkpoint()
        self.made.append(steps)
        self.busy = False


async def test_those_who_wait_go_together() -> None:
    """The first goes alone; all who come meanwhile are one batch, in the order they came."""
    batches = Batches()
    batcher = Batcher(batches)
    async with anyio.create_task_group() as group:
        for step in range(10):
            group.start_soon(batcher.make, step)
    assert sorted(step for batch in batches.made for step in batch) == list(range(10))
    assert [len(batch) for batch in batches.made] == [1, 9]


async def test_everybody_gets_a_turn() -> None:
    """However many come and whenever, each step is made, once, and each is heard of after it."""
    batches = Batches()
    batcher = Batcher(batches)
    ended: list[int] = []

    async def work(number: int) -> None:
        for turn in range(5):
            for _ in range(number % 7):
                await anyio.lowlevel.checkpoint()
            step = number * 10 + turn
            await batcher.make(step)
            assert any(step in batch for batch in batches.made)
            ended.append(step)

    async with anyio.create_task_group() as group:
        for number in range(200):
            group.start_soon(work, number)
    made = [step for batch in batches.made for step in batch]
    assert sorted(made) == sorted(ended)
    assert len(set(made)) == len(made) == 1000
    assert max(map(len, batches.made)) <= 64


async def test_a_batch_that_breaks_stops_nobody() -> None:
    """A mistake in one batch is told to the one who made it; the next batch is made."""
    broken = True

    async def make(steps: list[int]) -> None:
        await anyio.lowlevel.checkpoint()
        if broken:
            raise ZeroDivisionError

    batcher = Batcher(make)
    with pytest.raises(ZeroDivisionError):
        await batcher.make(1)
    broken = False
    await batcher.make(2)
