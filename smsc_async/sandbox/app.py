"""The stand-in service as an ASGI application, for all its hosts."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Final

import attrs

from .account import Raw, ServiceError
from .forms import read_form, read_json
from .ids import read_id, wire_id
from .scripts import SCRIPTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from threading import Lock

    from hypercorn.typing import (
        ASGIReceiveCallable,
        ASGISendCallable,
        Scope,
    )

    from .account import Account

__all__ = ["Answer", "App", "Request"]

_REST: Final = "/rest/send/"

# Yes: the service labels all its JSON so, whatever it is encoded in.
_JSON: Final = b"application/json; charset=windows-1251"
_FILES: Final = frozenset({"documents.php", "imgcode.php"})
"""The scripts that answer with a file, or with an error in plain text."""
_PUBLIC: Final = frozenset({"imgcode.php"})
_TEXT: Final = b"text/html; charset=windows-1251"
_HTML: Final = b"text/html"
_NOT_FOUND: Final = b"<html><head><title>404 Not Found</title></head></html>"


@attrs.frozen
class Request:
    """What a host was asked; `script` is "" where there is none."""

    path: str
    query: bytes = attrs.field(repr=False)
    body: bytes = attrs.field(repr=False)
    port: int | None
    http_version: str
    content_type: bytes = b""

    @property
    def script(self) -> str:
        """The script that it is for, as "send.php"."""
        script = "send.php" if self.path == _REST else self.path.removeprefix("/sys/")
        return script if script in SCRIPTS else ""


@attrs.frozen
class Answer:
    """What a host answers."""

    content_type: bytes
    body: bytes
    status: int = 200


class App:
    """Answers the scripts and /rest/send/; all with the HTTP status 200, as the service does.

    Hosts in several threads share it: the lock guards the account. The answer comes `latency`
    seconds after the request was processed, or, if `late`, the request is processed only then.
    """

    def __init__(
        self,
        account: Account,
        lock: Lock,
        latency: Callable[[], float],
        *,
        late: bool = False,
    ) -> None:
        self._account = account
        self._lock = lock
        self._latency = latency
        self._late = late

    async def __call__(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        """Speak ASGI."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            body = await _body(receive)
            if body is None:
                return
            port = scope["server"][1] if scope["server"] else None
            query, version = scope["query_string"], scope["http_version"]
            kind = dict(scope["headers"]).get(b"content-type", b"")
            answer = await self.answer(Request(scope["path"], query, body, port, version, kind))
            await _send(send, answer)

    async def answer(self, request: Request) -> Answer:
        """Process the request, and return the answer when it is time for it."""
        account, limits, script = self._account, self._account.limits, request.script
        if not script:
            return Answer(_HTML, _NOT_FOUND, 404)
        with self._lock:
            account.requests[request.port, script, request.http_version] += 1
            broken = limits.enter(script)
        try:
            seconds = self._latency()
            if self._late:
                await asyncio.sleep(seconds)
            with self._lock:
                answer = _process(account, request, broken)
            if seconds and not self._late:
                await asyncio.sleep(seconds)
        finally:
            # Before the answer is out: whoever has read it may ask the next thing at once.
            with self._lock:
                limits.leave(script, broken)
        return answer

    def is_new(self, request: Request, seconds: float) -> bool:
        """Return whether a status is asked for of a message taken less than `seconds` ago."""
        form, _ = read_form(request.query, request.body, request.content_type)
        phone, message_id = form.get("phone", ""), read_id(form.get("id", ""))
        with self._lock:
            account = self._account
            message = account.find(phone.strip().removeprefix("+"), message_id or "")
            return message is not None and account.time() - message.accepted_at < seconds


def _process(account: Account, request: Request, broken: str | None) -> Answer:
    charset = "utf-8"
    form: Mapping[str, str] = {"fmt": "3"}
    account.host = request.port
    try:
        if request.path == _REST:
            form = read_json(request.body)
        else:
            form, charset = read_form(request.query, request.body, request.content_type)
        _admit(account, request.script, form, broken)
        answer = SCRIPTS[request.script](account, form)
        if isinstance(answer, Raw):
            return Answer(answer.content_type, answer.body)
    except ServiceError as error:
        if form.get("fmt") != "3":
            return Answer(_TEXT, _plain(error).encode())
        answer = _problem(error)
    return Answer(_JSON, json.dumps(answer, ensure_ascii=False).encode(charset, "replace"))


def _admit(account: Account, script: str, form: Mapping[str, str], broken: str | None) -> None:
    if broken:
        raise account.refuse(script, 9, "too many concurrent requests", broken)
    if script not in _PUBLIC:
        account.authorise(script, form)
    if form.get("fmt") != "3" and script not in _FILES:
        raise ServiceError(1, "the sandbox speaks fmt=3 only")


def _problem(error: ServiceError) -> dict[str, object]:
    problem: dict[str, object] = {"error": error.text, "error_code": error.code}
    if error.message_id is not None:
        problem["id"] = wire_id(error.message_id)
    return problem


def _plain(error: ServiceError) -> str:
    whose = "" if error.message_id is None else f", ID - {error.message_id}"
    return f"ERROR = {error.code} ({error.text}){whose}"


async def _body(receive: ASGIReceiveCallable) -> bytes | None:
    """Read a body; None if it broke off: half a request is not one."""
    parts: list[bytes] = []
    while True:
        event = await receive()
        if event["type"] != "http.request":
            return None
        parts.append(event["body"])
        if not event["more_body"]:
            return parts[0] if len(parts) == 1 else b"".join(parts)


async def _send(send: ASGISendCallable, answer: Answer) -> None:
    length = b"%d" % len(answer.body)
    headers = [(b"content-type", answer.content_type), (b"content-length", length)]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body, "more_body": False})


async def _live(receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    while True:
        event = await receive()
        if event["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        elif event["type"] == "lifespan.shutdown":
            await send({"type": "lifespan.shutdown.complete"})
            return
