"""The handler of callbacks, and an answer for those who are too fast, for any ASGI framework."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from .callbacks import (
    MAX_BODY,
    BadSignature,
    CallbackError,
    MalformedCallback,
    StatusEvent,
    check_settings,
    parse,
)
from .errors import InvalidRequest, RateLimited

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .callbacks import Algorithm, DeliveryTracker, Event

__all__ = ["CallbackApp", "Handle", "RateLimitedMiddleware", "retry_after"]

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
ASGIApp: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

Handle: TypeAlias = "Callable[[Event], Awaitable[object]]"
"""Takes an event and stores it; when it has returned, the service will not repeat the event."""

_LOG: Final = logging.getLogger("smsc_async")
_STATUSES: Final = range(200, 600)
_WRONG_METHOD: Final = 405


class CallbackApp:
    """The handler whose address is in the account, as an ASGI application to be mounted.

    It answers 200 when `handle` has returned: the service then forgets the event. So return only
    when it is stored, and return for events that are not yours, too: it repeats on every other
    answer but 404, fifty times, every four minutes. What `handle` raises goes on to the framework,
    whose 500 makes the service repeat. An event may come many times, and in any order.

    Args:
        handle: The coroutine function that stores an event; without one, the tracker is all.
        secret: What the address gives as the secret, or several of them; None verifies nothing,
            and whoever knows the address may then post what he likes.
        algorithm: Which control value the address asks for.
        charset: The encoding that the address asks for, if you want to insist on it.
        tracker: What is told of statuses, after `handle` has returned.
        forged: The HTTP status for what has no right control value.
        malformed: The HTTP status for what is no callback at all.

    https://smscentre.com/api/http/miscellaneous/callback/
    """

    def __init__(
        self,
        handle: Handle | None = None,
        *,
        secret: str | Sequence[str] | None,
        algorithm: Algorithm = "sha1",
        charset: str | None = None,
        tracker: DeliveryTracker | None = None,
        forged: int = 403,
        malformed: int = 400,
    ) -> None:
        check_settings(secret, algorithm, charset)
        for field, status in (("forged", forged), ("malformed", malformed)):
            if status not in _STATUSES:
                raise InvalidRequest(field, "has to be an HTTP status")
        self._handle = handle
        self._secret = secret
        self._algorithm: Algorithm = algorithm
        self._charset = charset
        self._tracker = tracker
        self._forged = forged
        self._malformed = malformed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Speak ASGI."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            status = await self._answer(scope, receive)
            if status is not None:
                await _send(
                    send, status, headers=[(b"allow", b"POST")] if status == _WRONG_METHOD else []
                )

    def __repr__(self) -> str:
        return "<CallbackApp>"

    async def _answer(self, scope: Scope, receive: Receive) -> int | None:
        """Return the HTTP status to answer with; None if nobody waits for it."""
        if scope["method"] != "POST":
            return _WRONG_METHOD
        try:
            body = await _body(receive)
            if body is None:
                return None
            event = self._parse(scope, body)
        except CallbackError as error:
            _LOG.warning("a callback was refused: %s", error)
            return self._forged if isinstance(error, BadSignature) else self._malformed
        if self._handle is not None:
            await self._handle(event)
        if self._tracker is not None and isinstance(event, StatusEvent):
            self._tracker.apply(event)
        return 200

    def _parse(self, scope: Scope, body: bytes) -> Event:
        return parse(
            body,
            next((value for name, value in scope["headers"] if name == b"content-type"), None),
            secret=self._secret,
            algorithm=self._algorithm,
            charset=self._charset,
            query=scope.get("query_string", b""),
        )


class RateLimitedMiddleware:
    """Answers with 429 and Retry-After where a call of yours has raised `RateLimited`."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Speak ASGI."""
        begun = False

        async def note(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, note)
        except RateLimited as error:
            if begun or scope["type"] != "http":
                raise
            body = json.dumps({"detail": "Too Many Requests"}).encode()
            seconds = retry_after(error).encode()
            headers = [(b"retry-after", seconds), (b"content-type", b"application/json")]
            await _send(send, 429, body, headers)


def retry_after(error: Exception) -> str:
    """Return the header that says when to come again: whole seconds, 1 at least."""
    return str(max(1, math.ceil(error.retry_after))) if isinstance(error, RateLimited) else "1"


async def _body(receive: Receive) -> bytes | None:
    """Read a body; None if it broke off."""
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > MAX_BODY:
            raise MalformedCallback(f"it has more than {MAX_BODY} bytes")
    return bytes(body)


async def _send(
    send: Send, status: int, body: bytes = b"", headers: Sequence[tuple[bytes, bytes]] = ()
) -> None:
    length = (b"content-length", b"%d" % len(body))
    await send({"type": "http.response.start", "status": status, "headers": [length, *headers]})
    await send({"type": "http.response.body", "body": body})


async def _live(receive: Receive, send: Send) -> None:
    """Start and end when the server does."""
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})
