"""Message templates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from clocks import InstantClock
from service import InProcess, ScriptedExchange, caller

from smsc_async import InvalidRequest, NotFound
from smsc_async.groups.templates import Template, Templates

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.anyio


@pytest.fixture
async def templates() -> Templates:
    """The templates of an account without any."""
    clock = InstantClock()
    return Templates(caller(InProcess(clock), clock=clock))


async def test_what_is_added_can_be_changed_and_deleted(templates: Templates) -> None:
    """A template exists after it was added, is changed only where that is asked, and goes."""
    template_id = await templates.add(
        "Greeting", "Привет", kind="flash", sender="Shop", signing=True
    )
    want = Template(template_id, "Greeting", "Привет", "flash", "Shop", 2)
    assert await templates.all() == [want]

    await templates.change(template_id, text="Hello", signing=False)
    assert await templates.all() == [Template(template_id, "Greeting", "Hello", "flash", "Shop", 0)]

    await templates.delete(template_id)
    assert await templates.all() == []


@pytest.mark.parametrize(
    "act", [lambda t: t.change("7", name="Other"), lambda t: t.delete(7)], ids=["change", "delete"]
)
async def test_there_is_none(templates: Templates, act: Callable[[Templates], Any]) -> None:
    """Changing or deleting what is not there is `NotFound`."""
    with pytest.raises(NotFound):
        await act(templates)


async def test_on_the_wire() -> None:
    """Every option reaches its documented field."""
    exchange = ScriptedExchange({"id": 5})
    templates = Templates(caller(exchange))

    await templates.add("Greeting", "Привет", kind="viber", sender="Shop", signing=True)

    [(path, form)] = exchange.asked
    assert path == "/sys/templates.php"
    assert form.items() >= {
        ("add", "1"),
        ("name", "Greeting"),
        ("msg", "Привет"),
        ("format", "viber"),
        ("sender", "Shop"),
        ("fl[1]", "1"),
    }


@pytest.mark.parametrize(
    ("field", "act"),
    [
        ("name", lambda t: t.add("", "Hello")),
        ("text", lambda t: t.add("Greeting", "x" * 1001)),
        ("kind", lambda t: t.add("Greeting", "Hello", kind="fax")),
        ("signing", lambda t: t.change(1, signing="yes")),
        ("id", lambda t: t.delete("a")),
        ("colour", lambda t: t.change(1, colour="red")),
    ],
)
async def test_refused_before_the_network(
    templates: Templates, field: str, act: Callable[[Templates], Any]
) -> None:
    """What breaks a rule is refused with the name of the option."""
    with pytest.raises(InvalidRequest) as caught:
        await act(templates)
    assert caught.value.field == field
