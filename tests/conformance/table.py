"""What has to come of a send, whatever goes wrong: one row for each way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias, TypedDict

import attrs

from smsc_async import (
    DuplicateMessage,
    InsufficientFunds,
    InvalidNumber,
    IpBlocked,
    Line,
    MessageForbidden,
    NotSent,
    OutcomeUnknown,
    Undeliverable,
)
from smsc_async.sandbox import Fault, Guard

from .promises import FAST

if TYPE_CHECKING:
    from typing import Unpack

__all__ = ["AFTER", "BEFORE", "MODES", "PHONE", "ROWS", "Hit", "Mode", "Result", "Row", "Told"]

PHONE: Final = "79991234567"
THREE: Final = (PHONE, "79991234568", "79991234569")

Mode: TypeAlias = Literal["careful", "fast", "raise"]
MODES: Final[tuple[Mode, ...]] = ("careful", "fast", "raise")

Told: TypeAlias = str | type[Exception]
"""What the caller gets: a message confirmed by "reply" or by "status", or an error.

Which of both it is does not matter where it says "sent".
"""

Result: TypeAlias = tuple[int, Told]
"""How many messages the service has taken in the end, and what the caller is told."""

REPLY: Final[Result] = (1, "reply")
FOUND: Final[Result] = (1, "status")
SENT: Final[Result] = (1, "sent")
TAKEN: Final[Result] = (1, OutcomeUnknown)
NOT_TAKEN: Final[Result] = (0, OutcomeUnknown)

BEFORE: Final = (
    Fault.RESET_BEFORE,
    Fault.CLOSE_BEFORE,
    Fault.HANG_BEFORE,
    Fault.STOP_READING,
    Fault.HTML_502_BEFORE,
)
"""What loses a request before it is processed."""

AFTER: Final = (
    Fault.RESET_AFTER,
    Fault.CLOSE_AFTER,
    Fault.HANG_AFTER,
    Fault.CLOSE_AFTER_HEAD,
    Fault.RESET_AFTER_HEAD,
    Fault.HALF_REPLY,
    Fault.EMPTY_200,
    Fault.WRONG_LENGTH,
    Fault.BROKEN_JSON,
    Fault.WRONG_JSON,
    Fault.HTML_502_AFTER,
)
"""What loses the answer to a request that was processed."""


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
    """The faults of one send, and its result in each mode; None is where nothing is promised.

    `lines` make it a list. In one second pass `tempo`; less where moments lie close together.
    """

    name: str
    hits: tuple[Hit, ...]
    careful: Result
    at_once: Result
    fast: Result | None
    to: tuple[str, ...] = (PHONE,)
    text: str = "Hello"
    lines: tuple[Line, ...] = ()
    guard: Guard = "global"
    balance: str = "1000"
    tempo: float = FAST

    @property
    def needs_http2(self) -> bool:
        """Whether it can only happen over HTTP/2."""
        return any(hit.fault.needs_http2 for hit in self.hits)

    def wanted(self, mode: Mode) -> Result | None:
        """Return the result in this mode."""
        return {"careful": self.careful, "fast": self.fast, "raise": self.at_once}[mode]


class More(TypedDict, total=False):
    """What else a row may say."""

    to: tuple[str, ...]
    text: str
    lines: tuple[Line, ...]
    guard: Guard
    balance: str
    tempo: float


def row(
    name: str,
    *hits: Hit,
    careful: Result,
    at_once: Result,
    fast: Result | Literal["as careful"] | None = "as careful",
    **more: Unpack[More],
) -> Row:
    return Row(name, hits, careful, at_once, careful if fast == "as careful" else fast, **more)


def lost(fault: Fault, seconds: float = 0.0) -> Hit:
    """The fault on the first send."""
    return Hit(fault, seconds=seconds)


def again(fault: Fault) -> Hit:
    """The fault on the second send."""
    return Hit(fault, nth=2)


def look(fault: Fault, nth: int = 1, times: int | None = 1, seconds: float = 0.0) -> Hit:
    """The fault on a question for the status."""
    return Hit(fault, "status.php", nth, times, seconds)


SLOW: Final = FAST / 4
SLOWER: Final = FAST / 20


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
    for fault in BEFORE
)

LOST_AFTER: Final = tuple(
    row(f"processed: {fault.name}", lost(fault), careful=FOUND, at_once=TAKEN) for fault in AFTER
)

# The client gives up after 30 s; then it sends again, at 32 s when it is fast, else at 102 s.
LATE: Final = (
    row("answered in time", lost(Fault.LATE, 10), careful=REPLY, at_once=REPLY),
    row("processed in time", lost(Fault.PROCESSED_LATE, 10), careful=REPLY, at_once=REPLY),
    row("answered too late", lost(Fault.LATE, 60), careful=FOUND, at_once=TAKEN),
    row(
        "processed 1 s after",
        lost(Fault.PROCESSED_LATE, 31),
        careful=FOUND,
        at_once=TAKEN,
        fast=SENT,
        tempo=SLOWER,
    ),
    *(
        row(
            f"processed {seconds - 30} s after",
            lost(Fault.PROCESSED_LATE, seconds),
            careful=FOUND,
            at_once=TAKEN,
            fast=REPLY,
            tempo=SLOW,
        )
        for seconds in (50, 70)
    ),
    # At the same time as the second one: whichever is later is called a duplicate.
    row(
        "processed 70 s after",
        lost(Fault.PROCESSED_LATE, 100),
        careful=SENT,
        at_once=TAKEN,
        fast=None,
        tempo=SLOW,
    ),
    row(
        "processed 90 s after",
        lost(Fault.PROCESSED_LATE, 120),
        careful=REPLY,
        at_once=TAKEN,
        fast=None,
        tempo=SLOW,
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

# For a look that is blocked there is a row of its own: the block outlasts the others.
FAILING: Final = tuple(
    fault for fault in Fault if fault not in (Fault.ERROR_4, Fault.LATE, Fault.PROCESSED_LATE)
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
            f"not processed; the looks meet {fault.name}",
            lost(Fault.CLOSE_BEFORE),
            look(fault, times=None),
            careful=NOT_TAKEN,
            at_once=NOT_TAKEN,
        )
        for fault in (Fault.WRONG_JSON, Fault.BROKEN_JSON, Fault.EMPTY_200, Fault.ERROR_4)
    ),
    row(
        "processed; the look is blocked",
        lost(Fault.CLOSE_AFTER),
        look(Fault.ERROR_4),
        careful=TAKEN,
        at_once=TAKEN,
    ),
    *(
        row(
            f"processed; the look is {words}",
            lost(Fault.CLOSE_AFTER),
            look(Fault.LATE, seconds=seconds),
            careful=FOUND,
            at_once=TAKEN,
        )
        for words, seconds in (("slow", 10), ("too slow", 60))
    ),
    *(
        row(
            f"processed; the look meets {fault.name}",
            lost(Fault.CLOSE_AFTER),
            look(fault),
            careful=FOUND,
            at_once=TAKEN,
        )
        for fault in FAILING
    ),
)

REFUSED: Final = (
    ("without money", InsufficientFunds, More(balance="0")),
    ("a forbidden text", MessageForbidden, More(text="A forbidden word")),
    ("no such number", InvalidNumber, More(to=("79995550007",))),
    ("no way to it", Undeliverable, More(to=("79995550008",))),
)

OTHER_MESSAGES: Final = (
    *(
        row(
            f"refused for good, {name}, but the refusal is lost",
            lost(Fault.CLOSE_AFTER),
            careful=(0, error),
            at_once=NOT_TAKEN,
            **more,
        )
        for name, error, more in REFUSED
    ),
    row(
        "processed, to three",
        lost(Fault.CLOSE_AFTER),
        careful=(3, "status"),
        at_once=(3, OutcomeUnknown),
        to=THREE,
    ),
    row(
        "not processed, to three",
        lost(Fault.CLOSE_BEFORE),
        careful=(3, "reply"),
        at_once=NOT_TAKEN,
        to=THREE,
    ),
    row(
        "processed, to three, the last of them refused",
        lost(Fault.CLOSE_AFTER),
        careful=(2, "status"),
        at_once=(2, OutcomeUnknown),
        to=(*THREE[:2], "79995550007"),
    ),
    row(
        "processed, to three, all but the second refused",
        lost(Fault.CLOSE_AFTER),
        careful=(1, "status"),
        at_once=(1, OutcomeUnknown),
        to=("79995550007", PHONE, "79995550008"),
    ),
)

LIST: Final = (Line(THREE[:2], "Hello"), Line("79995550007", "Nobody there"), Line(THREE[2], "You"))

LISTS: Final = (
    *(
        row(
            f"a list, processed: {fault.name}",
            lost(fault),
            careful=(3, "status"),
            at_once=(3, OutcomeUnknown),
            lines=LIST,
        )
        for fault in (Fault.CLOSE_AFTER, Fault.HANG_AFTER, Fault.HALF_REPLY, Fault.WRONG_JSON)
    ),
    *(
        row(
            f"a list, not processed: {fault.name}",
            lost(fault),
            careful=(3, "reply"),
            at_once=NOT_TAKEN,
            lines=LIST,
        )
        for fault in (Fault.CLOSE_BEFORE, Fault.HANG_BEFORE)
    ),
    row(
        "a list, not processed, and no look succeeds",
        lost(Fault.CLOSE_BEFORE),
        look(Fault.STATUS_FAILS, times=None),
        careful=NOT_TAKEN,
        at_once=NOT_TAKEN,
        lines=LIST,
    ),
    row(
        "a list whose stream is refused",
        lost(Fault.REFUSE_STREAM),
        careful=(3, "reply"),
        at_once=(3, "reply"),
        lines=LIST,
    ),
)

GUARDS: Final[tuple[Guard, ...]] = ("host", "absent")

# "fast" relies on the guard, and promises nothing without.
OTHER_GUARDS: Final = tuple(
    attrs.evolve(one, name=f"guard {guard}: {one.name}", guard=guard, fast=None)
    for guard in GUARDS
    for one in (
        *LOST_BEFORE[:3],
        *LOST_AFTER[:3],
        LATE[2],
        LATE[4],
        *TWICE[:3],
        LOOKING[0],
        *OTHER_MESSAGES[:1],
    )
)

ROWS: Final = (
    # They wait for next to nothing, and so have time.
    *(attrs.evolve(one, tempo=SLOW) for one in CERTAINLY_NOT_PROCESSED),
    *LOST_BEFORE,
    *LOST_AFTER,
    *LATE,
    *TWICE,
    *LOOKING,
    *OTHER_MESSAGES,
    *LISTS,
    *OTHER_GUARDS,
)
