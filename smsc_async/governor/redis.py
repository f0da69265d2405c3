"""A governor for all hosts that use one Redis or Valkey. It needs the extra `redis`."""

from __future__ import annotations

import itertools
import json
import ssl
from collections.abc import Sequence
from random import Random, SystemRandom
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import attrs

from .._clock import Clock, SystemClock
from . import lua
from .base import LINGER, Need, Notice, Outcome
from .batching import Batcher
from .core import Place, join, split
from .fair import TICKET
from .redis_connection import RedisConnection, Reply
from .shared import SharedGovernor
from .store import Answer, Granted, Lack, Refused, StoreDown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["RedisGovernor", "RedisStore"]

_STRANGE: Final = "the answer is none of our script's"


class RedisGovernor(SharedGovernor):
    """Keeps to the limits among all who name the same Redis 6.2 or newer, or Valkey.

    Each step is a script that Redis carries out at once, by its own clock. The keys are hashes,
    salted with the account; each expires when nothing is left of it. Nothing is lost when a
    process dies: what it had in flight counts until the lease is over.

    Args:
        url: As `redis://user:password@host:port/db`; `rediss://` for TLS, verified.
        share: While Redis cannot be reached, give permits for this part of each limit, 0 to 1,
            instead of raising `GovernorUnavailable`.
        timeout: Seconds to wait for Redis.
        prefix: What the names of the keys begin with.
        clock: Another clock than the machine's, for tests.
        random: Where the pauses come from, for tests.
        now: Another clock than that of Redis, for tests.
    """

    def __init__(
        self,
        url: str,
        *,
        share: float | None = None,
        timeout: float = 2.0,
        prefix: str = "smsc",
        clock: Clock | None = None,
        random: Random | None = None,
        now: Callable[[], float] | None = None,
    ) -> None:
        store = RedisStore(url, timeout=timeout, prefix=prefix, now=now)
        super().__init__(
            store, clock=clock or SystemClock(), share=share, random=random or SystemRandom()
        )


@attrs.define(eq=False)
class _Step:
    """A step of our script, and what came of it."""

    name: str
    keys: Sequence[str]
    terms: Sequence[str | float]
    reply: Reply | StoreDown = None


class RedisStore:
    """Keys of a Redis, and the script that works on them. All steps that wait go together."""

    def __init__(
        self, url: str, *, timeout: float, prefix: str, now: Callable[[], float] | None
    ) -> None:
        context = ssl.create_default_context() if urlsplit(url).scheme == "rediss" else None
        self._connection = RedisConnection(url, timeout=timeout, context=context)
        self._prefix = prefix
        self._now = now
        self._fills = itertools.count()
        self._batcher = Batcher(self._make)

    async def take(
        self, number: int, needs: Sequence[Need], *, lease: float, waits: bool
    ) -> Answer:
        """Take a place under every need for the request of that number, or none."""
        keys = [key for need in needs for key in self._names(need.key)]
        terms = [term for n in needs for term in (n.limit, n.hold, int(n.streak))]
        ticket = TICKET if waits else 0
        reply = await self._do("take", keys, [*map(str, split(number)), lease, ticket, *terms])
        return _answer(reply)

    async def settle(self, number: int, needs: Sequence[Need], outcome: Outcome) -> None:
        """Say what became of a request."""
        keys = [self._name(need.key) for need in needs]
        linger = LINGER if outcome is Outcome.UNKNOWN else 0
        sent = int(outcome is not Outcome.NOT_SENT)
        holds = [need.hold for need in needs]
        await self._do("settle", keys, [_member(number), sent, linger, *holds])

    async def fill(self, name: int, need: Need, seconds: float, leave: int) -> None:
        """Leave at most that many of the need's places for that long."""
        member = f"-{name}:0:{next(self._fills)}"
        terms: list[str | float] = [member, seconds, leave]
        terms += [need.limit, need.hold, int(need.streak)]
        await self._do("fill", [self._name(need.key)], terms)

    async def restore(self, name: int, places: Mapping[str, Sequence[Place]]) -> None:
        """Make these all the places that a governor has taken on the keys."""
        terms: list[str | float] = [str(name)]
        for mine in places.values():
            terms.append(len(mine))
            for wait, number in mine:
                unique = f":{next(self._fills)}" if number == join(name, 0) else ""
                terms += [_member(number) + unique, wait]
        await self._do("restore", [self._name(key) for key in places], terms)

    async def notice(self, key: str) -> Notice | None:
        """Return what is posted on a key."""
        return _notice(await self._do("notice", [self._name(key) + ":n"], []))

    async def post(self, key: str, text: str, seconds: float, *, instead_of: str) -> bool:
        """Post a text on a key."""
        terms: list[str | float] = [instead_of, text, seconds]
        return await self._do("post", [self._name(key) + ":n"], terms) == 1

    async def aclose(self) -> None:
        """Close the connections."""
        await self._connection.aclose()

    def _name(self, key: str) -> str:
        return f"{self._prefix}:{key}"

    def _names(self, key: str) -> tuple[str, str, str]:
        name = self._name(key)
        return name, name + ":w", name + ":n"

    async def _do(self, name: str, keys: Sequence[str], terms: Sequence[str | float]) -> Reply:
        """Make a step, perhaps in one script with the steps of others."""
        step = _Step(name, keys, terms)
        await self._batcher.make(step)
        if isinstance(step.reply, StoreDown):
            raise step.reply
        return step.reply

    async def _make(self, steps: list[_Step]) -> None:
        now = {} if self._now is None else {"now": self._now()}
        keys = [key for step in steps for key in step.keys]
        words = [(step.name, len(step.keys), step.terms) for step in steps]
        order = json.dumps(now | {"steps": words})
        replies: Sequence[Reply | StoreDown]
        try:
            answer = await self._connection.run(lua.SCRIPT, keys, [order])
            replies = answer if isinstance(answer, list) else [StoreDown(_STRANGE)] * len(steps)
        except StoreDown as error:
            replies = [error] * len(steps)
        for step, reply in zip(steps, replies, strict=True):
            step.reply = reply


def _member(number: int) -> str:
    """Return what a place is called in Redis."""
    name, turn = split(abs(number))
    return f"{'-' if number < 0 else ''}{name}:{turn}"


def _number(member: bytes) -> int:
    """Return the number of a place."""
    name, turn = member.lstrip(b"-").split(b":")[:2]
    number = join(int(name), int(turn))
    return -number if member.startswith(b"-") else number


def _answer(reply: Reply) -> Answer:
    match reply:
        case [1, [*rooms], *found]:
            left = tuple(room for room in rooms if isinstance(room, int))
            return Granted(left, _notice(found[0]) if found else None)
        case [0, *lacks]:
            return Refused(tuple(map(_lack, lacks)))
        case _:
            raise StoreDown(_STRANGE)


def _lack(reply: Reply) -> Lack:
    match reply:
        case [int(index), bytes(wait), [*others]]:
            texts = [text for text in others if isinstance(text, bytes)]
            places = zip(map(float, texts[1::2]), map(_number, texts[::2]), strict=True)
            return Lack(index, float(wait), tuple(places))
        case _:
            raise StoreDown(_STRANGE)


def _notice(reply: Reply) -> Notice | None:
    match reply:
        case [bytes(age), bytes(text)]:
            return Notice(text.decode(), float(age))
        case _:
            return None
