"""get.php: history, incoming messages, statistics and tariffs, in the service's own shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from smsc_async.sandbox.account import ServiceError
from smsc_async.sandbox.incoming import receive
from smsc_async.sandbox.scripts import SCRIPTS

if TYPE_CHECKING:
    from hand_clock import HandClock

    from smsc_async.sandbox.account import Account

PHONE = "79991234567"
DAY = 86400


def get(account: Account, what: str, **form: str) -> Any:
    """Return the answer of get.php."""
    return SCRIPTS["get.php"](account, {what: "1"} | form)


def send(account: Account, **form: str) -> None:
    """Send a message."""
    SCRIPTS["send.php"](account, {"phones": PHONE, "mes": "Hi"} | form)


def refused(account: Account, what: str, **form: str) -> int:
    """Return the code of an error answer."""
    with pytest.raises(ServiceError) as caught:
        get(account, what, **form)
    return caught.value.code


def test_the_history_goes_back_from_an_id(account: Account) -> None:
    """What was sent before a message comes, the latest first, until there is nothing more."""
    for number in range(1, 6):
        send(account, id=str(number * 10), mes=f"Hi {number}")

    def ids(**form: str) -> list[object]:
        return [one["int_id"] for one in get(account, "get_messages", **form)]

    assert ids(cnt="2") == ["5", "4"]
    assert ids(cnt="2", prev_id="4") == ["3", "2"]
    assert ids(cnt="2", prev_id="2") == ["1"]
    assert refused(account, "get_messages", prev_id="1") == 3


def test_the_history_of_some_days(account: Account, clock: HandClock) -> None:
    """Both days belong to it, and they are those of Moscow."""
    send(account, id="1")
    clock.now += 14 * 3600 - 1
    send(account, id="2")
    clock.now += 1
    send(account, id="3", mes="Bye")

    def ids(**form: str) -> list[object]:
        return [one["id"] for one in get(account, "get_messages", **form)]

    assert ids(start="15.01.2026") == [3, 2, 1]
    assert ids(end="15.01.2026") == [2, 1]
    assert ids(start="16.01.2026", end="16.01.2026") == [3]
    assert refused(account, "get_messages", start="17.01.2026") == 3


def test_letters_have_a_history_of_their_own(account: Account) -> None:
    """With format=8 there are e-mails, without it everything else."""
    send(account, id="1")
    send(account, id="2", phones="a@example.com", mail="1", subj="Hi", sender="me@example.com")

    [letter] = get(account, "get_messages", format="8", email="a@example.com,b@example.com")
    assert (letter["id"], letter["phone"], letter["type"]) == (2, "a@example.com", 8)
    assert [one["id"] for one in get(account, "get_messages", format="0")] == [1]
    assert refused(account, "get_messages", format="8", email="b@example.com") == 3


@pytest.mark.parametrize(
    ("what", "form"),
    [
        ("get_messages", {"cnt": "many"}),
        ("get_messages", {"start": "2026-01-15"}),
        ("get_messages", {"prev_id": "-1"}),
        ("get_answers", {"after_id": "m1"}),
        ("get_answers", {"hour": "²"}),
        ("get_stat", {"end": "32.01.2026"}),
        ("get_nothing", {}),
    ],
)
def test_a_form_that_says_nothing(account: Account, what: str, form: dict[str, str]) -> None:
    """What cannot be read is error 1."""
    send(account)
    assert refused(account, what, **form) == 1


def test_what_comes_in(account: Account, clock: HandClock) -> None:
    """Messages of today, of some hours, or after an id come, the oldest first."""
    assert get(account, "get_answers") == []
    assert receive(account, "+" + PHONE, "Yes") == "1"
    clock.now += DAY
    assert receive(account, PHONE, "No", to_phone="+79005550000") == "2"

    first, second = get(account, "get_answers", hour="24")

    assert first == {
        "id": 1,
        "received": "15.01.2026 10:00:00",
        "phone": PHONE,
        "message": "Yes",
        "to_phone": "79000000000",
        "sent": "15.01.2026 10:00:00",
    }
    assert get(account, "get_answers") == [second]
    assert get(account, "get_answers", after_id="1") == [second]
    assert get(account, "get_answers", after_id="0") == [first, second]
    assert get(account, "get_answers", after_id="0", hour="23") == [second]
    assert get(account, "get_answers", hour="24", cnt="1") == [first]
    assert get(account, "get_answers", to_phone="79005550000", hour="48") == [second]
    clock.now += 7 * DAY
    assert get(account, "get_answers", hour="1000") == [second]


def test_statistics(account: Account, clock: HandClock) -> None:
    """Messages and money of some days are counted; there is no second balance."""
    assert get(account, "get_stat") == []
    send(account, mes="x" * 200)
    clock.now += DAY
    send(account)

    row = {"login": "alex", "sms": "2", "credit": "0", "debit": "0.45", "currency": "RUR"}
    assert get(account, "get_stat", start="15.01.2026", end="16.01.2026") == [row]
    [second] = get(account, "get_stat", start="16.01.2026", end="16.01.2026", mycur="1")
    assert (second["sms"], second["debit"]) == ("1", "0.15")
    clock.now += 61
    assert get(account, "get_stat", start="15.01.2026", balance2="1") == []


def test_tariffs(account: Account) -> None:
    """All prices are strings; without tariffs of its own an account has no codes."""
    prices = dict.fromkeys(("api", "mass", "mms", "hlr", "call"), "0.15")
    zone = {"zone": "1", "name": "Россия"} | prices
    assert get(account, "get_price") == {"zones": [zone], "mail": "0.15"}


@pytest.mark.parametrize("what", ["get_messages", "get_answers", "get_stat", "get_price"])
def test_the_fourth_question_of_a_minute(account: Account, what: str, clock: HandClock) -> None:
    """Three are answered; statistics count whatever they ask, the others where they are the same.

    After more than a minute there is an answer again.
    """
    send(account)
    for _ in range(3):
        get(account, what, end="31.12.2026")
    assert refused(account, what, end="31.12.2026") == 9
    if what == "get_stat":
        assert refused(account, what, end="30.12.2026") == 9
    else:
        assert get(account, what, end="30.12.2026") is not None
    clock.now += 61
    assert get(account, what, end="31.12.2026") is not None


def test_today_is_a_day_of_moscow(account: Account, clock: HandClock) -> None:
    """What came before midnight there is not of today, what came after it is."""
    clock.now += 14 * 3600 - 1
    receive(account, PHONE, "late")
    clock.now += 1
    receive(account, PHONE, "early")
    clock.now += 10 * 3600
    assert [one["message"] for one in get(account, "get_answers")] == ["early"]
