"""Sending and asking for prices: what goes onto the wire, and what comes back."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from service import Client, ScriptedExchange, failure

from smsc_async import (
    Content,
    Email,
    Flash,
    InvalidRequest,
    Line,
    Mms,
    OutcomeUnknown,
    RecipientResult,
    SentMessage,
)
from smsc_async._attachments import Attachment
from smsc_async._resolve import OutcomeMode
from smsc_async.transport import Sent

SENT = {"id": "m1", "cnt": 2, "cost": "0.30", "balance": "99.70"}
COMMON = {"login": "alex", "psw": "secret-password", "fmt": "3", "charset": "utf-8"}


@pytest.mark.anyio
async def test_send_to_one() -> None:
    """A send asks for cost and balance, and has an id of its own."""
    smsc = Client(ScriptedExchange(SENT))

    sent = await smsc.send("+79991234567", "Hello")

    [(path, form)] = smsc.asked
    minted = form.pop("id")
    assert path == "/sys/send.php"
    assert form == COMMON | {"phones": "+79991234567", "mes": "Hello", "cost": "3"}
    assert len(minted) == 25
    assert sent == SentMessage(
        "m1", 2, Decimal("0.30"), Decimal("99.70"), (RecipientResult("79991234567", accepted=True),)
    )
    assert sent.confirmed_by == "reply"


@pytest.mark.anyio
async def test_send_to_many() -> None:
    """A send to several asks for the result of each; a refused one is data, not an exception."""
    good = {"phone": "79991234567", "cost": "0.15", "status": "-1", "error": "0", "mccmnc": "25001"}
    bad = {"phone": "79990000007", "cost": "0", "status": "22", "error": "249"}
    smsc = Client(ScriptedExchange(SENT | {"phones": [good, bad]}))

    sent = await smsc.send(["79991234567", "79990000007"], Flash("Hello"), id="mine", sender="Shop")

    [(_, form)] = smsc.asked
    assert form == COMMON | {
        "phones": "79991234567,79990000007",
        "mes": "Hello",
        "flash": "1",
        "id": "mine",
        "sender": "Shop",
        "cost": "3",
        "op": "1",
    }
    assert [
        (one.phone, one.accepted, one.cost, one.status, one.error) for one in sent.recipients
    ] == [
        ("79991234567", True, Decimal("0.15"), -1, 0),
        ("79990000007", False, Decimal(0), 22, 249),
    ]


@pytest.mark.anyio
async def test_quote() -> None:
    """A quote asks for the price alone: no id, and nothing is sent."""
    smsc = Client(ScriptedExchange({"cost": "0.30", "cnt": 2}))

    quote = await smsc.quote("79991234567", "Hello", sender="Shop")

    [(_, form)] = smsc.asked
    assert form == COMMON | {
        "phones": "79991234567",
        "mes": "Hello",
        "sender": "Shop",
        "cost": "1",
    }
    assert (quote.cost, quote.units) == (Decimal("0.30"), 2)


@pytest.mark.anyio
async def test_bad_input_does_not_reach_the_network() -> None:
    """Whatever is wrong with a send is said before anything is asked."""
    smsc = Client(ScriptedExchange())

    for call in (
        smsc.send("phone", "Hello"),
        smsc.send("79991234567", ""),
        smsc.send("79991234567", "Hello", id="a b"),
        smsc.send("79991234567", "Hello", repeat="often"),  # type: ignore[arg-type]
        smsc.quote("79991234567", "x" * 1001),
    ):
        with pytest.raises(InvalidRequest):
            await call

    assert smsc.asked == []


@pytest.mark.anyio
async def test_send_list() -> None:
    """Many texts go in one request: a line each, new lines spelt out, own senders in front."""
    smsc = Client(ScriptedExchange(SENT))
    lines = [
        Line("79991234567", "One: two"),
        Line(["79997654321", "+79990001122"], "Two\nlines", sender="Shop", tz=2),
    ]

    await smsc.send_list(lines, id="mine", time=datetime(2026, 12, 31, 9, 5))

    [(_, form)] = smsc.asked
    assert form == COMMON | {
        "list": "79991234567:One: two\nShop,2|79997654321,+79990001122:Two\\nlines",
        "time": "3112260905",
        "id": "mine",
        "cost": "3",
        "op": "1",
    }


@pytest.mark.anyio
async def test_list_of_one() -> None:
    """A list is a list even with one line."""
    smsc = Client(ScriptedExchange(SENT))

    sent = await smsc.send_list([Line("79991234567", "One")])

    assert smsc.asked[0][1]["list"] == "79991234567:One"
    assert [one.phone for one in sent.recipients] == ["79991234567"]


@pytest.mark.anyio
@pytest.mark.parametrize("outcome", ["careful", "fast"])
async def test_a_list_with_a_recipient_twice(outcome: OutcomeMode) -> None:
    """Id and phone do not tell the two messages apart: it is sent, but never again."""
    smsc = Client(ScriptedExchange(failure(Sent.UNKNOWN)))

    with pytest.raises(OutcomeUnknown) as caught:
        await smsc.send_list(
            [Line("79991234567", "One"), Line("+79991234567", "Two")], outcome=outcome
        )

    assert [form["list"] for _, form in smsc.asked] == ["79991234567:One\n+79991234567:Two"]
    assert caught.value.phones == ("79991234567", "+79991234567")


@pytest.mark.anyio
async def test_list_refused() -> None:
    """No line, or a zone without a local time, never reach the network."""
    smsc = Client(ScriptedExchange())
    here = Line("79991234567", "One", sender="Shop", tz=2)

    for lines in ([], [here]):
        with pytest.raises(InvalidRequest):
            await smsc.send_list(lines)

    assert smsc.asked == []


@pytest.mark.parametrize(
    ("field", "line"),
    [
        ("to", {"to": "G12"}),
        ("to", {"to": "nobody"}),
        ("text", {"text": ""}),
        ("text", {"text": r"a\nb"}),
        ("sender", {"sender": "a|b"}),
        ("sender", {"sender": "far too long a name"}),
        ("tz", {"tz": 2}),
    ],
)
def test_lines_refused(field: str, line: dict[str, Any]) -> None:
    """A line that the service would misread is refused when it is made."""
    with pytest.raises(InvalidRequest) as caught:
        Line(**{"to": "79991234567", "text": "One"} | line)

    assert caught.value.field == field


@pytest.mark.anyio
async def test_a_letter() -> None:
    """A letter goes to addresses, from its own sender; the client's sender name is not for it."""
    smsc = Client(ScriptedExchange(SENT))
    smsc._sender = "Shop"

    await smsc.send("anna@example.com", Email("Hello", "A subject", "shop@example.com"))

    [(_, form)] = smsc.asked
    assert form.items() >= {
        ("phones", "anna@example.com"),
        ("mail", "1"),
        ("subj", "A subject"),
        ("sender", "shop@example.com"),
    }


