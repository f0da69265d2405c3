"""Hosts that are down, die while a message is on its way, come back, or were never there."""

from __future__ import annotations

from functools import partial
from itertools import product
from random import Random
from typing import TYPE_CHECKING, Final, TypeAlias

import anyio
import anyio.to_thread
import pytest

from smsc_async import OutcomeUnknown, SentMessage
from smsc_async.sandbox import Down, Fault, Faults

from .promises import FAST, HTTP, Http, Outcome, check, client, in_words, service, told
from .table import MODES, Mode

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable
    from typing import Any

    from smsc_async import AsyncSmsc
    from smsc_async.sandbox import Host, Sandbox

pytestmark = [pytest.mark.anyio, pytest.mark.faults]

SOON: Final = 0.3
"""Real seconds that connecting may take."""

SLOW: Final = FAST / 4
SENDS: Final = 120


async def kill(hosts: Iterable[Host], down: Down = Down.REFUSES) -> None:
    for host in hosts:
        await anyio.to_thread.run_sync(partial(host.kill, down))


async def restart(hosts: Iterable[Host]) -> None:
    for host in hosts:
        await anyio.to_thread.run_sync(host.restart)


async def send(smsc: AsyncSmsc, mode: Mode, results: dict[str, Outcome]) -> None:
    """Send a message whose id is the mode."""
    number = MODES.index(mode)
    sending = smsc.send(f"7999123450{number}", "Hello", id=mode, outcome=mode)
    results[mode] = await told(sending)


async def send_in_each_mode(smsc: AsyncSmsc) -> dict[str, Outcome]:
    """Send three messages at once."""
    results: dict[str, Outcome] = {}
    async with anyio.create_task_group() as group:
        for mode in MODES:
            group.start_soon(send, smsc, mode, results)
    return results


def words(results: dict[str, Outcome]) -> dict[str, str]:
    return {mode: in_words(outcome) for mode, outcome in results.items()}


@pytest.mark.parametrize("which", [0, 1], ids=["main", "backup"])
@pytest.mark.parametrize("down", Down, ids=lambda down: down.name)
@pytest.mark.parametrize("http", HTTP)
async def test_one_host_is_down(down: Down, which: int, http: Http) -> None:
    """Whichever it is and however: every message is sent, and answered by the other host."""
    async with service(Faults(), http=http, connect_timeout=SOON) as (sandbox, smsc):
        await kill(sandbox.hosts[which : which + 1], down)
        results = await send_in_each_mode(smsc)
        # Who has not met the host while it was well fares no worse.
        async with client(sandbox, connect_timeout=SOON) as stranger:
            results["stranger"] = await told(stranger.send("79991234509", "Hi", id="stranger"))
        assert set(words(results).values()) == {"reply"}
        check(sandbox, results)


@pytest.mark.parametrize("down", Down, ids=lambda down: down.name)
@pytest.mark.parametrize("http", HTTP)
async def test_both_hosts_are_down(down: Down, http: Http) -> None:
    """Certainly nothing was sent, and that is what is said; afterwards everything is well again."""
    async with service(Faults(), http=http, fast=SLOW, connect_timeout=SOON) as (sandbox, smsc):
        await kill(sandbox.hosts, down)
        results = await send_in_each_mode(smsc)
        assert set(words(results).values()) == {"NotSent"}
        assert smsc.doubts == ()
        check(sandbox, results)
        await restart(sandbox.hosts)
        again = await send_in_each_mode(smsc)
        assert set(words(again).values()) == {"reply"}


LOST_SENDS: Final = [
    (Fault.HANG_AFTER, ("status", "status", "OutcomeUnknown")),
    (Fault.CLOSE_AFTER, ("status", "status", "OutcomeUnknown")),
    (Fault.HANG_BEFORE, ("reply", "reply", "OutcomeUnknown")),
    (Fault.CLOSE_BEFORE, ("reply", "reply", "OutcomeUnknown")),
]

Run: TypeAlias = "Callable[[Mode, Http], Coroutine[Any, Any, None]]"


async def in_each_mode(run: Run) -> None:
    """Run something for each mode, over HTTP/2 and over HTTP/1.1, all at once."""
    async with anyio.create_task_group() as group:
        for mode, http in product(MODES, HTTP):
            group.start_soon(run, mode, http)


async def lose(
    fault: Fault, down: Down, smsc: AsyncSmsc, sandbox: Sandbox, mode: Mode, *, both: bool = False
) -> Outcome:
    """Let the fault hit a send, kill its host before anybody looks, and return what is told."""
    sandbox.faults.add(fault)
    results: dict[str, Outcome] = {}
    async with anyio.create_task_group() as group:
        group.start_soon(send, smsc, mode, results)
        while not sandbox.faults.strikes:
            await anyio.sleep(0.001)
        struck = sandbox.hosts[sandbox.faults.strikes[0].host]
        await kill(sandbox.hosts if both else [struck], down)
    return results[mode]


