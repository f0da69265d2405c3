"""Sends that are cancelled, wherever they are: what was taken is a doubt, and nothing is kept."""

from __future__ import annotations

import types
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, TypeVar

import anyio
import attrs
import pytest

from smsc_async.sandbox import Down, Fault, Faults

from .promises import FAST, HTTP, Http, client, service
from .table import PHONE, Hit
from .test_hosts_down import kill

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator

    from smsc_async import AsyncSmsc, SentMessage
    from smsc_async.sandbox import Sandbox

pytestmark = [pytest.mark.anyio, pytest.mark.faults]

T = TypeVar("T")

ID: Final = "cancelled"
OTHER: Final = "79991234568"
SLOW: Final = FAST / 2


@attrs.frozen
class Stage:
    """How far a send has come when it is cancelled, and what is left of it then.

    It is cancelled so many seconds after the last of the faults has struck.
    """

    name: str
    hits: tuple[Hit, ...]
    seconds: float
    taken: int


STAGES: Final = (
    Stage("written, and not processed", (Hit(Fault.HANG_BEFORE),), 5.0, 0),
    Stage("written, and never read", (Hit(Fault.STOP_READING),), 5.0, 0),
    Stage("written, and processed", (Hit(Fault.HANG_AFTER),), 5.0, 1),
    Stage("written, and processed afterwards", (Hit(Fault.PROCESSED_LATE, seconds=20),), 5.0, 1),
    Stage(
        "processed, between two looks",
        (Hit(Fault.HTML_502_AFTER), Hit(Fault.STATUS_LAG, seconds=9)),
        4.0,
        1,
    ),
    Stage("not processed, between two looks", (Hit(Fault.CLOSE_BEFORE),), 20.0, 0),
    Stage(
        "processed, while it is looked for",
        (Hit(Fault.CLOSE_AFTER), Hit(Fault.HANG_BEFORE, "status.php")),
        5.0,
        1,
    ),
    Stage(
        "not processed, while it is looked for",
        (Hit(Fault.CLOSE_BEFORE), Hit(Fault.HANG_BEFORE, "status.php")),
        5.0,
        0,
    ),
    Stage(
        "not processed, before the second request",
        (Hit(Fault.CLOSE_BEFORE), Hit(Fault.STATUS_LAG, nth=4)),
        1.0,
        0,
    ),
    Stage(
        "the second request processed",
        (Hit(Fault.CLOSE_BEFORE), Hit(Fault.HANG_AFTER, nth=2)),
        5.0,
        1,
    ),
    Stage(
        "the second request not processed",
        (Hit(Fault.CLOSE_BEFORE), Hit(Fault.HANG_BEFORE, nth=2)),
        5.0,
        0,
    ),
)


async def settled(sandbox: Sandbox, smsc: AsyncSmsc, fast: float) -> None:
    """See that what was taken can be found, that the slot is free, and that no doubt stays."""
    sandbox.faults.clear()
    # With one slot only, this one would wait for ever for a permit that was not given back.
    with anyio.fail_after(20):
        await smsc.send(OTHER, "Are you well?")
        await anyio.sleep(63.0 / fast)
        found = await smsc.reconcile(ID, PHONE)
    messages = [message for message in sandbox.messages if message.id == ID]
    assert (found is not None) == bool(messages)
    assert smsc.doubts == ()


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
async def test_stages(stage: Stage) -> None:
    """A send that may have left is a doubt when it is cancelled, and can be settled."""

    async def run(http: Http) -> None:
        faults = Faults()
        around = service(faults, http=http, fast=SLOW, concurrency=1)
        async with around as (sandbox, smsc):
            for hit in stage.hits:
                faults.add(
                    hit.fault, script=hit.script, nth=hit.nth, times=hit.times, seconds=hit.seconds
                )
            async with anyio.create_task_group() as group:
                group.start_soon(send, smsc)
                while len(faults.strikes) < len(stage.hits):
                    await anyio.sleep(0.001)
                await anyio.sleep(stage.seconds / SLOW)
                group.cancel_scope.cancel()
            assert [doubt.message_id for doubt in smsc.doubts] == [ID]
            await anyio.sleep(20.0 / SLOW)
            assert len(sandbox.messages) == stage.taken
            await settled(sandbox, smsc, SLOW)

    async with anyio.create_task_group() as group:
        for http in HTTP:
            group.start_soon(run, http)


