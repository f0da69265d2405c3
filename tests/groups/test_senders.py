"""Sender names."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from clocks import InstantClock
from hypothesis import given
from hypothesis import strategies as st
from service import InProcess, ScriptedExchange, caller, failure, refused_field

from smsc_async import (
    ApiError,
    BadReply,
    InvalidNumber,
    InvalidRequest,
    NotFound,
    OperationFailed,
    OutcomeUnknown,
    RateLimited,
    TooManyRequests,
    Undeliverable,
    WrongCode,
)
from smsc_async._attachments import Attachment
from smsc_async._sender_options import SenderOptions
from smsc_async._wire import decode
from smsc_async.groups import senders as module
from smsc_async.groups.senders import (
    OperatorStatus,
    SenderFile,
    SenderFileStatus,
    SenderName,
    Senders,
    SenderStatus,
)
from smsc_async.sandbox.kinds import Upload
from smsc_async.sandbox.scripts.senders import CODE
from smsc_async.transport import Sent

pytestmark = pytest.mark.anyio

OK = {"result": "OK"}
TRADE_MARK = Attachment(b"%PDF-", name="Trade mark.PDF")

UKRAINE: dict[str, tuple[Any, str, str]] = {
    "ukraine_company": ("ТОВ", "fio", "ТОВ"),
    "ukraine_tax_number": ("1234", "inn", "1234"),
    "ukraine_website": ("example.com", "site", "example.com"),
    "ukraine_email": ("a@example.com", "email", "a@example.com"),
    "ukraine_address": ("Київ", "address", "Київ"),
    "ukraine_services": ("Shoes", "desc", "Shoes"),
    "ukraine_purpose": ("Orders", "subj", "Orders"),
}
BELARUS: dict[str, tuple[Any, str, str]] = {
    "belarus_company": ("ООО", "by_fio", "ООО"),
    "belarus_tax_number": ("5678", "by_inn", "5678"),
    "belarus_address": ("Минск", "by_address", "Минск"),
    "belarus_occupation": (19, "by_ocup", "19"),
    "belarus_mailing_type": (3, "by_type", "3"),
    "belarus_sample": ("Your order", "by_mes", "Your order"),
    "belarus_website": ("example.by", "by_site", "example.by"),
}
ALL_OPTIONS: dict[str, tuple[Any, str, str]] = {
    "paid_mts": (True, "mts_step", "1"),
    "paid_megafon": (True, "mega_step", "1"),
    "paid_beeline": (True, "bee_step", "1"),
    "paid_motiv": (True, "motiv_step", "1"),
    "paid_winmobile": (True, "winmob_step", "1"),
    "paid_volna": (True, "volnamob_step", "1"),
    "paid_tele2": (True, "tele2_step", "1"),
    "free_sber": (True, "sber_step", "1"),
    "free_tele2": (True, "tele2", "1"),
    "free_motiv": (False, "motiv", "0"),
    "common_mts": (True, "mts_int", "1"),
    "common_megafon": (True, "mega_int", "1"),
    "common_motiv": (True, "motiv_int", "1"),
    "ukraine_national": (True, "ua_reg", "1"),
    "ukraine_international": (True, "ua_int", "1"),
    **UKRAINE,
    "belarus_national": (True, "by_reg", "1"),
    "belarus_international": (True, "by_int", "1"),
    **BELARUS,
    "is_email": (True, "mail", "1"),
    "email_owner": ("Anna", "name", "Anna"),
    "document_note": ("A trade mark", "doc_info", "A trade mark"),
    "subclient": ("anna", "user", "anna"),
}
"""Every option: a value, its field, and how the value is written."""

STATUSES = {
    field: name
    for name, (_, field, _) in ALL_OPTIONS.items()
    if name.partition("_")[0] in {"paid", "free", "common"} or name.endswith("national")
} | {"tele2_int": "common_tele2", "sber_int": "common_sber"}
"""The fields of the operators' statuses: those of the registrations, and two more."""


def some(options: dict[str, tuple[Any, str, str]], *without: str) -> dict[str, Any]:
    return {name: value for name, (value, _, _) in options.items() if name not in without}


@pytest.fixture
async def senders(service: InProcess, clock: InstantClock) -> Senders:
    return Senders(caller(service, clock=clock))


async def found(senders: Senders, **filters: Any) -> list[SenderName]:
    return [name async for name in senders.all(**filters)]


