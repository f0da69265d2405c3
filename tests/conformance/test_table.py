"""Never lost, never twice: each row of the table, over TLS, HTTP/2 and HTTP/1.1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import anyio
import pytest

from smsc_async import OutcomeUnknown, SentMessage
from smsc_async.sandbox import Fault, Faults

from .promises import HTTP, Http, Outcome, check, service, told
from .table import AFTER, BEFORE, MODES, ROWS, Mode, Result, Row, Told

if TYPE_CHECKING:
    from _pytest.mark import ParameterSet

    from smsc_async import AsyncSmsc
    from smsc_async.sandbox import Sandbox

pytestmark = [pytest.mark.anyio, pytest.mark.faults]

MESSAGE_ID: Final = "row-1"


def rows() -> list[ParameterSet]:
    return [pytest.param(row, id=row.name) for row in ROWS]


async def send(smsc: AsyncSmsc, row: Row, mode: Mode) -> SentMessage:
    """Send the row's message."""
    if row.lines:
        return await smsc.send_list(row.lines, id=MESSAGE_ID, outcome=mode)
    return await smsc.send(row.to, row.text, id=MESSAGE_ID, outcome=mode)


def in_words(outcome: Outcome, wanted: Told) -> Told:
    if isinstance(outcome, SentMessage):
        return "sent" if wanted == "sent" else outcome.confirmed_by
    return type(outcome)


async def let_the_late_ones_come(sandbox: Sandbox, count: int, fast: float) -> None:
    """Wait until so many messages are taken, and for those that must not be."""
    strikes = sandbox.faults.strikes
    late = max((s.seconds for s in strikes if s.fault is Fault.PROCESSED_LATE), default=0.0)
    with anyio.move_on_after(late / fast + 1.0):
        while len(sandbox.messages) < count:
            await anyio.sleep(0.005)
    await anyio.sleep(0.02)


async def run(row: Row, mode: Mode, http: Http, wanted: Result) -> None:
    """Send the row's message in this mode, and look at what the service has and the caller."""
    faults = Faults()
    around = service(faults, http=http, fast=row.tempo, guard=row.guard, balance=row.balance)
    async with around as (sandbox, smsc):
        for hit in row.hits:
            faults.add(
                hit.fault, script=hit.script, nth=hit.nth, times=hit.times, seconds=hit.seconds
            )
        outcome = await told(send(smsc, row, mode))
        await let_the_late_ones_come(sandbox, wanted[0], row.tempo)
        doubts = smsc.doubts

    check(sandbox, {MESSAGE_ID: outcome})
    result = len(sandbox.messages), in_words(outcome, wanted[1])
    assert (mode, http, result) == (mode, http, wanted)
    doubtful = isinstance(outcome, OutcomeUnknown)
    assert [doubt.message_id for doubt in doubts] == [MESSAGE_ID] * doubtful
    if mode == "careful":
        struck = {(strike.fault, strike.script) for strike in faults.strikes}
        assert struck == {(hit.fault, hit.script or "send.php") for hit in row.hits}


@pytest.mark.parametrize("row", rows())
async def test_row(row: Row) -> None:
    """In each mode the service takes as many messages, and the caller is told, as the row says."""
    async with anyio.create_task_group() as group:
        for http in HTTP if not row.needs_http2 else HTTP[:1]:
            for mode in MODES:
                if (wanted := row.wanted(mode)) is not None:
                    group.start_soon(run, row, mode, http, wanted)


def test_no_fault_is_missing() -> None:
    """Each fault hits the first send in some row, or a question for the status."""
    hits = {(hit.fault, hit.script or "send.php") for row in ROWS for hit in row.hits}
    of_status = {Fault.STATUS_LAG, Fault.STATUS_FAILS}
    assert {fault for fault, script in hits if script == "send.php"} == set(Fault) - of_status
    assert {fault for fault, _ in hits} == set(Fault)
    assert {fault.processed for fault in BEFORE} == {False}
    assert {fault.processed for fault in AFTER} == {True}
