"""A service that answers as it is told, without a network."""

from __future__ import annotations

import json
from random import Random
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import parse_qsl

import anyio.lowlevel
import pytest
from clocks import InstantClock

from smsc_async import Attempt, InvalidRequest, MemoryGovernor
from smsc_async._call import Caller, Pace
from smsc_async._lifetime import Lifetime
from smsc_async._wire import Auth
from smsc_async.groups.messages import Messages
from smsc_async.groups.statuses import Statuses
from smsc_async.sandbox.account import Account
from smsc_async.sandbox.app import App, Request
from smsc_async.sandbox.forms import read_form
from smsc_async.transport import Body, Progress, Reply, Sent, TransportFailure

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from smsc_async._clock import Clock
    from smsc_async.transport import Exchange

__all__ = [
    "Client",
    "InProcess",
    "ScriptedExchange",
    "caller",
    "failure",
    "fields_of",
    "refused_field",
]

G = TypeVar("G")

_COMMON: Final = {"login", "psw", "fmt", "charset"}


async def _whole(body: bytes | Body) -> bytes:
    """Read a request's body."""
    if isinstance(body, bytes):
        return body
    whole = b"".join([piece async for piece in body.chunks()])
    assert len(whole) == body.size
    return whole


async def fields_of(body: bytes | Body, content_type: str) -> dict[str, str]:
    """Read the fields of a request, whatever its form; files are `Upload`s."""
    whole = await _whole(body)
    if content_type.startswith("application/json"):
        document: dict[str, str] = json.loads(whole)
        return document
    if not isinstance(body, bytes):
        return read_form(b"", whole, content_type.encode())[0]
    text = whole.decode("ascii")
    return dict(parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text)))


def failure(sent: Sent) -> TransportFailure:
    """No answer, and what is known of the request."""
    attempt = Attempt("smscentre.com", "reply", 1.0, "the wire broke")
    return TransportFailure("the wire broke", sent, phase="reply", attempts=(attempt,))


class ScriptedExchange:
    """Answers each request with the next of its replies, and keeps what it was asked."""

    def __init__(self, *replies: object) -> None:
        self.replies = list(replies)
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.avoided: list[str] = []

    async def __call__(
        self,
        path: str,
        form: bytes | Body,
        *,
        content_type: str = "",
        avoid: str = "",
        progress: Progress | None = None,
    ) -> Reply:
        self.asked.append((path, await fields_of(form, content_type)))
        self.avoided.append(avoid)
        await anyio.lowlevel.checkpoint()
        reply = self.replies.pop(0)
        if isinstance(reply, TransportFailure):
            raise reply
        answer = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
        return Reply("smscentre.com", 200, answer, "HTTP/2")

    @property
    def forms(self) -> list[dict[str, str]]:
        """What it was asked, without what every request has."""
        return [{name: form[name] for name in form.keys() - _COMMON} for _, form in self.asked]

    async def aclose(self) -> None:
        """Do nothing."""


class InProcess:
    """The sandbox's service without a network: an account of its own, on the given clock."""

    def __init__(self, clock: Clock, **options: Any) -> None:
        self.account = Account(
            login="alex",
            password="secret-password",
            apikey="key",
            time=clock.now,
            epoch=1768460400.0,
            **options,
        )
        self._app = App(self.account, Lock(), lambda: 0.0)

    async def __call__(
        self,
        path: str,
        form: bytes | Body,
        *,
        content_type: str = "",
        avoid: str = "",
        progress: Progress | None = None,
    ) -> Reply:
        await anyio.lowlevel.checkpoint()
        body, kind = await _whole(form), content_type.encode()
        answer = await self._app.answer(Request(path, b"", body, None, "2", kind))
        return Reply("sandbox", answer.status, answer.body, "HTTP/2")

    async def aclose(self) -> None:
        """Do nothing."""


def caller(
    exchange: Exchange,
    *,
    clock: Clock | None = None,
    patience: float = 60.0,
    concurrency: int = 12,
    deadline: float = 180.0,
) -> Caller:
    """Make an open caller for a group, on a clock that never waits for long."""
    clock = clock or InstantClock()
    lifetime = Lifetime()
    lifetime.open()
    return Caller(
        auth=Auth({"login": "alex", "psw": "secret-password"}),
        exchange=exchange,
        governor=MemoryGovernor(clock=clock),
        pace=Pace(concurrency, patience, deadline=deadline, lease=60.0),
        clock=clock,
        random=Random(1),
        lifetime=lifetime,
    )


async def refused_field(group: Callable[[Caller], G], act: Callable[[G], Awaitable[object]]) -> str:
    """Do what is refused before the network, and return the field that it is refused for."""
    exchange = ScriptedExchange()
    with pytest.raises(InvalidRequest) as caught:
        await act(group(caller(exchange)))
    assert exchange.asked == []
    return caught.value.field


class Client(Messages, Statuses):
    """The verbs, over a scripted exchange."""

    def __init__(
        self,
        exchange: ScriptedExchange,
        *,
        clock: Clock | None = None,
        patience: float = 60.0,
        concurrency: int = 12,
        deadline: float = 180.0,
    ) -> None:
        self.clock = self._clock = clock or InstantClock()
        self._outcome = "raise"
        self.exchange = exchange
        self._random = Random(1)
        self._sender = None
        self._zone = None
        self._call = caller(
            exchange,
            clock=self.clock,
            patience=patience,
            concurrency=concurrency,
            deadline=deadline,
        )

    @property
    def asked(self) -> list[tuple[str, dict[str, str]]]:
        """The requests so far: path and fields."""
        return self.exchange.asked
