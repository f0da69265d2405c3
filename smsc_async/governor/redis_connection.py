"""The connection to a Redis: its client lives in a task of its own, for any task to use."""

from __future__ import annotations

import asyncio
import ssl
import sys
from importlib import import_module
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, Union, cast

import anyio
import attrs

from ..errors import SmscError
from .store import StoreDown

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Sequence

__all__ = ["RedisConnection", "Reply"]

Reply: TypeAlias = Union[int, bytes, "list[Reply]", None]
"""What our scripts answer."""

_INSTALL: Final = "pip install 'smsc-async[redis]'"


class _Pool(Protocol):
    def disconnect(self) -> None: ...


class _Client(Protocol):
    """What is used of coredis."""

    connection_pool: _Pool

    def register_script(self, script: str) -> Callable[..., Awaitable[object]]: ...

    async def __aenter__(self) -> object: ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None: ...


@attrs.define(eq=False, repr=False)
class RedisConnection:
    """Carries scripts to a Redis. It connects when it is first needed, and again after a failure.

    The client needs a task that keeps it open for as long as anybody uses it, and that is nobody
    else's: so this one may be used and closed from any task.
    """

    _url: str = attrs.field(alias="url")
    _timeout: float = attrs.field(kw_only=True, alias="timeout")
    _context: ssl.SSLContext | None = attrs.field(kw_only=True, alias="context")
    _library: ModuleType = attrs.field(init=False)
    _session: _Session | None = attrs.field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        try:
            self._library = import_module("coredis")
        except ImportError:
            text = f"a governor on Redis needs the package coredis: {_INSTALL}"
            raise SmscError(text) from None

    async def run(self, script: str, keys: Sequence[str], terms: Sequence[str]) -> Reply:
        """Let Redis carry out a script and return its answer, or raise `StoreDown`."""
        failures = (self._library.exceptions.RedisError, anyio.ClosedResourceError)
        try:
            with anyio.fail_after(self._timeout):
                session = await self._opened()
                return cast("Reply", await session.script(script)(list(keys), list(terms)))
        except TimeoutError:
            if self._session is not None:
                self._session.client.connection_pool.disconnect()
            raise StoreDown(f"no answer from Redis in {self._timeout:g} s") from None
        except (*failures, OSError, RuntimeError) as error:
            raise StoreDown(f"{type(error).__name__}: {error}") from error

    async def aclose(self) -> None:
        """Close the connections and end the task."""
        session, self._session = self._session, None
        if session is not None:
            with anyio.CancelScope(shield=True):
                await session.end()

    async def _opened(self) -> _Session:
        """Return the open client; whoever comes first opens it for all."""
        session = self._session
        if session is None or session.ended.is_set():
            session = self._session = _Session(self._client())
            _spawn(session.keep)
        await session.ready.wait()
        return session

    def _client(self) -> _Client:
        tls = {} if self._context is None else {"ssl_context": self._context}
        client: _Client = self._library.Redis.from_url(
            self._url,
            decode_responses=False,
            max_connections=1,
            connect_timeout=self._timeout,
            retry_policy=self._library.retry.NoRetryPolicy(),
            **tls,
        )
        return client


class _Session:
    """An open client, and the task that keeps it open."""

    def __init__(self, client: _Client) -> None:
        self.client = client
        self.ready = anyio.Event()
        self.ended = anyio.Event()
        self._closing = anyio.Event()
        self._scripts: dict[str, Callable[..., Awaitable[object]]] = {}

    def script(self, text: str) -> Callable[..., Awaitable[object]]:
        """Return the script; Redis is told its text only once."""
        script = self._scripts.get(text)
        if script is None:
            script = self._scripts[text] = self.client.register_script(text)
        return script

    async def keep(self) -> None:
        """Keep the client open until it is to end."""
        try:
            async with self.client:
                self.ready.set()
                await self._closing.wait()
        finally:
            self.ready.set()
            self.ended.set()

    async def end(self) -> None:
        """Close the client."""
        self._closing.set()
        await self.ended.wait()


_TASKS: Final[set[asyncio.Task[None]]] = set()


def _spawn(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Start a task that belongs to the event loop and to nobody in it."""
    trio = sys.modules.get("trio")
    if trio is not None and trio.lowlevel.in_trio_run():
        trio.lowlevel.spawn_system_task(work)
        return
    task = asyncio.get_running_loop().create_task(work())
    _TASKS.add(task)
    task.add_done_callback(_TASKS.discard)
