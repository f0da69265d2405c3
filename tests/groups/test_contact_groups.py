"""Groups of contacts."""

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
    RateLimited,
)
from smsc_async._call import Caller
from smsc_async._wire import decode
from smsc_async.groups import contact_groups as module
from smsc_async.groups.contact_groups import ContactGroup, ContactGroups, EmailContactGroups
from smsc_async.groups.contacts import Contacts, EmailContacts

pytestmark = pytest.mark.anyio

OK = {"result": "OK"}
ANNA, MAIL = "79991234567", "anna@example.com"

Both: TypeAlias = "type[ContactGroups | EmailContactGroups]"
both = pytest.mark.parametrize("group", [ContactGroups, EmailContactGroups])


def who(group: Both) -> str:
    return ANNA if group is ContactGroups else MAIL


@pytest.fixture
async def call() -> Caller:
    """An account with one contact of each kind, and no groups."""
    clock = InstantClock()
    call = caller(InProcess(clock), clock=clock, patience=120.0)
    await Contacts(call).add(ANNA)
    await EmailContacts(call).add(MAIL)
    return call


@both
async def test_what_is_added_can_be_changed_and_deleted(call: Caller, group: Both) -> None:
    """A group exists after it was added, has another name after it was changed, and goes."""
    groups = group(call)
    assert await groups.all() == []
    friends = await groups.add("Друзья", number=12)
    others = await groups.add("Others")
    assert await groups.all() == [
        ContactGroup(friends, "Друзья", 12, 0),
        ContactGroup(others, "Others", 0, 0),
    ]

    await groups.change(friends, "Friends")
    await groups.change(int(others), "The others", number=7)
    assert await groups.all() == [
        ContactGroup(friends, "Friends", 12, 0),
        ContactGroup(others, "The others", 7, 0),
    ]

    await groups.delete(friends)
    assert [one.id for one in await groups.all()] == [others]


async def members(call: Caller) -> tuple[str, ...]:
    """The groups that both contacts are in."""
    numbers, addresses = await Contacts(call).get(ANNA), await EmailContacts(call).get(MAIL)
    return *numbers.groups, *addresses.groups


@both
async def test_contacts_move(call: Caller, group: Both) -> None:
    """A contact is put into one more group, out of one, and from all its groups into another."""
    groups, one = group(call), who(group)
    first, second, third = [await groups.add(name) for name in ("1st", "2nd", "3rd")]

    await groups.add_contact(one, first)
    assert await members(call) == (first,)
    await groups.add_contact(one, [int(first), second])
    assert await members(call) == (first, second)
    assert [one.size for one in await groups.all()] == [1, 1, 0]

    await groups.remove_contact(one, first)
    assert await members(call) == (second,)
    await groups.move_contact(one, third)
    assert await members(call) == (third,)
    await groups.move_contact(one, [first, second])
    assert await members(call) == (first, second)

    await groups.delete(first)
    assert await members(call) == (second,)
    await groups.remove_contact(one, [second])
    assert await members(call) == ()


async def test_kinds_of_groups(call: Caller) -> None:
    """Groups for addresses can be made and listed in both ways, and take no phone numbers."""
    phones, emails = ContactGroups(call), EmailContactGroups(call)
    first = await phones.add("Phones")
    second = await phones.add("Also phones", kind="phone")
    third = await phones.add("Addresses", kind="email")
    fourth = await emails.add("Also addresses")

    assert [one.id for one in await phones.all()] == [first, second]
    assert await phones.all(kind="phone") == await phones.all()
    assert [one.id for one in await emails.all()] == [third, fourth]
    assert await phones.all(kind="email") == await emails.all()

    await emails.add_contact(MAIL, third)
    assert await members(call) == (third,)
    with pytest.raises(NotFound):
        await emails.add_contact(MAIL, first)
    with pytest.raises(NotFound):
        await phones.add_contact(ANNA, third)


@both
@pytest.mark.parametrize(
    "act",
    [
        lambda groups, one, _: groups.change(77, "Friends"),
        lambda groups, one, _: groups.delete("77"),
        lambda groups, one, _: groups.move_contact(one, 77),
        lambda groups, one, here: groups.add_contact(one, [here, 77]),
        lambda groups, one, here: groups.remove_contact(one, here),
        lambda groups, one, here: groups.move_contact("7" + one, here),
    ],
    ids=["change", "delete", "move", "add", "not in it", "no contact"],
)
async def test_there_is_none(call: Caller, group: Both, act: Callable[..., Any]) -> None:
    """What is not there is `NotFound`: a group, a contact, or the one in the other."""
    here = await group(call).add("Here")
    with pytest.raises(NotFound) as caught:
        await act(group(call), who(group), here)
    assert caught.value.code == 3


