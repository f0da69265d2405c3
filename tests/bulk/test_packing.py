"""From messages to packs."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsc_async import Attachment, Email, InvalidRequest, Outgoing, Sms, Viber
from smsc_async.bulk import Coverage
from smsc_async.bulk.packing import Pack, Packer
from smsc_async.bulk.ranges import ranges
from smsc_async.bulk.streaks import FEW, StreakCounters
from smsc_async.sandbox.order import read_order

from .house import people


def packed(messages: list[Outgoing], size: int = 100) -> list[Pack]:
    """All packs of the messages."""
    ids = itertools.count()
    packer = Packer(size, {"translit": "1"}, lambda: f"m{next(ids)}")
    for number, message in enumerate(messages):
        packer.add(number, message)
    packer.flush()
    return list(packer.ready)


def test_different_texts_make_a_list() -> None:
    """Different texts go in a list, equal ones on one line of it, a new line spelt out."""
    [pack] = packed([Outgoing("+79990000001", "a\nb"), Outgoing("79990000002", "c: d")])
    assert pack.params() == {
        "translit": "1",
        "list": "+79990000001:a\\nb\n79990000002:c: d",
    }

    [pack] = packed([Outgoing(f"+7999000000{n}", "ab"[n % 2]) for n in range(4)])
    assert pack.params()["list"] == "+79990000000,+79990000002:a\n+79990000001,+79990000003:b"
    assert pack.pieces == (
        (0, "+79990000000"),
        (2, "+79990000002"),
        (1, "+79990000001"),
        (3, "+79990000003"),
    )


def test_one_text_makes_no_list() -> None:
    """One text goes by phones, whatever it is."""
    text = "C:\\new\nline"
    [pack] = packed([Outgoing(f"+7999000000{n}", text) for n in range(3)])

    assert pack.params()["mes"] == text
    assert pack.params()["phones"] == "+79990000000,+79990000001,+79990000002"


@pytest.mark.parametrize("text", ["C:\\new", "one\rtwo"])
def test_what_a_list_cannot_say_goes_alone(text: str) -> None:
    """A text that a line cannot carry has a pack of its own; the others stay together."""
    packs = packed([*people(2), Outgoing("+79995000000", text), *people(2, first=2)])

    assert Counter(len(pack) for pack in packs) == {4: 1, 1: 1}
    [alone] = [pack for pack in packs if len(pack) == 1]
    assert alone.params()["mes"] == text


def test_a_phone_stands_once_in_a_pack() -> None:
    """A second message to a phone goes in another pack, however the phone is written."""
    packs = packed([Outgoing("+79990000001", "a"), Outgoing("7 999 000-00-01", "b"), *people(3, 5)])

    assert [pack.phones for pack in packs] == [
        ("+79990000001",),
        ("79990000001", "+79990000005", "+79990000006", "+79990000007"),
    ]


def test_national_numbers_keep_to_themselves() -> None:
    """Numbers that the service may correct do not share a pack with those it keeps."""
    packs = packed([Outgoing("89990000001", "a"), *people(2), Outgoing("9990000002", "b")])

    assert {pack.findable for pack in packs} == {False, True}
    assert Counter(len(pack) for pack in packs) == {2: 2}


def test_senders_and_contents_keep_to_themselves() -> None:
    """What is not the same for all lines makes another pack."""
    letter = Email("Hello", subject="Hi", sender="a@example.com")
    packs = packed(
        [
            *people(2),
            Outgoing("+79990000007", "Hello", sender="Shop"),
            Outgoing("+79990000008", Viber("Hello")),
            Outgoing("b@example.com", letter),
            Outgoing("+79990000009", Sms("Hello", comment="mine")),
        ]
    )

    assert [len(pack) for pack in packs] == [2, 1, 1, 1, 1]
    assert packs[1].params()["sender"] == "Shop"
    assert packs[3].params()["sender"] == "a@example.com"
    assert not packs[3].findable
    assert packs[4].params()["mes"] == "Hello\n~~~\nmine"


@pytest.mark.parametrize(
    ("message", "field"),
    [
        (Outgoing("+79990000001", "a" * 1001), "text"),
        (Outgoing("+79990000001", "a\n~~~\nb"), "text"),
        (Outgoing("+79990000001", "__CALL__: a"), "text"),
        (Outgoing("+79990000001", "a\ud800"), "text"),
        (Outgoing("+79990000001", Viber("a", files=[Attachment(b"x", "x.png")])), "text"),
        (Outgoing("a@example.com", Email("a", subject="b", sender="c@d.ru"), sender="x"), "sender"),
        (Outgoing("+٧٩٩٩٠٠٠٠٠٠١", "a"), "to"),
        (Outgoing("+7999", "a"), "to"),
    ],
)
def test_what_cannot_be_sent(message: Outgoing, field: str) -> None:
    """A message that breaks a rule is refused when it is added, and nothing else is."""
    with pytest.raises(InvalidRequest) as caught:
        packed([message])

    assert caught.value.field == field


def test_only_so_many_packs_are_open() -> None:
    """A source in which all messages differ in what a pack shares is not held in memory."""
    packer = Packer(100, {}, lambda: "m")
    for number in range(1000):
        packer.add(number, Outgoing(f"+7999{number:07}", "a", sender=f"S{number}"))

    assert len(packer.ready) == 1000 - 16


def test_halves() -> None:
    """The halves of a pack have its messages, and ids of their own."""
    [pack] = packed([Outgoing(f"+7999000000{n}", "ab"[n % 2]) for n in range(5)])
    ids = iter("xy")

    first, second = pack.split(lambda: next(ids))

    assert (first.id, second.id) == ("x", "y")
    assert first.pieces + second.pieces == pack.pieces
    assert first.common == second.common == pack.common
    assert first.params()["mes"] == "a"


texts = st.text(
    st.one_of(st.sampled_from("ab:|,\\n\n\r~_ "), st.characters(exclude_categories=["Cs"])),
    min_size=1,
    max_size=30,
)


@given(
    messages=st.lists(
        st.tuples(st.integers(0, 30), texts, st.sampled_from([None, "Shop"])), max_size=60
    ),
    size=st.integers(1, 9),
)
def test_the_service_reads_what_was_meant(
    messages: list[tuple[int, str, str | None]], size: int
) -> None:
    """Whatever the texts are, each comes out of the packs once, as it went in."""
    packer = Packer(size, {"sender": "Alex"}, lambda: "m1")
    wanted: Counter[tuple[str, str, str]] = Counter()
    for number, (phone, text, sender) in enumerate(messages):
        try:
            packer.add(number, Outgoing(f"+799900000{phone:02}", text, sender=sender))
        except InvalidRequest:
            continue
        wanted[f"799900000{phone:02}", text, sender or "Alex"] += 1
    packer.flush()

    read: Counter[tuple[str, str, str]] = Counter()
    for pack in packer.ready:
        order = read_order(pack.params() | {"id": pack.id}, 0.0)
        assert len({line.recipient for line in order.lines}) == len(order.lines) <= size
        assert [line.recipient for line in order.lines] == [
            phone.lstrip("+") for phone in pack.phones
        ]
        read.update((line.recipient, line.text, line.sender) for line in order.lines)

    assert read == wanted


@given(st.sets(st.integers(0, 200)))
def test_ranges(numbers: set[int]) -> None:
    """What ranges say is what they were made of."""
    covers = Coverage([ranges(numbers)])

    assert {number for number in range(250) if number in covers} == numbers


def test_ranges_are_short() -> None:
    """Neighbours are written together."""
    assert ranges([5, 1, 2, 3, 9]) == "1-3,5,9"
    assert ranges([]) == ""


def test_counters_tell_those_who_get_many() -> None:
    """Up to a few messages need no counting; a pause of two epochs forgets them."""
    now = 0.0
    counters = StreakCounters(lambda: now)

    seen = [counters.add(["a", "b"]) for _ in range(FEW)]
    assert seen == [False] * FEW
    assert counters.add(["b"])
    assert not counters.add(["c"])
    now = 61.0
    assert counters.add(["a"])
    now = 123.0
    assert counters.add(["a"])
    now = 123.0 + 2 * 62.0
    assert not counters.add(["a"])


def test_counters_count_as_far_as_it_needs() -> None:
    """Hundreds of messages to one recipient are just many."""
    counters = StreakCounters(lambda: 0.0)

    assert all([counters.add(["a"]) for _ in range(600)][FEW:])
