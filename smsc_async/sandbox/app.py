"""The stand-in service as an ASGI application."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import parse_qsl

from .account import ServiceError
from .refuse import check_concurrency
from .scripts import SCRIPTS

if TYPE_CHECKING:
    from threading import Lock

    from .account import Account

__all__ = ["App"]

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Scope]]
Send: TypeAlias = Callable[[Scope], Awaitable[None]]

_CHARSETS = {"utf-8": "utf-8", "koi8-r": "koi8-r"}
_DEFAULT_CHARSET = "windows-1251"
_JSON = b"application/json; charset=windows-1251"


class App:
    """One host of the service. It answers everything with 200, as the service does."""

    def __init__(
        self, account: Account, lock: Lock, host: str, latency: Callable[[], float]
    ) -> None:
        self._account = account
        self._lock = lock
        self._host = host
        self._latency = latency

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Speak ASGI."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        body = await _body(receive)
        script = scope["path"].rpartition("/sys/")[2]
        if scope["path"] == "/rest/send/":
            script = "send.php"
        if script not in SCRIPTS:
            await _answer(send, 404, b"text/html", b"<html><h1>404 Not Found</h1></html>")
            return
        account = self._account
        with self._lock:
            account.requests[self._host, script, scope["http_version"]] += 1
            broken = account.limits.enter(script)
        try:
            with self._lock:
                reply = _run(account, script, broken, scope, body)
            if seconds := self._latency():
                await asyncio.sleep(seconds)
        finally:
            with self._lock:
                account.limits.leave(script)
        # Yes: the service labels its UTF-8 so.
        await _answer(send, 200, _JSON, reply)


def _run(account: Account, script: str, broken: str | None, scope: Scope, body: bytes) -> bytes:
    try:
        form = _form(scope, body)
        check_concurrency(account, script, broken)
        account.authorise(form)
        answer = SCRIPTS[script](account, form)
    except ServiceError as error:
        problem: dict[str, object] = {"error": error.text, "error_code": error.code}
        if error.message_id is not None:
            number = error.message_id.isdigit()
            problem["id"] = int(error.message_id) if number else error.message_id
        answer = problem
    return json.dumps(answer, ensure_ascii=False).encode()


def _form(scope: Scope, body: bytes) -> Mapping[str, str]:
    if scope["path"] == "/rest/send/":
        document = json.loads(body)
        return {name: str(value) for name, value in document.items()}
    raw = b"&".join(part for part in (scope["query_string"], body) if part).decode("ascii")
    charset = dict(parse_qsl(raw)).get("charset", "").lower()
    pairs = parse_qsl(
        raw,
        keep_blank_values=True,
        encoding=_CHARSETS.get(charset, _DEFAULT_CHARSET),
        errors="replace",
    )
    return dict(pairs)


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        event = await receive()
        parts.append(event.get("body", b""))
        if not event.get("more_body"):
            return b"".join(parts)


async def _answer(send: Send, status: int, content_type: bytes, body: bytes) -> None:
    headers = [(b"content-type", content_type), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        event = await receive()
        await send({"type": f"{event['type']}.complete"})
        if event["type"] == "lifespan.shutdown":
            return
