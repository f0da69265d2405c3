"""Templates at the operators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from clocks import InstantClock
from hypothesis import given
from hypothesis import strategies as st
from service import InProcess, ScriptedExchange, caller, failure

from smsc_async import ApiError, BadReply, InvalidRequest, OutcomeUnknown, RateLimited
from smsc_async.groups.operator_templates import (
    OperatorTemplate,
    OperatorTemplates,
    OperatorTemplateStatus,
    TemplateRegistration,
    TemplateRegistrationStatus,
)
from smsc_async.transport import Sent

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.anyio

FIELDS = {
    "mts_service": "mts_srv",
    "mts_authorization": "mts_auth",
    "mts_transactional": "mts_trn",
    "megafon_advertising": "mega_adv",
    "megafon_service": "mega_srv",
    "megafon_authorization": "mega_auth",
    "megafon_transactional": "mega_trn",
    "beeline_service": "bee_srv",
    "beeline_transactional": "bee_trn",
    "tele2_service": "tele2_srv",
    "tele2_transactional": "tele2_trn",
    "motiv_service": "motiv_srv",
    "motiv_transactional": "motiv_trn",
    "social": "soc",
}
EVERY: Any = dict.fromkeys(FIELDS, True)

ADDED = TemplateRegistrationStatus.ADDED
NOT_FOUND = OperatorTemplateStatus.NOT_FOUND


@pytest.fixture
async def templates(clock: InstantClock) -> OperatorTemplates:
    """The templates of an account without any."""
    return OperatorTemplates(caller(InProcess(clock), clock=clock))


def scripted(*replies: object) -> OperatorTemplates:
    return OperatorTemplates(caller(ScriptedExchange(*replies)))


async def statuses(templates: OperatorTemplates, text: str) -> dict[str, OperatorTemplateStatus]:
    return {one.operator: one.status for one in await templates.get("Shop", text)}


async def test_what_is_added_is_decided_by_the_operators(
    templates: OperatorTemplates, clock: InstantClock
) -> None:
    """A template waits, goes to those operators that were asked for, and is accepted by them."""
    added = await templates.add("Shop", "Код %d", mts_service=True, social=True)
    assert added == [
        TemplateRegistration("mts_service", ADDED, "1"),
        TemplateRegistration("social", ADDED, "2"),
    ]

    found = await templates.get("Shop", "Код %d")
    assert OperatorTemplate("mts_service", OperatorTemplateStatus.WAITING, "1") in found
    assert OperatorTemplate("beeline_service", NOT_FOUND, None) in found
    assert [one.operator for one in found if one.status >= 0] == ["mts_service", "social"]
    assert {one.operator for one in found} == FIELDS.keys()

    clock.pass_time(61)
    assert (await statuses(templates, "Код %d"))["social"] is OperatorTemplateStatus.WITH_OPERATOR
    clock.pass_time(60)
    assert (await statuses(templates, "Код %d"))["social"] is OperatorTemplateStatus.ACCEPTED


async def test_what_operators_refuse(templates: OperatorTemplates, clock: InstantClock) -> None:
    """A refusal is a status, at once or later; adding again changes nothing."""
    [stranger] = await templates.add("Unknown", "Hello", tele2_service=True)
    [blank] = await templates.add("Shop", " ", tele2_service=True)
    assert stranger.status is TemplateRegistrationStatus.SENDER_NOT_ACCEPTED
    assert blank.status is TemplateRegistrationStatus.NOT_SAVED
    assert stranger.id is blank.id is None

    first = await templates.add("Shop", "Forbidden", tele2_service=True)
    assert await templates.add("Shop", "Forbidden", tele2_service=True) == first
    clock.pass_time(121)
    found = await statuses(templates, "Forbidden")
    assert found["tele2_service"] is OperatorTemplateStatus.REFUSED


async def test_every_operator_reaches_the_wire() -> None:
    """Each operator that is True is asked for in its field, and no other is sent."""
    exchange = ScriptedExchange([], [], [])
    templates = OperatorTemplates(caller(exchange))

    await templates.add("Shop", "Hello", **EVERY)
    await templates.add("Shop", "Hello", mts_service=False, social=True)
    await templates.get("Shop", "Hello")

    common = {"sender": "Shop", "msg": "Hello"}
    common |= {"login": "alex", "psw": "secret-password", "fmt": "3", "charset": "utf-8"}
    assert exchange.asked == [
        ("/sys/op_templates.php", {"add": "1", **common, **dict.fromkeys(FIELDS.values(), "1")}),
        ("/sys/op_templates.php", {"add": "1", **common, "soc": "1"}),
        ("/sys/op_templates.php", {"get": "1", **common}),
    ]


@pytest.mark.parametrize("option", FIELDS)
async def test_an_answer_is_named_as_the_option(option: str) -> None:
    """What the service calls by a field's name has the name of the option in the answer."""
    [found] = await scripted([{FIELDS[option]: 2, "id": 7}]).get("Shop", "Hello")
    assert found == OperatorTemplate(option, OperatorTemplateStatus.ACCEPTED, "7")


