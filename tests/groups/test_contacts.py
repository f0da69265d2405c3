"""Contacts with phone numbers, and with e-mail addresses."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from datetime import date
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
from smsc_async.groups import contacts as module
from smsc_async.groups.contact_groups import ContactGroups
from smsc_async.groups.contacts import (
    Contact,
    ContactChanges,
    ContactDetails,
    ContactFilter,
    Contacts,
    EmailContact,
    EmailContactChanges,
    EmailContactDetails,
    EmailContacts,
)
from smsc_async.sandbox.scripts.phones import handle

pytestmark = pytest.mark.anyio

OK = {"result": "OK"}
NOTHING = {"error": "no records found", "error_code": 3}
ANNA, BORIS = "79991234567", "79990000002"

DETAILS: dict[str, tuple[Any, str, str]] = {
    "name": ("Анна", "name", "Анна"),
    "groups": (["321", 322], "grp", "321,322"),
    "last_name": ("Каренина", "lnm", "Каренина"),
    "first_name": ("Anna", "fnm", "Anna"),
    "middle_name": ("Аркадьевна", "mnm", "Аркадьевна"),
    "birthday": (date(1990, 12, 31), "bd", "31.12.1990"),
    "own_id": ("a-1", "myid", "a-1"),
    "comment": ("A friend", "cmt", "A friend"),
    "tags": ("vip", "tags", "vip"),
}
PHONE_DETAILS = DETAILS | {"other_phones": ("+7 495 1", "pho", "+7 495 1")}
EMAIL_DETAILS = DETAILS | {"other_emails": ("old@example.com", "pho", "old@example.com")}
"""Every detail: a value, its field, and how the value is written."""

FILTERS: dict[str, tuple[Any, str, str]] = {
    "group": (321, "grp", "321"),
    "full_name": ("Anna", "fio", "Anna"),
    "search": ("999", "search", "999"),
}

Both: TypeAlias = "type[Contacts | EmailContacts]"
both = pytest.mark.parametrize("group", [Contacts, EmailContacts])


def values(table: dict[str, tuple[Any, str, str]]) -> Any:
    return {name: value for name, (value, _, _) in table.items()}


def written(table: dict[str, tuple[Any, str, str]]) -> dict[str, str]:
    return {field: text for _, field, text in table.values()}


async def found(contacts: Contacts | EmailContacts, **options: Any) -> list[Any]:
    return [one async for one in contacts.all(**options)]


@pytest.fixture
async def contacts(service: InProcess, clock: InstantClock) -> Contacts:
    return Contacts(caller(service, clock=clock))


@pytest.fixture
async def emails(service: InProcess, clock: InstantClock) -> EmailContacts:
    return EmailContacts(caller(service, clock=clock))


async def test_what_is_added_can_be_changed_and_deleted(contacts: Contacts) -> None:
    """A contact exists after it was added, is changed only where that is asked, and goes."""
    number = await contacts.add(
        ["+7 999 123-45-67", BORIS],
        name="Анна",
        first_name="Anna",
        birthday=date(1990, 12, 31),
        own_id="a-1",
        other_phones="+7 495 1",
    )
    anna = await contacts.get(ANNA)
    assert anna == Contact(
        number,
        "a-1",
        "Анна",
        first_name="Anna",
        birthday_text="31.12.1990",
        phones=(ANNA, BORIS),
        other_phones="+7 495 1",
    )
    assert anna.birthday == date(1990, 12, 31)
    assert await contacts.get("+" + BORIS) == anna

    await contacts.change(ANNA, phones=["79990000003"], tags="vip", name="")
    [changed] = await contacts.page()
    assert (changed.id, changed.phones) == (number, ("79990000003",))
    assert (changed.name, changed.first_name, changed.tags) == ("", "Anna", "vip")

    await contacts.delete("79990000003")
    assert await contacts.page() == []
    assert await found(contacts) == []
    with pytest.raises(NotFound):
        await contacts.get(ANNA)


async def test_a_contact_with_addresses(contacts: Contacts, emails: EmailContacts) -> None:
    """Those with addresses are a list of their own."""
    number = await emails.add(
        ["anna@example.com", "a@example.org"], last_name="К", other_emails="old@example.com"
    )
    anna = EmailContact(
        number,
        last_name="К",
        emails=("anna@example.com", "a@example.org"),
        other_emails="old@example.com",
    )
    assert await emails.get("a@example.org") == anna
    assert await contacts.page() == []

    await emails.change("a@example.org", emails="b@example.com", comment="new")
    [changed] = await found(emails)
    assert (changed.emails, changed.comment, changed.last_name) == (("b@example.com",), "new", "К")

    await emails.delete("b@example.com")
    assert await found(emails) == []


async def test_only_some(contacts: Contacts, service: InProcess, clock: InstantClock) -> None:
    """A group, parts of a full name, and what is in a name or number choose among the contacts."""
    groups = ContactGroups(caller(service, clock=clock))
    friends, others = await groups.add("Friends"), await groups.add("Others")
    await contacts.add(ANNA, name="The One", first_name="Anna", last_name="K", groups=friends)
    await contacts.add(BORIS, first_name="Boris", last_name="K", groups=[friends, int(others)])

    async def phones(**which: Any) -> list[tuple[str, ...]]:
        page = await contacts.page(**which)
        assert page == await found(contacts, **which)
        return [one.phones for one in page]

    assert await phones() == [(ANNA,), (BORIS,)]
    assert await phones(group=friends) == [(ANNA,), (BORIS,)]
    assert await phones(group=int(others)) == [(BORIS,)]
    assert await phones(full_name="k anna") == [(ANNA,)]
    assert await phones(full_name="Oblonsky") == []
    assert await phones(search="the") == [(ANNA,)]
    assert await phones(search="0000002") == [(BORIS,)]
    assert [one.groups for one in await contacts.page()] == [(friends,), (friends, others)]

    await contacts.change(BORIS, groups=friends)
    assert await phones(group=others) == []


@pytest.mark.parametrize(
    "act",
    [
        lambda c: c.change(ANNA, name="Anna"),
        lambda c: c.delete(ANNA),
        lambda c: c.get(ANNA),
        lambda c: c.add(ANNA, groups=7),
    ],
)
async def test_there_is_none(contacts: Contacts, act: Callable[[Contacts], Any]) -> None:
    """Asking for what is not there is `NotFound`; so is a group that is not there."""
    with pytest.raises(NotFound) as caught:
        await act(contacts)
    assert caught.value.code == 3


async def test_there_is_one_already(contacts: Contacts) -> None:
    """A number that another contact has cannot be given to a second one."""
    await contacts.add(ANNA)
    await contacts.add(BORIS)
    with pytest.raises(OperationFailed):
        await contacts.add(["79990000003", ANNA])
    with pytest.raises(OperationFailed):
        await contacts.change(BORIS, phones=[ANNA, BORIS])
    await contacts.change(BORIS, phones=[BORIS, "79990000003"])
    assert len(await found(contacts)) == 2


async def test_pages(contacts: Contacts, service: InProcess) -> None:
    """All contacts come, once each, page by page; a walk goes on after the last one it had."""
    phones = [f"7900{number:07}" for number in range(2100)]
    for phone in phones:
        handle(service.account, {"add": "1", "phone": phone})
    added = service.account.requests.total()

    assert [one.phones[0] for one in await found(contacts)] == phones
    assert service.account.requests.total() - added == 3

    walk = contacts.all()
    had = [await anext(walk) for _ in range(1500)]
    await walk.aclose()
    rest = await found(contacts, after=had[-1].id)
    assert [one.phones[0] for one in had + rest] == phones

    page = await contacts.page(limit=2, after=had[-1].id)
    assert [one.phones[0] for one in page] == phones[1500:1502]
    assert service.account.refusals == []


def many(first: int, count: int = 1000) -> list[dict[str, object]]:
    return [{"int_id": number, "phone": str(number)} for number in range(first, first + count)]


async def test_pages_on_the_wire() -> None:
    """A full page is followed by the next, which may begin with the last contact before it."""
    exchange = ScriptedExchange(many(1), many(1000), many(1999, 3))

    everybody = Contacts(caller(exchange)).all(group=7)
    assert exchange.asked == []
    assert [one.id async for one in everybody] == [str(number) for number in range(1, 2002)]

    want = {"get": "1", "grp": "7", "cnt": "1000"}
    assert exchange.forms == [want, want | {"after_id": "1000"}, want | {"after_id": "1999"}]


async def test_a_full_last_page() -> None:
    """After a full page that was the last one, the service finds nothing, and that is the end."""
    exchange = ScriptedExchange(many(1), NOTHING)
    assert len(await found(Contacts(caller(exchange)))) == 1000
    assert len(exchange.asked) == 2


@pytest.mark.parametrize(
    "pages",
    [
        [[{"phone": "7"}] * 1000],
        [[{"int_id": "", "phone": "7"}] * 1000],
        [many(1), many(1)],
        [many(1), many(1001), many(1)],
    ],
    ids=["no ids", "empty ids", "the same page", "an earlier page"],
)
async def test_a_page_that_leads_nowhere(pages: list[object]) -> None:
    """What cannot be gone through is said, after what could be had, and not asked for for ever."""
    exchange = ScriptedExchange(*pages)
    had: list[Contact] = []
    with pytest.raises(BadReply) as caught:
        async for one in Contacts(caller(exchange)).all():
            had.append(one)  # noqa: PERF401 - what came before the error counts
    assert caught.value.path == "$[-1].int_id"
    assert len(had) >= 1000
    assert exchange.replies == []


async def test_a_short_page_needs_no_ids() -> None:
    """Where the service leaves out its own ids, as its documentation shows it, contacts come."""
    exchange = ScriptedExchange([{"phone": "7"}, {"phone": "8"}])
    assert [one.id for one in await found(Contacts(caller(exchange)), after=5)] == [None, None]


async def test_all_options_are_tried() -> None:
    """The tables above have every option there is."""
    assert PHONE_DETAILS.keys() == ContactDetails.__optional_keys__
    assert EMAIL_DETAILS.keys() == EmailContactDetails.__optional_keys__
    assert PHONE_DETAILS.keys() | {"phones"} == ContactChanges.__optional_keys__
    assert EMAIL_DETAILS.keys() | {"emails"} == EmailContactChanges.__optional_keys__
    assert FILTERS.keys() == ContactFilter.__optional_keys__


async def test_phones_on_the_wire() -> None:
    """Every option of a contact with numbers reaches its documented field."""
    exchange = ScriptedExchange({"id": 5}, OK, OK, [{"phone": ANNA}], [], [])
    contacts = Contacts(caller(exchange))
    details = values(PHONE_DETAILS)

    assert await contacts.add([f"+{ANNA}", BORIS], **details) == "5"
    await contacts.change(f"+{ANNA}", phones=[ANNA, f"+{BORIS}"], **details)
    await contacts.delete(ANNA)
    await contacts.get(ANNA)
    await contacts.page(limit=1000, after="77", **values(FILTERS))
    await contacts.page()

    assert {path for path, _ in exchange.asked} == {"/sys/phones.php"}
    want = written(PHONE_DETAILS)
    assert exchange.forms == [
        want | {"add": "1", "phone": f"{ANNA},{BORIS}"},
        want | {"chg": "1", "phone": ANNA, "new_phone": f"{ANNA},{BORIS}"},
        {"del": "1", "phone": ANNA},
        {"get": "1", "phone": ANNA},
        written(FILTERS) | {"get": "1", "cnt": "1000", "after_id": "77"},
        {"get": "1"},
    ]


async def test_addresses_on_the_wire() -> None:
    """Every option of a contact with addresses reaches its documented field."""
    exchange = ScriptedExchange({"id": 5}, OK, OK, [{"mail": "a@b.org"}], [], [])
    contacts = EmailContacts(caller(exchange))
    details = values(EMAIL_DETAILS)

    assert await contacts.add(["a@b.org", "c@d.org"], **details) == "5"
    await contacts.change("a@b.org", emails=["a@b.org", "e@f.org"], **details)
    await contacts.delete("a@b.org")
    await contacts.get("a@b.org")
    await contacts.page(limit=1, after=77, **values(FILTERS))
    await found(contacts)

    assert {path for path, _ in exchange.asked} == {"/sys/mails.php"}
    want = written(EMAIL_DETAILS)
    assert exchange.forms == [
        want | {"add": "1", "mail": "a@b.org,c@d.org"},
        want | {"chg": "1", "mail": "a@b.org", "new_mail": "a@b.org,e@f.org"},
        {"del": "1", "mail": "a@b.org"},
        {"get": "1", "mail": "a@b.org"},
        written(FILTERS) | {"get": "1", "cnt": "1", "after_id": "77"},
        {"get": "1", "cnt": "1000"},
    ]


REFUSED: list[tuple[str, Callable[[Any], Any]]] = [
    ("name", lambda c: c.page(name="x")),
    ("limit", lambda c: c.page(limit=0)),
    ("limit", lambda c: c.page(limit=1001)),
    ("after", lambda c: c.page(after="x")),
    ("after", lambda c: found(c, after=0)),
    ("group", lambda c: found(c, group=[1, 2])),
    ("group", lambda c: c.page(group="G1")),
    ("full_name", lambda c: c.page(full_name="")),
    ("search", lambda c: found(c, search="")),
]


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@pytest.mark.parametrize(
    ("field", "act"),
    [
        ("phones", lambda c: c.add(None)),
        ("phones", lambda c: c.add([])),
        ("phones", lambda c: c.add("")),
        ("phones", lambda c: c.add(5)),
        ("phones", lambda c: c.add("a@b.org")),
        ("phones", lambda c: c.add(f"{ANNA},{BORIS}")),
        ("phones", lambda c: c.add([ANNA, "12"])),
        ("phones", lambda c: c.add("1" * 16)),
        ("name", lambda c: c.add(ANNA, name=5)),
        ("groups", lambda c: c.add(ANNA, groups="Friends")),
        ("groups", lambda c: c.add(ANNA, groups=[1, 0])),
        ("groups", lambda c: c.add(ANNA, groups=[])),
        ("birthday", lambda c: c.add(ANNA, birthday="31.12.1990")),
        ("other_phones", lambda c: c.add(ANNA, other_phones=[BORIS])),
        ("colour", lambda c: c.add(ANNA, colour="red")),
        ("phone", lambda c: c.change("Anna", name="x")),
        ("phone", lambda c: c.change(None, name="x")),
        ("phones", lambda c: c.change(ANNA, phones="x")),
        ("other_emails", lambda c: c.change(ANNA, other_emails="x")),
        ("phone", lambda c: c.delete([ANNA])),
        ("phone", lambda c: c.delete(None)),
        ("phone", lambda c: c.get("")),
        ("phone", lambda c: c.get(None)),
        *REFUSED,
    ],
)
async def test_phones_refused_before_the_network(
    field: str, act: Callable[[Contacts], Any]
) -> None:
    """What breaks a rule is refused with the name of the option."""
    assert await refused_field(Contacts, act) == field


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@pytest.mark.parametrize(
    ("field", "act"),
    [
        ("emails", lambda c: c.add(None)),
        ("emails", lambda c: c.add([])),
        ("emails", lambda c: c.add(ANNA)),
        ("emails", lambda c: c.add("a@b.org,c@d.org")),
        ("other_phones", lambda c: c.add("a@b.org", other_phones="x")),
        ("email", lambda c: c.change("anna", name="x")),
        ("emails", lambda c: c.change("a@b.org", emails="x")),
        ("email", lambda c: c.delete("a b@c.org")),
        ("email", lambda c: c.delete(None)),
        ("email", lambda c: c.get(ANNA)),
        *REFUSED,
    ],
)
async def test_addresses_refused_before_the_network(
    field: str, act: Callable[[EmailContacts], Any]
) -> None:
    """What breaks a rule is refused with the name of the option."""
    assert await refused_field(EmailContacts, act) == field


ANSWERS = [
    (
        {"int_id": "5", "phone": 79991234567, "group": "321, 322", "id": 8, "name": 1},
        Contact("5", "8", "1", ("321", "322"), phones=(ANNA,)),
    ),
    (
        {"phone": "+79991234567;79990000002 7495", "group": 321},
        Contact(groups=("321",), phones=("+79991234567", BORIS, "7495")),
    ),
    ({"phone": None, "name": None, "group": None, "birthday": None}, Contact()),
    ({"phone": [ANNA, 7495], "group": [1, "2"]}, Contact(groups=("1", "2"), phones=(ANNA, "7495"))),
    ({"phone": "", "group": "", "int_id": None}, Contact()),
    ({"group": 0, "tags": "a,b"}, Contact(tags="a,b")),
    ({"colour": "red"}, Contact(extra={"colour": "red"})),
]


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@pytest.mark.parametrize(("answer", "want"), ANSWERS)
@pytest.mark.parametrize("alone", [True, False], ids=["object", "array"])
async def test_odd_answers(answer: dict[str, object], want: Contact, alone: bool) -> None:
    """Numbers as strings, strings as numbers, lists with any separators, nothing, something new."""
    exchange = ScriptedExchange(answer if alone else [answer])
    assert await Contacts(caller(exchange)).page() == [want]


async def test_odd_addresses() -> None:
    """Addresses come with any separator, too."""
    exchange = ScriptedExchange([{"mail": "a@b.org, c@d.org;e@f.org"}])
    [one] = await EmailContacts(caller(exchange)).page()
    assert one.emails == ("a@b.org", "c@d.org", "e@f.org")


@pytest.mark.parametrize("text", ["", "31.12", "00.00.0000", "1990-12-31"])
async def test_a_birthday_that_is_none(text: str) -> None:
    """What is printed as a birthday and is no day does not spoil the contact."""
    [one] = await Contacts(caller(ScriptedExchange([{"birthday": text}]))).page()
    assert (one.birthday, one.birthday_text) == (None, text)


@pytest.mark.parametrize(
    "answer", [[5], 5, "OK", [{"phone": True}], [{"group": {"a": {}}, "name": []}]]
)
async def test_what_is_no_list_of_contacts(answer: object) -> None:
    """What does not fit is a `BadReply`."""
    with pytest.raises(BadReply):
        await Contacts(caller(ScriptedExchange(*[answer] * 4))).page()


async def test_get_of_nothing() -> None:
    """An empty list for one number is `NotFound`, which says of what."""
    with pytest.raises(NotFound) as caught:
        await Contacts(caller(ScriptedExchange([]))).get(ANNA)
    assert caught.value.command == "phones.php get"


@pytest.mark.parametrize(
    ("script", "form"),
    [
        ("phones.php", {}),
        ("phones.php", {"add": "1"}),
        ("phones.php", {"del": "1", "phone": "79991234567,79990000002"}),
        ("phones.php", {"get": "1", "cnt": "many"}),
        ("mails.php", {"add": "1", "mail": "anna"}),
        ("mails.php", {"chg": "1", "phone": ANNA}),
    ],
)
async def test_the_stand_in_checks_too(
    service: InProcess, script: str, form: dict[str, str]
) -> None:
    """The stand-in refuses what the service cannot understand."""
    who = {"login": "alex", "psw": "secret-password", "fmt": "3"}
    body = "&".join(f"{name}={value}" for name, value in (who | form).items())
    reply = await service(f"/sys/{script}", body.encode())
    assert json.loads(reply.body)["error_code"] == 1


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "int_id", "phone", "mail", "group", "birthday", "result"]),
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
        for command in (commands.add, commands.change, commands.delete, commands.get):
            with contextlib.suppress(BadReply, ApiError):
                decode(command, body, "host")


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@given(st.lists(st.integers(10_000, 10**15 - 1), min_size=1, unique=True), st.data())
async def test_any_separator(numbers: list[int], data: st.DataObject) -> None:
    """Whatever is between the numbers, they are found."""
    separators = st.text(",;:|/ \n\t-.", min_size=1, max_size=3)
    text = "".join(f"{data.draw(separators)}{number}" for number in numbers)
    contact = decode(module._PHONES.get, json.dumps([{"phone": text}]).encode(), "host")[0]
    assert contact.phones == tuple(map(str, numbers))
