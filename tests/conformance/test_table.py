"""Never lost, never twice: each row of the table, over TLS and HTTP/2."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import pytest

from smsc_async import OutcomeUnknown, SentMessage, SmscError
from smsc_async.sandbox import Fault, Faults

from .promises import FAST, Outcome, check, service
from .table import ROWS, Mode, Result, Row, Told

if TYPE_CHECKING:
    from _pytest.mark import ParameterSet

    from smsc_async import AsyncSmsc
    from smsc_async.sandbox import Sandbox

pytestmark = [pytest.mark.anyio, pytest.mark.faults]

MESSAGE_ID = "row-1"

MODES: tuple[Mode, ...] = ("careful", "fast", "raise")


def rows() -> list[ParameterSet]:
    return [pytest.param(row, id=row.name) for row in ROWS]


async def send(smsc: AsyncSmsc, row: Row, mode: Mode) -> Outcome:
    """Send the row's message and return what the caller is told."""
    try:
        return await smsc.send(row.to, row.text, id=MESSAGE_ID, outcome=mode)
    except SmscError as error:
        return error


def in_words(outcome: Outcome) -> Told:
    return outcome.confirmed_by if isinstance(outcome, SentMessage) else type(outcome)


async def let_the_late_ones_come(sandbox: Sandbox, count: int) -> None:
    """Wait until so many messages are taken, and for those that must not be."""
    strikes = sandbox.faults.strikes
    late = max((s.seconds for s in strikes if s.fault is Fault.PROCESSED_LATE), default=0.0)
    with anyio.move_on_after(late / FAST + 1.0):
        while len(sandbox.messages) < count:
            await anyio.sleep(0.005)
    await anyio.sleep(0.02)


async def run(row: Row, mode: Mode, wanted: Result) -> None:
    """Send the row's message in this mode, and look at what the service has and the caller."""
    faults = Faults()
    async with service(faults) as (sandbox, smsc):
        for hit in row.hits:
            faults.add(
                hit.fault, script=hit.script, nth=hit.nth, times=hit.times, seconds=hit.seconds
            )
        outcome = await send(smsc, row, mode)
        await let_the_late_ones_come(sandbox, wanted[0])
        doubts = smsc.doubts

    check(sandbox, {MESSAGE_ID: outcome})
    result = len(sandbox.messages), in_words(outcome)
    assert (mode, result) == (mode, wanted)
    doubtful = isinstance(outcome, OutcomeUnknown)
    assert [doubt.message_id for doubt in doubts] == [MESSAGE_ID] * doubtful
    if mode == "careful":
        struck = {(strike.fault, strike.script) for strike in faults.strikes}
        assert struck == {(hit.fault, hit.script or "send.php") for hit in row.hits}


@pytest.mark.parametrize("row", rows())
async def test_row(row: Row) -> None:
    """In each mode the service takes as many messages, and the caller is told, as the row says."""
    async with anyio.create_task_group() as group:
        for mode in MODES:
            if (wanted := row.wanted(mode)) is not None:
                group.start_soon(run, row, mode, wanted)