def acts(group: Both) -> list[Callable[[Any], Any]]:
    """What changes something."""
    one = f"+{ANNA}" if group is ContactGroups else MAIL
    return [
        lambda groups: groups.add("Friends", number=12),
        lambda groups: groups.change(321, "Friends", number=9_999_999_999),
        lambda groups: groups.delete("321"),
        lambda groups: groups.move_contact(one, 321),
        lambda groups: groups.add_contact(one, ["321", 322]),
        lambda groups: groups.remove_contact(one, "321"),
    ]


@both
async def test_on_the_wire(group: Both) -> None:
    """Every parameter reaches its documented field."""
    exchange = ScriptedExchange({"id": 5}, *[OK] * 5, [])
    groups = group(caller(exchange))

    assert await acts(group)[0](groups) == "5"
    for act in acts(group)[1:]:
        await act(groups)
    await groups.all()

    is_phone = group is ContactGroups
    script = "phones.php" if is_phone else "mails.php"
    kind = {} if is_phone else {"type": "1"}
    one = {"phone": ANNA} if is_phone else {"mail": MAIL}
    assert {path for path, _ in exchange.asked} == {f"/sys/{script}"}
    assert exchange.forms == [
        {"add_group": "1", "name": "Friends", "num": "12", **kind},
        {"chg_group": "1", "grp": "321", "name": "Friends", "num": "9999999999"},
        {"del_group": "1", "grp": "321"},
        {"move_group": "1", "grp": "321", **one},
        {"move_group": "2", "grp": "321,322", **one},
        {"move_group": "3", "grp": "321", **one},
        {"get_group": "1", **kind},
    ]


async def test_kinds_on_the_wire() -> None:
    """The kind of a group is written as its documented number."""
    exchange = ScriptedExchange({"id": 5}, {"id": 6}, [], [])
    groups = ContactGroups(caller(exchange))

    await groups.add("Phones", kind="phone")
    await groups.add("Addresses", kind="email")
    await groups.all(kind="phone")
    await groups.all(kind="email")
    assert [form["type"] for form in exchange.forms] == ["0", "1", "0", "1"]


SAME: list[tuple[str, Callable[[Any], Any]]] = [
    ("name", lambda g: g.add("")),
    ("name", lambda g: g.add(None)),
    ("number", lambda g: g.add("Friends", number=0)),
    ("number", lambda g: g.add("Friends", number="12")),
    ("number", lambda g: g.add("Friends", number=10**10)),
    ("id", lambda g: g.change("Friends", "Friends")),
    ("id", lambda g: g.change(None, "Friends")),
    ("id", lambda g: g.change([1, 2], "Friends")),
    ("name", lambda g: g.change(1, "")),
    ("name", lambda g: g.change(1, None)),
    ("number", lambda g: g.change(1, "Friends", number=-1)),
    ("id", lambda g: g.delete(0)),
    ("id", lambda g: g.delete(None)),
]


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@pytest.mark.parametrize(
    ("field", "act"),
    [
        *SAME,
        ("kind", lambda g: g.add("Friends", kind="fax")),
        ("kind", lambda g: g.add("Friends", kind=1)),
        ("kind", lambda g: g.all(kind="fax")),
        ("kind", lambda g: g.all(kind=["email"])),
        ("phone", lambda g: g.move_contact("Anna", 1)),
        ("phone", lambda g: g.add_contact(None, 1)),
        ("phone", lambda g: g.remove_contact(MAIL, 1)),
        ("groups", lambda g: g.move_contact(ANNA, "Friends")),
        ("groups", lambda g: g.add_contact(ANNA, [])),
        ("groups", lambda g: g.remove_contact(ANNA, None)),
    ],
)
async def test_refused_before_the_network(field: str, act: Callable[[ContactGroups], Any]) -> None:
    """What breaks a rule is refused with the name of the parameter."""
    assert await refused_field(ContactGroups, act) == field


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@pytest.mark.parametrize(
    ("field", "act"),
    [
        *SAME,
        ("email", lambda g: g.move_contact(ANNA, 1)),
        ("email", lambda g: g.add_contact(None, 1)),
        ("email", lambda g: g.remove_contact("a@b", 1)),
        ("groups", lambda g: g.move_contact(MAIL, "Friends")),
        ("groups", lambda g: g.add_contact(MAIL, [0])),
        ("groups", lambda g: g.remove_contact(MAIL, None)),
    ],
)
async def test_addresses_refused_before_the_network(
    field: str, act: Callable[[EmailContactGroups], Any]
) -> None:
    """What breaks a rule is refused with the name of the parameter."""
    assert await refused_field(EmailContactGroups, act) == field