async def test_what_is_added_is_looked_at_changed_and_deleted(
    senders: Senders, clock: InstantClock
) -> None:
    """A name is there after it was added, may be used after a while, and goes."""
    assert await found(senders, complete=True) == []
    number = await senders.add("Shop", comment="test")
    assert await found(senders) == []
    [new] = await found(senders, complete=True)
    assert new == SenderName(number, "Shop", SenderStatus.MODERATED)

    clock.pass_time(60)
    assert await found(senders) == [SenderName(number, "Shop")]
    [allowed] = await found(senders, complete=True)
    assert allowed.status is SenderStatus.ALLOWED

    await senders.change(name="Shop", comment="again", paid_mts=True)
    [asked] = await found(senders, operators=True)
    assert (asked.paid_mts, asked.paid_tele2) == (OperatorStatus.PENDING, None)
    clock.pass_time(60)
    [done] = await found(senders, operators=True)
    assert done == SenderName(number, "Shop", paid_mts=OperatorStatus.ALLOWED)

    await senders.delete(id=number)
    assert await found(senders, complete=True) == []


async def test_documents(senders: Senders, clock: InstantClock) -> None:
    """A document that goes along is listed with the name, and is approved after a while."""
    number = await senders.add("Shop", document=TRADE_MARK, document_note="A trade mark")
    await senders.change(id=number, comment="", document=Attachment(b"x", name="more.zip"))

    [name] = await found(senders, complete=True, files=True)
    assert name.files == (
        SenderFile("1", "Trade mark.PDF", SenderFileStatus.REVIEWED),
        SenderFile("2", "more.zip", SenderFileStatus.REVIEWED),
    )
    clock.pass_time(60)
    [name] = await found(senders, files=True)
    assert {file.status for file in name.files} == {SenderFileStatus.APPROVED}


async def test_a_number_is_confirmed(senders: Senders) -> None:
    """A name of digits may be used when its code was given."""
    await senders.add("79991234567")
    await senders.send_code("+7 999 123-45-67")
    with pytest.raises(WrongCode) as caught:
        await senders.check_code("79991234567", "000000")
    assert caught.value.code == 11
    assert await found(senders) == []

    await senders.check_code("+79991234567", CODE)

    assert [name.name for name in await found(senders)] == ["79991234567"]


async def test_names_of_subclients(senders: Senders) -> None:
    """Each sub-client has names of its own."""
    await senders.add("Shop", subclient="anna")
    await senders.add("Shop")

    await senders.delete(name="Shop")

    assert await found(senders, complete=True) == []
    assert len(await found(senders, complete=True, subclient="anna")) == 1


async def add_many(senders: Senders, clock: InstantClock, count: int) -> None:
    for number in range(1, count + 1):
        await senders.add(f"Shop {number}")
        clock.pass_time(13)
    clock.pass_time(60)


async def test_pages(senders: Senders, service: InProcess, clock: InstantClock) -> None:
    """All names come, the newest first, whatever the pages; from a given one on, too."""
    await add_many(senders, clock, 7)

    for size in (1, 2, 3, 6, 7, 8, 15_000, None):
        assert [name.id for name in await found(senders, page_size=size)] == list("7654321")
    assert [name.id for name in await found(senders, page_size=2, before=4)] == list("321")
    assert await found(senders, before="1") == []
    assert service.account.refusals == []


async def test_pages_on_the_wire() -> None:
    """A page is asked for with the last id of the one before; a short one is the last."""
    exchange = ScriptedExchange([{"id": 9}, {"id": 7}], [{"id": "5"}])
    senders = Senders(caller(exchange))

    names = senders.all(page_size=2)
    assert exchange.asked == []
    assert [name.id async for name in names] == ["9", "7", "5"]

    assert [form.get("prev_id") for _, form in exchange.asked] == [None, "7"]
    assert {form["cnt"] for _, form in exchange.asked} == {"2"}


@pytest.mark.parametrize("last", [[], {"error": "not found", "error_code": 3}])
async def test_without_a_page_size(last: object) -> None:
    """The service chooses the pages, and the one with nothing in it is the last."""
    exchange = ScriptedExchange([{"id": 9}, {"id": 7}], [{"id": 5}], last)
    assert [name.id for name in await found(Senders(caller(exchange)))] == ["9", "7", "5"]
    assert [form.get("prev_id") for _, form in exchange.asked] == [None, "7", "5"]
    assert all("cnt" not in form for _, form in exchange.asked)