@pytest.mark.parametrize(
    ("document", "want"),
    [
        (
            [{"mts_srv": "4", "id": "x7"}],
            [OperatorTemplate("mts_service", OperatorTemplateStatus.DISABLED, "x7")],
        ),
        ({"mts_srv": -1}, [OperatorTemplate("mts_service", NOT_FOUND)]),
        ([{"name": 2, "id": 7}], [OperatorTemplate("name", OperatorTemplateStatus.ACCEPTED, "7")]),
        (
            [{"name": "soc", "status": "0", "id": None}],
            [OperatorTemplate("social", OperatorTemplateStatus.WAITING)],
        ),
        (
            [{"why": "x", "yota_srv": 9, "id": 3}],
            [OperatorTemplate("yota_srv", OperatorTemplateStatus(9), "3", extra={"why": "x"})],
        ),
        (
            [{"mts_srv": 2, "mega_srv": "3", "id": 3, "date": "today"}],
            [
                OperatorTemplate(
                    "mts_service", OperatorTemplateStatus.ACCEPTED, "3", extra={"date": "today"}
                ),
                OperatorTemplate(
                    "megafon_service", OperatorTemplateStatus.REFUSED, "3", extra={"date": "today"}
                ),
            ],
        ),
        ([], []),
    ],
)
async def test_odd_answers(document: object, want: list[OperatorTemplate]) -> None:
    """Strings, an object alone, the key that the page prints, new operators, many at once."""
    assert await scripted(document).get("Shop", "Hello") == want


@pytest.mark.parametrize(
    "document", [[{"id": 7}], [7], [{"mts_srv": "soon"}], [{"name": "soc", "status": "x"}], "x"]
)
async def test_no_answer(document: object) -> None:
    """What has no operator, or no status, is a `BadReply`."""
    with pytest.raises(BadReply):
        await scripted(*[document] * 9).get("Shop", "Hello")


async def test_new_statuses_of_a_registration_survive() -> None:
    """A number that is not known is kept."""
    [one] = await scripted([{"soc": 5}]).add("Shop", "Hello", social=True)
    assert one.status == 5
    assert one.status.name == "UNKNOWN_5"


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@pytest.mark.parametrize(
    ("field", "act"),
    [
        ("operators", lambda t: t.add("Shop", "Hello")),
        ("operators", lambda t: t.add("Shop", "Hello", mts_service=False)),
        ("sender", lambda t: t.add("", "Hello", social=True)),
        ("sender", lambda t: t.get("A name too long", "Hello")),
        ("text", lambda t: t.add("Shop", "", social=True)),
        ("text", lambda t: t.get("Shop", 5)),
        ("text", lambda t: t.get("Shop", None)),
        ("sender", lambda t: t.add(None, "Hello", social=True)),
        ("social", lambda t: t.add("Shop", "Hello", social="yes")),
        ("yota", lambda t: t.add("Shop", "Hello", yota=True)),
    ],
)
async def test_refused_before_the_network(
    field: str, act: Callable[[OperatorTemplates], Any]
) -> None:
    """What breaks a rule is refused with the name of the option."""
    with pytest.raises(InvalidRequest) as caught:
        await act(scripted())
    assert caught.value.field == field


@pytest.mark.parametrize("code", [1, 2, 4])
async def test_errors(code: int) -> None:
    """Each documented error is raised as what it is."""
    with pytest.raises(ApiError) as caught:
        await scripted({"error": "x", "error_code": code}).get("Shop", "Hello")
    assert caught.value.code == code
    assert type(caught.value) is not ApiError


async def test_the_limit() -> None:
    """The eleventh identical request in a minute has to wait, here as at the service."""
    exchange = ScriptedExchange(*[[]] * 11)
    templates = OperatorTemplates(caller(exchange, patience=0))
    for _ in range(10):
        await templates.get("Shop", "Hello")
    with pytest.raises(RateLimited):
        await templates.get("Shop", "Hello")
    await templates.get("Shop", "Other")
    assert len(exchange.asked) == 11


async def test_adding_is_never_repeated_in_doubt() -> None:
    """When nobody knows whether it was added, nothing is asked again."""
    exchange = ScriptedExchange(failure(Sent.UNKNOWN))
    with pytest.raises(OutcomeUnknown):
        await OperatorTemplates(caller(exchange)).add("Shop", "Hello", social=True)
    assert len(exchange.asked) == 1


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@given(
    document=st.lists(
        st.dictionaries(
            st.sampled_from(["id", "name", "status", "mts_srv", "x"]),
            st.none() | st.integers(-3, 9) | st.text(max_size=3) | st.lists(st.integers()),
        )
    )
)
async def test_any_answer(document: object) -> None:
    """Any answer is read, or is a `BadReply`."""
    try:
        found = await scripted(*[document] * 9).get("Shop", "Hello")
    except BadReply:
        return
    assert all(isinstance(one.status, OperatorTemplateStatus) for one in found)