async def send(smsc: AsyncSmsc) -> SentMessage:
    return await smsc.send(PHONE, "Hello", id=ID, repeat="wait")


async def test_before_it_leaves() -> None:
    """A send that waits for a limit, a slot or a connection has not left, and is no doubt."""
    async with service(Faults(), concurrency=1) as (sandbox, smsc):
        await smsc.send(PHONE, "Hello", id="first")
        with anyio.move_on_after(20.0 / FAST):
            await send(smsc)

        sandbox.faults.add(Fault.LATE, script="balance.php", seconds=20)
        async with anyio.create_task_group() as group:
            group.start_soon(smsc.balance)
            while not sandbox.faults.strikes:
                await anyio.sleep(0.001)
            with anyio.move_on_after(5.0 / FAST):
                await smsc.send(PHONE, "Another", id=ID)

        await kill(sandbox.hosts, Down.SILENT)
        async with client(sandbox) as stranger:
            with anyio.move_on_after(0.1):
                await stranger.send(PHONE, "A third", id=ID)
            assert stranger.doubts == ()
        assert smsc.doubts == ()
        assert [message.id for message in sandbox.messages] == ["first"]


@types.coroutine
def stopping(
    work: Coroutine[Any, Any, T], number: int, stop: Callable[[], None]
) -> Generator[Any, Any, T]:
    """Do the work; when it is about to wait for the `number`-th time, call `stop` first."""
    count, answer, error = 0, None, None
    while True:
        try:
            awaited = work.send(answer) if error is None else work.throw(error)
        except StopIteration as end:
            result: T = end.value
            return result
        count += 1
        if count == number:
            stop()
        if count > MANY:
            with suppress(RuntimeError):
                work.close()
            raise AssertionError("it yields for ever")
        try:
            answer, error = (yield awaited), None
        except BaseException as thrown:  # noqa: BLE001 - whatever it is, it is for the work
            answer, error = None, thrown


JOURNEYS: Final = {
    "answered": (),
    "lost after it was processed": (Hit(Fault.RESET_AFTER),),
    "lost unprocessed": (Hit(Fault.RESET_BEFORE),),
}

MANY: Final = 10_000
"""Awaits that no send has, unless it goes round in circles."""

AT_ONCE: Final = 10
"""Awaits that are tried at the same time, each in a service of its own."""


@pytest.mark.parametrize("http", HTTP)
async def test_a_scope_that_is_over(http: Http) -> None:
    """A send that begins in a cancelled scope ends at once; if it has left, it is a doubt."""
    async with service(Faults(), http=http) as (sandbox, smsc):
        with anyio.CancelScope() as scope:
            scope.cancel()
            await stopping(send(smsc), 0, scope.cancel)
        await anyio.sleep(0.03)
        assert [message.id for message in sandbox.messages] in (
            [],
            [doubt.message_id for doubt in smsc.doubts],
        )


@pytest.mark.parametrize("http", HTTP)
@pytest.mark.parametrize(
    ("journey", "fresh"), [("answered", True), *((journey, False) for journey in JOURNEYS)]
)
async def test_every_await(journey: str, http: Http, fresh: bool) -> None:
    """Wherever it waits when it is cancelled: what was taken is a doubt, and the slot is free."""
    ends: dict[int, bool] = {}

    async def run(number: int) -> None:
        async with service(Faults(), http=http, concurrency=1) as (sandbox, warm):
            if not fresh:
                ends[number] = await cancel_at(number, sandbox, warm)
                return
            async with client(sandbox, concurrency=1) as cold:
                ends[number] = await cancel_at(number, sandbox, cold)

    async def cancel_at(number: int, sandbox: Sandbox, smsc: AsyncSmsc) -> bool:
        for hit in JOURNEYS[journey]:
            sandbox.faults.add(hit.fault)
        with anyio.CancelScope() as scope:
            await stopping(send(smsc), number, scope.cancel)
            return True
        await anyio.sleep(0.03)
        taken = [message.id for message in sandbox.messages]
        doubts = [doubt.message_id for doubt in smsc.doubts]
        assert taken in ([], [ID])
        assert (number, doubts) in ((number, [ID]), (number, taken))
        await settled(sandbox, smsc, FAST)
        return False

    first = 1
    while not any(ends.values()):
        async with anyio.create_task_group() as group:
            for number in range(first, first + AT_ONCE):
                group.start_soon(run, number)
        first += AT_ONCE
    assert not ends[1]
