"""The answers of the scripts, in the service's own shapes."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from smsc_async.sandbox.account import Account, ServiceError
from smsc_async.sandbox.message import Fate
from smsc_async.sandbox.scripts import SCRIPTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from hand_clock import HandClock

PHONE = "79991234567"
ONE = {"phones": "+" + PHONE, "mes": "Hi"}


def ask(account: Account, script: str, **form: str) -> Any:
    """Return the answer of a script."""
    return SCRIPTS[script](account, form)


def send(account: Account, **form: str) -> Any:
    """Return the answer of send.php."""
    return SCRIPTS["send.php"](account, ONE | form)


def status(account: Account, **form: str) -> Any:
    """Return the answer of status.php."""
    return SCRIPTS["status.php"](account, {"phone": PHONE, "id": "1"} | form)


def refusal(account: Account, script: str, **form: str) -> tuple[int, str, str | None]:
    """Return the code, the text and the id of an error answer."""
    with pytest.raises(ServiceError) as caught:
        SCRIPTS[script](account, form)
    return caught.value.code, caught.value.text, caught.value.message_id


def test_a_send_is_answered_with_id_and_units(account: Account) -> None:
    """Without `cost` the answer has two numbers; ids are counted."""
    assert send(account) == {"id": 1, "cnt": 1}
    assert send(account, mes="x" * 200) == {"id": 2, "cnt": 2}


def test_the_cost_of_a_send_is_a_string(account: Account) -> None:
    """With `cost=2` there is the cost, with `cost=3` the new balance, too."""
    assert send(account, cost="2") == {"id": 1, "cnt": 1, "cost": "0.15"}
    answer = send(account, cost="3", mes="я" * 71)
    assert answer == {"id": 2, "cnt": 2, "cost": "0.3", "balance": "99.55"}


@pytest.mark.parametrize(("given", "wire"), [("77", 77), ("order-77", "order-77")])
def test_a_given_id_comes_back(account: Account, given: str, wire: int | str) -> None:
    """An id is a number where it is all digits, else a string."""
    assert send(account, id=given) == {"id": wire, "cnt": 1}
    assert account.messages[0].id == given


def test_a_quote_sends_nothing(account: Account) -> None:
    """With `cost=1` there is a price, and no id, no message, no payment."""
    answer = send(account, cost="1", phones=f"{PHONE},79990000001")
    assert answer == {"cost": "0.3", "cnt": 2}
    assert account.messages == []
    assert account.balance == 100


def test_every_recipient_is_reported(account: Account) -> None:
    """With `op=1` each recipient has strings only; a bad one costs nothing and is not sent to."""
    answer = send(account, op="1", cost="3", phones=f"{PHONE},abc,79995550008,79995550020")
    known = {"mccmnc": "25002"}
    assert answer == {
        "id": 1,
        "cnt": 2,
        "cost": "0.3",
        "balance": "99.7",
        "phones": [
            known | {"phone": PHONE, "cost": "0.15", "status": "-1", "error": "0"},
            known | {"phone": "abc", "cost": "0", "status": "22", "error": "249"},
            known | {"phone": "79995550008", "cost": "0", "status": "25", "error": "248"},
            known | {"phone": "79995550020", "cost": "0.15", "status": "-1", "error": "0"},
        ],
    }
    assert [message.phone for message in account.messages] == [PHONE, "79995550020"]


def test_a_quote_can_report_recipients(account: Account) -> None:
    """With `cost=1` and `op=1` each recipient has its price."""
    answer = send(account, op="1", cost="1", phones=f"{PHONE},abc")
    assert (answer["cost"], answer["cnt"]) == ("0.15", 1)
    assert [item["cost"] for item in answer["phones"]] == ["0.15", "0"]


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"phones": "12"}, (7, "invalid number", "5")),
        ({"phones": "79995550007,12"}, (7, "invalid number", "5")),
        ({"phones": "79995550008"}, (8, "can't to deliver", "5")),
        ({"mes": "This is FORBIDDEN"}, (6, "message is denied", "5")),
        ({"mes": ""}, (1, "parameters error", None)),
    ],
)
def test_a_send_can_be_refused(
    account: Account, form: dict[str, str], error: tuple[int, str, str | None]
) -> None:
    """Errors about a message carry its id, those about the request do not; nothing is sent."""
    assert refusal(account, "send.php", **(ONE | {"id": "5"} | form)) == error
    assert account.messages == []
    assert account.balance == 100


def test_without_money_nothing_is_sent(make_account: Callable[..., Account]) -> None:
    """When the money is not enough for all, none is sent; the id is in the answer."""
    account = make_account(balance=Decimal("0.29"))
    form = ONE | {"phones": f"{PHONE},79990000001"}
    assert refusal(account, "send.php", **form) == (3, "no money", "1")
    assert send(account, cost="3", mes="One")["balance"] == "0.14"
    assert len(account.messages) == 1


def test_fates_can_be_chosen(make_account: Callable[..., Account]) -> None:
    """Other numbers can be made to fail, by their last seven digits."""
    account = make_account(fates={"1234567": Fate(23, 253, refusal=6)})
    assert refusal(account, "send.php", **ONE) == (6, "message is denied", "1")
    assert send(account, phones="79995550007") == {"id": 2, "cnt": 1}


def test_an_identical_send_is_refused(account: Account, clock: HandClock) -> None:
    """One of a kind is taken in a minute, whatever its id; a quote is no send."""
    send(account, id="1")
    assert send(account, cost="1")["cnt"] == 1
    want = (9, "duplicate request, wait a minute", None)
    assert refusal(account, "send.php", **ONE, id="2") == want
    assert send(account, mes="Hi!")["cnt"] == 1
    clock.now += 61
    assert send(account, id="3") == {"id": 3, "cnt": 1}
    assert [entry.rule for entry in account.refusals] == ["send.identical"]


def test_the_sixth_identical_quote_is_refused(account: Account) -> None:
    """Five quotes of a kind are taken in a minute."""
    for _ in range(5):
        send(account, cost="1")
    assert refusal(account, "send.php", **ONE, cost="1")[0] == 9
    assert send(account, cost="1", mes="Hi!")["cnt"] == 1


def test_too_many_messages_in_a_row_are_banned(account: Account, clock: HandClock) -> None:
    """The fifty-first to a recipient is taken for nothing, and has status 23 with error 251."""
    for number in range(50):
        send(account, mes=f"No. {number}")
        clock.now += 1
    answer = send(account, mes="One more", op="1", cost="2", id="777")
    assert answer["cost"] == "0"
    assert (answer["phones"][0]["status"], answer["phones"][0]["error"]) == ("23", "251")
    found = status(account, id="777")
    assert (found["status"], found["err"]) == (23, 251)


def test_a_message_travels(account: Account, clock: HandClock) -> None:
    """Its status changes with time; each change has its moment, in Moscow time."""
    send(account)
    seen: list[dict[str, object]] = []
    for _ in range(4):
        seen.append(status(account))
        clock.now += 1
    assert [answer["status"] for answer in seen] == [-1, 0, 0, 1]
    assert seen[0] == {
        "status": -1,
        "last_date": "15.01.2026 10:00:00",
        "last_timestamp": 1768460400,
        "flag": 0,
        "err": 0,
    }
    assert seen[2]["last_timestamp"] == 1768460401
    assert seen[3]["last_date"] == "15.01.2026 10:00:03"


@pytest.mark.parametrize(
    ("ending", "want"),
    [("5550000", (0, 0)), ("5550003", (3, 6)), ("5550020", (20, 1)), ("0000000", (1, 0))],
)
def test_some_numbers_fail(
    account: Account, clock: HandClock, ending: str, want: tuple[int, int]
) -> None:
    """How a message ends depends on the number."""
    send(account, phones="7999" + ending)
    clock.now += 3600
    answer = status(account, phone="+7999" + ending)
    assert (answer["status"], answer["err"]) == want


def test_a_message_waits_for_its_time(account: Account, clock: HandClock) -> None:
    """A message that is to be sent later travels from then on."""
    send(account, time="+10")
    clock.now += 599
    assert status(account)["status"] == -1
    clock.now += 4
    assert status(account)["status"] == 1


def test_the_full_status(account: Account) -> None:
    """With `all=1` there is the message, too; with `all=2` where its recipient is."""
    send(account, mes="Привет\n~~~\nfor Anna", sender="SHOP", flash="1")
    full = status(account, all="1")
    assert full == {
        "status": -1,
        "last_date": "15.01.2026 10:00:00",
        "last_timestamp": 1768460400,
        "flag": 1,
        "err": 0,
        "send_date": "15.01.2026 10:00:00",
        "send_timestamp": 1768460400,
        "phone": PHONE,
        "cost": "0.15",
        "sender_id": "SHOP",
        "status_name": "Waiting send",
        "message": "Привет",
        "comment": "for Anna",
        "type": 1,
        "sms_cnt": 1,
    }
    more = status(account, all="2")
    assert set(more) - set(full) == {"country", "operator", "operator_orig", "region", "mccmnc"}
    assert {name: more[name] for name in full} == full


def test_an_hlr_request_finds_something_out(account: Account, clock: HandClock) -> None:
    """Its status has the network's data, all strings, once it is answered."""
    assert ask(account, "send.php", phones=PHONE, hlr="1") == {"id": 1, "cnt": 1}
    network = {"imsi", "msc", "mcc", "mnc", "cn", "net", "rcn", "rnet"}
    waiting = status(account)
    assert {waiting[name] for name in network} == {""}
    clock.now += 3
    answer = status(account, all="2")
    assert (answer["status"], answer["flag"], answer["type"]) == (1, 4, 4)
    assert (answer["mcc"], answer["mnc"], answer["imsi"]) == ("250", "02", "250021234567890")
    assert network < set(answer)
    assert not {"sms_cnt", "comment", "mccmnc", "operator_orig"} & set(answer)


