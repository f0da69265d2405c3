"""Reading what send.php is asked to do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsc_async.sandbox.account import ServiceError
from smsc_async.sandbox.order import read_order

ONE = {"phones": "79991234567", "mes": "Hi"}


def refusal(form: dict[str, str]) -> int:
    """Return the error code of an order that cannot be read."""
    with pytest.raises(ServiceError) as caught:
        read_order(form, 0.0)
    return caught.value.code


def test_recipients_are_separated_by_commas_or_semicolons() -> None:
    """A plus and blanks around a number do not matter; order and repetition stay."""
    form = ONE | {"phones": "+79991234567, 79997654321;8 (999) 000-00-00,,79991234567"}
    lines = read_order(form, 0.0).lines
    want = ["79991234567", "79997654321", "89990000000", "79991234567"]
    assert [line.recipient for line in lines] == want
    assert all(line.valid for line in lines)


@pytest.mark.parametrize("phone", ["+7 999 1234567", "123", "7" * 16, "hello", "a@b.ru", "+", "G1"])
def test_what_is_no_number_is_marked(phone: str) -> None:
    """A recipient that cannot be one is kept, as not valid; a plus asks for exactness."""
    assert [line.valid for line in read_order(ONE | {"phones": phone}, 0.0).lines] == [False]


@pytest.mark.parametrize("form", [{"mail": "1"}, {"bot": "@shop_bot"}])
def test_not_every_recipient_is_a_number(form: dict[str, str]) -> None:
    """E-mail and bots have recipients of their own."""
    lines = read_order(ONE | {"phones": "someone@example.com"} | form, 0.0).lines
    assert [(line.recipient, line.valid) for line in lines] == [("someone@example.com", True)]


def test_a_list_has_a_text_for_each_line() -> None:
    """A line is phones, a colon, a text; in front there may be a sender name with its zone."""
    rows = ["79990000001,79990000002:Hi: you", "SHOP,2|79990000003:a\\nb", "|79990000004:c|d"]
    lines = read_order({"list": "\n".join(rows), "sender": "ME"}, 0.0).lines
    assert [(line.recipient, line.text, line.sender) for line in lines] == [
        ("79990000001", "Hi: you", "ME"),
        ("79990000002", "Hi: you", "ME"),
        ("79990000003", "a\nb", "SHOP"),
        ("79990000004", "c|d", ""),
    ]


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"phones": "79991234567"},
        {"mes": "Hi"},
        {"phones": " , ", "mes": "Hi"},
        ONE | {"mes": "x" * 1001},
        ONE | {"id": "a b"},
        ONE | {"id": "x" * 41},
        {"list": "79991234567"},
        {"list": "79991234567:"},
        {"list": "79991234567:Hi\n:Hi\n79991234567"},
    ],
)
def test_missing_and_impossible_parameters_are_error_1(form: dict[str, str]) -> None:
    """What is needed and missing, or cannot be, is a wrong parameter."""
    assert refusal(form) == 1


@pytest.mark.parametrize(
    ("form", "kind"),
    [
        ({"hlr": "1"}, 4),
        ({"ping": "1"}, 5),
        ({"mms": "1", "subj": "Photo"}, 6),
        ({"call": "1", "fileurl": "https://example.com/a.mp3"}, 7),
    ],
)
def test_some_messages_have_no_text(form: dict[str, str], kind: int) -> None:
    """HLR requests and pings, and messages that consist of something else, need no text."""
    order = read_order({"phones": "79991234567"} | form, 0.0)
    assert (order.kind, order.lines[0].text, order.lines[0].units) == (kind, "", 1)


@pytest.mark.parametrize(
    ("flag", "kind"),
    [("flash", 1), ("bin", 2), ("push", 3), ("mail", 8), ("viber", 10), ("soc", 12), ("x", 0)],
)
def test_a_flag_says_what_kind_of_message_it_is(flag: str, kind: int) -> None:
    """The kinds have the numbers of the status answers; a flag of 0 is none."""
    assert read_order(ONE | {flag: "1"}, 0.0).kind == kind
    assert read_order(ONE | {flag: "0"}, 0.0).kind == 0


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("x" * 160, 1),
        ("x" * 161, 2),
        ("x" * 306, 2),
        ("x" * 307, 3),
        ("я" * 70, 1),
        ("я" * 71, 2),
        ("x" * 133 + "я", 2),
        ("x" * 134 + "я", 3),
        ("x" * 1000, 7),
    ],
)
def test_long_texts_are_several_units(text: str, units: int) -> None:
    """A unit has 160 Latin or 70 other characters; in a long text 153 or 67."""
    assert read_order(ONE | {"mes": text}, 0.0).lines[0].units == units


def test_a_comment_is_not_sent() -> None:
    """What follows a line of three tildes is a comment and costs nothing."""
    line = read_order(ONE | {"mes": "Hi\n~~~\n" + "x" * 500}, 0.0).lines[0]
    assert (line.text, line.comment, line.units) == ("Hi", "x" * 500, 1)


PHONES = st.lists(st.sampled_from(["79990000001", "79990000002", "79990000003"]), min_size=1)


@given(PHONES, st.randoms(use_true_random=False))
def test_identical_means_the_same_texts_to_the_same_recipients(
    phones: list[str], random: object
) -> None:
    """Neither the order, nor the id, nor the form of the answer makes a request another one."""
    shuffled = list(phones)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    first = read_order({"phones": ",".join(phones), "mes": "Hi", "id": "1"}, 0.0)
    rows = "\n".join(f"+{phone}:Hi" for phone in shuffled)
    second = read_order({"list": rows, "cost": "3", "op": "1"}, 0.0)
    assert first.sameness == second.sameness
    assert first.sameness != read_order({"list": rows, "ping": "1"}, 0.0).sameness
    assert first.sameness != read_order({"list": rows + "!"}, 0.0).sameness
