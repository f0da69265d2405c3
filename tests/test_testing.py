"""The service without a network, and the fixtures that give it to an application's own tests."""

from __future__ import annotations

import math
import time
from random import Random

import anyio
import pytest
from fastapi import FastAPI

from smsc_async import (
    AsyncSmsc,
    InsufficientFunds,
    MessageForbidden,
    NotSent,
    OutcomeUnknown,
    RateLimited,
)
from smsc_async.callbacks import DeliveryTracker, Event, IncomingMessage, StatusEvent, handler_url
from smsc_async.fastapi import callback_router
from smsc_async.sandbox import Sandbox
from smsc_async.testing import LocalSandbox, VirtualClock

pytestmark = pytest.mark.anyio

PHONE = "+79991234567"
SECRET = "correct-horse_7"


def application(tracker: DeliveryTracker, events: list[Event]) -> FastAPI:
    async def store(event: Event) -> None:
        events.append(event)

    app = FastAPI()
    app.include_router(callback_router("/smsc", store, secret=SECRET, tracker=tracker))
    return app


async def test_three_lines(smsc_sandbox: LocalSandbox) -> None:
    """A message that was sent is there to be looked at."""
    async with smsc_sandbox.client() as smsc:
        await smsc.send(PHONE, "Your code is 1234", outcome="fast")
    assert [message.text for message in smsc_sandbox.messages] == ["Your code is 1234"]


async def test_no_time_is_spent_waiting(smsc_sandbox: LocalSandbox) -> None:
    """A wait for a limit, and one for a delivery, are over at once."""
    began = time.monotonic()
    async with smsc_sandbox.client() as smsc:
        await smsc.send(PHONE, "Hello")
        sent = await smsc.send(PHONE, "Hello", repeat="wait")
        [one] = await smsc.wait_delivered(sent, timeout=600)
        waited = smsc_sandbox.clock.now()

    assert one.is_delivered
    assert waited == 1000 + 62 + 3
    assert time.monotonic() - began < 5
    assert smsc_sandbox.refusals == ()


async def test_callbacks_reach_the_application(smsc_sandbox: LocalSandbox) -> None:
    """Callbacks go straight to an ASGI application, at their moment."""
    tracker = DeliveryTracker()
    events: list[Event] = []
    app = application(tracker, events)
    smsc_sandbox.callback_to(app, handler_url("https://testserver/smsc", SECRET, format="json"))
    async with smsc_sandbox.client() as smsc:
        sent = await smsc.send(PHONE, "Hello")
        [one] = await smsc.wait_delivered(sent, timeout=60, tracker=tracker)
        smsc_sandbox.receive(PHONE, "Thanks")
        await smsc_sandbox.settle()

    assert one.is_delivered
    assert smsc_sandbox.requests(script="status.php") == 0
    assert smsc_sandbox.clock.now() == 1003
    assert [event.status for event in events if isinstance(event, StatusEvent)] == [0, 1]
    [incoming] = [event for event in events if isinstance(event, IncomingMessage)]
    assert (incoming.text, incoming.answers) == ("Thanks", sent.id)


async def test_a_handler_that_fails(smsc_sandbox: LocalSandbox) -> None:
    """What the application could not store comes again, four minutes later."""
    tries: list[Event] = []

    async def store(event: Event) -> None:
        tries.append(event)
        if len(tries) < 3:
            raise RuntimeError("the database is away")

    app = FastAPI()
    app.include_router(callback_router("/smsc", store, secret=SECRET))
    smsc_sandbox.callback_to(app, handler_url("https://testserver/smsc", SECRET))
    smsc_sandbox.ring(PHONE)
    await smsc_sandbox.settle()
    await smsc_sandbox.advance(1000)

    [callback] = smsc_sandbox.callbacks
    assert (len(tries), callback.answers) == (3, [500, 500, 200])


async def test_a_storm_of_callbacks(smsc_sandbox: LocalSandbox) -> None:
    """Each message is known as delivered in the end, though the handler fails most of the time.

    What it could not store comes again, late and out of order.
    """
    random, tracker = Random(1), DeliveryTracker()
    phones = [f"7999{number:07}" for number in range(60)]

    async def store(event: Event) -> None:
        if random.random() < 0.6:
            raise RuntimeError("the database is away")

    app = FastAPI()
    app.include_router(callback_router("/smsc", store, secret=SECRET, tracker=tracker))
    smsc_sandbox.callback_to(app, handler_url("https://testserver/smsc", SECRET, format="xml"))
    async with smsc_sandbox.client() as smsc:
        sent = await smsc.send(phones, "Hello")
        await smsc_sandbox.advance(50 * 240)

    assert all(one.is_delivered for one in tracker.of(sent))
    assert all(callback.taken for callback in smsc_sandbox.callbacks)
    assert len(smsc_sandbox.callbacks) == 120
    assert max(len(callback.answers) for callback in smsc_sandbox.callbacks) > 5