@pytest.mark.anyio
async def test_files_go_with_the_form() -> None:
    """Files are numbered in their order, beside all the other fields; a quote has them, too."""
    smsc = Client(ScriptedExchange(SENT, {"cost": "1", "cnt": 1}))
    content = Mms("Hello", files=[Attachment(b"xyz", "a.jpg"), Attachment(b"", "b.txt")])

    await smsc.send("79991234567", content, id="m1")
    await smsc.quote("79991234567", content)

    for (_, form), cost in zip(smsc.asked, ("3", "1"), strict=True):
        assert form["file0"] == "a.jpg"
        assert form["file1"] == "b.txt"
        assert form["mms"] == "1"
        assert form["mes"] == "Hello"
        assert form["cost"] == cost


@pytest.mark.anyio
async def test_a_lost_letter_is_never_sent_again() -> None:
    """The status of an address cannot be asked for, so the doubt is told at once."""
    smsc = Client(ScriptedExchange(failure(Sent.UNKNOWN)))

    with pytest.raises(OutcomeUnknown):
        await smsc.send(
            "anna@example.com", Email("Hello", "Hi", "shop@example.com"), outcome="careful"
        )

    assert len(smsc.asked) == 1


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("field", "to", "content", "options"),
    [
        ("to", "79991234567", Email("Hello", "Hi", "shop@example.com"), {}),
        ("to", "anna@example.com", "Hello", {}),
        ("sender", "a@example.com", Email("Hello", "Hi", "s@example.com"), {"sender": "Shop"}),
    ],
)
async def test_contents_have_rules_of_their_own(
    field: str, to: str, content: Content, options: dict[str, Any]
) -> None:
    """Recipients, sender and files have to fit the kind of the message."""
    smsc = Client(ScriptedExchange())

    with pytest.raises(InvalidRequest) as caught:
        await smsc.send(to, content, **options)

    assert caught.value.field == field
    assert smsc.asked == []