async def test_a_service_that_repeats_itself() -> None:
    """Names that came before do not come again, and do not go round for ever."""
    page = [{"id": 9}, {"id": 7}]
    exchange = ScriptedExchange(page, [{"id": 7}, {"id": 6}], page)
    senders = Senders(caller(exchange))
    assert [name.id for name in await found(senders, page_size=2)] == ["9", "7", "6"]
    assert len(exchange.asked) == 3


async def test_what_has_changed(senders: Senders, service: InProcess, clock: InstantClock) -> None:
    """Those that changed since a day come in one page, the last change first."""
    await add_many(senders, clock, 3)
    today = date(2026, 1, 15)
    await senders.change(id=3, comment="", free_tele2=True)
    clock.pass_time(86400)
    await senders.change(id=1, comment="", free_tele2=True)

    assert [name.id for name in await found(senders, changed_since=today)] == ["1", "3"]
    assert [name.id for name in await found(senders, changed_since=today, page_size=1)] == ["1"]
    tomorrow = date(2026, 1, 16)
    assert [name.id for name in await found(senders, changed_since=tomorrow)] == ["1"]


async def test_iteration_waits_for_the_limits(clock: InstantClock, service: InProcess) -> None:
    """Going through the names again and again waits for the limit, whatever the patience."""
    senders = Senders(caller(service, clock=clock, patience=0.0))
    await senders.add("Shop")
    for _ in range(5):
        assert len(await found(senders, complete=True)) == 1
    assert service.account.refusals == []
    assert sum(clock.naps) > 60


async def test_filters_on_the_wire() -> None:
    """Every filter reaches its documented field; without any there is none."""
    exchange = ScriptedExchange([], [], [])
    senders = Senders(caller(exchange))

    await found(senders)
    await found(
        senders,
        complete=True,
        operators=True,
        files=True,
        before=77,
        page_size=15_000,
        subclient="anna",
    )
    await found(senders, changed_since=date(2026, 1, 2))

    assert {path for path, _ in exchange.asked} == {"/sys/senders.php"}
    assert exchange.forms == [
        {"get": "1"},
        {
            "get": "1",
            "all": "1",
            "operators": "1",
            "files": "1",
            "prev_id": "77",
            "cnt": "15000",
            "user": "anna",
        },
        {"get": "1", "from_date": "02.01.2026", "cnt": "15000"},
    ]


async def test_all_options_are_tried() -> None:
    """The table above has every option there is."""
    assert ALL_OPTIONS.keys() == SenderOptions.__optional_keys__


