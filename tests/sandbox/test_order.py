"""Reading what send.php is asked to do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsc_async.sandbox.account import ServiceError
from smsc_async.sandbox.kinds import Upload
from smsc_async.sandbox.order import read_order

ONE = {"phones": "79991234567", "mes": "Hi"}
LETTER = {"mail": "1", "subj": "Hello", "sender": "shop@example.com"}


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


@pytest.mark.parametrize(
    ("form", "recipient", "valid"),
    [
        (LETTER, "someone@example.com", True),
        (LETTER, "79991234567", False),
        ({"bot": "@shop_bot"}, "alex_nick", True),
        ({"bot": "@shop_bot"}, "#1122334455", True),
        ({"bot": "@shop_bot"}, "79991234567", True),
        ({"bot": "@shop_bot"}, "someone@example.com", False),
        ({"viber": "1"}, "alex_nick", False),
    ],
)
def test_not_every_recipient_is_a_number(form: dict[str, str], recipient: str, valid: bool) -> None:
    """Letters go to addresses, and bots know people by nicks and ids, too."""
    lines = read_order(ONE | {"phones": recipient} | form, 0.0).lines
    assert [(line.recipient, line.valid) for line in lines] == [(recipient, valid)]


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
        ONE | {"mail": "1", "sender": "shop@example.com"},
        ONE | {"mail": "1", "subj": "Hello"},
        ONE | LETTER | {f"file{number}": "a.pdf" for number in range(21)},
        ONE | LETTER | {"file0": Upload("a.pdf", 10 * 1024 * 1024 + 1)},
        {"phones": "79991234567", "mms": "1"},
        {"phones": "79991234567", "call": "1"},
        {"phones": "79991234567", "viber": "1"},
        {"phones": "79991234567", "bot": "@shop_bot", "fileurl": "https://example.com/a.mp3"},
        ONE | {"bin": "2"},
        ONE | {"bin": "2", "mes": " "},
        ONE | {"bin": "2", "mes": "0300"},
        ONE | {"call": "1", "mes": "Hi {menu: One\n1: One}" + "x" * 1000},
        ONE | {"call": "1", "mes": "{menu: One\n1: One}"},
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
        ({"call": "1", "file0": "a.mp3"}, 7),
        ({"viber": "1", "file0": "a.png"}, 10),
        ({"mes": "__PING__"}, 5),
        ({"mes": "__HLR__"}, 4),
    ],
)
def test_some_messages_have_no_text(form: dict[str, str], kind: int) -> None:
    """HLR requests and pings, and messages that consist of something else, need no text."""
    order = read_order({"phones": "79991234567"} | form, 0.0)
    assert (order.kind, order.lines[0].text, order.lines[0].units) == (kind, "", 1)


@pytest.mark.parametrize(
    ("flag", "kind"),
    [
        *(("flash", 1), ("bin", 2), ("push", 3), ("mms", 6), ("call", 7), ("mail", 8)),
        *(("viber", 10), ("soc", 12), ("whatsapp", 0), ("bot", 0), ("x", 0)),
    ],
)
def test_a_flag_says_what_kind_of_message_it_is(flag: str, kind: int) -> None:
    """The kinds have the numbers of the status answers; a flag of 0 is none."""
    order = read_order(ONE | LETTER | {"mail": "0", flag: "1"}, 0.0)
    assert (order.kind, order.channel) == (kind, "" if flag == "x" else flag)
    assert read_order(ONE | {flag: "0"}, 0.0).channel == ""


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
        ("[" * 80, 1),
        ("[" * 81, 2),
        ("\N{GRINNING FACE}" * 35, 1),
        ("\N{GRINNING FACE}" * 67, 3),
    ],
)
def test_long_texts_are_several_units(text: str, units: int) -> None:
    """A unit has 160 Latin or 70 other characters; in a long text 153 or 67."""
    assert read_order(ONE | {"mes": text}, 0.0).lines[0].units == units


@pytest.mark.parametrize(
    ("form", "units"),
    [
        ({"bin": "2", "mes": "00" + "41" * 140}, 1),
        ({"bin": "2", "mes": "00" + "41" * 141}, 2),
        ({"bin": "2", "mes": "0605040B8423F0" + "41" * 134}, 2),
        ({"bin": "1", "mes": "\0" + "x" * 140}, 1),
        ({"push": "1", "mes": "http://wap.ru\n" + "x" * 200}, 1),
        ({"call": "1", "mes": "x" * 31}, 3),
        ({"call": "1", "mes": "x" * 1500}, 100),
        (LETTER | {"mes": "x" * 5000}, 1),
        ({"viber": "1", "mes": "x" * 1001}, 1),
        ({"whatsapp": "1", "mes": "я" * 1001}, 1),
        ({"bot": "@shop_bot", "mes": "я" * 100}, 1),
        ({"hlr": "1", "mes": "x" * 200}, 1),
    ],
)
def test_every_kind_has_its_own_units(form: dict[str, str], units: int) -> None:
    """Bytes, seconds of a call, or the message as a whole are what is billed."""
    assert read_order(ONE | {"phones": "79991234567"} | form, 0.0).lines[0].units == units


@pytest.mark.parametrize(
    ("text", "channel", "said"),
    [
        ("__CALL__: Hi", "call", "Hi"),
        ("__CALL__: Hi\n~~~\n20,10,3", "call", "Hi"),
        ("__VIBER__: Hi", "viber", "Hi"),
        ("__SOC__:Hi", "soc", "Hi"),
        ("__MAIL__: Hi", "mail", "Hi"),
        ("__BOT__: Hi", "bot", "Hi"),
        ("__HLR__", "hlr", ""),
        ("Hi __CALL__: you", "", "Hi __CALL__: you"),
    ],
)
def test_a_text_may_begin_with_its_kind(text: str, channel: str, said: str) -> None:
    """A prefix in the text does what a flag does, and is not part of what is sent."""
    order = read_order(ONE | {"mes": text}, 0.0)
    line = order.lines[0]
    assert (order.channel, line.text, line.comment) == (channel, said, "")


def test_files_and_subjects_belong_to_a_message() -> None:
    """What comes with a message makes it another one, and is kept in its order."""
    form = ONE | LETTER
    files = {"file0": Upload("a.pdf", 10), "file1": "b.pdf", "fileurl": "https://example.com/c"}
    order = read_order(form | files, 0.0)
    assert (order.subject, order.files) == ("Hello", ("a.pdf", "b.pdf", "https://example.com/c"))
    others = (form, form | files | {"subj": "Bye"}, form | {"file0": "a.pdf"})
    assert len({read_order(other, 0.0).sameness for other in (*others, form | files)}) == 4


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
