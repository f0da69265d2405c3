"""Whatever only reads is repeated until it is answered, whatever goes wrong, and sends nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, TypeAlias

import anyio
import pytest

from smsc_async import AsyncSmsc, IpBlocked
from smsc_async.sandbox import Fault, Faults, Sandbox

from .promises import FAST, HTTP, Http, client, service
from .table import PHONE

if TYPE_CHECKING:
    from _pytest.mark import ParameterSet

pytestmark = [pytest.mark.anyio, pytest.mark.faults]

OTHER: Final = "79991234568"
TWO: Final = (("kept", PHONE), ("kept", OTHER))

Read: TypeAlias = Callable[[AsyncSmsc], Awaitable[object]]

READS: Final[dict[str, tuple[str, Read]]] = {
    "quote": ("send.php", lambda smsc: smsc.quote(PHONE, "Hello")),
    "balance": ("balance.php", lambda smsc: smsc.balance()),
    "status": ("status.php", lambda smsc: smsc.status("kept", PHONE)),
    "statuses": ("status.php", lambda smsc: smsc.statuses(TWO)),
    "reconcile": ("status.php", lambda smsc: smsc.reconcile("kept", PHONE)),
    "reconcile, from the history": ("get.php", lambda smsc: smsc.reconcile("never", PHONE)),
    "templates.all": ("templates.php", lambda smsc: smsc.templates.all()),
    "lookup.get": ("info.php", lambda smsc: smsc.lookup.get(PHONE)),
}

LATE: Final = (Fault.LATE, Fault.PROCESSED_LATE)
LASTING: Final = (Fault.ERROR_4, Fault.STATUS_LAG, Fault.STATUS_FAILS)


def cases() -> list[ParameterSet]:
    """Each fault that does not last; those that are late come just in time, and too late."""
    return [
        pytest.param(fault, seconds, id=f"{fault.name} {seconds:g}")
        for fault in Fault
        if fault not in LASTING
        for seconds in ((10.0, 60.0) if fault in LATE else (0.0,))
    ]


async def read(sandbox: Sandbox, name: str, fault: Fault, seconds: float) -> None:
    """Read once undisturbed and once through the fault, by a client of its own."""
    script, ask = READS[name]
    async with client(sandbox) as smsc:
        wanted = await ask(smsc)
        sandbox.faults.add(fault, script=script, seconds=seconds)
        assert (name, await ask(smsc)) == (name, wanted)


async def read_all(names: list[str], fault: Fault, seconds: float, http: Http) -> None:
    """Read in all these ways, and see that nothing was sent."""
    async with service(Faults(), http=http) as (sandbox, smsc):
        await smsc.send([PHONE, OTHER], "Hello", id="kept")

        async def read_script(script: str) -> None:
            for name in names:
                if READS[name][0] == script:
                    await read(sandbox, name, fault, seconds)

        async with anyio.create_task_group() as group:
            for script in {READS[name][0] for name in names}:
                group.start_soon(read_script, script)
        assert len(sandbox.messages) == 2
        assert len(sandbox.faults.strikes) == len(names)


@pytest.mark.parametrize(("fault", "seconds"), cases())
async def test_reads_end_well(fault: Fault, seconds: float) -> None:
    """Each one is answered as without the fault, and nothing was sent."""
    names = list(READS)
    async with anyio.create_task_group() as group:
        for http in HTTP if not fault.needs_http2 else HTTP[:1]:
            group.start_soon(read_all, names, fault, seconds, http)


@pytest.mark.parametrize("name", READS)
async def test_a_blocked_address(name: str) -> None:
    """A read that meets error 4 says so, and after a minute it is answered."""
    script, ask = READS[name]
    async with service(Faults()) as (sandbox, smsc):
        await smsc.send([PHONE, OTHER], "Hello", id="kept")
        sandbox.faults.add(Fault.ERROR_4, script=script)
        with pytest.raises(IpBlocked) as blocked:
            await ask(smsc)
        requests = sandbox.requests()
        with pytest.raises(IpBlocked):
            await ask(smsc)
        assert sandbox.requests() == requests
        await anyio.sleep(blocked.value.retry_after / FAST)
        await ask(smsc)
