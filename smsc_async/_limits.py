"""The documented limits as data: what the service counts, how many it takes, for how long.

All of them are counted per account, whatever the host. A rule's `window` is the documented one;
the governor adds its own margin.
"""

from __future__ import annotations

import enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MAX_CONCURRENCY", "RULES", "STATUS_CONCURRENCY", "Rule", "Scope"]


class Scope(enum.Enum):
    """Which requests share one counter."""

    IDENTICAL = "identical"
    """Requests that ask for the same thing."""
    ENTITY = "entity"
    """Requests about the same thing, whatever they ask."""
    RECIPIENT = "recipient"
    """Messages to the same recipient."""
    ANY = "any"
    """All requests of the command."""


@attrs.frozen
class Rule:
    """At most `limit` requests that share a counter, in any `window` seconds.

    A `streak` counts messages that follow each other by less than `window` seconds, however long
    that goes on. `fields` are the form fields that name the entity.
    """

    name: str
    limit: int
    window: float
    scope: Scope
    fields: tuple[str, ...] = ()
    streak: bool = False


MAX_CONCURRENCY: Final = 14
"""The service refuses the fifteenth simultaneous request of an account."""

STATUS_CONCURRENCY: Final = 4
"""status.php refuses the fifth."""

_MINUTE = 60.0
_HOUR = 3600.0

RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        rule.name: rule
        for rule in (
            Rule("send.identical", 1, _MINUTE, Scope.IDENTICAL),
            Rule("send.cost.identical", 5, _MINUTE, Scope.IDENTICAL),
            # The prose says a gap of 60 s, the text of delivery error 251 says 30: 60 is safe.
            Rule("send.flood", 50, _MINUTE, Scope.RECIPIENT, streak=True),
            Rule("templates.identical", 3, _MINUTE, Scope.IDENTICAL),
            Rule("op_templates.identical", 10, _MINUTE, Scope.IDENTICAL),
            Rule("ping.identical", 5, _MINUTE, Scope.IDENTICAL),
            # Reads count, too.
            Rule("jobs.identical", 1, _MINUTE, Scope.IDENTICAL),
            # The table says the same message, the prose identical requests: the message is safe.
            Rule("status.same_message", 5, _MINUTE, Scope.ENTITY, ("phone", "id")),
            Rule("status.mass", 1, _MINUTE, Scope.ANY),
            Rule("balance.any", 10, _MINUTE, Scope.ANY),
            Rule("phones.identical", 3, _MINUTE, Scope.IDENTICAL),
            Rule("users.add", 3, _MINUTE, Scope.ANY),
            Rule("users.chg.same_user", 3, _MINUTE, Scope.ENTITY, ("user",)),
            Rule("documents.any", 1, _MINUTE, Scope.ANY),
            Rule("senders.get.identical", 3, _MINUTE, Scope.IDENTICAL),
            Rule("senders.add", 5, _MINUTE, Scope.ANY),
            # Answered with error 10, not 9.
            Rule("senders.send_code.same_sender", 1, 8 * _HOUR, Scope.ENTITY, ("sender",)),
            Rule("get_messages.identical", 3, _MINUTE, Scope.IDENTICAL),
            Rule("get_messages.hour", 30, _HOUR, Scope.ANY),
            Rule("get_answers.identical", 3, _MINUTE, Scope.IDENTICAL),
            Rule("get_stat.any", 3, _MINUTE, Scope.ANY),
            Rule("get_price.identical", 3, _MINUTE, Scope.IDENTICAL),
            Rule("get_operator.identical", 3, _MINUTE, Scope.IDENTICAL),
            # The table refuses "any 100", the prose "more than 100": stay below.
            Rule("get_operator.any", 99, _MINUTE, Scope.ANY),
            Rule("tinyurls.identical", 3, _MINUTE, Scope.IDENTICAL),
            Rule("receive_phones.identical", 2, _MINUTE, Scope.IDENTICAL),
            Rule("wait_call.identical", 50, _MINUTE, Scope.IDENTICAL),
        )
    }
)
