"""The account: who may ask, its money, its messages."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from smsc_async.sandbox.account import Account, Refusal, ServiceError, money
from smsc_async.sandbox.message import Message, Step

if TYPE_CHECKING:
    from collections.abc import Callable

    from hand_clock import HandClock

WRONG = {"login": "alex", "psw": "wrong"}
RIGHT = {"login": "alex", "psw": "Пароль"}
DIGEST = hashlib.md5("Пароль".encode(), usedforsecurity=False).hexdigest()


def authorise(account: Account, form: dict[str, str]) -> int:
    """Return the error code, or 0."""
    try:
        account.authorise("send.php", form)
    except ServiceError as error:
        return error.code
    return 0


def message(account: Account, message_id: str = "1", text: str = "Hi") -> Message:
    """A message that was taken just now, of two roubles."""
    return Message(
        id=message_id,
        phone="79991234567",
        text=text,
        comment="",
        sender="",
        kind=0,
        units=1,
        cost=Decimal(2),
        accepted_at=account.time(),
        timestamp=1000,
        steps=(Step(0.0, 1),),
    )


@pytest.mark.parametrize(
    ("form", "code"),
    [
        (RIGHT, 0),
        ({"login": "alex", "psw": DIGEST}, 0),
        ({"apikey": "key"}, 0),
        ({"login": "alex", "psw": DIGEST.upper()}, 2),
        ({"login": "alexa", "psw": "Пароль"}, 2),
        ({"apikey": "Key"}, 2),
        (RIGHT | {"apikey": "Key"}, 2),
        ({"login": "alex"}, 2),
        ({}, 2),
        (WRONG, 2),
    ],
)
def test_who_may_ask(account: Account, form: dict[str, str], code: int) -> None:
    """Login with password or its lower-case MD5, or the API key; all else is error 2."""
    assert authorise(account, form) == code


def test_five_mistakes_block(account: Account, clock: HandClock) -> None:
    """After the fifth error 2 within half an hour everybody gets error 4 for half an hour."""
    assert [authorise(account, WRONG) for _ in range(6)] == [2, 2, 2, 2, 2, 4]
    clock.now += 1799
    assert authorise(account, RIGHT) == 4
    assert account.refusals == [Refusal("send.php", 4, "authorisation")] * 2
    clock.now += 1
    assert authorise(account, RIGHT) == 0


def test_old_mistakes_are_forgotten(account: Account, clock: HandClock) -> None:
    """A mistake counts for half an hour."""
    codes: list[int] = []
    for _ in range(8):
        codes.append(authorise(account, WRONG))
        clock.now += 451
    assert codes == [2] * 8


def test_nobody_is_blocked_without_limits(make_account: Callable[..., Account]) -> None:
    """Mistakes block only where the limits are enforced."""
    account = make_account(enforce=False)
    assert [authorise(account, WRONG) for _ in range(9)] == [2] * 9


def test_a_broken_limit_is_noted(account: Account) -> None:
    """A request too many is refused in the service's words, and remembered."""
    account.count("status.php", "status.mass")
    with pytest.raises(ServiceError) as caught:
        account.count("status.php", "status.mass")
    assert (caught.value.code, caught.value.text) == (9, "duplicate request, wait a minute")
    assert account.refusals == [Refusal("status.php", 9, "status.mass")]


def test_a_message_costs_money(account: Account) -> None:
    """Taking a message takes its price."""
    account.add(message(account))
    assert account.balance == 98


def test_credit_is_money(make_account: Callable[..., Account]) -> None:
    """The balance may go below zero by the credit, not further."""
    account = make_account(balance=Decimal(1), credit=Decimal(2))
    assert account.affords(Decimal(3))
    assert not account.affords(Decimal("3.01"))


def test_the_test_mode_costs_nothing(make_account: Callable[..., Account]) -> None:
    """In test mode messages are taken without money, and end with error 200."""
    account = make_account(test_mode=True, balance=Decimal(0))
    assert account.affords(Decimal(3))
    account.add(message(account))
    assert account.balance == 0
    assert account.course("79991234567", 0.0)[-1] == Step(3.0, 1, 200)


def test_the_last_message_of_an_id_is_found(account: Account) -> None:
    """An id may be used again; both messages are kept, the second is found and deleted."""
    account.add(message(account, text="first"))
    account.add(message(account, text="second"))
    found = account.find("79991234567", "1")
    assert found is not None
    assert found.text == "second"
    assert account.delete("79991234567", "1")
    assert not account.delete("79991234567", "1")
    assert account.find("79991234567", "1") is None
    assert [taken.text for taken in account.messages] == ["first", "second"]


def test_a_message_goes_to_the_archive(account: Account, clock: HandClock) -> None:
    """After a day a message is neither found nor deleted."""
    account.add(message(account))
    clock.now += 86400
    assert account.find("79991234567", "1") is not None
    clock.now += 1
    assert account.find("79991234567", "1") is None
    assert not account.delete("79991234567", "1")


def test_messages_travel_as_long_as_it_was_said(make_account: Callable[..., Account]) -> None:
    """The two times of `delivery` count from the moment that the message is to be sent."""
    account = make_account(delivery=(2.0, 5.0))
    want = (Step(0.0, -1), Step(12.0, 0), Step(15.0, 1))
    assert account.course("79991234567", 10.0) == want


def test_unix_time_runs_with_the_clock(account: Account, clock: HandClock) -> None:
    """The account has no other clock than the one it was given."""
    before = account.unix_time
    clock.now += 1000
    assert account.unix_time - before == 1000


def test_the_secrets_are_not_printed(account: Account) -> None:
    """Who prints the account sees neither password nor key."""
    assert "Пароль" not in repr(account)
    assert DIGEST not in repr(account)
    assert "'key'" not in repr(account)


@pytest.mark.parametrize(
    ("amount", "text"),
    [("0", "0"), ("0.00", "0"), ("0.30", "0.3"), ("1000", "1000"), ("-1.25", "-1.25")],
)
def test_money_has_no_needless_zeros(amount: str, text: str) -> None:
    """Amounts are written plainly, as short as they can be."""
    assert money(Decimal(amount)) == text
