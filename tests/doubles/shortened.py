"""A governor with all its times made shorter, for stores that count by a real clock."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from smsc_async.errors import RateLimited
from smsc_async.governor import Governor, Need, Notice, Outcome, Permit

__all__ = ["Shortened"]


@attrs.define(eq=False)
class Shortened:
    """Another governor, for a service whose clock runs `factor` times as fast."""

    governor: Governor
    factor: float

    async def acquire(self, needs: Sequence[Need], *, lease: float, patience: float) -> Permit:
        """Ask for places that are held for less long."""
        brief = [self._brief(need) for need in needs]
        try:
            return await self.governor.acquire(
                brief, lease=lease / self.factor, patience=patience / self.factor
            )
        except RateLimited as error:
            error.retry_after *= self.factor
            raise

    async def release(self, permit: Permit, outcome: Outcome) -> None:
        """Give back."""
        await self.governor.release(permit, outcome)

    async def fill(self, need: Need, seconds: float, *, leave: int = 0) -> None:
        """Fill for less long."""
        await self.governor.fill(self._brief(need), seconds / self.factor, leave=leave)

    async def notice(self, key: str) -> Notice | None:
        """Read what is posted."""
        return await self.governor.notice(key)

    async def post(self, key: str, text: str, seconds: float, *, instead_of: str) -> bool:
        """Post for less long."""
        return await self.governor.post(key, text, seconds / self.factor, instead_of=instead_of)

    async def aclose(self) -> None:
        """Close it."""
        await self.governor.aclose()

    def _brief(self, need: Need) -> Need:
        return attrs.evolve(need, hold=need.hold / self.factor)
