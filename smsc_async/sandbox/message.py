"""A message that the service has taken, and what becomes of it."""

from __future__ import annotations

from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "DELIVERED",
    "FATES",
    "FLOODED",
    "HLR",
    "VIRTUAL",
    "WAITING",
    "WITH_OPERATOR",
    "WRONG_NUMBER",
    "Fate",
    "Message",
    "Step",
]

HLR: Final = 4
"""The kind of message that asks about a number and sends nothing."""

WAITING: Final = -1
WITH_OPERATOR: Final = 0


@attrs.frozen
class Fate:
    """How a message ends; if send.php refuses it at once, the code of that: 6, 7 or 8."""

    status: int
    error: int
    refusal: int = attrs.field(default=0, validator=attrs.validators.in_((0, 6, 7, 8)))


DELIVERED: Final = Fate(1, 0)
VIRTUAL: Final = Fate(1, 200)
FLOODED: Final = Fate(23, 251)
WRONG_NUMBER: Final = Fate(22, 249, refusal=7)

FATES: Final[Mapping[str, Fate]] = MappingProxyType(
    {
        "5550000": Fate(WITH_OPERATOR, 0),
        "5550003": Fate(3, 6),
        "5550007": WRONG_NUMBER,
        "5550008": Fate(25, 248, refusal=8),
        "5550020": Fate(20, 1),
    }
)
"""How messages to some numbers end, by their last seven digits; all others are delivered."""


@attrs.frozen
class Step:
    """The status and the delivery error of a message from so many seconds after it was taken."""

    at: float
    status: int
    error: int = 0


@attrs.frozen
class Message:
    """A message to one recipient.

    `accepted_at` is a moment of the sandbox's clock, `timestamp` the same in Unix time. `channel`
    is the field that asked for its kind, as "viber", and "" for an SMS. `files` are the names of
    the files that came with it, and the address of one to be fetched.
    """

    id: str
    phone: str
    text: str
    comment: str
    sender: str
    kind: int
    units: int
    cost: Decimal
    accepted_at: float
    timestamp: int
    steps: tuple[Step, ...]
    channel: str = ""
    subject: str = ""
    files: tuple[str, ...] = ()

    def step(self, now: float) -> Step:
        """Return how far it has come at this moment of the sandbox's clock."""
        age = now - self.accepted_at
        return next((step for step in reversed(self.steps) if step.at <= age), self.steps[0])