@pytest.mark.parametrize(("fault", "wanted"), LOST_SENDS)
@pytest.mark.parametrize("down", Down, ids=lambda down: down.name)
async def test_the_main_host_dies_between_send_and_look(
    fault: Fault, wanted: tuple[str, ...], down: Down
) -> None:
    """The backup is asked, and has the message or is sent it."""

    async def run(mode: Mode, http: Http) -> None:
        around = service(Faults(), http=http, fast=SLOW, connect_timeout=SOON)
        async with around as (sandbox, smsc):
            outcome = await lose(fault, down, smsc, sandbox, mode)
            assert (mode, in_words(outcome)) == (mode, wanted[MODES.index(mode)])
            assert len(sandbox.messages) == (fault.processed or mode != "raise")
            check(sandbox, {mode: outcome})

    await in_each_mode(run)


@pytest.mark.parametrize(("fault", "wanted"), LOST_SENDS)
async def test_both_hosts_die_between_send_and_look(fault: Fault, wanted: tuple[str, ...]) -> None:
    """Nobody knows what became of the message, until the hosts are back and can be asked."""

    async def run(mode: Mode, http: Http) -> None:
        async with service(Faults(), http=http, connect_timeout=SOON) as (sandbox, smsc):
            outcome = await lose(fault, Down.REFUSES, smsc, sandbox, mode, both=True)
            assert isinstance(outcome, OutcomeUnknown)
            assert [doubt.message_id for doubt in smsc.doubts] == [mode]
            check(sandbox, {mode: outcome})

            await restart(sandbox.hosts)
            await anyio.sleep(62.0 / FAST)
            found = await smsc.reconcile(mode, outcome.phones)
            assert (found is not None) == fault.processed
            assert smsc.doubts == ()

    await in_each_mode(run)


@pytest.mark.parametrize(("fault", "wanted"), LOST_SENDS)
async def test_both_hosts_are_down_for_half_a_minute(fault: Fault, wanted: tuple[str, ...]) -> None:
    """The looks that fail meanwhile are no looks, and those after it settle the matter."""

    async def run(mode: Mode, http: Http) -> None:
        async with service(Faults(), http=http, fast=SLOW, connect_timeout=SOON) as (sandbox, smsc):
            async with anyio.create_task_group() as group:
                group.start_soon(come_back, sandbox)
                outcome = await lose(fault, Down.REFUSES, smsc, sandbox, mode, both=True)
            assert (mode, in_words(outcome)) == (mode, wanted[MODES.index(mode)])
            check(sandbox, {mode: outcome})

    await in_each_mode(run)


async def come_back(sandbox: Sandbox) -> None:
    """Start the hosts again half a minute after the fault."""
    while not sandbox.faults.strikes:
        await anyio.sleep(0.001)
    await anyio.sleep(30.0 / SLOW)
    await restart(sandbox.hosts)


@pytest.mark.parametrize("http", HTTP)
async def test_hosts_flap(http: Http) -> None:
    """Hosts that go down and come back, each in its own time and way, break no promise."""
    results: dict[str, Outcome] = {}
    random = Random(f"flapping {http}")
    numbers = iter(range(SENDS))
    async with service(Faults(), http=http, fast=SLOW, connect_timeout=SOON) as (sandbox, smsc):

        async def flap(host: Host) -> None:
            while True:
                await anyio.sleep(random.uniform(0.02, 0.3))
                await kill([host], random.choice(tuple(Down)))
                await anyio.sleep(random.uniform(0.02, 0.15))
                await restart([host])

        async def work() -> None:
            for number in numbers:
                its_id, mode = f"flap-{number}", MODES[number % len(MODES)]
                sending = smsc.send(f"7999{number:07}", "Hello", id=its_id, outcome=mode)
                results[its_id] = await told(sending)
                await anyio.sleep(0.05)

        async with anyio.create_task_group() as flapping:
            for host in sandbox.hosts:
                flapping.start_soon(flap, host)
            async with anyio.create_task_group() as group:
                for _ in range(6):
                    group.start_soon(work)
            flapping.cancel_scope.cancel()
        check(sandbox, results)
        doubts = {doubt.message_id for doubt in smsc.doubts}
    unknown = {its_id for its_id, one in results.items() if isinstance(one, OutcomeUnknown)}
    assert doubts == unknown
    assert len(results) == SENDS
    sent = sum(isinstance(outcome, SentMessage) for outcome in results.values())
    assert sent > SENDS / 2
    assert sandbox.requests(host=sandbox.hosts[0], script="send.php")
    assert sandbox.requests(host=sandbox.hosts[1], script="send.php")


async def test_a_host_without_an_address() -> None:
    """A name that nobody knows is a host that is down."""
    async with service(Faults()) as (sandbox, _):
        nowhere = "https://nowhere.invalid"
        async with client(sandbox, hosts=[nowhere, sandbox.urls[1]]) as smsc:
            assert set(words(await send_in_each_mode(smsc)).values()) == {"reply"}
        async with client(sandbox, hosts=[nowhere]) as smsc:
            assert set(words(await send_in_each_mode(smsc)).values()) == {"NotSent"}
        assert len(sandbox.messages) == len(MODES)


async def test_a_host_that_is_not_trusted() -> None:
    """Nothing is said to a host whose certificate is not to be trusted."""
    async with service(Faults()) as (sandbox, _), client(sandbox, verify=True) as smsc:
        results = await send_in_each_mode(smsc)
        assert set(words(results).values()) == {"UntrustedHost"}
        check(sandbox, results)
        assert sandbox.requests(script="send.php") == 0
