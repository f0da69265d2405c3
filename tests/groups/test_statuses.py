"""Asking what became of messages, and deleting them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from clocks import InstantClock
from hypothesis import given
from hypothesis import strategies as st
from service import Client, InProcess, ScriptedExchange

from smsc_async import (
    BadReply,
    DeliveryStatus,
    HlrStatus,
    InvalidRequest,
    MessageStatus,
    OperationFailed,
)
from smsc_async._delivery import DeliveryError, MessageFlags, MessageType, TemplateCategory
from smsc_async.groups.statuses import Detail
from smsc_async.sandbox.scripts import SCRIPTS

pytestmark = pytest.mark.anyio

ONE = {"status": 1, "last_timestamp": 1796126400, "err": 0}


async def test_status() -> None:
    """One status is asked for with phone and id, without plus and without a comma."""
    smsc = Client(ScriptedExchange(ONE))

    status = await smsc.status("m1", "+7 999 123-45-67", detail=2)

    [(path, form)] = smsc.asked
    assert path == "/sys/status.php"
    assert (form["phone"], form["id"], form["all"]) == ("79991234567", "m1", "2")
    assert status.status is DeliveryStatus.DELIVERED
    assert status.is_final


async def test_hlr_status() -> None:
    """The answer to an HLR request has a class of its own."""
    smsc = Client(ScriptedExchange(ONE | {"imsi": "25001", "cn": "Russia"}))

    status = await smsc.status("m1", "79991234567")

    assert isinstance(status, HlrStatus)
    assert status.home_country == "Russia"


async def test_statuses_are_matched() -> None:
    """Statuses of many come back in the order asked for, whatever the order of the answer."""
    first = {"status": 1, "id": 7, "phone": "79991234567"}
    second = {"status": 0, "id": "m2", "phone": "79997654321"}
    smsc = Client(ScriptedExchange([second, first]))

    statuses = await smsc.statuses([("7", "+79991234567"), ("m2", "79997654321")])

    [(_, form)] = smsc.asked
    assert (form["phone"], form["id"]) == ("79991234567,79997654321", "7,m2")
    assert [status.status for status in statuses] == [1, 0]


async def test_statuses_without_names_keep_their_order() -> None:
    """Items that do not say whose they are stand in the order asked for."""
    smsc = Client(ScriptedExchange([{"status": -3}, {"status": 1}]))

    statuses = await smsc.statuses([("a", "79991234567"), ("b", "79991234567")])

    assert [status.status for status in statuses] == [-3, 1]


async def test_one_of_many_is_one() -> None:
    """A single pair is an ordinary question: the limit of many is one a minute."""
    smsc = Client(ScriptedExchange(ONE))

    [status] = await smsc.statuses([("m1", "79991234567")])

    assert smsc.asked[0][1]["id"] == "m1"
    assert status.status is DeliveryStatus.DELIVERED


async def test_too_few_statuses() -> None:
    """An answer that leaves somebody out is not an answer."""
    smsc = Client(ScriptedExchange([ONE]))

    with pytest.raises(BadReply, match="2 statuses were asked for, 1 came"):
        await smsc.statuses([("a", "79991234567"), ("b", "79991234567")])


async def test_delete() -> None:
    """Deleting says nothing when it worked."""
    smsc = Client(ScriptedExchange({"result": "OK"}))

    await smsc.delete("m1", "79991234567")

    assert smsc.asked[0][1]["del"] == "1"


async def test_delete_that_fails() -> None:
    """What cannot be deleted is an error with its id."""
    smsc = Client(ScriptedExchange({"error": "error deleting", "error_code": 5}))

    with pytest.raises(OperationFailed) as caught:
        await smsc.delete("m1", "79991234567")

    assert caught.value.message_id == "m1"


async def test_bad_input_does_not_reach_the_network() -> None:
    """Whatever is wrong with a question is said before anything is asked."""
    smsc = Client(ScriptedExchange())

    for call in (
        smsc.status("a,b", "79991234567"),
        smsc.status("a", "phone"),
        smsc.status("a", "79991234567", detail=3),  # type: ignore[arg-type]
        smsc.statuses([]),
        smsc.statuses([("a", "79991234567"), ("a", "+79991234567")]),
        smsc.delete("", "79991234567"),
    ):
        with pytest.raises(InvalidRequest):
            await call

    assert smsc.asked == []


class Trial:
    """A client of a sandbox, and what was sent before."""

    def __init__(self) -> None:
        self.clock = InstantClock()
        self.service = InProcess(self.clock)
        self.smsc = Client(self.service, clock=self.clock)  # type: ignore[arg-type]

    def send(self, **form: str) -> None:
        """Put messages into the account, and let them arrive."""
        SCRIPTS["send.php"](self.service.account, {"mes": "Hi"} | form)
        self.clock.pass_time(10)


@pytest.fixture
async def trial() -> Trial:
    """An account without messages."""
    return Trial()


async def test_the_more_detail_the_more_is_said(trial: Trial) -> None:
    """The status comes always; from 1 on the message's data, with 2 where the recipient is."""
    trial.send(id="m1", phones="79991234567", sender="Shop")

    found = [await trial.smsc.status("m1", "79991234567", detail=detail) for detail in (0, 1, 2)]

    assert [one.status for one in found] == [DeliveryStatus.DELIVERED] * 3
    assert {one.changed_at for one in found} == {datetime(2026, 1, 15, 7, 0, 3, tzinfo=UTC)}
    assert {one.flags for one in found} == {MessageFlags(0)}
    data = [(one.text, one.sender, one.cost, one.type) for one in found]
    assert data == [(None,) * 4, *[("Hi", "Shop", Decimal("0.15"), MessageType.SMS)] * 2]
    assert [one.region for one in found] == [None, None, "Москва"]