async def test_options_on_the_wire() -> None:
    """Every option reaches its documented field, and the document goes along."""
    exchange = ScriptedExchange({"sender": 5}, OK, OK, OK, OK, OK)
    senders = Senders(caller(exchange))
    options: Any = some(ALL_OPTIONS)

    new = await senders.add("a@example.com", comment="Шоп", document=TRADE_MARK, **options)
    await senders.change(id=new, comment="", document=TRADE_MARK, **options)
    await senders.change(name="799912345671234", comment="x")
    await senders.send_code(
        "+79991234567", from_site="mysite.ru", site_name="My site", subclient="anna"
    )
    await senders.check_code("79991234567", "012345", subclient="anna")
    await senders.delete(name="a@example.com", subclient="anna")

    want = {field: written for _, field, written in ALL_OPTIONS.values()}
    file = {"file0": Upload("Trade mark.PDF", 5)}
    assert exchange.forms == [
        want | file | {"add": "1", "sender": "a@example.com", "cmt": "Шоп"},
        want | file | {"chg": "1", "id": "5", "cmt": ""},
        {"chg": "1", "sender": "799912345671234", "cmt": "x"},
        {
            "send_code": "1",
            "sender": "79991234567",
            "site": "mysite.ru",
            "site_name": "My site",
            "user": "anna",
        },
        {"check_code": "1", "sender": "79991234567", "code": "012345", "user": "anna"},
        {"del": "1", "sender": "a@example.com", "user": "anna"},
    ]


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@pytest.mark.parametrize(
    ("field", "act"),
    [
        ("name", lambda s: s.add("")),
        ("name", lambda s: s.add("twelve chars")),
        ("name", lambda s: s.add("1234567890123456")),
        ("name", lambda s: s.add(5)),
        ("name", lambda s: s.add("a@example.com")),
        ("name", lambda s: s.add("Shop", is_email=True)),
        ("name", lambda s: s.add("a@b", is_email=True)),
        ("email_owner", lambda s: s.add("Shop", email_owner="Anna")),
        ("document_note", lambda s: s.add("Shop", document_note="A trade mark")),
        ("document", lambda s: s.add("Shop", document=Attachment(b"x", name="a.jpeg"))),
        ("document", lambda s: s.add("Shop", document=b"x")),
        (
            "document",
            lambda s: s.change(
                id=1, comment="", document=Attachment(bytes(3 * 1024 * 1024 + 1), name="a.jpg")
            ),
        ),
        ("paid_mts", lambda s: s.add("Shop", paid_mts="yes")),
        ("colour", lambda s: s.add("Shop", colour="red")),
        ("belarus_occupation", lambda s: s.add("Shop", belarus_occupation=20)),
        ("belarus_occupation", lambda s: s.add("Shop", belarus_occupation=0)),
        ("belarus_mailing_type", lambda s: s.add("Shop", belarus_mailing_type=0)),
        ("belarus_mailing_type", lambda s: s.add("Shop", belarus_mailing_type=4)),
        ("ukraine_email", lambda s: s.add("Shop", ukraine_email="anna")),
        ("ukraine_company", lambda s: s.add("Shop", ukraine_company="")),
        ("name", lambda s: s.change(comment="x")),
        ("name", lambda s: s.change(comment="x", id=1, name="Shop")),
        ("id", lambda s: s.change(comment="x", id="Shop")),
        ("comment", lambda s: s.change(comment=5, id=1)),
        ("name", lambda s: s.delete()),
        ("name", lambda s: s.delete(id=1, name="Shop")),
        ("number", lambda s: s.send_code("Shop")),
        ("number", lambda s: s.check_code("Shop", "1")),
        ("code", lambda s: s.check_code("79991234567", "")),
        ("page_size", lambda s: found(s, page_size=15_001)),
        ("page_size", lambda s: found(s, page_size=0)),
        ("before", lambda s: found(s, before="x")),
        ("changed_since", lambda s: found(s, changed_since="01.01.2026")),
        ("complete", lambda s: found(s, complete="yes")),
        ("subclient", lambda s: found(s, subclient="")),
        ("subclient", lambda s: s.add("Shop", subclient="")),
        ("subclient", lambda s: s.delete(id=1, subclient="")),
    ],
)
async def test_refused_before_the_network(field: str, act: Callable[[Senders], Any]) -> None:
    """What breaks a rule is refused with the name of the option."""
    assert await refused_field(Senders, act) == field


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@pytest.mark.parametrize("tariff", ["national", "international"])
@pytest.mark.parametrize(
    ("country", "missing"),
    [("ukraine", name) for name in UKRAINE] + [("belarus", name) for name in BELARUS],
)
async def test_what_a_registration_needs(tariff: str, country: str, missing: str) -> None:
    """A registration for a country needs everything about the company."""
    details = {"ukraine": UKRAINE, "belarus": BELARUS}[country]
    options: Any = some(details, missing) | {f"{country}_{tariff}": True}
    with pytest.raises(InvalidRequest) as caught:
        await Senders(caller(ScriptedExchange())).add("Shop", **options)
    assert caught.value.field == missing


async def test_the_service_needs_it_too(senders: Senders, service: InProcess) -> None:
    """The stand-in takes a registration with everything, and refuses one without, and odd files."""
    options: Any = some(UKRAINE) | {"ukraine_national": True}
    await senders.add("Shop", **options)
    assert await ask(service, "add=1&sender=Other&by_reg=1&by_fio=x") == 1
    assert await ask(service, "add=1&sender=Other&file0=a.exe") == 1
    assert await ask(service, "add=1") == 1
    assert await ask(service, "id=1") == 1


async def ask(service: InProcess, fields: str) -> int:
    """Ask it as it is; return the error code."""
    form = f"login=alex&psw=secret-password&fmt=3&charset=utf-8&{fields}"
    reply = await service("/sys/senders.php", form.encode())
    code: int = json.loads(reply.body)["error_code"]
    return code


