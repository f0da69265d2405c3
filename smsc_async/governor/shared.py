"""A governor whose limits are counted in a store, together with all who use the same store."""

from __future__ import annotations

import contextlib
import logging
import secrets
from functools import cached_property
from random import Random, SystemRandom
from typing import TYPE_CHECKING, Final, TypeVar

import anyio
import anyio.lowlevel
import attrs

from .._clock import Clock
from ..errors import GovernorUnavailable, InvalidRequest
from .base import Permit
from .local import LocalCore, LocalGovernor
from .store import Granted, Store, StoreDown

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from .base import Need, Notice, Outcome
    from .core import Place
    from .wait_queue import Waiter

__all__ = ["SharedGovernor"]

T = TypeVar("T")

_LOG: Final = logging.getLogger("smsc_async")

_NAMES: Final = 2**30

_RETRY: Final = 1.0
"""Seconds for which a store that could not be reached is left alone."""

_UNSURE: Final = 10_000

_AT_ONCE: Final = 200
"""How many keys are restored in one step."""


@attrs.define(eq=False, repr=False)
class SharedGovernor:
    """Keeps to the limits among all who share its store, in any process and on any host.

    Everything is counted here first and only then in the store, so that those who wait here do so
    in order and wake at once, and a store that lost its memory loses only what the others have
    done. A place that is given back here is taken here again, unless another governor has fewer
    and waits; what others give back is looked for every 50 to 250 ms.

    While the store cannot be reached, `acquire` raises `GovernorUnavailable`; or, with a `share`,
    it gives permits for that part of each limit, rounded down, but at least one.
    """

    _store: Store = attrs.field(alias="store")
    _clock: Clock = attrs.field(kw_only=True, alias="clock")
    _share: float | None = attrs.field(default=None, kw_only=True, alias="share")
    _random: Random = attrs.field(factory=SystemRandom, kw_only=True, alias="random")
    _down_until: float | None = attrs.field(default=None, init=False)
    """When to try a store again that could not be reached; None if it could."""
    _why: str = attrs.field(default="", init=False)
    _returning: bool = attrs.field(default=False, init=False)
    _asked: set[int] = attrs.field(factory=set[int], init=False)
    """The permits that the store has yet to confirm."""
    _unsure: set[str] = attrs.field(factory=set[str], init=False)
    """The keys of which the store may know something else than we do."""

    def __attrs_post_init__(self) -> None:
        if self._share is not None and not 0 < self._share <= 1:
            raise InvalidRequest("share", "has to be more than 0 and at most 1")

    @cached_property
    def _local(self) -> LocalGovernor:
        """What is known here. It has its name when it is first used, in which process ever."""
        core = LocalCore(1 + secrets.randbelow(_NAMES - 1))
        return LocalGovernor(clock=self._clock, random=self._random, core=core)

    async def acquire(self, needs: Sequence[Need], *, lease: float, patience: float) -> Permit:
        """Wait for a place under every need at once, and take all of them or none.

        Raises `RateLimited` as soon as it is known that it would take longer than `patience`
        seconds, and `GovernorUnavailable` when the store cannot be asked.
        """
        needs = tuple(needs)
        waiter = self._local.arrive(needs, lease, patience)
        while True:
            alone = self._is_down()
            waiter.needs = self._reduced(needs) if alone else needs
            given = await self._local.admit(waiter)
            permit = Permit(given.number, needs, given.notice)
            if not self._is_down():
                confirmed = await self._confirm(permit, waiter)
                if confirmed is not None:
                    return confirmed
            elif alone:
                return permit
            else:
                self._local.cancel(permit)

    async def release(self, permit: Permit, outcome: Outcome) -> None:
        """Say what became of the request; those who wait here for its places go first."""
        try:
            if self._is_down():
                self._doubt(permit.needs)
            else:
                await self._ask(lambda: self._store.settle(permit.number, permit.needs, outcome))
        except StoreDown:
            self._doubt(permit.needs)
        finally:
            self._local.settle(permit, outcome)

    async def fill(self, need: Need, seconds: float, *, leave: int = 0) -> None:
        """Take all but `leave` of the need's places for that long: somebody else has used them."""
        await self._local.fill(need, seconds, leave=leave)
        # The store is told later, if it cannot be told now.
        with contextlib.suppress(StoreDown):
            if not self._is_down():
                await self._ask(lambda: self._store.fill(self._local.name, need, seconds, leave))

    async def notice(self, key: str) -> Notice | None:
        """Return what is posted on a key; what was posted here, if the store cannot be asked."""
        with contextlib.suppress(StoreDown):
            if not self._is_down():
                return await self._ask(lambda: self._store.notice(key))
        return await self._local.notice(key)

    async def post(self, key: str, text: str, seconds: float, *, instead_of: str) -> bool:
        """Post a text on a key for all who need it; here only, if the store cannot be asked."""
        with contextlib.suppress(StoreDown):
            if not self._is_down():
                return await self._ask(
                    lambda: self._store.post(key, text, seconds, instead_of=instead_of)
                )
        return await self._local.post(key, text, seconds, instead_of=instead_of)

    async def aclose(self) -> None:
        """Let go of the store. What is counted there stays until it is over."""
        await self._store.aclose()

    def _is_down(self) -> bool:
        if self._down_until is None:
            return False
        return self._returning or self._clock.now() < self._down_until

    def _doubt(self, needs: tuple[Need, ...]) -> None:
        """Remember that the store may have these wrong; what is too much rights itself in time."""
        if len(self._unsure) < _UNSURE:
            self._unsure.update(need.key for need in needs)

    def _reduced(self, needs: tuple[Need, ...]) -> tuple[Need, ...]:
        """Return the share of the needs that is ours without the store, or raise."""
        if self._share is None:
            raise GovernorUnavailable(f"nothing was sent: the governor's store fails: {self._why}")
        share = self._share
        return tuple(attrs.evolve(n, limit=max(1, int(n.limit * share))) for n in needs)

    async def _confirm(self, permit: Permit, waiter: Waiter) -> Permit | None:
        """Return the permit once the store has granted it, or None to try again."""
        number, needs, lease = permit.number, permit.needs, waiter.lease
        waits = waiter.left(self._clock.now()) > 0
        self._asked.add(number)
        try:
            answer = await self._ask(
                lambda: self._store.take(number, needs, lease=lease, waits=waits)
            )
        except BaseException as error:
            self._local.cancel(permit)
            if isinstance(error, StoreDown):
                self._doubt(needs)
                await anyio.lowlevel.checkpoint_if_cancelled()
                return None
            raise
        finally:
            self._asked.discard(number)
        if isinstance(answer, Granted):
            self._local.confirm(permit, answer)
            return Permit(number, needs, answer.notice)
        self._local.refuse(permit, answer)
        return None

    async def _ask(self, question: Callable[[], Awaitable[T]]) -> T:
        """Ask the store, and remember when it cannot be asked.

        A cancelled task waits for the answer, too: nobody else would know what was taken.
        """
        answers: list[T] = []
        try:
            with anyio.CancelScope(shield=True):
                if self._down_until is not None:
                    await self._return()
                answers.append(await question())
        except StoreDown as error:
            if self._down_until is None:
                _LOG.warning("the governor's store fails: %s", error)
            self._why = str(error)
            self._down_until = self._clock.now() + _RETRY
            raise
        return answers[0]

    async def _return(self) -> None:
        """Tell a store that is back what was done here meanwhile."""
        self._returning = True
        try:
            none: dict[str, list[Place]] = {key: [] for key in self._unsure}
            places = list((none | self._local.own(self._asked)).items())
            for start in range(0, max(1, len(places)), _AT_ONCE):
                await self._store.restore(self._local.name, dict(places[start : start + _AT_ONCE]))
            self._unsure.difference_update(none)
        finally:
            self._returning = False
        self._down_until = None
        _LOG.warning("the governor's store is back")