def test_an_unknown_message_has_a_status_alone(account: Account) -> None:
    """What is not found is -3 and nothing else: another id, another phone, or deleted."""
    send(account)
    assert status(account, id="2") == {"status": -3}
    assert status(account, phone="79990000001") == {"status": -3}
    assert status(account, **{"del": "1"}) == {"result": "OK"}
    assert status(account) == {"status": -3}


def test_what_is_not_there_cannot_be_deleted(account: Account) -> None:
    """Deleting nothing is error 5."""
    form = {"phone": PHONE, "id": "1", "del": "1"}
    assert refusal(account, "status.php", **form) == (5, "error deleting a message", None)


def test_many_statuses_say_whose_they_are(account: Account) -> None:
    """With a comma the answer is a list, in order; -3 is in it with its id and phone."""
    send(account, phones=f"{PHONE},79990000001", id="a-1")
    answer = ask(account, "status.php", phone=f"79990000001,{PHONE}", id="a-1,8")
    assert [item["status"] for item in answer] == [-1, -3]
    assert [(item["id"], item["phone"]) for item in answer] == [("a-1", "79990000001"), (8, PHONE)]
    assert len(answer[1]) == 3


def test_one_status_with_a_comma_is_a_list(account: Account, clock: HandClock) -> None:
    """A comma at the end asks for a list of one; with `all=1` only a message has a phone."""
    send(account)
    assert [len(item) for item in status(account, phone=PHONE + ",", id="1,")] == [7]
    clock.now += 61
    found, missing = status(account, phone=f"{PHONE},{PHONE},", id="1,2,", all="1")
    assert (found["id"], found["phone"], found["sms_cnt"]) == (1, PHONE, 1)
    assert missing == {"status": -3, "id": 2}


