"""What goes wrong in the sandbox, when, and where: a script of faults."""

from __future__ import annotations

import enum
from threading import Lock
from typing import TYPE_CHECKING, Final, TypeAlias

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Fault", "Faults", "Strike"]


class Fault(enum.Enum):
    """What happens to a request. `processed` says whether the service has done what it asks.

    HTTP/1.1 has no streams: what resets one there resets the connection.
    """

    REFUSE_STREAM = "its stream is refused unread"
    RESET_BEFORE = "its stream is reset before it is processed"
    RESET_AFTER = "its stream is reset after it was processed"
    CLOSE_BEFORE = "the connection is closed before it is processed"
    CLOSE_AFTER = "the connection is closed after it was processed"
    HANG_BEFORE = "it is neither processed nor answered"
    HANG_AFTER = "it is processed and never answered"
    LATE = "it is processed at once and answered `seconds` later"
    PROCESSED_LATE = "it is processed and answered `seconds` later, whoever still waits for it"
    STOP_READING = "neither it is processed nor what comes later over its connection: all is unread"
    CLOSE_AFTER_HEAD = "it is processed, and after the head of the answer the connection is closed"
    RESET_AFTER_HEAD = "it is processed, and its stream is reset after the head of the answer"
    HALF_REPLY = "it is processed, and after half of the answer the connection is closed"
    EMPTY_200 = "it is processed and answered with 200 and nothing"
    WRONG_LENGTH = "it is processed, and the answer ends before its own content-length"
    BROKEN_JSON = "it is processed, and half of the answer comes as if that were all of it"
    WRONG_JSON = "it is processed and answered with JSON that says something else"
    HTML_502_BEFORE = "a proxy answers 502 and a web page; it is not processed"
    HTML_502_AFTER = "a proxy answers 502 and a web page; it was processed"
    GOAWAY_GRACEFUL = "the connection goes away, and finishes what it has taken, this as well"
    GOAWAY_UNPROCESSED = "the connection goes away, and says that it did not take this"
    ERROR_4 = "the address is blocked: error 4; it is not processed"
    ERROR_9_DUPLICATE = "error 9, as for a duplicate; it is not processed"
    ERROR_9_CONCURRENT = "error 9, as for too many at once; it is not processed"
    STATUS_LAG = "a message taken less than `seconds` ago is not to be found"
    STATUS_FAILS = "error 1 instead of a status"

    @property
    def processed(self) -> bool:
        """Whether the request is processed, if late."""
        return self not in _UNPROCESSED

    @property
    def needs_http2(self) -> bool:
        """Whether there is no such thing in HTTP/1.1."""
        return self in _HTTP2


_UNPROCESSED: Final = frozenset(
    (
        Fault.REFUSE_STREAM,
        Fault.RESET_BEFORE,
        Fault.CLOSE_BEFORE,
        Fault.HANG_BEFORE,
        Fault.STOP_READING,
        Fault.HTML_502_BEFORE,
        Fault.GOAWAY_UNPROCESSED,
        Fault.ERROR_4,
        Fault.ERROR_9_DUPLICATE,
        Fault.ERROR_9_CONCURRENT,
        Fault.STATUS_FAILS,
    )
)
_HTTP2: Final = frozenset((Fault.REFUSE_STREAM, Fault.GOAWAY_GRACEFUL, Fault.GOAWAY_UNPROCESSED))
_OF_STATUS: Final = frozenset((Fault.STATUS_LAG, Fault.STATUS_FAILS))


@attrs.frozen
class Strike:
    """A fault that hit a request to a script of a host."""

    fault: Fault
    script: str
    host: int
    seconds: float = 0.0


Choice: TypeAlias = "Callable[[str, int], tuple[Fault, float] | None]"


@attrs.define
class _Plan:
    """A fault, the requests that it hits, and how many of them have come."""

    fault: Fault
    script: str
    host: int | None
    first: int
    times: int | None
    seconds: float
    seen: int = 0

    def counts(self, script: str, host: int) -> bool:
        """Count the request if it is one of ours; return whether the fault hits it."""
        if script != self.script or self.host not in (None, host):
            return False
        self.seen += 1
        return self.first <= self.seen and (
            self.times is None or self.seen < self.first + self.times
        )


class Faults:
    """Faults for `Sandbox(faults=...)`; they may be added while it runs, from any thread.

    `choose` is asked about each request that no added fault hits: it gets the script and the
    number of the host, and returns a fault and its seconds, or None.
    """

    def __init__(self, choose: Choice | None = None) -> None:
        self._choose = choose
        self._lock = Lock()
        self._plans: list[_Plan] = []
        self._strikes: list[Strike] = []
        self._http2 = True

    @property
    def strikes(self) -> tuple[Strike, ...]:
        """The faults so far, in order."""
        with self._lock:
            return tuple(self._strikes)

    def add(
        self,
        fault: Fault,
        *,
        script: str | None = None,
        host: int | None = None,
        nth: int = 1,
        times: int | None = 1,
        seconds: float = 0.0,
    ) -> None:
        """Let the fault hit some of the requests that come from now on.

        Args:
            fault: What happens to them. Of two faults for one request, the one added first hits.
            script: To which script; without it "send.php", or "status.php" for the faults of that.
            host: To which host, by its number; None is any.
            nth: The first of those requests that is hit.
            times: How many are hit, one after the other; None is all to come.
            seconds: How late, for LATE, PROCESSED_LATE and STATUS_LAG, on the sandbox's clock.

        Raises `ValueError` for what only HTTP/2 has if the sandbox speaks HTTP/1.1.
        """
        if nth < 1 or (times is not None and times < 1):
            raise ValueError("nth and times count from 1")
        wanted = script or ("status.php" if fault in _OF_STATUS else "send.php")
        with self._lock:
            self._check(fault)
            self._plans.append(_Plan(fault, wanted, host, nth, times, seconds))

    def clear(self) -> None:
        """Forget the faults that were added."""
        with self._lock:
            self._plans.clear()

    def without_http2(self) -> None:
        """Refuse from now on what only HTTP/2 has; a sandbox that does not speak it calls this."""
        with self._lock:
            self._http2 = False
            for plan in self._plans:
                self._check(plan.fault)

    def _check(self, fault: Fault) -> None:
        if fault.needs_http2 and not self._http2:
            raise ValueError(f"there is no {fault.name} in HTTP/1.1")

    def strike(self, script: str, host: int) -> Strike | None:
        """Count a request that has come; return what hits it, if anything does."""
        with self._lock:
            hits = [plan for plan in self._plans if plan.counts(script, host)]
            if hits:
                chosen: tuple[Fault, float] | None = hits[0].fault, hits[0].seconds
            else:
                chosen = self._choose(script, host) if self._choose is not None else None
            if chosen is None:
                return None
            self._check(chosen[0])
            strike = Strike(chosen[0], script, host, chosen[1])
            self._strikes.append(strike)
            return strike
