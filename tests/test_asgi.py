"""The handler of callbacks as an ASGI application, and 429."""

from __future__ import annotations

import logging

import httpx
import pytest
from recipes import CALL, INCOMING, SECRET, STATUS, as_form, as_json, sign
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from smsc_async import DuplicateMessage, InvalidRequest, RateLimited
from smsc_async.asgi import CallbackApp, RateLimitedMiddleware
from smsc_async.callbacks import (
    MAX_BODY,
    CallConfirmation,
    DeliveryTracker,
    Event,
    IncomingMessage,
    StatusEvent,
)

pytestmark = pytest.mark.anyio

GOOD = as_form(sign(STATUS, "status"))


def client(app: object) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop.example")  # type: ignore[arg-type]


class Stored:
    """Keeps the events; fails as long as it is told to."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.broken = False

    async def __call__(self, event: Event) -> None:
        if self.broken:
            raise RuntimeError("the database is away")
        self.events.append(event)


async def test_events_are_stored_before_the_answer() -> None:
    """Each kind of callback reaches the coroutine, and is answered with 200 then."""
    stored = Stored()
    async with client(CallbackApp(stored, secret=SECRET)) as http:
        for body in (GOOD, as_json(sign(INCOMING, "incoming")), as_form(sign(CALL, "call"))):
            assert (await http.post("/", content=body)).status_code == 200

    assert [type(event) for event in stored.events] == [
        StatusEvent,
        IncomingMessage,
        CallConfirmation,
    ]


async def test_the_tracker_hears_of_what_is_stored() -> None:
    """A tracker hears of statuses, but not before they are stored: the service repeats those."""
    stored, tracker = Stored(), DeliveryTracker()
    stored.broken = True
    async with client(CallbackApp(stored, secret=SECRET, tracker=tracker)) as http:
        with pytest.raises(RuntimeError):
            await http.post("/", content=GOOD)
        assert tracker.all("order-17") == ()

        stored.broken = False
        assert (await http.post("/", content=GOOD)).status_code == 200
        await http.post("/", content=as_form(sign(INCOMING, "incoming")))

    assert tracker.get("order-17", "79991234567").is_delivered
    assert len(stored.events) == 2


async def test_a_tracker_alone() -> None:
    """Without a coroutine everything is taken, and statuses are tracked."""
    tracker = DeliveryTracker()
    async with client(CallbackApp(secret=None, tracker=tracker)) as http:
        for body in (as_form(STATUS), as_form(INCOMING)):
            assert (await http.post("/", content=body)).status_code == 200

    assert tracker.get("order-17", "79991234567").is_delivered


async def test_refused(caplog: pytest.LogCaptureFixture) -> None:
    """What is forged and what is no callback is refused as configured, and logged without data."""
    caplog.set_level(logging.DEBUG, logger="smsc_async")
    stored = Stored()
    forged = as_form(STATUS | {"sha1": "0" * 40})
    bodies = (forged, b"{", b"x" * (MAX_BODY + 1))
    for settings, expected in (
        ({}, (403, 400, 400)),
        ({"forged": 404, "malformed": 200}, (404, 200, 200)),
    ):
        async with client(CallbackApp(stored, secret=SECRET, **settings)) as http:  # type: ignore[arg-type]
            answers = [await http.post("/", content=body) for body in bodies]

        assert tuple(answer.status_code for answer in answers) == expected
        assert {answer.content for answer in answers} == {b""}
    assert stored.events == []
    assert "its sha1 is wrong" in caplog.text
    assert not any(secret in caplog.text for secret in (SECRET, "79991234567", "order-17"))


async def test_only_posts() -> None:
    """Whoever only looks is told to post."""
    async with client(CallbackApp(secret=None)) as http:
        answer = await http.get("/")

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


async def test_parameters_in_the_address() -> None:
    """What the service puts into the address is a part of the event."""
    stored = Stored()
    async with client(CallbackApp(stored, secret=SECRET)) as http:
        await http.post("/?shop=5", content=GOOD)

    assert stored.events[0].extra == {"shop": "5"}


async def test_half_a_body() -> None:
    """Half a callback is none, and nobody is there to be answered."""
    stored, sent = Stored(), []
    messages: list[dict[str, object]] = [{"type": "http.disconnect"}]
    messages.append({"type": "http.request", "body": GOOD, "more_body": True})

    async def receive() -> dict[str, object]:
        return messages.pop()

    async def send(message: object) -> None:
        sent.append(message)

    await CallbackApp(stored, secret=SECRET)({"type": "http", "method": "POST"}, receive, send)

    assert (stored.events, sent) == ([], [])


async def test_a_body_without_end() -> None:
    """Nobody can make the handler read for ever, nor fill its memory."""
    sent: list[dict[str, object]] = []
    read = 0

    async def receive() -> dict[str, object]:
        nonlocal read
        read += 1
        assert read < 10
        return {"type": "http.request", "body": b"x" * 100_000, "more_body": True}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    await CallbackApp(secret=SECRET)({"type": "http", "method": "POST"}, receive, send)  # type: ignore[arg-type]

    assert (read, sent[0]["status"]) == (3, 400)


async def test_lifespan() -> None:
    """It can be served alone, and says so; it has nothing to say to a websocket."""
    sent: list[str] = []

    async def receive() -> dict[str, object]:
        return {"type": "lifespan.startup"}

    async def send(message: dict[str, str]) -> None:
        sent.append(message["type"])

    app = CallbackApp(secret=SECRET)
    await app({"type": "lifespan"}, receive, send)  # type: ignore[arg-type]
    await app({"type": "websocket"}, receive, send)  # type: ignore[arg-type]

    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert SECRET not in repr(app)


def test_bad_settings() -> None:
    """What cannot be is said when the application is made, and not at the first callback."""
    for wrong in ({"secret": ""}, {"algorithm": "x"}, {"forged": 42}, {"malformed": 600}):
        with pytest.raises(InvalidRequest):
            CallbackApp(**{"secret": SECRET, **wrong})  # type: ignore[arg-type]


async def limited(request: Request) -> Response:
    raise RateLimited("balance.any", 12.3)


async def duplicate(request: Request) -> Response:
    raise DuplicateMessage("send.identical", 0.0)


async def fine(request: Request) -> Response:
    return PlainTextResponse("fine")


async def late(scope: object, receive: object, send: object) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})  # type: ignore[operator]
    raise RateLimited("balance.any", 1.0)


async def test_starlette() -> None:
    """In Starlette the handler is a route, and a limit becomes 429 with the seconds to wait."""
    stored = Stored()
    app = Starlette(
        routes=[
            Route("/smsc", CallbackApp(stored, secret=SECRET)),
            Mount("/mounted", CallbackApp(stored, secret=SECRET)),
            Route("/limited", limited),
            Route("/duplicate", duplicate),
            Route("/fine", fine),
        ],
        middleware=[Middleware(RateLimitedMiddleware)],
    )
    async with client(app) as http:
        assert (await http.post("/smsc", content=GOOD)).status_code == 200
        assert (await http.post("/mounted/", content=GOOD)).status_code == 200
        answers = [await http.get(path) for path in ("/limited", "/duplicate", "/fine")]

    assert len(stored.events) == 2
    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert [answer.headers.get("retry-after") for answer in answers] == ["13", "1", None]


async def test_too_late_for_another_answer() -> None:
    """A limit that is met in the middle of an answer stays an error."""
    async with client(RateLimitedMiddleware(late)) as http:
        with pytest.raises(RateLimited):
            await http.get("/")