@pytest.mark.parametrize(
    "form",
    [
        {"phone": PHONE},
        {"id": "1"},
        {"phone": PHONE, "id": "a b"},
        {"phone": PHONE, "id": "1,2"},
        {"phone": PHONE + "," + PHONE, "id": "1"},
    ],
)
def test_a_status_needs_phone_and_id(account: Account, form: dict[str, str]) -> None:
    """What is missing, or does not make pairs, is a wrong parameter."""
    assert refusal(account, "status.php", **form) == (1, "parameters error", None)


def test_the_sixth_status_of_a_message_is_refused(account: Account) -> None:
    """Five questions about a message are taken in a minute, whatever they ask, deleting too."""
    send(account)
    for detail in ("0", "1", "2", "0"):
        status(account, all=detail)
    status(account, phone="+" + PHONE, id="01", **{"del": "1"})
    assert refusal(account, "status.php", phone=PHONE, id="1")[0] == 9
    assert status(account, id="2") == {"status": -3}


def test_the_second_list_of_statuses_is_refused(account: Account) -> None:
    """One list is taken in a minute, whatever is in it."""
    status(account, phone=PHONE + ",", id="1,")
    assert refusal(account, "status.php", phone="79990000001,", id="2,")[0] == 9


def test_the_balance_is_a_string(account: Account) -> None:
    """With `cur=1` there is the currency, too."""
    assert ask(account, "balance.php") == {"balance": "100"}
    assert ask(account, "balance.php", cur="1") == {"balance": "100", "currency": "RUR"}


def test_credit_is_shown_where_there_is_some(make_account: Callable[..., Account]) -> None:
    """A credit is in the answer unless it is nothing."""
    account = make_account(credit=Decimal("50.50"))
    want = {"balance": "100", "credit": "50.5", "currency": "RUR"}
    assert ask(account, "balance.php", cur="1") == want


def test_the_eleventh_balance_is_refused(account: Account) -> None:
    """Ten questions for the balance are taken in a minute."""
    for cur in "0101010101":
        ask(account, "balance.php", cur=cur)
    assert refusal(account, "balance.php") == (9, "duplicate request, wait a minute", None)


def test_the_history_has_the_latest_first(account: Account) -> None:
    """Messages to the phones that are asked for come back, the latest first, up to a number."""
    for number, phone in enumerate((PHONE, "79997654321", PHONE), start=1):
        send(account, phones=phone, mes=f"Hi {number}")

    of_one = ask(account, "get.php", get_messages="1", phone="+" + PHONE)
    latest = ask(account, "get.php", get_messages="1", cnt="2")

    assert [(one["id"], one["message"], one["int_id"]) for one in of_one] == [
        (3, "Hi 3", "3"),
        (1, "Hi 1", "1"),
    ]
    assert [one["id"] for one in latest] == [3, 2]


def test_no_history(account: Account) -> None:
    """Without messages the history is error 3; without its command the form is wrong."""
    assert refusal(account, "get.php", get_messages="1")[0] == 3
    assert refusal(account, "get.php", phone=PHONE)[0] == 1


def test_the_history_has_limits(account: Account, clock: HandClock) -> None:
    """Three identical questions a minute are answered, and thirty an hour of any kind."""
    send(account)
    for _ in range(3):
        ask(account, "get.php", get_messages="1")
    assert refusal(account, "get.php", get_messages="1")[0] == 9

    clock.now += 61
    for number in range(27):
        ask(account, "get.php", get_messages="1", cnt=str(number + 1))
    assert refusal(account, "get.php", get_messages="1", cnt="500")[0] == 9
