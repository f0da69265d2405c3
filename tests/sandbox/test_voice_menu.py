"""Reading voice menus."""

from __future__ import annotations

import pytest

from smsc_async.sandbox.voice_menu import check_menu

EXAMPLE = """Здравствуйте!

{menu: Нажмите 1 для первого пункта
*: back
#: start
0: repeat
1: пункт 1, нажмите 1 для подпункта 1
11: подпункт 1.1
3: sms:79999999999,Sender,текст
3: end
4: sms:$phone,Sender,Ваш номер: $phone
5: https://example.com/menu
5: call:79999999999,79999999998 wait=10 ok:end err:6
6: call:79999999997 wait=60 ok:end err:callerr record
7: record: 10
err: неверный номер
callerr: Извините}

Всего вам доброго!"""


def test_menus_that_can_be_read() -> None:
    """A text may have a menu with all that a menu can do, or none."""
    assert check_menu(EXAMPLE)
    assert check_menu("Hello")
    assert check_menu("Hi {menu: \n1: record:}")
    assert check_menu("Hi {menu: One\n1: call:79999999999 wait=120}")


@pytest.mark.parametrize(
    "menu",
    [
        "{menu: One\n1: One}",
        "Hi {menu: One\n1: One",
        "Hi {menu: One}",
        "Hi {menu: One\n1 One}",
        "Hi {menu: One\n10: One}",
        "Hi {menu: One\n1: }",
        "Hi {menu: One\n*: end}",
        "Hi {menu: One\n1: call:79999999999 err:2}",
        "Hi {menu: One\n1: call:79999999999 wait=121}",
        "Hi {menu: One\n1: call:" + ",".join(["79999999999"] * 10) + "}",
        "Hi {menu: One\n1: sms:79999999999,Sender}",
        "Hi {menu: One\n1: record: x}",
    ],
)
def test_menus_that_cannot(menu: str) -> None:
    """A menu needs something in front of it, and entries that it knows."""
    assert not check_menu(menu)
