"""One client for a FastAPI application, its handler of callbacks, and 429."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI
from recipes import SECRET, STATUS, as_form, sign

from smsc_async import AsyncSmsc, ClientClosed, RateLimited
from smsc_async.callbacks import DeliveryTracker, Event
from smsc_async.fastapi import Smsc, callback_router, handle_rate_limits, smsc_lifespan

pytestmark = pytest.mark.anyio


def make() -> AsyncSmsc:
    return AsyncSmsc("alex", "secret", hosts=["http://127.0.0.1:9"], sender="Shop")


def client(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop.example")


async def test_one_client_for_all() -> None:
    """Each request gets the one client that is open as long as the application runs."""
    app, seen = FastAPI(), []

    @app.get("/")
    async def look(smsc: Smsc) -> None:
        seen.append(smsc)

    async with smsc_lifespan(make)(app), client(app) as http:
        for _ in range(2):
            assert (await http.get("/")).status_code == 200

    assert seen[0] is seen[1]
    with pytest.raises(ClientClosed):
        await seen[0].balance()


async def test_without_a_client() -> None:
    """Without a lifespan it is said what is missing."""
    app = FastAPI()

    @app.get("/")
    async def look(smsc: Smsc) -> None: ...

    async with client(app) as http:
        with pytest.raises(ClientClosed, match="lifespan=smsc_lifespan"):
            await http.get("/")


async def test_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client is one of the environment, if nothing else is said; lifespans can be nested."""
    monkeypatch.setenv("SMSC_APIKEY", "key")
    monkeypatch.setenv("SMSC_HOSTS", "http://127.0.0.1:9")

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with smsc_lifespan()(app):
            yield

    app = FastAPI(lifespan=lifespan)
    async with app.router.lifespan_context(app):
        assert repr(app.state.smsc) == "<AsyncSmsc http://127.0.0.1:9>"


async def test_callbacks() -> None:
    """The router stores events under any prefix, and is no part of the schema."""
    app, tracker, events = FastAPI(), DeliveryTracker(), []

    async def store(event: Event) -> None:
        events.append(event)

    router = callback_router("/smsc", store, secret=SECRET, tracker=tracker, forged=401)
    app.include_router(router, prefix="/hooks")
    async with client(app) as http:
        good = await http.post("/hooks/smsc", content=as_form(sign(STATUS, "status")))
        bad = await http.post("/hooks/smsc", content=as_form(STATUS))
        looked = await http.get("/hooks/smsc")

    assert [answer.status_code for answer in (good, bad, looked)] == [200, 401, 405]
    assert [event.phone for event in events] == ["79991234567"]
    assert tracker.get("order-17", "79991234567").is_delivered
    assert "/hooks/smsc" not in app.openapi()["paths"]


async def test_rate_limits() -> None:
    """A limit that a call has met is a 429 with the seconds to wait."""
    app = FastAPI()
    handle_rate_limits(app)

    @app.get("/")
    async def look() -> None:
        raise RateLimited("send.identical", 61.2)

    async with client(app) as http:
        answer = await http.get("/")

    assert (answer.status_code, answer.headers["retry-after"]) == (429, "62")
    assert answer.json() == {"detail": "Too Many Requests"}