@pytest.mark.parametrize("detail", [0, 1, 2])
async def test_many_of_all_kinds(trial: Trial, detail: Detail) -> None:
    """A list has an SMS, a letter, what a number lookup found and what is not there."""
    trial.send(id="m1", phones="79995550003")
    trial.send(id="m2", phones="a@example.com", mail="1", subj="Hi", sender="me@example.com")
    trial.send(id="m3", phones="79991234567", hlr="1", mes="")
    pairs = [("m1", "+79995550003"), ("m2", "a@example.com"), ("m3", "79991234567")]

    sms, letter, lookup, gone = await trial.smsc.statuses(
        [*pairs, ("m4", "79991234567")], detail=detail
    )

    assert (sms.status, sms.error) == (DeliveryStatus.EXPIRED, DeliveryError.OFFLINE)
    assert sms.reason == DeliveryError.OFFLINE.meaning
    assert isinstance(letter, MessageStatus)
    assert (letter.is_email, sms.is_email) == (True, False)
    assert isinstance(lookup, HlrStatus)
    assert (lookup.mcc, lookup.mnc, lookup.home_network) == ("250", "02", "МегаФон")
    assert (gone.status, gone.flags, gone.reason) == (DeliveryStatus.NOT_FOUND, None, None)
    assert (gone.is_final, letter.is_final) == (False, True)


async def test_a_letter_is_deleted(trial: Trial) -> None:
    """A letter is named by its address, and a deleted one is not found."""
    trial.send(id="m1", phones="a@example.com", mail="1", subj="Hi", sender="me@example.com")

    await trial.smsc.delete("m1", "a@example.com")

    status = await trial.smsc.status("m1", "a@example.com")
    assert status.status is DeliveryStatus.NOT_FOUND
    with pytest.raises(InvalidRequest) as caught:
        await trial.smsc.status("m1", "a@example")
    assert caught.value.field == "phone"


@pytest.mark.parametrize("email", [{"flag": 8}, {"type": "8"}, {"phone": "a@example.com"}])
async def test_why_a_letter_did_not_arrive(email: dict[str, object]) -> None:
    """One code means different things of a letter and of an SMS."""
    answer = {"status": 20, "err": "252"}
    smsc = Client(ScriptedExchange(answer | email, answer | {"flag": 7}))

    letter = await smsc.status("m1", "a@example.com")
    other = await smsc.status("m1", "79991234567")

    assert letter.error is other.error is DeliveryError.FORBIDDEN_RECIPIENT
    assert letter.reason == "this address may not be written to: it is on the blacklist"
    assert other.reason == "this number may not be written to, as one of the service's own"


ABOUT_PHONES = {
    *(0, 1, 6, 11, 12, 13, 21, 200, 219, 220),
    *range(237, 256),
}
ABOUT_LETTERS = {0, 1, 2, 3, 4, 239, 245, 248, 249, 252, 253, 254, 255}


def meanings(code: int) -> tuple[str, str]:
    """What a code means of a message to a phone, and of a letter."""
    return DeliveryError(code).meaning, DeliveryError(code).email_meaning


def test_every_documented_error_has_a_name_and_a_meaning() -> None:
    """There is none besides; a code that is not documented keeps its number."""
    assert {int(error) for error in DeliveryError} == ABOUT_PHONES | ABOUT_LETTERS
    assert not [error for error in DeliveryError if "unknown" in error.meaning]
    same = {code for code in ABOUT_LETTERS if len(set(meanings(code))) == 1}
    assert same == (ABOUT_LETTERS - ABOUT_PHONES) | {239}
    unknown = DeliveryError(77)
    assert (unknown, unknown.name) == (77, "UNKNOWN_77")
    assert unknown.meaning == unknown.email_meaning == "an unknown error, 77"


FINAL = {1, 2, 3, 4, 20, 22, 23, 24, 25}


def test_which_statuses_are_final() -> None:
    """Delivered, read, clicked, and all that failed; not what waits or is not found."""
    assert {int(status) for status in DeliveryStatus} == {-3, -2, -1, 0} | FINAL
    assert {int(status) for status in DeliveryStatus if status.is_final} == FINAL
    assert {int(status) for status in DeliveryStatus if status.is_delivered} == {1, 2, 4}


@given(st.integers(0, 15), st.booleans(), st.booleans(), st.integers(0, 3), st.integers(0))
def test_flags_are_taken_apart(
    kind: int, electronic: bool, template: bool, category: int, others: int
) -> None:
    """Each fact is where the documentation has it, whatever the other bits are."""
    known = 0b111_0010_1111
    word = kind | electronic << 5 | template << 8 | category << 9 | (others & 0xFFFF & ~known)

    flags = MessageFlags(word)

    assert flags.type == kind
    assert flags.electronic_balance is electronic
    assert flags.from_template is template
    has_category = template and kind != MessageType.HLR
    assert flags.category == (category if has_category else None)


def test_flags_of_documented_messages() -> None:
    """The kinds and the categories have names; kinds without one keep their number."""
    names = ["SMS", "FLASH", "BINARY", "WAP_PUSH", "HLR", "PING", "MMS", "CALL", "EMAIL"]
    names += ["UNKNOWN_9", "VIBER", "UNKNOWN_11", "SOCIAL"]
    assert [MessageFlags(number).type.name for number in range(13)] == names
    words = (0b001_0000_0000, 0b011_0000_0000, 0b101_0000_0000, 0b111_0000_0000)
    categories = [MessageFlags(word).category for word in words]
    assert categories == [
        TemplateCategory.SERVICE,
        TemplateCategory.TRANSACTIONAL,
        TemplateCategory.AUTHORIZATION,
        TemplateCategory.ADVERTISING,
    ]
