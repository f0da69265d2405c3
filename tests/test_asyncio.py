"""What only asyncio can get wrong: loops and tasks, as applications use them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from smsc_async import AsyncSmsc, ClientClosed
from smsc_async.sandbox import Sandbox


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as service:
        yield service


@pytest_asyncio.fixture
async def smsc(sandbox: Sandbox) -> AsyncIterator[AsyncSmsc]:
    async with sandbox.client() as client:
        yield client


@pytest.mark.asyncio
async def test_lives_in_a_fixture(smsc: AsyncSmsc) -> None:
    """A client may be opened and closed by a fixture, which runs in tasks of its own."""
    assert (await smsc.balance()).currency == "RUR"


@pytest.mark.asyncio
async def test_closed_by_another_task(sandbox: Sandbox) -> None:
    """Opening and closing may be done by different tasks, as some frameworks do."""
    smsc = await asyncio.create_task(sandbox.client().__aenter__())
    await smsc.balance()

    await asyncio.create_task(smsc.aclose())

    with pytest.raises(ClientClosed):
        await smsc.balance()


@pytest.mark.asyncio
async def test_gathered(sandbox: Sandbox, smsc: AsyncSmsc) -> None:
    """Calls are shared out by asyncio's own means as well."""
    sent = await asyncio.gather(*(smsc.send(f"7999123{n:04}", "Hello") for n in range(50)))

    assert len({message.id for message in sent}) == len(sandbox.messages) == 50


@pytest.mark.asyncio
async def test_wait_for(smsc: AsyncSmsc) -> None:
    """A call that takes too long may be given up with asyncio's own timeouts."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await smsc.balance()

    assert (await smsc.balance()).currency == "RUR"


def test_second_event_loop(sandbox: Sandbox) -> None:
    """A client belongs to the event loop that it was opened in."""
    smsc = sandbox.client()

    async def first() -> None:
        await smsc.__aenter__()
        await smsc.balance()

    async def second() -> None:
        with pytest.raises(ClientClosed, match="another event loop"):
            await smsc.balance()

    loop = asyncio.new_event_loop()
    loop.run_until_complete(first())
    asyncio.run(second())
    loop.run_until_complete(smsc.aclose())
    loop.close()
