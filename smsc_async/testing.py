"""The service without a network and without waiting, for the tests of your own application.

It needs the extra `sandbox`. With pytest, the fixture `smsc_sandbox` is one of these.
"""

from __future__ import annotations

import itertools
import json
import math
from decimal import Decimal
from threading import Lock
from typing import TYPE_CHECKING, Final, TypedDict, Unpack, cast

import anyio
import anyio.lowlevel
import attrs

from .client import AsyncSmsc
from .errors import Attempt
from .sandbox import FATES, Sandbox
from .sandbox.account import Account
from .sandbox.app import App, Request
from .sandbox.base import SandboxBase
from .sandbox.poster import AppPoster
from .transport import FORM, Reply, Sent, TransportFailure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .client import ClientOptions
    from .errors import Phase
    from .sandbox import Fate
    from .sandbox.poster import ASGIApp
    from .transport import Body, HttpExchange, Progress

__all__ = ["LocalSandbox", "VirtualClock"]

_HOST: Final = "sandbox"
_TURNS: Final = 10
_MOMENT: Final = 0.0005
"""Real seconds that the application gets for what it does besides, before time passes."""


class VirtualClock:
    """Time that passes at once when all who look at this clock wait for it.

    What is to happen in between happens at its moment. Real input and output of your application
    gets no virtual time: give it real clocks, and this one to the client alone.
    """

    def __init__(self, start: float = 1000.0) -> None:
        self._now = start
        self._numbers = itertools.count()
        self._waiting: dict[tuple[float, int], anyio.Event] = {}
        self._changes = 0

    def now(self) -> float:
        """Return the seconds since some fixed moment."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Wait until it is that much later."""
        await self.wait(anyio.Event(), seconds)

    async def wait(self, event: anyio.Event, seconds: float) -> bool:
        """Wait for the event, for at most that long, and return whether it came."""
        until = self._now + seconds
        place = until, next(self._numbers)
        self._come(place, event)
        try:
            await anyio.lowlevel.checkpoint()
            while not event.is_set() and self._now < until:
                changes = self._changes
                await _let_others_act()
                # Whoever has just come or gone may have set something going.
                if changes != self._changes or not self._is_next(place):
                    continue
                # Whoever acts now may wait for a later moment, and has to be the first one then.
                self._go(place)
                try:
                    await self._move(until)
                finally:
                    self._come(place, event)
        finally:
            self._go(place)
        return event.is_set()

    def _come(self, place: tuple[float, int], event: anyio.Event) -> None:
        self._waiting[place] = event
        self._changes += 1

    def _go(self, place: tuple[float, int]) -> None:
        del self._waiting[place]
        self._changes += 1

    def _is_next(self, place: tuple[float, int]) -> bool:
        """Return whether nobody waits for an earlier moment, or is about to go."""
        going = any(event.is_set() for event in self._waiting.values())
        return not going and place == min(self._waiting)

    async def _move(self, moment: float) -> None:
        """Let time pass until the moment, or until something happens before."""
        moment = min(moment, self.next_event())
        if moment < math.inf:
            self._now = max(self._now, moment)
            await self.happen()

    def next_event(self) -> float:
        """Return when something will happen by itself."""
        return math.inf

    async def happen(self) -> None:
        """Let happen what is due."""


class SandboxOptions(TypedDict, total=False):
    """What a `LocalSandbox` takes; see `Sandbox`."""

    limits: bool
    delivery: tuple[float, float]
    balance: str | Decimal
    credit: str | Decimal
    test_mode: bool
    fates: Mapping[str, Fate]


@attrs.define
class _Fault:
    """What comes instead of an answer, to how many more requests for a script."""

    script: str
    times: int
    code: int | None
    text: str
    processed: bool