@pytest.mark.parametrize(
    ("error", "code", "act"),
    [
        (NotFound, 3, lambda s: s.change(id=77, comment="x")),
        (NotFound, 3, lambda s: s.delete(name="Other")),
        (NotFound, 3, lambda s: s.check_code("79990000000", "1")),
        (OperationFailed, 5, lambda s: s.add("Shop")),
        (InvalidNumber, 7, lambda s: s.send_code("123456")),
        (Undeliverable, 8, lambda s: s.send_code("79995550020")),
    ],
)
async def test_what_the_service_refuses(
    senders: Senders, error: type[ApiError], code: int, act: Callable[[Senders], Any]
) -> None:
    """Each documented error has its meaning."""
    await senders.add("Shop")
    with pytest.raises(error) as caught:
        await act(senders)
    assert caught.value.code == code


async def test_limits(service: InProcess, clock: InstantClock) -> None:
    """Five names are added in a minute, and a number gets one code in eight hours."""
    senders = Senders(caller(service, clock=clock, patience=0.0))
    await senders.add("79991234567")
    for number in range(4):
        await senders.add(f"Shop {number}")
    with pytest.raises(RateLimited) as caught:
        await senders.add("Shop 5")
    assert caught.value.rule == "senders.add"

    await senders.send_code("79991234567")
    with pytest.raises(RateLimited) as caught:
        await senders.send_code("+79991234567")
    assert caught.value.rule == "senders.send_code.same_sender"
    assert caught.value.retry_after > 8 * 3600
    assert service.account.refusals == []


async def test_the_service_counts(service: InProcess, clock: InstantClock) -> None:
    """What others have used up is refused by the service, codes with an error of their own."""
    others = Senders(caller(service, clock=clock))
    await others.add("79991234567")
    await others.send_code("79991234567")
    for number in range(4):
        await others.add(f"Shop {number}")
    senders = Senders(caller(service, clock=clock, patience=0.0))

    with pytest.raises(OperationFailed) as failed:
        await senders.send_code("79991234567")
    assert failed.value.code == 10
    with pytest.raises(TooManyRequests):
        await senders.add("Shop 5")
    assert [refusal.rule for refusal in service.account.refusals] == [
        "senders.send_code.same_sender",
        "senders.add",
    ]


@pytest.mark.parametrize(
    "act",
    [
        lambda s: s.add("Shop"),
        lambda s: s.add("Shop", document=TRADE_MARK),
        lambda s: s.change(id=1, comment="x"),
        lambda s: s.send_code("79991234567"),
        lambda s: s.check_code("79991234567", "1"),
        lambda s: s.delete(id=1),
    ],
    ids=["add", "add-file", "change", "send_code", "check_code", "delete"],
)
async def test_never_repeated(act: Callable[[Senders], Any]) -> None:
    """What may have been done is not done again."""
    exchange = ScriptedExchange(failure(Sent.UNKNOWN), {"sender": 1}, OK)
    with pytest.raises(OutcomeUnknown):
        await act(Senders(caller(exchange)))
    assert len(exchange.asked) == 1


async def test_reads_are_repeated() -> None:
    """A page whose way here was lost is asked for again."""
    exchange = ScriptedExchange(failure(Sent.UNKNOWN), [{"id": 1}], [])
    assert len(await found(Senders(caller(exchange)))) == 1


@pytest.mark.parametrize(
    ("answer", "want"),
    [({"sender": 5}, "5"), ({"sender": "5"}, "5"), ({"sender": "Shop", "id": 6}, "6")],
)
async def test_new_ids(answer: object, want: str) -> None:
    """The id of a new name is its `id`, or what comes as the sender."""
    assert await Senders(caller(ScriptedExchange(answer))).add("Shop") == want


@pytest.mark.parametrize("answer", [{"sender": "Shop"}, {"id": None}, [5], {}])
async def test_no_new_id(answer: object) -> None:
    """Without an id, it is not known whether there is a new name."""
    with pytest.raises(OutcomeUnknown):
        await Senders(caller(ScriptedExchange(answer))).add("Shop")


async def test_operators() -> None:
    """Every operator's status is read from its field; unknown numbers are kept."""
    codes = {field: str(number) for number, field in enumerate(sorted(STATUSES))}
    answer = {"sender": "Shop", **codes, "id": "7", "mts_name": "Other"}

    [name] = await found(Senders(caller(ScriptedExchange([answer], []))), operators=True)

    assert len(STATUSES) == 19
    read = {field: getattr(name, attribute) for field, attribute in STATUSES.items()}
    assert read == {field: OperatorStatus(int(code)) for field, code in codes.items()}
    assert (name.id, name.name, name.extra) == ("7", "Shop", {"mts_name": "Other"})
    assert OperatorStatus(13).name == "UNKNOWN_13"


