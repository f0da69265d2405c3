"""One account of the stand-in service: its money, its messages, what it refused. No I/O."""

from __future__ import annotations

import hashlib
import itertools
import time as clocks
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, TypeVar, cast, get_args

import attrs

from .limits import Limits
from .message import (
    DELIVERED,
    FATES,
    FLOODED,
    VIRTUAL,
    WAITING,
    WITH_OPERATOR,
    Fate,
    Message,
    Step,
)

if TYPE_CHECKING:
    from collections.abc import Hashable

__all__ = ["PRICE", "Account", "Guard", "Raw", "Refusal", "ServiceError", "money"]

S = TypeVar("S")

Guard: TypeAlias = Literal["global", "host", "absent"]
"""How far the service sees that a message is the same as another one of the last minute."""

PRICE: Final = Decimal("0.15")
"""What a unit costs, to any country."""

_AUTH_FAILURES: Final = 5
_HALF_AN_HOUR: Final = 1800.0
_DAY: Final = 86400.0
_SUFFIX: Final = 7


class ServiceError(Exception):
    """An error answer: its code, its text, and the message id that some carry."""

    def __init__(self, code: int, text: str, message_id: str | None = None) -> None:
        super().__init__(code, text, message_id)
        self.code = code
        self.text = text
        self.message_id = message_id


@attrs.frozen
class Raw:
    """An answer that is no JSON."""

    content_type: bytes
    body: bytes


@attrs.frozen
class Refusal:
    """A request that the service did not take, and the limit that it broke."""

    script: str
    code: int
    rule: str


@attrs.define(kw_only=True)
class Account:
    """What the service knows of its one customer. It is not safe to share without a lock.

    `time` is where all its moments come from; its Unix time is `epoch` at the start and runs
    with `time`. `host` is the port at which the request came that is being processed.
    """

    login: str
    password: str = attrs.field(repr=False)
    apikey: str = attrs.field(repr=False)
    balance: Decimal = Decimal(1000)
    credit: Decimal = Decimal(0)
    currency: str = "RUR"
    time: Callable[[], float] = clocks.monotonic
    epoch: float = attrs.field(factory=clocks.time)
    enforce: bool = True
    count_refused: bool = False
    test_mode: bool = False
    guard: Guard = attrs.field(default="global", validator=attrs.validators.in_(get_args(Guard)))
    delivery: tuple[float, float] = (1.0, 3.0)
    fates: Mapping[str, Fate] = FATES
    limits: Limits = attrs.field(init=False)
    messages: list[Message] = attrs.field(factory=list[Message], init=False)
    refusals: list[Refusal] = attrs.field(factory=list[Refusal], init=False)
    requests: Counter[tuple[int | None, str, str]] = attrs.field(
        factory=Counter[tuple[int | None, str, str]], init=False
    )
    """How many came, by port, script and version of HTTP."""
    host: int | None = attrs.field(default=None, init=False)
    _secrets: frozenset[str] = attrs.field(init=False, repr=False)
    _started: float = attrs.field(init=False)
    _last: dict[tuple[str, str], Message] = attrs.field(
        factory=dict[tuple[str, str], Message], init=False, repr=False
    )
    _ids: Iterator[int] = attrs.field(factory=lambda: itertools.count(1), init=False)
    _shelves: dict[object, object] = attrs.field(factory=dict[object, object], init=False)
    _auth_failures: deque[float] = attrs.field(factory=deque[float], init=False)
    _blocked_until: float | None = attrs.field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        self.limits = Limits(self.time, enforce=self.enforce, count_refused=self.count_refused)
        digest = hashlib.md5(self.password.encode(), usedforsecurity=False).hexdigest()
        self._secrets = frozenset((self.password, digest))
        self._started = self.time()

    @property
    def unix_time(self) -> float:
        """The seconds since 1970."""
        return self.epoch + self.time() - self._started

    def shelf(self, kind: Callable[[], S]) -> S:
        """Return what a script keeps between requests: one of each kind, made when first needed."""
        kept = self._shelves.get(kind)
        if kept is None:
            kept = self._shelves[kind] = kind()
        return cast("S", kept)

    def authorise(self, script: str, form: Mapping[str, str]) -> None:
        """Check who asks; too many mistakes block everybody for half an hour."""
        if self._blocked_until is not None and self.time() < self._blocked_until:
            raise self.refuse(script, 4, "ip is blocked", "authorisation")
        apikey = form.get("apikey")
        if apikey is None:
            known = form.get("login") == self.login and form.get("psw") in self._secrets
        else:
            known = apikey == self.apikey
        if not known:
            self._count_auth_failure()
            raise ServiceError(2, "authorise error")

    def count(self, script: str, rule: str, what: Hashable = None) -> None:
        """Count a request for this thing, or refuse it as one too many in a minute."""
        if self.limits.count(rule, what):
            raise self.refuse(script, 9, "duplicate request, wait a minute", rule)

    def guard_against(self, script: str, sameness: Hashable) -> None:
        """Count a message, or refuse one that is the same as another of the last minute."""
        if self.guard != "absent":
            where = self.host if self.guard == "host" else None
            self.count(script, "send.identical", (where, sameness))

    def refuse(self, script: str, code: int, text: str, rule: str) -> ServiceError:
        """Note that a limit was broken, and return the error to answer with."""
        self.refusals.append(Refusal(script, code, rule))
        return ServiceError(code, text)

    def new_id(self) -> str:
        """Return the next id for a message that comes without one."""
        return str(next(self._ids))

    def fate(self, phone: str) -> Fate:
        """Return how a message to this recipient ends."""
        return self.fates.get(phone[-_SUFFIX:], VIRTUAL if self.test_mode else DELIVERED)

    def course(self, phone: str, delay: float) -> tuple[Step, ...]:
        """Count a message to this recipient, and return the steps that it will go through."""
        if self.limits.floods(phone):
            return (Step(0.0, FLOODED.status, FLOODED.error),)
        operator, arrival = self.delivery
        fate = self.fate(phone)
        return (
            Step(0.0, WAITING),
            Step(delay + operator, WITH_OPERATOR),
            Step(delay + arrival, fate.status, fate.error),
        )

    def affords(self, cost: Decimal) -> bool:
        """Return whether there is money for it; in test mode it costs nothing."""
        return self.test_mode or cost <= self.balance + self.credit

    def add(self, message: Message) -> None:
        """Take a message and its price."""
        if not self.test_mode:
            self.balance -= message.cost
        self.messages.append(message)
        # An id may be used again: the last message is the one that is found.
        self._last[message.phone, message.id] = message

    def find(self, phone: str, message_id: str) -> Message | None:
        """Return the message, unless it was deleted or is a day old and in the archive."""
        message = self._last.get((phone, message_id))
        if message is None or self.time() - message.accepted_at > _DAY:
            return None
        return message

    def delete(self, phone: str, message_id: str) -> bool:
        """Forget the message; return whether there was one."""
        if self.find(phone, message_id) is None:
            return False
        del self._last[phone, message_id]
        return True

    def _count_auth_failure(self) -> None:
        now = self.time()
        self._auth_failures.append(now)
        while self._auth_failures[0] <= now - _HALF_AN_HOUR:
            self._auth_failures.popleft()
        if self.enforce and len(self._auth_failures) >= _AUTH_FAILURES:
            self._blocked_until = now + _HALF_AN_HOUR


def money(amount: Decimal) -> str:
    """Return the amount as the service writes it: a string without needless zeros."""
    return f"{amount.normalize():f}"