async def test_the_limit_is_kept() -> None:
    """The fourth identical request of a minute waits; three different ones do not."""
    clock = InstantClock()
    service = InProcess(clock)
    groups = ContactGroups(caller(service, clock=clock, patience=0.0))
    for _ in range(3):
        await groups.all()
    with pytest.raises(RateLimited) as caught:
        await groups.all()
    assert caught.value.rule == "phones.identical"
    assert await groups.all(kind="email") == []
    assert service.account.refusals == []


async def test_the_stand_in_counts() -> None:
    """The fourth identical request of a minute is refused; each script has a count of its own."""
    service = InProcess(InstantClock())
    body = b"login=alex&psw=secret-password&fmt=3&get_group=1"
    codes = [
        json.loads((await service(f"/sys/{script}", body)).body)["error_code"]
        for script in (*["phones.php"] * 4, "mails.php")
    ]
    assert codes == [3, 3, 3, 9, 3]
    assert [one.rule for one in service.account.refusals] == ["phones.identical"]


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@pytest.mark.parametrize(
    ("answer", "want"),
    [
        ({"id": "5", "name": 7, "number": "12", "cnt": 3}, ContactGroup("5", "7", 12, 3)),
        ({"id": 5, "number": "", "cnt": ""}, ContactGroup("5")),
        ({"id": 5, "number": None}, ContactGroup("5")),
        ({"id": 5, "colour": "red"}, ContactGroup("5", extra={"colour": "red"})),
    ],
)
@pytest.mark.parametrize("alone", [True, False], ids=["object", "array"])
async def test_odd_answers(answer: dict[str, Any], want: ContactGroup, alone: bool) -> None:
    """Numbers as strings, strings as numbers, nothing, something new, an object for an array."""
    exchange = ScriptedExchange(answer if alone else [answer])
    assert await ContactGroups(caller(exchange)).all() == [want]


@pytest.mark.parametrize("answer", [[5], "OK", [{"name": "x"}], [{"id": 5, "cnt": "many"}]])
async def test_what_is_no_list_of_groups(answer: object) -> None:
    """What does not fit is a `BadReply`."""
    with pytest.raises(BadReply):
        await ContactGroups(caller(ScriptedExchange(*[answer] * 4))).all()


@pytest.mark.parametrize(
    "form",
    [
        {"add_group": "1"},
        {"add_group": "1", "name": "x", "type": "2"},
        {"get_group": "1", "type": "2"},
        {"chg_group": "1", "grp": "1"},
        {"move_group": "4", "grp": "1", "phone": ANNA},
        {"move_group": "1", "phone": ANNA},
    ],
)
async def test_the_stand_in_checks_too(form: dict[str, str]) -> None:
    """The stand-in refuses what the service cannot understand."""
    clock = InstantClock()
    service = InProcess(clock)
    call = caller(service, clock=clock)
    await ContactGroups(call).add("Friends")
    await Contacts(call).add(ANNA)

    fields = {"login": "alex", "psw": "secret-password", "fmt": "3", **form}
    body = "&".join(f"{name}={value}" for name, value in fields.items())
    reply = await service("/sys/phones.php", body.encode())

    assert json.loads(reply.body)["error_code"] == 1


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "name", "number", "cnt", "result"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)


@given(json_values)
def test_any_answer_is_typed_or_a_bad_reply(document: object) -> None:
    """Whatever is answered, it is read, or it is an error of ours."""
    body = json.dumps(document).encode()
    commands = module._PHONES
    for command in (commands.add, commands.change, commands.move_contact, commands.get):
        with contextlib.suppress(BadReply, ApiError):
            decode(command, body, "host")
