"""What has to come of a send, whatever goes wrong: one row for each way."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import attrs

from smsc_async import DuplicateMessage, IpBlocked, MessageForbidden, NotSent, OutcomeUnknown
from smsc_async.sandbox import Fault

__all__ = ["ROWS", "Mode", "Result", "Row", "Told"]

PHONE: Final = "79991234567"

Mode: TypeAlias = Literal["careful", "fast", "raise"]

Told: TypeAlias = str | type[Exception]
"""What the caller gets: a message confirmed by "reply" or by "status", or an error."""

Result: TypeAlias = tuple[int, Told]
"""How many messages the service has taken in the end, and what the caller is told."""

REPLY: Final[Result] = (1, "reply")
FOUND: Final[Result] = (1, "status")
TAKEN: Final[Result] = (1, OutcomeUnknown)
NOT_TAKEN: Final[Result] = (0, OutcomeUnknown)


@attrs.frozen
class Hit:
    """A fault, and which requests it hits."""

    fault: Fault
    script: str | None = None
    nth: int = 1
    times: int | None = 1
    seconds: float = 0.0


@attrs.frozen
class Row:
    """The faults of one send, and its result in each mode; None is where nothing is promised."""

    name: str
    hits: tuple[Hit, ...]
    careful: Result
    at_once: Result
    fast: Result | None
    to: tuple[str, ...] = (PHONE,)
    text: str = "Hello"

    def wanted(self, mode: Mode) -> Result | None:
        """Return the result in this mode."""
        return {"careful": self.careful, "fast": self.fast, "raise": self.at_once}[mode]


def row(
    name: str,
    *hits: Hit,
    careful: Result,
    at_once: Result,
    fast: Result | Literal["as careful"] | None = "as careful",
    to: tuple[str, ...] = (PHONE,),
    text: str = "Hello",
) -> Row:
    return Row(name, hits, careful, at_once, careful if fast == "as careful" else fast, to, text)


def lost(fault: Fault, seconds: float = 0.0) -> Hit:
    """The fault on the first send."""
    return Hit(fault, seconds=seconds)


def again(fault: Fault) -> Hit:
    """The fault on the second send."""
    return Hit(fault, nth=2)


def look(fault: Fault, nth: int = 1, times: int | None = 1, seconds: float = 0.0) -> Hit:
    """The fault on a question for the status."""
    return Hit(fault, "status.php", nth, times, seconds)


CERTAINLY_NOT_PROCESSED: Final = (
    row("the stream is refused", lost(Fault.REFUSE_STREAM), careful=REPLY, at_once=REPLY),
    row("both hosts refuse it", Hit(Fault.REFUSE_STREAM, times=2), careful=REPLY, at_once=REPLY),
    row(
        "it is refused for good",
        Hit(Fault.REFUSE_STREAM, times=None),
        careful=(0, NotSent),
        at_once=(0, NotSent),
    ),
    row("goaway before it", lost(Fault.GOAWAY_UNPROCESSED), careful=REPLY, at_once=REPLY),
    row("goaway after it", lost(Fault.GOAWAY_GRACEFUL), careful=REPLY, at_once=REPLY),
    row("too many at once", lost(Fault.ERROR_9_CONCURRENT), careful=REPLY, at_once=REPLY),
    row(
        "called a duplicate",
        lost(Fault.ERROR_9_DUPLICATE),
        careful=(0, DuplicateMessage),
        at_once=(0, DuplicateMessage),
    ),
    row(
        "the address is blocked",
        lost(Fault.ERROR_4),
        careful=(0, IpBlocked),
        at_once=(0, IpBlocked),
    ),
)

LOST_BEFORE: Final = tuple(
    row(f"not processed: {fault.name}", lost(fault), careful=REPLY, at_once=NOT_TAKEN)
    for fault in (
        Fault.RESET_BEFORE,
        Fault.CLOSE_BEFORE,
        Fault.HANG_BEFORE,
        Fault.HTML_502_BEFORE,
    )
)

LOST_AFTER: Final = tuple(
    row(f"processed: {fault.name}", lost(fault), careful=FOUND, at_once=TAKEN)
    for fault in (
        Fault.RESET_AFTER,
        Fault.CLOSE_AFTER,
        Fault.HANG_AFTER,
        Fault.HALF_REPLY,
        Fault.EMPTY_200,
        Fault.WRONG_LENGTH,
        Fault.HTML_502_AFTER,
    )
)

# The client gives up after 30 s; when it is fast, it sends again at 32 s.
LATE: Final = (
    row("answered in time", lost(Fault.LATE, 10), careful=REPLY, at_once=REPLY),
    row("processed in time", lost(Fault.PROCESSED_LATE, 10), careful=REPLY, at_once=REPLY),
    row("answered too late", lost(Fault.LATE, 60), careful=FOUND, at_once=TAKEN),
    row(
        "processed 20 s after",
        lost(Fault.PROCESSED_LATE, 50),
        careful=FOUND,
        at_once=TAKEN,
        fast=REPLY,
    ),
    row(
        "processed 40 s after",
        lost(Fault.PROCESSED_LATE, 70),
        careful=FOUND,
        at_once=TAKEN,
        fast=REPLY,
    ),
    # Sent again at 92 s: the first comes to find itself a duplicate.
    row(
        "processed 90 s after",
        lost(Fault.PROCESSED_LATE, 120),
        careful=REPLY,
        at_once=TAKEN,
        fast=None,
    ),
)

TWICE: Final = (
    row(
        "lost unprocessed, twice",
        Hit(Fault.CLOSE_BEFORE, times=2),
        careful=NOT_TAKEN,
        at_once=NOT_TAKEN,
        fast=REPLY,
    ),
    row(
        "hangs, then hangs processed",
        lost(Fault.HANG_BEFORE),
        again(Fault.HANG_AFTER),
        careful=FOUND,
        at_once=NOT_TAKEN,
    ),
    row(
        "lost, then answered by a web page",
        lost(Fault.CLOSE_BEFORE),
        again(Fault.HTML_502_AFTER),
        careful=FOUND,
        at_once=NOT_TAKEN,
    ),
    row(
        "lost unprocessed, three times",
        Hit(Fault.CLOSE_BEFORE, times=3),
        careful=NOT_TAKEN,
        at_once=NOT_TAKEN,
    ),
    row(
        "lost, then refused unread",
        lost(Fault.CLOSE_BEFORE),
        again(Fault.REFUSE_STREAM),
        careful=REPLY,
        at_once=NOT_TAKEN,
    ),
    row(
        "lost, then called a duplicate",
        lost(Fault.CLOSE_BEFORE),
        again(Fault.ERROR_9_DUPLICATE),
        careful=NOT_TAKEN,
        at_once=NOT_TAKEN,
        fast=REPLY,
    ),
    row(
        "lost, then too many at once",
        lost(Fault.CLOSE_BEFORE),
        again(Fault.ERROR_9_CONCURRENT),
        careful=REPLY,
        at_once=NOT_TAKEN,
    ),
    row(
        "lost, then refused for good",
        lost(Fault.CLOSE_BEFORE),
        Hit(Fault.REFUSE_STREAM, nth=2, times=None),
        careful=NOT_TAKEN,
        at_once=NOT_TAKEN,
    ),
    row(
        "lost, then blocked",
        lost(Fault.CLOSE_BEFORE),
        again(Fault.ERROR_4),
        careful=NOT_TAKEN,
        at_once=NOT_TAKEN,
    ),
)

LOOKING: Final = (
    row(
        "processed; the status lags behind",
        lost(Fault.CLOSE_AFTER),
        look(Fault.STATUS_LAG, times=None, seconds=20),
        careful=FOUND,
        at_once=TAKEN,
    ),
    row(
        "processed; the first look fails",
        lost(Fault.CLOSE_AFTER),
        look(Fault.STATUS_FAILS),
        careful=FOUND,
        at_once=TAKEN,
    ),
    row(
        "not processed; the first look fails",
        lost(Fault.CLOSE_BEFORE),
        look(Fault.STATUS_FAILS),
        careful=REPLY,
        at_once=NOT_TAKEN,
    ),
    row(
        "processed; no look succeeds",
        lost(Fault.CLOSE_AFTER),
        look(Fault.STATUS_FAILS, times=None),
        careful=TAKEN,
        at_once=TAKEN,
    ),
    row(
        "not processed; no look succeeds",
        lost(Fault.CLOSE_BEFORE),
        look(Fault.STATUS_FAILS, times=None),
        careful=NOT_TAKEN,
        at_once=NOT_TAKEN,
    ),
    row(
        "not processed; the last look fails",
        lost(Fault.CLOSE_BEFORE),
        look(Fault.STATUS_FAILS, nth=4),
        careful=NOT_TAKEN,
        at_once=NOT_TAKEN,
        fast=REPLY,
    ),
    *(
        row(
            f"processed; the look meets {fault.name}",
            lost(Fault.CLOSE_AFTER),
            look(fault),
            careful=FOUND,
            at_once=TAKEN,
        )
        for fault in (
            Fault.REFUSE_STREAM,
            Fault.HTML_502_BEFORE,
            Fault.HALF_REPLY,
            Fault.EMPTY_200,
            Fault.HANG_BEFORE,
            Fault.ERROR_9_DUPLICATE,
            Fault.ERROR_9_CONCURRENT,
        )
    ),
)

OTHER_MESSAGES: Final = (
    row(
        "refused for good, but the refusal is lost",
        lost(Fault.CLOSE_AFTER),
        careful=(0, MessageForbidden),
        at_once=NOT_TAKEN,
        text="A forbidden word",
    ),
    row(
        "processed, to three",
        lost(Fault.CLOSE_AFTER),
        careful=(3, "status"),
        at_once=(3, OutcomeUnknown),
        to=(PHONE, "79991234568", "79991234569"),
    ),
    row(
        "not processed, to three",
        lost(Fault.CLOSE_BEFORE),
        careful=(3, "reply"),
        at_once=NOT_TAKEN,
        to=(PHONE, "79991234568", "79991234569"),
    ),
    row(
        "processed, to three, the last of them refused",
        lost(Fault.CLOSE_AFTER),
        careful=(2, "status"),
        at_once=(2, OutcomeUnknown),
        to=(PHONE, "79991234568", "79995550007"),
    ),
    row(
        "processed, to three, all but the second refused",
        lost(Fault.CLOSE_AFTER),
        careful=(1, "status"),
        at_once=(1, OutcomeUnknown),
        to=("79995550007", PHONE, "79995550008"),
    ),
)

ROWS: Final = (
    *CERTAINLY_NOT_PROCESSED,
    *LOST_BEFORE,
    *LOST_AFTER,
    *LATE,
    *TWICE,
    *LOOKING,
    *OTHER_MESSAGES,
)
