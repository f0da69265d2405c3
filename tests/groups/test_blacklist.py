"""Blacklists of phone numbers and of e-mail addresses."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest
from clocks import InstantClock
from hypothesis import given
from hypothesis import strategies as st
from service import InProcess, ScriptedExchange, caller, refused_field

from smsc_async import (
    ApiError,
    BadReply,
    NotFound,
    OperationFailed,
)
from smsc_async._wire import decode
from smsc_async.groups import blacklist as module
from smsc_async.groups.blacklist import (
    Blacklist,
    BlacklistEntry,
    BlockedMessages,
    EmailBlacklist,
    EmailBlacklistEntry,
)
from smsc_async.sandbox.scripts.phones import handle

pytestmark = pytest.mark.anyio

OK = {"result": "OK"}
ANNA, BORIS, MAIL = "79991234567", "79990000002", "anna@example.com"
ALL, MAILINGS, SINGLE = BlockedMessages.ALL, BlockedMessages.MAILINGS, BlockedMessages.SINGLE

Both: TypeAlias = "type[Blacklist | EmailBlacklist]"
both = pytest.mark.parametrize("group", [Blacklist, EmailBlacklist])


def who(group: Both) -> str:
    return ANNA if group is Blacklist else MAIL


async def found(blacklist: Blacklist | EmailBlacklist, **options: Any) -> list[Any]:
    return [one async for one in blacklist.all(**options)]


@pytest.fixture
async def blacklist(service: InProcess, clock: InstantClock) -> Blacklist:
    return Blacklist(caller(service, clock=clock))


async def test_numbers(blacklist: Blacklist) -> None:
    """A number is on the list after it was added, the latest first, and goes."""
    assert await found(blacklist) == []
    first = await blacklist.add("+7 999 123-45-67", blocked=MAILINGS, comment="Устала")
    second = await blacklist.add(BORIS)
    anna = BlacklistEntry(first, MAILINGS, "Устала", phone=ANNA)
    boris = BlacklistEntry(second, ALL, "", phone=BORIS)
    assert await found(blacklist) == [boris, anna]
    assert await blacklist.page(limit=1) == [boris]
    assert await blacklist.page(before=second) == [anna]
    assert await found(blacklist, before=int(first)) == []

    await blacklist.delete("+" + ANNA)
    assert await blacklist.page() == [boris]


async def test_addresses(blacklist: Blacklist, service: InProcess, clock: InstantClock) -> None:
    """Addresses have a list of their own."""
    addresses = EmailBlacklist(caller(service, clock=clock))
    number = await addresses.add(MAIL, blocked=SINGLE, comment="later")
    assert await addresses.page() == [EmailBlacklistEntry(number, SINGLE, "later", email=MAIL)]
    assert await blacklist.page() == []

    await addresses.delete(MAIL)
    assert await found(addresses) == []


async def test_there_is_none_or_one_already(blacklist: Blacklist) -> None:
    """Letting through what is not blocked is `NotFound`; blocking it twice fails."""
    with pytest.raises(NotFound):
        await blacklist.delete(ANNA)
    await blacklist.add(ANNA)
    with pytest.raises(OperationFailed):
        await blacklist.add(ANNA, comment="again")


async def test_pages(blacklist: Blacklist, service: InProcess) -> None:
    """All entries come, once each, page by page; a walk goes on before the last one it had."""
    phones = [f"7900{number:07}" for number in range(2100)]
    for phone in phones:
        handle(service.account, {"add_black": "1", "phone": phone})
    added = service.account.requests.total()

    assert [one.phone for one in await found(blacklist)] == phones[::-1]
    assert service.account.requests.total() - added == 3

    walk = blacklist.all()
    had = [await anext(walk) for _ in range(1500)]
    await walk.aclose()
    rest = await found(blacklist, before=had[-1].id)
    assert [one.phone for one in had + rest] == phones[::-1]
    assert service.account.refusals == []


def many(first: int, count: int = 1000) -> list[dict[str, object]]:
    return [{"id": number} for number in range(first, first - count, -1)]


async def test_pages_on_the_wire() -> None:
    """A full page is followed by the next, which may begin with the last entry before it."""
    exchange = ScriptedExchange(many(5001), many(4002), many(3003, 4))

    everybody = Blacklist(caller(exchange)).all(before=5001)
    assert exchange.asked == []
    assert [one.id async for one in everybody] == [str(number) for number in range(5000, 2999, -1)]

    assert exchange.forms == [
        {"get_black": "1", "cnt": "1000", "prev_id": before} for before in ("5001", "4002", "3003")
    ]


async def test_a_full_last_page() -> None:
    """After a full page that was the last one, the service finds nothing, and that is the end."""
    nothing = {"error": "no records found", "error_code": 3}
    exchange = ScriptedExchange(many(1000), nothing)
    assert len(await found(Blacklist(caller(exchange)))) == 1000
    assert len(exchange.asked) == 2


async def test_a_page_that_leads_nowhere() -> None:
    """A full page without older entries is not asked for for ever."""
    exchange = ScriptedExchange(many(5000), many(5000))
    with pytest.raises(BadReply) as caught:
        await found(Blacklist(caller(exchange)))
    assert caught.value.path == "$[0].id"
    assert exchange.replies == []


@both
async def test_on_the_wire(group: Both) -> None:
    """Every parameter reaches its documented field."""
    exchange = ScriptedExchange({"id": 5}, {"id": "6"}, OK, [], [], [])
    blacklist = group(caller(exchange))

    assert await blacklist.add(who(group), blocked=MAILINGS, comment="Хватит") == "5"
    assert await blacklist.add(who(group)) == "6"
    await blacklist.delete(f"+{ANNA}" if group is Blacklist else MAIL)
    await blacklist.page(limit=1000, before="77")
    await blacklist.page()
    await found(blacklist, before=77)

    script = "phones.php" if group is Blacklist else "mails.php"
    one = {"phone": ANNA} if group is Blacklist else {"mail": MAIL}
    assert {path for path, _ in exchange.asked} == {f"/sys/{script}"}
    assert exchange.forms == [
        {"add_black": "1", "type": "1", "cmt": "Хватит", **one},
        {"add_black": "1", **one},
        {"del_black": "1", **one},
        {"get_black": "1", "cnt": "1000", "prev_id": "77"},
        {"get_black": "1"},
        {"get_black": "1", "cnt": "1000", "prev_id": "77"},
    ]


@pytest.mark.parametrize("blocked", list(BlockedMessages))
async def test_what_is_blocked(blocked: BlockedMessages) -> None:
    """Each kind of block is written as its documented number."""
    exchange = ScriptedExchange({"id": 5})
    await Blacklist(caller(exchange)).add(ANNA, blocked=blocked)
    assert exchange.forms[0]["type"] == str(int(blocked))


SAME: list[tuple[str, Callable[[Any], Any]]] = [
    ("limit", lambda b: b.page(limit=0)),
    ("limit", lambda b: b.page(limit=1001)),
    ("before", lambda b: b.page(before="x")),
    ("before", lambda b: found(b, before=-1)),
]


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@pytest.mark.parametrize(
    ("field", "act"),
    [
        *SAME,
        ("phone", lambda b: b.add("Anna")),
        ("phone", lambda b: b.add(None)),
        ("phone", lambda b: b.add([ANNA, BORIS])),
        ("blocked", lambda b: b.add(ANNA, blocked=3)),
        ("blocked", lambda b: b.add(ANNA, blocked=BlockedMessages(7))),
        ("blocked", lambda b: b.add(ANNA, blocked="all")),
        ("blocked", lambda b: b.add(ANNA, blocked=True)),
        ("comment", lambda b: b.add(ANNA, comment=5)),
        ("phone", lambda b: b.delete(MAIL)),
        ("phone", lambda b: b.delete(None)),
    ],
)
async def test_refused_before_the_network(field: str, act: Callable[[Blacklist], Any]) -> None:
    """What breaks a rule is refused with the name of the parameter."""
    assert await refused_field(Blacklist, act) == field


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@pytest.mark.parametrize(
    ("field", "act"),
    [
        *SAME,
        ("email", lambda b: b.add(ANNA)),
        ("email", lambda b: b.add(None)),
        ("blocked", lambda b: b.add(MAIL, blocked=-1)),
        ("comment", lambda b: b.add(MAIL, comment=b"x")),
        ("email", lambda b: b.delete("a@b")),
        ("email", lambda b: b.delete(None)),
    ],
)
async def test_addresses_refused_before_the_network(
    field: str, act: Callable[[EmailBlacklist], Any]
) -> None:
    """What breaks a rule is refused with the name of the parameter."""
    assert await refused_field(EmailBlacklist, act) == field


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@pytest.mark.parametrize(
    ("answer", "want"),
    [
        (
            {"id": "5", "phone": 79991234567, "type": "1", "comment": 7},
            BlacklistEntry("5", MAILINGS, "7", phone=ANNA),
        ),
        ({"id": 5, "type": ""}, BlacklistEntry("5")),
        ({"id": 5, "type": 7}, BlacklistEntry("5", BlockedMessages(7))),
        ({"id": 5, "colour": "red"}, BlacklistEntry("5", extra={"colour": "red"})),
    ],
)
@pytest.mark.parametrize("alone", [True, False], ids=["object", "array"])
async def test_odd_answers(answer: dict[str, Any], want: BlacklistEntry, alone: bool) -> None:
    """Numbers as strings, strings as numbers, nothing, something new, an object for an array."""
    exchange = ScriptedExchange(answer if alone else [answer])
    assert await Blacklist(caller(exchange)).page() == [want]


@pytest.mark.parametrize(
    "answer", [[5], "OK", [{"phone": ANNA}], [{"id": "x"}], [{"id": "1" * 5000}], [{"id": -1}]]
)
async def test_what_is_no_blacklist(answer: object) -> None:
    """What does not fit is a `BadReply`."""
    with pytest.raises(BadReply):
        await Blacklist(caller(ScriptedExchange(*[answer] * 4))).page()


async def test_the_stand_in_checks_too(service: InProcess) -> None:
    """The stand-in refuses a kind of block that there is not."""
    body = f"login=alex&psw=secret-password&fmt=3&add_black=1&phone={ANNA}&type=3"
    reply = await service("/sys/phones.php", body.encode())
    assert json.loads(reply.body)["error_code"] == 1


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "phone", "email", "type", "comment", "result"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@given(json_values)
def test_any_answer_is_typed_or_a_bad_reply(document: object) -> None:
    """Whatever is answered, it is read, or it is an error of ours."""
    body = json.dumps(document).encode()
    for commands in (module._PHONES, module._MAILS):
        for command in (commands.add, commands.delete, commands.get):
            with contextlib.suppress(BadReply, ApiError):
                decode(command, body, "host")
