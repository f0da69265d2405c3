"""Which requests share a counter, and that a key gives nothing away."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsc_async._limits import RULES
from smsc_async.governor.base import MARGIN, Need
from smsc_async.governor.keys import needs, slots, status_slots

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SEND = RULES["send.identical"]
COST = RULES["send.cost.identical"]
FLOOD = RULES["send.flood"]
JOBS = RULES["jobs.identical"]
STATUS = RULES["status.same_message"]
BALANCE = RULES["balance.any"]

MESSAGE = {"phones": "79991234567", "mes": "Hello"}


def key(
    rule_name: str,
    fields: Mapping[str, str],
    *,
    account: str = "alex",
    scope_name: str = "command",
    recipients: Sequence[str] = (),
) -> str:
    """Return the key that a rule makes of a form."""
    rule = RULES[rule_name]
    found = needs(
        [rule],
        account=account,
        scope_name=scope_name,
        fields=fields,
        recipients=recipients,
        concurrency=12,
    )
    return found[0].key


@pytest.mark.parametrize(
    "change",
    [
        {"id": "other"},
        {"sender": "Shop"},
        {"time": "+5"},
        {"translit": "1"},
        {"valid": "3"},
        {"charset": "utf-8"},
        {"fmt": "3"},
        {"cost": "3"},
        {"op": "1"},
        {"err": "1"},
        {"login": "alex", "psw": "secret"},
        {"apikey": "secret"},
        {"flash": "0"},
        {"phones": "+79991234567"},
        {"phones": " 79991234567 ;"},
        {"phones": "79991234567,79991234567"},
    ],
)
def test_a_message_stays_the_same(change: dict[str, str]) -> None:
    """A message is the same with another id, another sender, at another time."""
    assert key("send.identical", {**MESSAGE, **change}) == key("send.identical", MESSAGE)


@pytest.mark.parametrize(
    "change",
    [
        {"mes": "hello"},
        {"phones": "79991234568"},
        {"phones": "79991234567,79991234568"},
        {"list": "79991234567:Hello"},
        {"subj": "Hello"},
        {"tpl": "7"},
        {"cost": "1"},
        {"fileurl": "https://example.com/a.png"},
        *(
            {kind: "1"}
            for kind in (
                *("flash", "bin", "push", "hlr", "ping", "mms"),
                *("mail", "soc", "viber", "whatsapp", "bot", "call"),
            )
        ),
    ],
)
def test_another_message(change: dict[str, str]) -> None:
    """Another text, recipient or kind is another message."""
    assert key("send.identical", {**MESSAGE, **change}) != key("send.identical", MESSAGE)


def test_the_order_of_recipients_does_not_matter() -> None:
    """The same recipients in another order, with other separators, are the same."""
    phones = [f"7999{number}" for number in range(200)]
    one = key("send.identical", {"phones": ",".join(phones), "mes": "Hello"})
    assert one == key("send.identical", {"phones": ";+".join(phones[::-1]), "mes": "Hello"})
    assert one == key("send.identical", {"phones": "\n".join(phones), "mes": "Hello"})


def test_recipients_given_count_instead_of_the_field() -> None:
    """What the caller says of the recipients goes before what is in the form."""
    given_ = key("send.identical", MESSAGE, recipients=["+71"])
    assert given_ == key("send.identical", {**MESSAGE, "phones": "71"})


@pytest.mark.parametrize("name", ["login", "psw", "apikey", "fmt", "charset", "op", "err"])
def test_other_commands_ignore_who_asks_and_how(name: str) -> None:
    """Credentials and the shape of the answer do not tell requests apart."""
    assert key("jobs.identical", {"id": "1", name: "x"}) == key("jobs.identical", {"id": "1"})


@pytest.mark.parametrize(("cost", "same"), [("0", True), ("2", True), ("3", True), ("1", False)])
def test_asking_for_the_cost_instead_is_another_request(cost: str, *, same: bool) -> None:
    """cost=1 asks instead of doing; 2 and 3 only add to the answer."""
    plain = {"add": "1", "name": "June"}
    assert (key("jobs.identical", {**plain, "cost": cost}) == key("jobs.identical", plain)) is same


@pytest.mark.parametrize("name", ["id", "name", "mail"])
def test_other_commands_count_every_other_field(name: str) -> None:
    """Two mailings asked for by id are two requests."""
    assert key("jobs.identical", {name: "1"}) != key("jobs.identical", {name: "2"})


def test_the_order_of_fields_does_not_matter() -> None:
    """A form is the same however it was put together."""
    one = key("phones.identical", {"grp": "1", "phone": "7"})
    assert one == key("phones.identical", {"phone": "7", "grp": "1"})


def test_identical_requests_of_different_commands_differ() -> None:
    """Commands under one rule do not share a counter of identical requests."""
    one = key("jobs.identical", {"id": "1"}, scope_name="jobs.php get")
    assert one != key("jobs.identical", {"id": "1"}, scope_name="jobs.php del")


def test_an_entity_is_counted_whatever_is_asked_of_it() -> None:
    """Looking at a message and deleting it share a counter; another message has its own."""
    look = key("status.same_message", {"phone": "+71", "id": "a", "all": "1"}, scope_name="get")
    assert look == key("status.same_message", {"phone": "71", "id": "a"}, scope_name="del")
    assert look != key("status.same_message", {"phone": "71", "id": "b"})
    assert look != key("status.same_message", {"phone": "72", "id": "a"})


def test_fields_of_an_entity_do_not_run_together() -> None:
    """The fields that name an entity keep apart."""
    one = key("status.same_message", {"phone": "71", "id": "2"})
    assert one != key("status.same_message", {"phone": "7", "id": "12"})


def test_any_counts_everything_of_an_account() -> None:
    """One counter for all requests of a command, whatever they ask."""
    assert key("balance.any", {"cur": "1"}) == key("balance.any", {}, scope_name="other")
    assert key("balance.any", {}) != key("balance.any", {}, account="eve")


@pytest.mark.parametrize("rule", ["send.identical", "send.flood", "balance.any"])
def test_accounts_share_nothing(rule: str) -> None:
    """Two accounts never meet in a key."""
    assert key(rule, MESSAGE, account="alex") != key(rule, MESSAGE, account="eve")


def test_every_recipient_has_a_streak_of_its_own() -> None:
    """One need per distinct recipient, shared by all messages to them."""
    found = needs(
        [FLOOD],
        account="alex",
        scope_name="send.php",
        fields=MESSAGE,
        recipients=["+71", "72", "71 "],
        concurrency=12,
    )
    streaks = found[:-1]
    assert [(n.limit, n.hold, n.streak) for n in streaks] == [(50, 62.0, True)] * 2
    assert streaks[0].key == key("send.flood", {"phones": "71", "mes": "another"})
    assert streaks[1].key == key("send.flood", {"phones": "72", "mes": "another"})


def test_windows_come_first_and_slots_last() -> None:
    """Needs come in the order of the rules, with the documented numbers and a margin."""
    found = needs(
        [SEND, FLOOD, BALANCE], account="a", scope_name="s", fields=MESSAGE, concurrency=7
    )
    assert [(n.rule, n.limit, n.hold, n.streak) for n in found] == [
        ("send.identical", 1, 60.0 + MARGIN, False),
        ("send.flood", 50, 60.0 + MARGIN, True),
        ("balance.any", 10, 60.0 + MARGIN, False),
        ("concurrency", 7, 0.0, False),
    ]


@pytest.mark.parametrize(("repeat", "patience"), [("raise", 0.0), ("wait", math.inf)])
def test_a_duplicate_is_told_at_once_or_waited_for(
    repeat: Literal["raise", "wait"], patience: float
) -> None:
    """Only the rule about duplicates has a patience of its own."""
    found = needs(
        [SEND, COST, FLOOD],
        account="a",
        scope_name="s",
        fields=MESSAGE,
        concurrency=12,
        repeat=repeat,
    )
    assert [n.patience for n in found] == [patience, None, None, None]


@pytest.mark.parametrize(
    ("status", "strict", "limits"),
    [
        (False, False, [("concurrency", 12)]),
        (False, True, [("concurrency", 12)]),
        (True, False, [("concurrency", 12), ("status.concurrency", 4)]),
        (True, True, [("concurrency", 4), ("status.concurrency", 4)]),
    ],
)
def test_slots(*, status: bool, strict: bool, limits: list[tuple[str, int]]) -> None:
    """A status request needs a status slot, too; a strict one nearly the account to itself."""
    found = needs(
        [], account="a", scope_name="s", fields={}, concurrency=12, status=status, strict=strict
    )
    assert [(n.rule, n.limit) for n in found] == limits


def test_strict_never_widens_the_limit() -> None:
    """Whoever allows fewer than four requests gets fewer."""
    found = needs(
        [], account="a", scope_name="s", fields={}, concurrency=2, status=True, strict=True
    )
    assert found[0].limit == 2


def test_the_slots_are_those_that_requests_need() -> None:
    """What fills the slots fills those that requests wait for."""
    found = needs([STATUS], account="a", scope_name="s", fields={}, concurrency=12, status=True)
    assert found[1:] == (slots("a", 12), status_slots("a"))
    assert slots("a", 12) == Need(slots("a", 12).key, 12, 0.0, "concurrency")
    assert slots("a", 12).key != slots("b", 12).key
    assert slots("a", 12).key != status_slots("a").key


text = st.text(min_size=1)


@given(
    account=text,
    fields=st.dictionaries(text | st.sampled_from(["phones", "mes", "phone", "id"]), text),
    recipients=st.lists(text),
)
def test_a_key_is_a_name_and_a_digest(
    account: str, fields: dict[str, str], recipients: list[str]
) -> None:
    """Nothing of the account, the recipients or the text can be read in a key."""
    found = needs(
        list(RULES.values()),
        account=account,
        scope_name="s",
        fields=fields,
        recipients=recipients,
        concurrency=12,
        status=True,
    )
    assert [n.key for n in found if not re.fullmatch(r"[a-z_.-]+:[0-9a-f]{24}", n.key)] == []
    assert len({n.key for n in found}) == len(found)