async def test_time_moves_by_hand(smsc_sandbox: LocalSandbox) -> None:
    """A message goes on its way as time is moved."""
    async with smsc_sandbox.client(apikey=smsc_sandbox.apikey) as smsc:
        sent = await smsc.send(PHONE, "Hello")
        before = await smsc.status(sent.id, PHONE)
        await smsc_sandbox.advance(10)
        after = await smsc.status(sent.id, PHONE)

    assert not before.is_final
    assert after.status.is_delivered


@pytest.mark.smsc_sandbox(balance="0")
async def test_options_by_marker(smsc_sandbox: LocalSandbox) -> None:
    """A marker says what the sandbox is made with."""
    async with smsc_sandbox.client() as smsc:
        with pytest.raises(InsufficientFunds):
            await smsc.send(PHONE, "Hello")


async def test_errors_on_demand(smsc_sandbox: LocalSandbox) -> None:
    """The service answers with the errors that it is told to, for as often as it is told."""
    async with smsc_sandbox.client() as smsc:
        smsc_sandbox.refuse(6)
        with pytest.raises(MessageForbidden, match="as the test says"):
            await smsc.send(PHONE, "Hello")
        assert (await smsc.balance()).amount == 1000
        await smsc.send(PHONE, "Hello again")

    assert len(smsc_sandbox.messages) == 1


async def test_lost_answers(smsc_sandbox: LocalSandbox) -> None:
    """An answer may be lost, of a message that was taken or of one that was not."""
    async with smsc_sandbox.client() as smsc:
        smsc_sandbox.lose_answer()
        with pytest.raises(OutcomeUnknown):
            await smsc.send(PHONE, "Hello", outcome="raise")
        taken = len(smsc_sandbox.messages)
        smsc_sandbox.lose_answer(processed=False)
        sent = await smsc.send(PHONE, "Another")

    assert taken == 1
    assert [message.text for message in smsc_sandbox.messages] == ["Hello", "Another"]
    assert sent.id == smsc_sandbox.messages[1].id


async def test_nobody_there(smsc_sandbox: LocalSandbox) -> None:
    """The service may be away."""
    async with smsc_sandbox.client() as smsc:
        smsc_sandbox.away = True
        with pytest.raises(NotSent):
            await smsc.send(PHONE, "Hello")
        smsc_sandbox.away = False
        await smsc.send(PHONE, "Hello")

    assert len(smsc_sandbox.messages) == 1


async def test_limits_are_those_of_the_service(smsc_sandbox: LocalSandbox) -> None:
    """The client's own limits hold in virtual time."""
    async with smsc_sandbox.client(patience=0) as smsc:
        for _ in range(10):
            await smsc.balance()
        with pytest.raises(RateLimited) as caught:
            await smsc.balance()
        await smsc_sandbox.advance(caught.value.retry_after)
        await smsc.balance()


async def test_sleepers_wake_in_order() -> None:
    """Virtual time passes from moment to moment, and stands still while somebody acts."""
    clock, woken, event = VirtualClock(0.0), [], anyio.Event()

    async def sleep(seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((seconds, clock.now()))
        if seconds == 3:
            event.set()

    async def wait(seconds: float) -> None:
        woken.append((await clock.wait(event, seconds), clock.now()))

    async with anyio.create_task_group() as group:
        for seconds in (5, 1, 3, 0):
            group.start_soon(sleep, seconds)
        group.start_soon(wait, math.inf)
        group.start_soon(wait, 2)

    assert woken == [(0, 0), (1, 1), (False, 2), (3, 3), (True, 3), (5, 5)]


async def test_server(smsc_sandbox_server: Sandbox) -> None:
    """The service on a socket is found by the environment, and its time can be moved."""
    async with AsyncSmsc.from_env() as smsc:
        sent = await smsc.send(PHONE, "Hello")
        smsc_sandbox_server.advance(10)
        status = await smsc.status(sent.id, PHONE)

    assert status.status.is_delivered
    assert smsc_sandbox_server.requests(http_version="2") == 2
    await smsc_sandbox_server.settle()


@pytest.mark.smsc_sandbox(balance="0", hosts=1)
def test_server_with_options(smsc_sandbox_server: Sandbox) -> None:
    """The server is made with what a marker says, in tests that do not await, too."""
    assert smsc_sandbox_server.balance == 0
    assert len(smsc_sandbox_server.hosts) == 1
