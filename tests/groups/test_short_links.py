"""Short links."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from clocks import InstantClock
from service import InProcess, ScriptedExchange, caller

from smsc_async import ApiError, BadReply, InvalidRequest, NotFound, RateLimited
from smsc_async.groups.short_links import ShortLink, ShortLinks
from smsc_async.sandbox.scripts import send
from smsc_async.sandbox.scripts.tinyurls import Shelf

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.anyio

DAY = 86400.0


@pytest.fixture
def service(clock: InstantClock) -> InProcess:
    """A service that has sent two links."""
    service = InProcess(clock)
    text = "Look: https://example.com/a, or http://example.com/b"
    form = {"phones": "79991234567", "mes": text, "tinyurl": "1"}
    send.handle(service.account, form)
    return service


@pytest.fixture
async def links(service: InProcess, clock: InstantClock) -> ShortLinks:
    return ShortLinks(caller(service, clock=clock))


def scripted(*replies: object) -> ShortLinks:
    return ShortLinks(caller(ScriptedExchange(*replies)))


async def test_clicks_are_counted(
    links: ShortLinks, service: InProcess, clock: InstantClock
) -> None:
    """A link that was sent is found by both its names; its clicks are told apart by their days."""
    shelf = service.account.shelf(Shelf)
    shelf.click(service.account, "https://example.com/a")
    clock.pass_time(20 * DAY)
    shelf.click(service.account, "https://example.com/a")
    clock.pass_time(DAY)
    shelf.click(service.account, "https://example.com/a")
    shelf.click(service.account, "http://example.com/b")

    found = await links.get("example.com/a")

    # From 15 January 2026, that is 5 February.
    assert found == ShortLink("145142", "https://sandbox.example/145142", 3, 1, 1, 2, 1)
    assert await links.get("https://example.com/a") == found
    assert await links.get(id=145142) == found
    assert (await links.get(id="145143")).clicks == 1


@pytest.mark.parametrize(
    "act", [lambda s: s.get("example.com/c"), lambda s: s.get(id=7)], ids=["link", "id"]
)
async def test_there_is_none(links: ShortLinks, act: Callable[[ShortLinks], Any]) -> None:
    """A link that was never sent is `NotFound`."""
    with pytest.raises(NotFound):
        await act(links)


async def test_on_the_wire() -> None:
    """Link and id reach their documented fields, one of them at a time."""
    exchange = ScriptedExchange({"id": "1"}, {"id": "1"})
    links = ShortLinks(caller(exchange))
    common = {"login": "alex", "psw": "secret-password", "fmt": "3", "charset": "utf-8"}

    await links.get("mywebsite.ru")
    await links.get(id=145142)

    assert exchange.asked == [
        ("/sys/tinyurls.php", {"get": "1", "link": "mywebsite.ru", **common}),
        ("/sys/tinyurls.php", {"get": "1", "id": "145142", **common}),
    ]


async def test_odd_answers() -> None:
    """Numbers may be numbers or strings, or be missing; what is not known is kept."""
    document = {"id": 5, "cnt": "3", "cnt_mon": 2, "cnt_day": "", "link": "x", "new": [1]}
    assert await scripted(document).get(id=5) == ShortLink(
        "5", "x", 3, clicks_this_month=2, extra={"new": [1]}
    )


@pytest.mark.parametrize("document", [{"cnt": "many"}, [], "x"])
async def test_no_answer(document: object) -> None:
    """What is no link is a `BadReply`."""
    with pytest.raises(BadReply):
        await scripted(*[document] * 9).get(id=5)


@pytest.mark.parametrize(
    ("field", "act"),
    [
        ("link", lambda s: s.get()),
        ("link", lambda s: s.get("example.com", id=5)),
        ("link", lambda s: s.get("")),
        ("id", lambda s: s.get(id="a b")),
        ("id", lambda s: s.get(id="")),
        ("id", lambda s: s.get(id=True)),
        ("id", lambda s: s.get(id=1.5)),
    ],
)
async def test_refused_before_the_network(field: str, act: Callable[[ShortLinks], Any]) -> None:
    """One of link and id is needed, and has to be one."""
    with pytest.raises(InvalidRequest) as caught:
        await act(scripted())
    assert caught.value.field == field


@pytest.mark.parametrize("code", [1, 2, 3, 4])
async def test_errors(code: int) -> None:
    """Each documented error is raised as what it is."""
    with pytest.raises(ApiError) as caught:
        await scripted({"error": "x", "error_code": code}).get(id=5)
    assert caught.value.code == code
    assert type(caught.value) is not ApiError


async def test_the_limit() -> None:
    """The fourth identical request in a minute has to wait."""
    links = ShortLinks(caller(ScriptedExchange(*[{"id": "1"}] * 4), patience=0))
    for _ in range(3):
        await links.get(id=1)
    with pytest.raises(RateLimited):
        await links.get(id=1)
    await links.get(id=2)
