"""From `async with` to `aclose`: who may call, and whether anybody still does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import anyio
import pytest
import trio

from smsc_async import ClientClosed
from smsc_async._lifetime import Lifetime

if TYPE_CHECKING:
    from outcome import Outcome

pytestmark = pytest.mark.anyio


async def test_calls_are_in_between() -> None:
    """A call is refused before the opening and after the closing."""
    lifetime = Lifetime()
    with pytest.raises(ClientClosed, match="is not open"), lifetime:
        pass

    lifetime.open()
    with lifetime:
        pass
    await lifetime.close(0.0)

    with pytest.raises(ClientClosed, match="was closed"), lifetime:
        pass


async def test_opened_once() -> None:
    """It is opened once, and not again after it was closed."""
    lifetime = Lifetime()
    lifetime.open()
    with pytest.raises(ClientClosed, match="open already"):
        lifetime.open()

    await lifetime.close(0.0)

    with pytest.raises(ClientClosed, match="make a new one"):
        lifetime.open()


async def test_closing_waits_for_calls() -> None:
    """The closing ends with the last call, and takes no new one meanwhile."""
    lifetime = Lifetime()
    lifetime.open()
    events = []

    async def close() -> None:
        await lifetime.close(60.0)
        events.append("closed")

    async with anyio.create_task_group() as group:
        with lifetime:
            with lifetime:
                group.start_soon(close)
                await anyio.wait_all_tasks_blocked()
                with pytest.raises(ClientClosed), lifetime:
                    pass
            events.append("one call ended")
            await anyio.wait_all_tasks_blocked()
        events.append("both calls ended")

    assert events == ["one call ended", "both calls ended", "closed"]


async def test_closing_gives_up() -> None:
    """The closing does not wait for longer than it was told to."""
    lifetime = Lifetime()
    lifetime.open()

    with lifetime, anyio.fail_after(5):
        await lifetime.close(0.0)


def test_one_event_loop() -> None:
    """A call in another event loop than that of the opening is refused."""
    lifetime = Lifetime()

    async def call() -> None:
        with lifetime:
            pass

    async def open_and_call() -> None:
        lifetime.open()
        await call()

    anyio.run(open_and_call)

    with pytest.raises(ClientClosed, match="another event loop"):
        anyio.run(call)


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_guest_is_another_event_loop() -> None:
    """A call from trio is refused where trio runs inside the asyncio loop of the opening."""
    lifetime = Lifetime()
    lifetime.open()
    loop = asyncio.get_running_loop()
    over: asyncio.Future[Outcome[None]] = loop.create_future()

    async def call() -> None:
        with lifetime:
            pass

    trio.lowlevel.start_guest_run(
        call,
        run_sync_soon_threadsafe=loop.call_soon_threadsafe,
        done_callback=over.set_result,
        host_uses_signal_set_wakeup_fd=True,
    )
    outcome = await over

    with pytest.raises(ClientClosed, match="another event loop"):
        outcome.unwrap()
    with lifetime:
        pass
