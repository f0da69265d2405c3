"""Voice menus: how they are written for the service, and which are refused."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from smsc_async import InvalidRequest
from smsc_async.content import (
    END_MENU,
    Call,
    CallTo,
    MenuAction,
    MenuItem,
    MenuLabel,
    Record,
    Report,
    Say,
    TextTo,
    VoiceMenu,
)
from smsc_async.sandbox.voice_menu import check_menu

PHONE = "79991234567"
OTHER = "79999999998"
STRAY: Any = 5.0


def menu(*items: MenuItem, labels: tuple[MenuLabel, ...] = (), **keys: bool) -> VoiceMenu:
    """A menu of these items."""
    return VoiceMenu("Press", items, labels, **keys)


def test_the_example_of_the_documentation() -> None:
    """Everything a menu can do, as the service's own example writes it."""
    items = [
        MenuItem(
            1, "item 1, press 1 to 3", [MenuItem(1, "1.1"), MenuItem(2, "1.2"), MenuItem(3, "1.3")]
        ),
        MenuItem(2, "item 2, press 1", [MenuItem(1, "2.1")]),
        MenuItem(3, [TextTo(PHONE, "Sender", "text"), END_MENU]),
        MenuItem(4, [TextTo("$phone", "Sender", "Your number: $phone"), END_MENU]),
        MenuItem(
            5,
            [
                Report("https://example.com/menu"),
                CallTo([PHONE, OTHER], wait=10, end_after=True, on_failure="6"),
            ],
        ),
        MenuItem(6, CallTo(PHONE, wait=60, end_after=True, on_failure="callerr", record=True)),
        MenuItem(7, ["Now up to 10 seconds", Record(10), Say("The end")]),
    ]
    labels = [MenuLabel("err", "wrong number"), MenuLabel("callerr", ["Sorry", "another time"])]

    written = VoiceMenu("Press 1", items, labels, back=True, start=True, repeat=True).render()

    assert written == (
        "{menu: Press 1\n"
        "*: back\n#: start\n0: repeat\n"
        "1: item 1, press 1 to 3\n11: 1.1\n12: 1.2\n13: 1.3\n"
        "2: item 2, press 1\n21: 2.1\n"
        f"3: sms:{PHONE},Sender,text\n3: end\n"
        "4: sms:$phone,Sender,Your number: $phone\n4: end\n"
        "5: https://example.com/menu\n"
        f"5: call:{PHONE},{OTHER} wait=10 ok:end err:6\n"
        f"6: call:{PHONE} wait=60 ok:end err:callerr record\n"
        "7: Now up to 10 seconds\n7: record: 10\n7: The end\n"
        "err: wrong number\ncallerr: Sorry\ncallerr: another time}"
    )


def test_deep_items() -> None:
    """An item leads to items without end, and their keys stand behind each other."""
    deep = MenuItem(1, "a", [MenuItem(2, "b", [MenuItem(3, "c", [MenuItem(9, "d")])])])

    assert menu(deep).render() == "{menu: Press\n1: a\n12: b\n123: c\n1239: d}"
    menu(deep, MenuItem(2, CallTo(PHONE, on_failure="123")))


@pytest.mark.parametrize(
    ("action", "written"),
    [
        (CallTo(PHONE), f"call:{PHONE}"),
        (CallTo("+7 (999) 123-45-67", wait=0), f"call:{PHONE} wait=0"),
        (CallTo([PHONE] * 9, wait=120), f"call:{','.join([PHONE] * 9)} wait=120"),
        (CallTo(PHONE, record=True), f"call:{PHONE} record"),
        (Record(), "record:"),
        (Record(1), "record: 1"),
        (Say(" Hello: you, <file 1> "), "Hello: you, <file 1>"),
        (TextTo("+79991234567", "Sender", "a, b: c"), f"sms:{PHONE},Sender,a, b: c"),
        (END_MENU, "end"),
    ],
)
def test_actions(action: MenuAction, written: str) -> None:
    """Each action has its own form, and options only where they are asked for."""
    assert menu(MenuItem(1, action)).render() == f"{{menu: Press\n1: {written}}}"


