"""The documented limits, once more: name, number, window, what shares a counter."""

from __future__ import annotations

import pytest

from smsc_async._limits import MAX_CONCURRENCY, RULES, STATUS_CONCURRENCY, Rule, Scope

DOCUMENTED = """
send.identical                1      60  identical
send.cost.identical           5      60  identical
send.flood                   50      60  recipient  streak
templates.identical           3      60  identical
op_templates.identical       10      60  identical
ping.identical                5      60  identical
jobs.identical                1      60  identical
status.same_message           5      60  entity     phone id
status.mass                   1      60  any
balance.any                  10      60  any
phones.identical              3      60  identical
users.add                     3      60  any
users.chg.same_user           3      60  entity     user
documents.any                 1      60  any
senders.get.identical         3      60  identical
senders.add                   5      60  any
senders.send_code.same_sender 1   28800  entity     sender
get_messages.identical        3      60  identical
get_messages.hour            30    3600  any
get_answers.identical         3      60  identical
get_stat.any                  3      60  any
get_price.identical           3      60  identical
get_operator.identical        3      60  identical
get_operator.any             99      60  any
tinyurls.identical            3      60  identical
receive_phones.identical      2      60  identical
wait_call.identical          50      60  identical
"""


def documented() -> dict[str, Rule]:
    """Read the table."""
    rules: dict[str, Rule] = {}
    for line in DOCUMENTED.split("\n"):
        if line:
            name, limit, window, scope, *rest = line.split()
            streak = rest == ["streak"]
            fields = () if streak else tuple(rest)
            rules[name] = Rule(name, int(limit), float(window), Scope(scope), fields, streak=streak)
    return rules


@pytest.mark.parametrize("name", sorted(documented().keys() | RULES.keys()))
def test_every_rule_is_the_documented_one(name: str) -> None:
    """Each rule has the documented number, window and scope, and none is missing or made up."""
    assert RULES.get(name) == documented().get(name)


def test_simultaneous_requests() -> None:
    """One less than what the service refuses: the fifteenth, and the fifth to status.php."""
    assert (MAX_CONCURRENCY, STATUS_CONCURRENCY) == (15 - 1, 5 - 1)