def test_codes() -> None:
    """The numbers mean what is documented, and two of the operators' let messages through."""
    assert [(status.name, status.value) for status in SenderStatus] == [
        ("MODERATED", 0),
        ("ALLOWED", 1),
        ("DISABLED", 2),
    ]
    assert [(status.name, status.value) for status in SenderFileStatus] == [
        ("REVIEWED", 0),
        ("REJECTED", 1),
        ("APPROVED", 2),
    ]
    assert [(status.name, status.value, status.is_allowed) for status in OperatorStatus] == [
        ("PENDING", 0, False),
        ("SENT", 1, False),
        ("ALLOWED", 2, True),
        ("REFUSED", 3, False),
        ("PAUSED", 4, False),
        ("NO_FUNDS", 5, False),
        ("NEEDS_DOCUMENTS", 8, False),
        ("FROM_NEXT_MONTH", 9, False),
        ("ALLOWED_UNTIL_REMOVED", 255, True),
    ]


@pytest.mark.parametrize("ending", ["jpg", "tif", "pdf", "png", "zip", "RAR"])
async def test_documents_that_are_taken(ending: str) -> None:
    """Each documented format goes along, up to its largest size."""
    exchange = ScriptedExchange({"sender": 5})
    file = Attachment(bytes(3 * 1024 * 1024), name=f"a.{ending}")
    await Senders(caller(exchange)).add("Shop", document=file)
    assert exchange.asked[0][1]["file0"] == f"a.{ending}"


async def test_odd_answers() -> None:
    """Quoted numbers, empty and missing and unknown fields, one object instead of many."""
    file = {"file": 7, "fid": 3, "fstatus": "2", "fcomment": None, "new": 1}
    one = {"id": 7, "sender": 79991234567, "status": "9", "mts_step": "", "files": file, "new": 1}
    bare = {"id": "6", "files": [{"fid": 4, "fstatus": ""}, {"fid": 5, "file": "a.zip"}]}
    exchange = ScriptedExchange(one, [bare, {"id": 5, "files": None}], [])

    names = await found(Senders(caller(exchange)))

    approved = SenderFile("3", "7", SenderFileStatus.APPROVED, extra={"new": 1})
    assert names == [
        SenderName("7", "79991234567", SenderStatus(9), files=(approved,), extra={"new": 1}),
        SenderName("6", files=(SenderFile("4"), SenderFile("5", "a.zip"))),
        SenderName("5"),
    ]


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@pytest.mark.parametrize(
    "answer",
    [
        *("OK", [1], [{"sender": "Shop"}], [{"id": "x"}], [{"id": "9" * 5000}]),
        *([{"id": 1, "files": [7]}], [{"id": 1, "files": "a.pdf"}], [{"id": 1, "motiv": []}]),
    ],
)
async def test_answers_that_are_none(answer: object) -> None:
    """What cannot be read as names is a `BadReply`."""
    with pytest.raises(BadReply):
        await found(Senders(caller(ScriptedExchange(*[answer] * 9))))


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["1", "OK"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "sender", "status", "files", "fid", "fstatus", "motiv", "result"]
            ),
            inner,
        )
    ),
    max_leaves=12,
)


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@given(document=values)
async def test_any_answer(document: object) -> None:
    """Any JSON is an answer that can be gone through, or a `BadReply`."""
    body = json.dumps(document).encode()
    for command in (module._ADD, module._CHANGE, module._GET):
        with contextlib.suppress(BadReply):
            decode(command, body, "host")
    with contextlib.suppress(BadReply):
        await found(Senders(caller(ScriptedExchange(*[document] * 9), patience=0.0)))


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@given(
    name=st.text(max_size=20),
    ids=st.lists(st.integers(1, 60), unique=True, max_size=25),
    size=st.integers(1, 30),
)
async def test_any_names(name: str, ids: list[int], size: int) -> None:
    """Whatever the names, the ids and the size of a page, each name comes once, in its place."""
    items = [{"id": number, "sender": name} for number in sorted(ids, reverse=True)]
    pages = [items[start : start + size] for start in range(0, len(items), size)]
    exchange = ScriptedExchange(*pages, [])

    names = await found(Senders(caller(exchange)), page_size=size)

    assert [{"id": int(one.id), "sender": one.name} for one in names] == items
    asked = [form.get("prev_id") for _, form in exchange.asked]
    assert asked == [None, *(str(page[-1]["id"]) for page in pages)][: len(asked)]
    assert len(exchange.replies) <= 1
