"""How an application tests itself: with the service in its own process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from smsc_async.callbacks import handler_url
from smsc_async.fastapi import get_smsc

from .app import create_app

if TYPE_CHECKING:
    from smsc_async.testing import LocalSandbox

pytestmark = pytest.mark.anyio

PHONE = "+79991234567"


async def test_a_code(smsc_sandbox: LocalSandbox) -> None:
    """A code is sent, arrives, and is good for one time."""
    app = create_app("a-secret")
    smsc_sandbox.callback_to(app, handler_url("https://testserver/smsc", "a-secret"))
    async with smsc_sandbox.client() as smsc, browser(app) as http:
        app.dependency_overrides[get_smsc] = lambda: smsc
        asked = await http.post("/codes", json={"phone": PHONE})
        code = f"/codes/{asked.json()['id']}"
        arrived = (await http.get(code, params={"wait": 60})).json()
        digits = smsc_sandbox.messages[0].text[:6]
        right = (await http.post(f"{code}/check", json={"code": digits})).json()
        again = await http.post(f"{code}/check", json={"code": digits})

    assert arrived == {"delivery": "delivered", "final": True}
    assert right == {"right": True}
    assert again.status_code == 404


async def test_guessing(smsc_sandbox: LocalSandbox) -> None:
    """Who has guessed three times has no more tries, not even with the right code."""
    app = create_app("a-secret")
    async with smsc_sandbox.client() as smsc, browser(app) as http:
        app.dependency_overrides[get_smsc] = lambda: smsc
        asked = await http.post("/codes", json={"phone": PHONE})
        check = f"/codes/{asked.json()['id']}/check"
        digits = smsc_sandbox.messages[0].text[:6]
        guesses = ["ооо", "", "1234567", digits]
        answers = [(await http.post(check, json={"code": guess})).json() for guess in guesses]

    assert answers == [{"right": False}] * 4


async def test_what_can_go_wrong(smsc_sandbox: LocalSandbox) -> None:
    """A number that is none, a service that is away, a code for the same phone over and over."""
    app = create_app("a-secret")
    async with smsc_sandbox.client(patience=0) as smsc, browser(app) as http:
        app.dependency_overrides[get_smsc] = lambda: smsc
        nobody = await http.post("/codes", json={"phone": "nobody"})
        smsc_sandbox.away = True
        away = await http.post("/codes", json={"phone": PHONE})
        smsc_sandbox.away = False
        for _ in range(50):
            last = await http.post("/codes", json={"phone": PHONE})
        flood = await http.post("/codes", json={"phone": PHONE})

    assert [answer.status_code for answer in (nobody, away, last, flood)] == [422, 503, 202, 429]
    assert 60 <= int(flood.headers["retry-after"]) <= 63


def browser(app: object) -> httpx.AsyncClient:
    """A browser that needs no network."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://testserver")  # type: ignore[arg-type]
