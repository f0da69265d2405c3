"""Answers of a host with faults: those of the service behind it, or canned ones."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import attrs

from .app import Answer, App, Request
from .faults import Fault, Faults, Strike

__all__ = ["FaultResponder"]

_MOMENT: Final = 0.002

_JSON: Final = b"application/json; charset=windows-1251"
_PAGE: Final = b"<html><head><title>502 Bad Gateway</title></head></html>"
_BAD_GATEWAY: Final = Answer(b"text/html", _PAGE, 502)


def _problem(code: int, text: str) -> Answer:
    return Answer(_JSON, json.dumps({"error": text, "error_code": code}).encode())


_INSTEAD: Final[Mapping[Fault, Answer]] = MappingProxyType(
    {
        Fault.HTML_502_BEFORE: _BAD_GATEWAY,
        Fault.HTML_502_AFTER: _BAD_GATEWAY,
        Fault.EMPTY_200: Answer(_JSON, b""),
        Fault.WRONG_JSON: Answer(_JSON, b'{"unexpected": true}'),
        Fault.ERROR_4: _problem(4, "ip is blocked"),
        Fault.ERROR_9_DUPLICATE: _problem(9, "duplicate request, wait a minute"),
        Fault.ERROR_9_CONCURRENT: _problem(9, "too many concurrent requests"),
        Fault.STATUS_FAILS: _problem(1, "parameters error"),
    }
)
"""What is answered whatever the service would answer."""


@attrs.frozen
class FaultResponder:
    """Answers for a host; `time` is the clock of the faults' seconds."""

    app: App
    faults: Faults
    index: int
    port: int
    time: Callable[[], float]

    def strike(self, request: Request) -> Strike | None:
        """Count a request; return what hits it, if anything does."""
        return self.faults.strike(request.script, self.index)

    async def wait(self, seconds: float) -> None:
        """Wait on the sandbox's clock; all that is known of it is that it moves forward."""
        until = self.time() + seconds
        while self.time() < until:  # noqa: ASYNC110 - no event tells of a clock that is not ours
            await asyncio.sleep(_MOMENT)

    async def answer(self, request: Request, strike: Strike | None) -> Answer:
        """Process the request, unless the fault forbids it, and return what to answer."""
        fault = strike.fault if strike else None
        if strike and fault is Fault.PROCESSED_LATE:
            await self.wait(strike.seconds)
        answer = _INSTEAD.get(fault) if fault else None
        if fault is None or fault.processed:
            own = await self.app.answer(request)
            answer = answer or own
        if strike and fault is Fault.LATE:
            await self.wait(strike.seconds)
        if strike and fault is Fault.STATUS_LAG and self.app.is_new(request, strike.seconds):
            return Answer(_JSON, b'{"status": -3}')
        answer = answer or _BAD_GATEWAY
        if fault is Fault.BROKEN_JSON:
            return attrs.evolve(answer, body=answer.body[: len(answer.body) // 2])
        return answer