@pytest.mark.parametrize(
    ("field", "make"),
    [
        ("text", lambda: Say("")),
        ("text", lambda: Say("  ")),
        ("text", lambda: Say("two\nlines")),
        ("text", lambda: Say("a } b")),
        ("text", lambda: Say(STRAY)),
        ("text", lambda: Say("end")),
        ("text", lambda: Say("call:79991234567")),
        ("text", lambda: Say("sms: me")),
        ("text", lambda: Say("record: 5")),
        ("text", lambda: Say("https://example.com")),
        ("url", lambda: Report("example.com")),
        ("url", lambda: Report("https://example.com/{a}")),
        ("phones", lambda: CallTo([])),
        ("phones", lambda: CallTo([PHONE] * 10)),
        ("phones", lambda: CallTo("phone")),
        ("wait", lambda: CallTo(PHONE, wait=121)),
        ("wait", lambda: CallTo(PHONE, wait=-1)),
        ("on_failure", lambda: CallTo(PHONE, on_failure=STRAY)),
        ("phone", lambda: TextTo("$number", "Sender", "text")),
        ("sender", lambda: TextTo(PHONE, "far too long a name", "text")),
        ("sender", lambda: TextTo(PHONE, "a,b", "text")),
        ("sender", lambda: TextTo(PHONE, "", "text")),
        ("text", lambda: TextTo(PHONE, "Sender", "two\nlines")),
        ("seconds", lambda: Record(0)),
        ("key", lambda: MenuItem(0, "a")),
        ("key", lambda: MenuItem(10, "a")),
        ("key", lambda: MenuItem(STRAY, "a")),
        ("actions", lambda: MenuItem(1, [])),
        ("actions", lambda: MenuItem(1, [STRAY])),
        ("actions", lambda: MenuItem(1, STRAY)),
        ("items", lambda: MenuItem(1, "a", [STRAY])),
        ("name", lambda: MenuLabel("12", "a")),
        ("name", lambda: MenuLabel("a b", "a")),
        ("name", lambda: MenuLabel("ошибка", "a")),
        ("name", lambda: MenuLabel("", "a")),
        ("actions", lambda: MenuLabel("a", [])),
        ("items", menu),
        ("labels", lambda: VoiceMenu("Press", [MenuItem(1, "a")], [STRAY])),
        ("items", lambda: VoiceMenu("Press", [STRAY])),
        ("text", lambda: VoiceMenu("two\nlines", [MenuItem(1, "a")])),
        ("text", lambda: VoiceMenu("a}", [MenuItem(1, "a")])),
        ("on_failure", lambda: menu(MenuItem(1, CallTo(PHONE, on_failure="2")))),
        ("on_failure", lambda: menu(MenuItem(1, CallTo(PHONE, on_failure="oops")))),
        ("items", lambda: menu(MenuItem(1, "a"), MenuItem(2, "b"), MenuItem(1, "c"))),
        ("items", lambda: menu(MenuItem(1, "a", [MenuItem(2, "b")]), MenuItem(1, "c"))),
        ("menu", lambda: menu(MenuItem(1, "x" * 984))),
    ],
)
def test_menus_refused(field: str, make: Any) -> None:
    """What would end the menu early, mean something else or lead nowhere is refused."""
    with pytest.raises(InvalidRequest) as caught:
        make()

    assert caught.value.field == field


def test_a_key_may_come_again() -> None:
    """The same key in items that follow each other does one thing after the other."""
    assert menu(MenuItem(1, "a"), MenuItem(1, END_MENU)).render() == "{menu: Press\n1: a\n1: end}"
    assert menu(MenuItem(1, "x" * 983)).render() == "{menu: Press\n1: " + "x" * 983 + "}"


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="{}\r\n"), min_size=1, max_size=20)
PHONES = st.lists(st.sampled_from([PHONE, OTHER]), min_size=1, max_size=9)
ACTIONS = st.one_of(
    st.builds(lambda text: Say(f"say {text}"), TEXT),
    st.builds(lambda path: Report(f"https://example.com/{path}"), st.sampled_from(["", "a?b=c"])),
    st.builds(
        CallTo,
        PHONES,
        wait=st.none() | st.integers(0, 120),
        end_after=st.booleans(),
        on_failure=st.sampled_from([None, "1", "2", "12", "sorry"]),
        record=st.booleans(),
    ),
    st.builds(lambda text: TextTo("$phone", "Shop", f"{text}."), TEXT),
    st.builds(Record, st.none() | st.integers(1, 99)),
    st.just(END_MENU),
)
ITEMS = st.recursive(
    st.builds(MenuItem, st.integers(1, 9), st.lists(ACTIONS, min_size=1, max_size=3)),
    lambda items: st.builds(
        MenuItem,
        st.integers(1, 9),
        st.lists(ACTIONS, min_size=1, max_size=2),
        st.lists(items, max_size=3, unique_by=lambda item: item.key),
    ),
    max_leaves=6,
)


@given(
    TEXT,
    st.lists(ITEMS, min_size=1, max_size=4, unique_by=lambda item: item.key),
    st.lists(st.builds(MenuLabel, st.just("sorry"), ACTIONS), max_size=1),
    st.booleans(),
)
def test_menus_can_be_read_back(
    text: str, items: list[MenuItem], labels: list[MenuLabel], keys: bool
) -> None:
    """Whatever is taken has its lines in order, ends where it ends, and leads somewhere."""
    try:
        made = VoiceMenu(f"Press {text}", items, labels, back=keys, start=keys, repeat=keys)
        call = Call("Hello", made, "Bye")
    except InvalidRequest:
        reject()
    mes = call.params()["mes"]
    want = [line for item in items for line in item.lines()]
    want += [line for label in labels for line in label.lines()]

    found = re.fullmatch(r"Hello\n\n\{menu: (.*)\}\n\nBye", mes, re.DOTALL)
    assert found
    assert len(mes) <= 1000
    rows = found[1].split("\n")
    assert rows[1 : 1 + 3 * keys] == ["*: back", "#: start", "0: repeat"][: 3 * keys]
    assert rows[1 + 3 * keys :] == [f"{step}: {action.render()}" for step, action in want]
    jumps = set(re.findall(r"^\w+: call:.* err:(\w+)", mes, re.MULTILINE))
    assert jumps <= {step for step, _ in want}
    assert check_menu(mes)


def test_it_shows_nothing() -> None:
    """Neither texts nor phones are shown, in any part of it."""
    shown = repr(
        menu(
            MenuItem(1, ["Secret", CallTo(PHONE), TextTo(PHONE, "Shop", "Secret")]),
            MenuItem(2, Report("https://Secret")),
            labels=(MenuLabel("sorry", "Secret"),),
        )
    )
    assert "Secret" not in shown
    assert PHONE not in shown
