"""One account of the stand-in service: its money, its messages, what it refused. No I/O."""

from __future__ import annotations

import hashlib
import itertools
from collections import Counter, deque
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import attrs

from .limits import Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Account", "Delivery", "Message", "Refusal", "ServiceError"]

PRICE: Final = Decimal("0.15")

WAITING, WITH_OPERATOR, DELIVERED, UNDELIVERABLE, REFUSED = -1, 0, 1, 20, 23

_AUTH_FAILURES: Final = 5
_AUTH_WINDOW: Final = 1800.0


class ServiceError(Exception):
    """An error answer: its code, its text, and the message id that some carry."""

    def __init__(self, code: int, text: str, message_id: str | None = None) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.message_id = message_id


@attrs.frozen
class Delivery:
    """How a virtual message travels: seconds until the operator has it, and until it arrives."""

    operator: float = 1.0
    arrival: float = 3.0


@attrs.frozen
class Refusal:
    """A request that the service did not take, and the limit that it broke."""

    script: str
    code: int
    rule: str


@attrs.define
class Message:
    """A message that the service has taken, to one recipient."""

    id: str
    phone: str
    text: str
    sender: str
    units: int
    cost: Decimal
    accepted_at: float
    sent_at: int
    kind: int = 0
    final: tuple[int, int] = (DELIVERED, 0)
    deleted: bool = False

    def status(self, now: float, delivery: Delivery) -> tuple[int, int, float]:
        """Return the status, the delivery error and the seconds since it was taken."""
        status, error = self.final
        age = now - self.accepted_at
        if status == REFUSED:
            return status, error, 0.0
        if age < delivery.operator:
            return WAITING, 0, 0.0
        if age < delivery.arrival:
            return WITH_OPERATOR, 0, delivery.operator
        return status, error, delivery.arrival


class Account:
    """What the service knows of its one customer; safe to share between hosts under `lock`.

    Some phone numbers behave by their last seven digits: 0000006 is forbidden, 0000007 has a wrong
    format, 0000008 cannot be delivered to, 0000020 is taken and fails later. A text with the word
    "forbidden" in it is refused.
    """

    def __init__(
        self,
        *,
        login: str,
        password: str,
        apikey: str,
        balance: Decimal,
        now: Callable[[], float],
        wall: Callable[[], float],
        enforce: bool,
        delivery: Delivery,
        keep: bool = True,
    ) -> None:
        self.login = login
        self.password = password
        self.apikey = apikey
        self.balance = balance
        self.now = now
        self.wall = wall
        self.enforce = enforce
        self.delivery = delivery
        self._keep = keep
        self.limits = Limits(now, enforce=enforce)
        self.messages: list[Message] = []
        self.refusals: list[Refusal] = []
        self.requests: Counter[tuple[str, str, str]] = Counter()
        self._by_key: dict[tuple[str, str], Message] = {}
        self._ids = itertools.count(1)
        self._auth_failures: deque[float] = deque()
        self._blocked_until = 0.0

    def authorise(self, form: Mapping[str, str]) -> None:
        """Check who asks; too many mistakes block everybody for half an hour."""
        now = self.now()
        if now < self._blocked_until:
            raise ServiceError(4, "ip is blocked")
        if form.get("apikey") == self.apikey:
            return
        hashed = hashlib.md5(self.password.encode(), usedforsecurity=False).hexdigest()
        if form.get("login") == self.login and form.get("psw") in (self.password, hashed):
            return
        self._auth_failures.append(now)
        while self._auth_failures[0] <= now - _AUTH_WINDOW:
            self._auth_failures.popleft()
        if self.enforce and len(self._auth_failures) >= _AUTH_FAILURES:
            self._blocked_until = now + _AUTH_WINDOW
        raise ServiceError(2, "authorise error")

    def new_id(self) -> str:
        """Return the next id for a message that comes without one."""
        return str(next(self._ids))

    def add(self, message: Message) -> None:
        """Take a message and its price."""
        self.balance -= message.cost
        if not self._keep:
            return
        self.messages.append(message)
        # An id may be used again: the last message is the one that is found.
        self._by_key[message.phone, message.id] = message

    def find(self, phone: str, message_id: str) -> Message | None:
        """Return the message, unless it was deleted."""
        message = self._by_key.get((phone.strip().lstrip("+"), message_id.strip()))
        return None if message is None or message.deleted else message
