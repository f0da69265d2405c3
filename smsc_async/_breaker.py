"""The circuit, in common with all who count their limits in the same place."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

import anyio

from .errors import ApiError, AuthenticationFailed, IpBlocked

if TYPE_CHECKING:
    from ._circuit import Circuit
    from .governor import Governor, Notice, Permit

__all__ = ["Breaker"]

_LOG: Final = logging.getLogger("smsc_async")

_TRIES: Final = 5


class Breaker:
    """Shares what a circuit knows as a notice on one of the account's keys.

    Every permit brings the notice along, so one who hears error 2 or 4 stops all, one trial is
    made by all together, and one answer lets all go on. As long as nothing is forbidden it costs
    nothing.
    """

    def __init__(self, circuit: Circuit, governor: Governor, key: str) -> None:
        self._circuit = circuit
        self._governor = governor
        self._key = key
        self._seen = ""

    async def check(self) -> None:
        """Raise what the service would say, if asking it is forbidden for now."""
        if self._circuit.is_calm:
            return
        if self._circuit.forbids() is not None:
            await self._look()
        self._circuit.check()

    async def enter(self, permit: Permit) -> None:
        """Check once more, right before asking; after a block one of all is the trial."""
        posted = "" if permit.notice is None else permit.notice.text
        if posted != self._seen:
            # The permit may be older than what we know.
            await self._look()
        while self._circuit.enter() and not await self._post():
            await self._look()

    async def heard(self, error: ApiError | None) -> None:
        """Take note of an answer: an error, or None for success."""
        if self._circuit.is_calm and not isinstance(error, AuthenticationFailed | IpBlocked):
            return
        self._circuit.heard(error)
        for _ in range(_TRIES):
            if await self._post():
                return
            await self._look()
            self._circuit.heard(error)

    async def _look(self) -> None:
        """Read what is posted now."""
        try:
            notice = await self._governor.notice(self._key)
        except Exception:  # noqa: BLE001 - whatever a governor raises; what we know ourselves counts
            _LOG.exception("the governor did not say what is posted")
        else:
            self._read(notice)

    def _read(self, notice: Notice | None) -> None:
        text = "" if notice is None else notice.text
        if text != self._seen:
            self._seen = text
            self._circuit.load(text, 0.0 if notice is None else notice.age)

    async def _post(self) -> bool:
        """Post what the circuit knows instead of what it was; False if somebody was faster."""
        text, seconds = self._circuit.dump()
        posted = True
        with anyio.CancelScope(shield=True):
            try:
                posted = await self._governor.post(self._key, text, seconds, instead_of=self._seen)
            except Exception:  # noqa: BLE001 - as above
                _LOG.exception("the governor did not post what is forbidden")
        if posted:
            self._seen = text
        return posted
