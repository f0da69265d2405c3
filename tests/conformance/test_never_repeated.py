"""What is never sent a second time, for nobody could say whether the first one arrived."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from itertools import product
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import anyio
import pytest

from smsc_async import AsyncSmsc, Email, OutcomeUnknown, SmscError
from smsc_async.sandbox import Fault, Faults

from .promises import HTTP, Http, service, told
from .table import AFTER, BEFORE, PHONE, Mode

if TYPE_CHECKING:
    from smsc_async.content import Content

pytestmark = [pytest.mark.anyio, pytest.mark.faults]

LOST: Final = (*BEFORE, *AFTER)

NATIONAL: Final = "89991234567"

# The sandbox has no groups, and refuses those that it does not know.
UNKNOWABLE: Final[list[tuple[tuple[str, ...], int]]] = [
    (("G12",), 0),
    ((PHONE, "G12"), 1),
    (("reader@example.com",), 1),
    (("reader@example.com", "writer@example.com"), 2),
    ((NATIONAL,), 1),
    ((PHONE, NATIONAL), 2),
]


def content(to: tuple[str, ...], number: int) -> str | Content:
    """Make a message of its own to these recipients."""
    text = f"Message {number}"
    if "@" in to[0]:
        return Email(text, subject="News", sender="news@example.com")
    return text


async def over_both(run: Callable[[Http], Coroutine[Any, Any, None]]) -> None:
    """Run something over HTTP/2 and over HTTP/1.1 at once."""
    async with anyio.create_task_group() as group:
        for http in HTTP:
            group.start_soon(run, http)


@pytest.mark.parametrize("fault", LOST, ids=lambda fault: fault.name)
async def test_a_message_that_could_not_be_found_again(fault: Fault) -> None:
    """To a group, an address, a number in national form: in no mode; it is a doubt at once."""
    modes: tuple[Mode, ...] = ("careful", "fast")
    cases = [(mode, *case) for mode in modes for case in UNKNOWABLE]

    async def run(http: Http) -> None:
        faults = Faults()
        async with service(faults, http=http) as (sandbox, smsc):
            faults.add(fault, times=None)
            taken = 0
            for number, (mode, to, count) in enumerate(cases):
                message = content(to, number)
                outcome = await told(smsc.send(to, message, id=f"once-{number}", outcome=mode))
                taken += count * fault.processed
                assert (to, type(outcome)) == (to, OutcomeUnknown)
                assert (to, len(sandbox.messages)) == (to, taken)
                # What is read no more is not counted, either.
                if fault is not Fault.STOP_READING:
                    assert (to, len(faults.strikes)) == (to, number + 1)
            ids = [f"once-{number}" for number in range(len(cases))]
            assert [doubt.message_id for doubt in smsc.doubts] == ids

    await over_both(run)


Change: TypeAlias = Callable[[AsyncSmsc], Awaitable[object]]

# The first template has the number 1.
CHANGES: Final[dict[str, tuple[str, Change]]] = {
    "templates.add": ("templates.php", lambda smsc: smsc.templates.add("Second", "Text")),
    "templates.change": ("templates.php", lambda smsc: smsc.templates.change(1, text="New")),
    "templates.delete": ("templates.php", lambda smsc: smsc.templates.delete(1)),
    "delete": ("status.php", lambda smsc: smsc.delete("kept", PHONE)),
}


async def state(smsc: AsyncSmsc) -> list[str]:
    """Return all that the changes may change, in words."""
    kept = (await smsc.status("kept", PHONE)).status
    return [f"message {kept}", *(f"{one.name} {one.text}" for one in await smsc.templates.all())]


async def change(what: Change, smsc: AsyncSmsc) -> type[Exception] | None:
    """Make the change, and return what the caller is told."""
    try:
        await what(smsc)
    except SmscError as error:
        return type(error)
    return None


async def changes(name: str, fault: Fault, http: Http) -> tuple[type[Exception] | None, bool, int]:
    """Return what is told of a change hit by a fault, whether it was made, and the strikes."""
    script, what = CHANGES[name]
    faults = Faults()
    async with service(faults, http=http) as (_, smsc):
        await smsc.send(PHONE, "Hello", id="kept")
        await smsc.templates.add("First", "Text")
        before = await state(smsc)
        faults.add(fault, script=script, times=1)
        error = await change(what, smsc)
        assert smsc.doubts == ()
        return error, await state(smsc) != before, len(faults.strikes)


@pytest.mark.parametrize("fault", LOST, ids=lambda fault: fault.name)
async def test_a_change_whose_answer_is_lost(fault: Fault) -> None:
    """It was made once or not at all, and the caller is told that nobody knows which."""

    async def run(name: str, http: Http) -> None:
        wanted = OutcomeUnknown, fault.processed, 1
        assert (name, await changes(name, fault, http)) == (name, wanted)

    async with anyio.create_task_group() as group:
        for name, http in product(CHANGES, HTTP):
            group.start_soon(run, name, http)


NOT_MADE: Final = (
    Fault.REFUSE_STREAM,
    Fault.GOAWAY_UNPROCESSED,
    Fault.GOAWAY_GRACEFUL,
    Fault.ERROR_9_CONCURRENT,
)


@pytest.mark.parametrize("fault", NOT_MADE, ids=lambda fault: fault.name)
async def test_a_change_that_was_certainly_not_made(fault: Fault) -> None:
    """It is made after all."""
    for name in CHANGES:
        assert (name, await changes(name, fault, "2")) == (name, (None, True, 1))
