"""Codes by SMS: ask for one, see whether it has arrived, enter it.

`create_app` makes the application; see README.md for how to run it.
"""

from __future__ import annotations

import hmac
import secrets
import time
from typing import Annotated, Final

import attrs
from fastapi import FastAPI, HTTPException, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from smsc_async import InvalidNumber, InvalidRequest, SentMessage, SmscError
from smsc_async.callbacks import DeliveryTracker
from smsc_async.fastapi import Smsc, callback_router, handle_rate_limits, smsc_lifespan

__all__ = ["create_app"]

LIFETIME: Final = 300.0
TRIES: Final = 3


class Asked(BaseModel):
    """Who wants a code."""

    phone: str


class Entered(BaseModel):
    """What somebody has typed."""

    code: str


@attrs.define
class Code:
    """A code that was sent, until it is entered, expired, or guessed at too often."""

    digits: str
    sent: SentMessage
    expires: float
    tries: int = TRIES

    def fits(self, entered: str) -> bool:
        """Use up a try, and return whether it was the right one."""
        self.tries -= 1
        alive = self.tries >= 0 and time.monotonic() < self.expires
        return hmac.compare_digest(self.digits.encode(), entered.encode()) and alive


def create_app(callback_secret: str) -> FastAPI:
    """Make the application; the service is found by the environment."""
    app = FastAPI(title="Codes by SMS", lifespan=smsc_lifespan())
    # A real application keeps these where they survive it.
    codes: dict[str, Code] = {}
    deliveries = DeliveryTracker()
    app.include_router(callback_router("/smsc", secret=callback_secret, tracker=deliveries))
    handle_rate_limits(app)

    def find(code_id: str) -> Code:
        if code_id not in codes:
            raise HTTPException(404, "there is no such code")
        return codes[code_id]

    @app.post("/codes", status_code=202)
    async def request_code(asked: Asked, smsc: Smsc) -> dict[str, str]:
        """Send a code."""
        digits = f"{secrets.randbelow(1_000_000):06}"
        sent = await smsc.send(asked.phone, f"{digits} is your code", outcome="fast", valid=1)
        codes[sent.id] = Code(digits, sent, time.monotonic() + LIFETIME)
        return {"id": sent.id}

    @app.get("/codes/{code_id}")
    async def show_delivery(
        code_id: str, smsc: Smsc, wait: Annotated[float, Query(ge=0, le=60)] = 0
    ) -> dict[str, str | bool]:
        """Say how far the message has come; wait for its end for so many seconds."""
        sent = find(code_id).sent
        [one] = await smsc.wait_delivered(sent, timeout=wait, tracker=deliveries)
        return {"delivery": one.status.name.lower(), "final": one.is_final}

    @app.post("/codes/{code_id}/check")
    async def check_code(code_id: str, entered: Entered) -> dict[str, bool]:
        """Say whether the code is right; a right one is used up."""
        right = find(code_id).fits(entered.code)
        if right:
            del codes[code_id]
        return {"right": right}

    @app.exception_handler(SmscError)
    async def explain(_: Request, error: SmscError) -> JSONResponse:
        """Tell the user what may be told; the rest is in the log."""
        if isinstance(error, InvalidNumber | InvalidRequest):
            return JSONResponse({"detail": "this is no phone number"}, 422)
        return JSONResponse({"detail": "no code can be sent now"}, 503)

    return app
