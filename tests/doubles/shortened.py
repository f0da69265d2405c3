"""A governor for a service whose windows pass faster than time does.

Only the windows, and what is counted by the client's fast clock, become shorter. A lease stays as
long as it is: the network is no faster than ever, so neither is what a killed process has sent.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from smsc_async.errors import RateLimited
from smsc_async.governor import Governor, Need, Notice, Outcome, Permit

__all__ = ["Shortened"]


@attrs.define(eq=False)
class Shortened:
    """Another governor, which counts real seconds, for a service `factor` times as fast."""

    governor: Governor
    factor: float

    async def acquire(self, needs: Sequence[Need], *, lease: float, patience: float) -> Permit:
        """Ask for places that are held for less long once the answer is there."""
        brief = [self._brief(need) for need in needs]
        try:
            permit = await self.governor.acquire(
                brief, lease=lease, patience=patience / self.factor
            )
        except RateLimited as error:
            error.retry_after *= self.factor
            raise
        return attrs.evolve(permit, notice=self._aged(permit.notice))

    async def release(self, permit: Permit, outcome: Outcome) -> None:
        """Give back."""
        await self.governor.release(permit, outcome)

    async def fill(self, need: Need, seconds: float, *, leave: int = 0) -> None:
        """Fill for less long."""
        await self.governor.fill(self._brief(need), seconds / self.factor, leave=leave)

    async def notice(self, key: str) -> Notice | None:
        """Read what is posted."""
        return self._aged(await self.governor.notice(key))

    async def post(self, key: str, text: str, seconds: float, *, instead_of: str) -> bool:
        """Post for less long."""
        return await self.governor.post(key, text, seconds / self.factor, instead_of=instead_of)

    async def aclose(self) -> None:
        """Close it."""
        await self.governor.aclose()

    def _brief(self, need: Need) -> Need:
        return attrs.evolve(need, hold=need.hold / self.factor)

    def _aged(self, notice: Notice | None) -> Notice | None:
        return None if notice is None else attrs.evolve(notice, age=notice.age * self.factor)