class LocalSandbox(SandboxBase):
    """The service in this process: no sockets, no threads, and no time is spent waiting.

    It does what `Sandbox` does, but for faults of the network. Time is virtual: it passes at once
    when the clients wait, for a limit or for a delivery; `advance` moves it by hand. What is posted
    to the handler goes straight to your ASGI application.
    """

    login: Final = Sandbox.login
    password: Final = Sandbox.password
    apikey: Final = Sandbox.apikey

    def __init__(self, **options: Unpack[SandboxOptions]) -> None:
        self.clock: VirtualClock = _Clock(self)
        self.away: bool = False
        """Whether the service cannot be reached at all."""
        self._account = Account(
            login=self.login,
            password=self.password,
            apikey=self.apikey,
            balance=Decimal(options.get("balance", "1000")),
            credit=Decimal(options.get("credit", "0")),
            time=self.clock.now,
            enforce=options.get("limits", True),
            test_mode=options.get("test_mode", False),
            delivery=options.get("delivery", (1.0, 3.0)),
            fates=options.get("fates", FATES),
        )
        self._lock = Lock()
        self._app = App(self._account, self._lock, lambda: 0.0)
        self._poster: AppPoster | None = None
        self._faults: list[_Fault] = []

    def client(self, **options: Unpack[ClientOptions]) -> AsyncSmsc:
        """Make a client of the sandbox; options go before what it would set."""
        known: ClientOptions = {"hosts": ["http://127.0.0.1"], "clock": self.clock}
        if "apikey" not in options:
            known |= {"login": self.login, "password": self.password}
        return _Client(_Exchange(self), known | options)

    def callback_to(self, app: ASGIApp, url: str) -> None:
        """Post callbacks to an ASGI application from now on.

        `url` is the address of the handler in it, with its options, as
        `handler_url("https://testserver/smsc", SECRET)` builds it.
        """
        self._poster = AppPoster(app)
        self._open_outbox(url)

    async def advance(self, seconds: float) -> None:
        """Let time pass; messages go on their way, and what is due is posted to the handler."""
        await self.clock.sleep(seconds)
        await self.settle()

    async def settle(self) -> None:
        """Post to the handler what is due now."""
        if self._poster is not None and self._outbox is not None:
            # Half a callback would be lost: nobody would know of it.
            with anyio.CancelScope(shield=True):
                await self._poster.post_due(self._outbox, self._lock)

    def refuse(
        self, code: int, text: str = "as the test says", *, script: str = "send.php", times: int = 1
    ) -> None:
        """Answer the next requests to a script with an error."""
        self._faults.append(_Fault(script, times, code, text, processed=False))

    def lose_answer(
        self, *, processed: bool = True, script: str = "send.php", times: int = 1
    ) -> None:
        """Let the answers to the next requests be lost, which are processed or not."""
        self._faults.append(_Fault(script, times, None, "the answer was lost", processed))

    def _fault(self, script: str) -> _Fault | None:
        """Return what hits this request."""
        for fault in self._faults:
            if fault.script == script and fault.times:
                fault.times -= 1
                return fault
        return None


class _Clock(VirtualClock):
    """A clock on which callbacks are posted when they are due."""

    def __init__(self, sandbox: LocalSandbox) -> None:
        super().__init__()
        self._sandbox = sandbox

    def next_event(self) -> float:
        outbox = self._sandbox._outbox  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        return math.inf if outbox is None else outbox.next_moment()

    async def happen(self) -> None:
        await self._sandbox.settle()


class _Client(AsyncSmsc):
    """A client whose requests do not leave the process."""

    def __init__(self, exchange: _Exchange, options: ClientOptions) -> None:
        self._local = exchange
        super().__init__(**options)

    def _make_exchange(self, **_: object) -> HttpExchange:
        return cast("HttpExchange", self._local)


class _Exchange:
    """Hands requests to the service, and its answers back."""

    def __init__(self, sandbox: LocalSandbox) -> None:
        self._sandbox = sandbox

    async def __call__(
        self,
        path: str,
        form: bytes | Body,
        *,
        content_type: str = FORM,
        avoid: str = "",  # noqa: ARG002 - there is one host
        progress: Progress | None = None,  # noqa: ARG002 - whoever is cancelled has sent
    ) -> Reply:
        await anyio.lowlevel.checkpoint()
        body = form if isinstance(form, bytes) else b"".join([part async for part in form.chunks()])
        request = Request(path, b"", body, None, "2", content_type.encode())
        if self._sandbox.away:
            raise _failure("nobody is there", Sent.NO)
        return await self._answer(request)

    async def _answer(self, request: Request) -> Reply:
        sandbox = self._sandbox
        fault = sandbox._fault(request.script)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        if fault is not None and fault.code is not None:
            error = json.dumps({"error": fault.text, "error_code": fault.code})
            return Reply(_HOST, 200, error.encode(), "HTTP/2")
        if fault is None or fault.processed:
            answer = await sandbox._app.answer(request)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
            if fault is None:
                return Reply(_HOST, answer.status, answer.body, "HTTP/2")
        raise _failure(fault.text, Sent.UNKNOWN)

    async def aclose(self) -> None:
        """Do nothing: there is nothing open."""


def _failure(text: str, sent: Sent) -> TransportFailure:
    phase: Phase = "connect" if sent is Sent.NO else "reply"
    return TransportFailure(text, sent, phase, (Attempt(_HOST, phase, 0.0, text),))


async def _let_others_act() -> None:
    for _ in range(_TURNS):
        await anyio.lowlevel.checkpoint()
    await anyio.sleep(_MOMENT)
