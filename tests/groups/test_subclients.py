"""Sub-clients."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from clocks import InstantClock
from hypothesis import given
from hypothesis import strategies as st
from service import InProcess, ScriptedExchange, caller, failure, refused_field

from smsc_async import (
    ApiError,
    BadReply,
    InsufficientFunds,
    InvalidRequest,
    NotFound,
    OperationFailed,
    OutcomeUnknown,
    RateLimited,
)
from smsc_async._subclient_settings import FIELDS, SubclientCurrency, SubclientKind
from smsc_async._wire import decode
from smsc_async.groups import subclients as module
from smsc_async.groups.subclients import (
    DetailedStatistics,
    OperatorStatistics,
    Subclients,
    SubclientStatistics,
)
from smsc_async.sandbox.scripts.users import Shelf, Subclient
from smsc_async.transport import Sent

pytestmark = pytest.mark.anyio

ALL_SETTINGS: dict[str, tuple[Any, str, str]] = {
    "current_password": ("old-secret", "pswc", "old-secret"),
    "site_id": (12, "site_id", "12"),
    "kind": (SubclientKind.MAIN_BALANCE, "type", "3"),
    "full_name": ("Алексей", "fio", "Алексей"),
    "details": ("none", "props", "none"),
    "contract": ("17/3", "cntr", "17/3"),
    "notes": ("pays late", "notes", "pays late"),
    "tariff": (8, "tariff", "8"),
    "lowest_tariff": (2, "mintrf", "2"),
    "currency": (SubclientCurrency.EUR, "curr", "3"),
    "utc_offset": (3, "tz", "15"),
    "days_kept": (30, "ktm", "30"),
    "low_balance": (Decimal("10.50"), "nb", "10.50"),
    "extended_mode": (True, "fl2[8]", "1"),
    "email": ("a@example.com", "email", "a@example.com"),
    "sms_email": ("b@example.com", "email2", "b@example.com"),
    "sms_to_email": (True, "fl[9]", "1"),
    "phone": ("+7 999 123-45-67", "phone", "79991234567"),
    "sms_phone": ("79991234568", "phone2", "79991234568"),
    "sms_to_phone": (False, "fl[8]", "0"),
    "sms_reply": ("Thanks", "answ", "Thanks"),
    "call_reply": ("Later", "answ_call", "Later"),
    "no_call_forwarding": (True, "fl2[4]", "1"),
    "sender": ("Shop", "sender", "Shop"),
    "reserve_sender": ("799912345671234", "sender2", "799912345671234"),
    "main_senders": (True, "fl[29]", "1"),
    "no_sender_replacement": (True, "fl2[12]", "1"),
    "no_sender_in_text": (True, "fl2[13]", "1"),
    "dear_routes": (True, "fl2[9]", "1"),
    "cheap_routes_first": (True, "fl2[24]", "1"),
    "main_contacts": (True, "fl[26]", "1"),
    "main_templates": (True, "fl2[31]", "1"),
    "detect_answering_machines": (True, "fl[16]", "1"),
    "allowed_codes": ([7, "-77"], "fmts", "7,-77"),
    "allowed_numbers": (["+79991234567", "12", "G13"], "ph", "79991234567,12,G13"),
    "no_confirmation": (True, "fl3[20]", "1"),
    "no_settings": (True, "fl[27]", "1"),
    "no_payments": (True, "fl[28]", "1"),
    "no_mailings": (True, "fl[6]", "1"),
    "no_mass_mailings": (True, "fl2[23]", "1"),
    "hide_messages": (True, "fl2[1]", "1"),
    "blocked": (True, "fl2[10]", "1"),
    "daily_limit": (1000, "dlim", "1000"),
    "daily_limit_per_number": (10, "plim", "10"),
    "daily_limit_per_text": (1, "tlim", "1"),
    "daily_limit_per_ip": (100, "ilim", "100"),
    "sending_hours": ((9, 21), "tmlim", "9-21"),
    "refuse_outside_hours": (True, "fl2[15]", "1"),
    "hours_of_recipient": (True, "fl2[16]", "1"),
    "valid_minutes": (60, "vld", "60"),
    "callback_url": ("https://example.com/in", "url", "https://example.com/in"),
    "statuses_to_url": (True, "fl[10]", "1"),
    "sms_to_url": (True, "fl[11]", "1"),
    "smpp": (True, "fl[2]", "1"),
    "sms_over_smpp": (True, "fl[1]", "1"),
    "statuses_of_parts": (True, "fl[23]", "1"),
    "test_mode": (True, "fl2[27]", "1"),
    "delivery_control": (True, "fl[5]", "1"),
    "api_log": (True, "fl[30]", "1"),
    "no_email2sms": (False, "mfl[0]", "0"),
    "email2sms_phones": ("+79991234567", "mph", "79991234567"),
    "email2sms_phones_in_text": (True, "mfl[5]", "1"),
    "email2sms_phones_in_address": (True, "mfl[6]", "1"),
    "email2sms_without_subject": (True, "mfl[1]", "1"),
    "email2sms_without_text": (True, "mfl[2]", "1"),
    "email2sms_without_sender": (True, "mfl[3]", "1"),
    "email2sms_translit": (True, "mfl[4]", "1"),
    "email2sms_from_hour": (9, "mh1", "9"),
    "email2sms_until_hour": (24, "mh2", "24"),
    "email2sms_length": (2, "mlen", "2"),
}
"""Every setting: a value, its field, and how the value is written."""

STATISTICS = {"sms": "12", "credit": "100.5", "debit": "0", "currency": "RUR"}


@pytest.fixture
async def subclients(service: InProcess, clock: InstantClock) -> Subclients:
    return Subclients(caller(service, clock=clock))


def kept(service: InProcess) -> dict[str, Subclient]:
    return service.account.shelf(Shelf).subclients


async def test_what_is_added_can_be_changed(subclients: Subclients, service: InProcess) -> None:
    """A sub-client exists after it was added, and is changed only where that is asked."""
    assert await subclients.add("anna", "Secret-pass-1", full_name="Анна", main_senders=True) == "1"
    assert kept(service)["anna"].settings == {
        "password": "Secret-pass-1",
        "fio": "Анна",
        "fl[29]": "1",
    }

    await subclients.change(
        "anna",
        new_login="anna2",
        password="Secret-pass-2",
        current_password="Secret-pass-1",
        kind=SubclientKind.SHARED,
    )
    assert list(kept(service)) == ["anna2"]
    assert kept(service)["anna2"].settings == {
        "password": "Secret-pass-2",
        "fio": "Анна",
        "fl[29]": "1",
        "type": "2",
    }


async def test_money_moves(subclients: Subclients, service: InProcess) -> None:
    """What a sub-client gets is gone from the main account, and is in its statistics."""
    await subclients.add("anna", "Secret-pass-1")

    await subclients.pay("anna", Decimal("100.50"))

    assert service.account.balance == Decimal("899.5")
    [found] = await subclients.statistics(independent=True)
    assert found == SubclientStatistics("anna", 0, Decimal("100.5"), Decimal(0), "RUR")
    [details] = await subclients.detailed_statistics(login="anna")
    assert (details.login, [item.credit for item in details.items]) == ("anna", [Decimal("100.5")])


async def test_electronic_balance(subclients: Subclients, service: InProcess) -> None:
    """Who shares the balance can be paid on the electronic one only."""
    await subclients.add("anna", "Secret-pass-1", kind=SubclientKind.SHARED)
    with pytest.raises(OperationFailed) as caught:
        await subclients.pay("anna", 10)
    assert caught.value.code == 7

    await subclients.pay("anna", 10, electronic_balance=True)

    assert kept(service)["anna"].electronic_balance == 10
    [found] = await subclients.statistics(electronic_balance=True)
    assert found.credit == 10


async def test_who_is_counted(subclients: Subclients) -> None:
    """Without a name, those with a balance of their own or the others; with it, only that one."""
    assert await subclients.statistics() == []
    assert await subclients.detailed_statistics() == []
    await subclients.add("anna", "Secret-pass-1")
    await subclients.add("boris", "Secret-pass-1", kind=SubclientKind.EXTRA_LOGIN)

    assert [one.login for one in await subclients.statistics()] == ["boris"]
    assert [one.login for one in await subclients.statistics(independent=True)] == ["anna"]
    assert [one.login for one in await subclients.statistics(login="anna")] == ["anna"]
    assert [one.login for one in await subclients.statistics(id=1)] == ["anna"]


@pytest.mark.parametrize(
    ("error", "code", "act"),
    [
        (NotFound, 6, lambda s: s.change("nobody", notes="x")),
        (NotFound, 6, lambda s: s.pay("nobody", 1)),
        (NotFound, 6, lambda s: s.statistics(login="nobody")),
        (NotFound, 6, lambda s: s.detailed_statistics(id="77")),
        (InsufficientFunds, 10, lambda s: s.pay("anna", "1000.01")),
        (OperationFailed, 8, lambda s: s.add("anna", "Secret-pass-1")),
        (OperationFailed, 8, lambda s: s.change("anna", new_login="boris")),
        (OperationFailed, 5, lambda s: s.change("anna", current_password="wrong")),
    ],
)
async def test_what_the_service_refuses(
    subclients: Subclients,
    error: type[ApiError],
    code: int,
    act: Callable[[Subclients], Any],
) -> None:
    """Each documented error has its meaning."""
    await subclients.add("anna", "Secret-pass-1")
    await subclients.add("boris", "Secret-pass-1")

    with pytest.raises(error) as caught:
        await act(subclients)

    assert caught.value.code == code


async def test_all_settings_are_tried() -> None:
    """The table above has every setting there is, and no field twice."""
    assert ALL_SETTINGS.keys() == FIELDS.names
    assert len({field for _, field, _ in ALL_SETTINGS.values()}) == len(ALL_SETTINGS)


async def test_settings_on_the_wire() -> None:
    """Every setting reaches its documented field, when adding and when changing."""
    exchange = ScriptedExchange({"id": "5"}, {"result": "OK"})
    subclients = Subclients(caller(exchange))
    settings: Any = {name: value for name, (value, _, _) in ALL_SETTINGS.items()}
    want = {field: written for _, field, written in ALL_SETTINGS.values()}

    assert await subclients.add("anna", "mypassword", **settings) == "5"
    await subclients.change("anna", new_login="anna2", password="mypassword", **settings)

    common = {"login", "psw", "fmt", "charset"}
    (path, added), (_, changed) = exchange.asked
    assert path == "/sys/users.php"
    assert {name: added[name] for name in added.keys() - common} == want | {
        "add": "1",
        "user": "anna",
        "password": "mypassword",
    }
    assert {name: changed[name] for name in changed.keys() - common} == want | {
        "chg": "1",
        "user": "anna",
        "new_login": "anna2",
        "password": "mypassword",
    }


async def test_statistics_on_the_wire() -> None:
    """Every option of the statistics reaches its field; off is said of all, and not of one."""
    exchange = ScriptedExchange([], [], [], [], {"result": "OK"})
    subclients = Subclients(caller(exchange))

    await subclients.statistics(
        independent=True,
        login="anna",
        start=date(2026, 1, 2),
        end=date(2026, 2, 1),
        hide_deleted=True,
        main_currency=True,
        electronic_balance=True,
    )
    await subclients.detailed_statistics(id="7")
    await subclients.detailed_statistics()
    await subclients.statistics(independent=None)
    await subclients.pay("anna", "0.10", electronic_balance=True)

    common = {"login", "psw", "fmt", "charset"}
    assert [{name: form[name] for name in form.keys() - common} for _, form in exchange.asked] == [
        {
            "get_stat": "1",
            "user": "anna",
            "start": "02.01.2026",
            "end": "01.02.2026",
            "reseller": "1",
            "hide_deleted": "1",
            "mycur": "1",
            "balance2": "1",
        },
        {"get_stat_all": "1", "user_id": "7"},
        {"get_stat_all": "1", "reseller": "0"},
        {"get_stat": "1"},
        {"pay": "1", "user": "anna", "sum": "0.10", "balance2": "1"},
    ]


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@pytest.mark.parametrize(
    ("field", "act"),
    [
        ("login", lambda s: s.add("", "Secret-pass-1")),
        ("password", lambda s: s.add("anna", "Secret1")),
        ("password", lambda s: s.change("anna", password="Secret1")),
        ("new_login", lambda s: s.change("anna", new_login="")),
        ("new_login", lambda s: s.add("anna", "Secret-pass-1", new_login="boris")),
        ("colour", lambda s: s.change("anna", colour="red")),
        ("amount", lambda s: s.pay("anna", 0)),
        ("amount", lambda s: s.pay("anna", Decimal(-1))),
        ("login", lambda s: s.statistics(login="anna", id=7)),
        ("id", lambda s: s.statistics(id="anna")),
        ("end", lambda s: s.statistics(end=date(2026, 1, 1))),
        ("end", lambda s: s.statistics(start=date(2026, 1, 2), end=date(2026, 1, 1))),
        ("start", lambda s: s.statistics(start="01.01.2026")),
        ("independent", lambda s: s.statistics(independent="yes")),
    ],
)
async def test_refused_before_the_network(field: str, act: Callable[[Subclients], Any]) -> None:
    """What breaks a rule is refused with the name of the option."""
    assert await refused_field(Subclients, act) == field


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("kind", 5),
        ("tariff", 9),
        ("tariff", True),
        ("currency", 0),
        ("utc_offset", 13),
        ("utc_offset", -13),
        ("days_kept", -1),
        ("low_balance", "-0.01"),
        ("low_balance", "much"),
        ("low_balance", Decimal("NaN")),
        ("low_balance", True),
        ("low_balance", None.__class__),
        ("email", "anna"),
        ("phone", "12"),
        ("phone", 79991234567),
        ("sender", "twelve chars"),
        ("sender", "1234567890123456"),
        ("allowed_codes", ["7x"]),
        ("allowed_codes", True),
        ("allowed_codes", "7,-77"),
        ("allowed_numbers", ["G"]),
        ("allowed_numbers", [7]),
        ("sending_hours", (9, 25)),
        ("sending_hours", (21, 9)),
        ("sending_hours", (9, 9)),
        ("sending_hours", (9,)),
        ("sending_hours", "9-21"),
        ("valid_minutes", 0),
        ("callback_url", "example.com"),
        ("smpp", "on"),
        ("email2sms_phones", []),
        ("email2sms_until_hour", 25),
        ("email2sms_length", 0),
    ],
)
async def test_settings_refused(name: str, value: object) -> None:
    """A setting outside its range or format is refused by its name."""
    settings: Any = {name: value}
    with pytest.raises(InvalidRequest) as caught:
        await Subclients(caller(ScriptedExchange())).change("anna", **settings)
    assert caught.value.field == name


@pytest.mark.parametrize(
    ("name", "value", "written"),
    [
        ("kind", 0, "0"),
        ("kind", 4, "4"),
        ("tariff", 0, "0"),
        ("lowest_tariff", 0, "0"),
        ("currency", 1, "1"),
        ("currency", 5, "5"),
        ("days_kept", 0, "0"),
        ("low_balance", 0, "0"),
        ("daily_limit", 0, "0"),
        ("daily_limit_per_number", 0, "0"),
        ("daily_limit_per_text", 0, "0"),
        ("daily_limit_per_ip", 0, "0"),
        ("sending_hours", (0, 24), "0-24"),
        ("valid_minutes", 1, "1"),
        ("email2sms_from_hour", 0, "0"),
        ("email2sms_until_hour", 0, "0"),
        ("email2sms_length", 1, "1"),
        ("sender", "", ""),
        ("notes", "", ""),
    ],
)
def test_edges(name: str, value: object, written: str) -> None:
    """The least and the most that a setting may be is taken."""
    [taken] = FIELDS.write({name: value}).values()
    assert taken == written


async def test_one_day() -> None:
    """Statistics of one day start and end on it."""
    exchange = ScriptedExchange([])
    day = date(2026, 1, 2)
    await Subclients(caller(exchange)).statistics(start=day, end=day)
    assert exchange.asked[0][1]["start"] == exchange.asked[0][1]["end"] == "02.01.2026"


def test_codes() -> None:
    """The numbers mean what is documented."""
    assert [(kind.name, kind.value) for kind in SubclientKind] == [
        ("INDEPENDENT", 0),
        ("MAIN_TARIFF", 1),
        ("SHARED", 2),
        ("MAIN_BALANCE", 3),
        ("EXTRA_LOGIN", 4),
    ]
    assert [currency.name for currency in SubclientCurrency] == ["RUB", "USD", "EUR", "UAH", "KZT"]
    assert [currency.value for currency in SubclientCurrency] == [1, 2, 3, 4, 5]


@given(offset=st.integers(-12, 12))
def test_zones(offset: int) -> None:
    """The service counts zones from twelve hours behind Greenwich."""
    assert FIELDS.write({"utc_offset": offset}) == {"tz": str(offset + 12)}


@pytest.mark.parametrize(
    ("unknown", "act"),
    [
        (OutcomeUnknown, lambda s: s.add("anna", "Secret-pass-1")),
        (OutcomeUnknown, lambda s: s.change("anna", notes="x")),
        (OutcomeUnknown, lambda s: s.pay("anna", 1)),
    ],
    ids=["add", "change", "pay"],
)
async def test_never_repeated(unknown: type[Exception], act: Callable[[Subclients], Any]) -> None:
    """What may have been done is not done again."""
    exchange = ScriptedExchange(failure(Sent.UNKNOWN), {"id": 1}, {"result": "OK"})
    with pytest.raises(unknown):
        await act(Subclients(caller(exchange)))
    assert len(exchange.asked) == 1


async def test_reads_are_repeated() -> None:
    """Statistics are asked for again when the answer was lost."""
    answer = [{"login": "anna", **STATISTICS}]
    exchange = ScriptedExchange(failure(Sent.UNKNOWN), answer, failure(Sent.UNKNOWN), answer)
    subclients = Subclients(caller(exchange))
    assert len(await subclients.statistics()) == 1
    assert len(await subclients.detailed_statistics()) == 1


async def test_odd_answers() -> None:
    """Bare numbers, missing and unknown fields, and an object instead of an array are read."""
    item = {"sms": 3, "credit": 1, "debit": 2, "mccmnc": 25002, "new": "x"}
    exchange = ScriptedExchange(
        {"login": "anna", **STATISTICS},
        [{"login": 77, "sms": 3, "credit": 1, "debit": 2}],
        {"login": "anna", "items": [item]},
        [{"login": "anna"}],
    )
    subclients = Subclients(caller(exchange))

    [quoted] = await subclients.statistics()
    [bare] = await subclients.statistics()
    [detailed] = await subclients.detailed_statistics()
    [empty] = await subclients.detailed_statistics()

    assert quoted == SubclientStatistics("anna", 12, Decimal("100.5"), Decimal(0), "RUR")
    assert bare == SubclientStatistics("77", 3, Decimal(1), Decimal(2))
    want = OperatorStatistics(3, Decimal(1), Decimal(2), mccmnc="25002", extra={"new": "x"})
    assert detailed == DetailedStatistics("anna", (want,))
    assert empty == DetailedStatistics("anna")


@pytest.mark.parametrize(
    "answer", ["OK", [1], [{"login": "anna", **STATISTICS, "sms": "many"}], [{"login": "anna"}]]
)
async def test_answers_that_are_none(answer: object) -> None:
    """What cannot be read as statistics is a `BadReply`."""
    exchange = ScriptedExchange(*[json.dumps(answer).encode()] * 9)
    with pytest.raises(BadReply):
        await Subclients(caller(exchange)).statistics()


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["1", "OK"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "login", "sms", "credit", "debit", "items", "result"]), inner
        )
    ),
    max_leaves=12,
)


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@given(document=values)
async def test_any_answer(document: object) -> None:
    """Any JSON is an answer, or a `BadReply`."""
    commands = (module._ADD, module._CHANGE, module._PAY, module._GET, module._GET_DETAILED)
    for command in commands:
        with contextlib.suppress(BadReply):
            decode(command, json.dumps(document).encode(), "host")


async def test_limits(service: InProcess, clock: InstantClock) -> None:
    """Three are added in a minute, and one is changed or paid three times, its adding included."""
    subclients = Subclients(caller(service, clock=clock, patience=0.0))
    for login in ("anna", "boris", "vera"):
        await subclients.add(login, "Secret-pass-1")
    with pytest.raises(RateLimited) as caught:
        await subclients.add("galina", "Secret-pass-1")
    assert caught.value.rule == "users.add"

    await subclients.change("anna", notes="x")
    await subclients.pay("anna", 1)
    with pytest.raises(RateLimited) as caught:
        await subclients.pay("anna", 1)
    assert caught.value.rule == "users.chg.same_user"

    assert service.account.refusals == []


async def test_the_service_counts(service: InProcess) -> None:
    """The stand-in refuses a fourth change itself, and what it does not know."""
    account = service.account
    for _ in range(3):
        assert await ask(service, "chg=1&user=anna") == 6
    assert await ask(service, "chg=1&user=anna") == 9
    for _ in range(3):
        assert await ask(service, "add=1&user=anna&password=short") == 1
    assert await ask(service, "add=1&user=anna&password=long-enough") == 9
    assert await ask(service, "user=anna") == 1
    assert [refusal.rule for refusal in account.refusals] == ["users.chg.same_user", "users.add"]


async def test_the_service_reads_sums(service: InProcess, subclients: Subclients) -> None:
    """The stand-in refuses to pay what is no amount."""
    await subclients.add("anna", "Secret-pass-1")
    assert await ask(service, "pay=1&user=anna&sum=much") == 1


async def ask(service: InProcess, fields: str) -> int:
    """Ask it as it is; return the error code."""
    form = f"login=alex&psw=secret-password&fmt=3&charset=utf-8&{fields}"
    reply = await service("/sys/users.php", form.encode())
    code: int = json.loads(reply.body)["error_code"]
    return code
