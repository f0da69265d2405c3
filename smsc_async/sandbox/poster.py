"""Posting callbacks to the handler, from a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import httpx

if TYPE_CHECKING:
    from threading import Lock

    from .callbacks import Callback, Outbox

__all__ = ["ASGIApp", "AppPoster", "Poster"]

Scope: TypeAlias = MutableMapping[str, Any]
ASGIApp: TypeAlias = Callable[
    [Scope, Callable[[], Awaitable[Scope]], Callable[[Scope], Awaitable[None]]], Awaitable[None]
]

_TICK: Final = 0.005
"""Seconds between two looks at the sandbox's clock, which nobody can wait for."""

_AT_ONCE: Final = 8
_PATIENCE: Final = 10.0


async def _deliver(callback: Callback, client: httpx.AsyncClient) -> int:
    """Post it, and return the HTTP status of the answer; 0 if there is none."""
    headers = {"content-type": callback.content_type}
    try:
        answer = await client.post(callback.url, content=callback.body, headers=headers)
    except httpx.HTTPError:
        return 0
    return answer.status_code


class AppPoster:
    """Posts to an ASGI application, without a network."""

    def __init__(self, app: ASGIApp) -> None:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        # It has nothing open that would have to be closed.
        self._client = httpx.AsyncClient(transport=transport, trust_env=False)

    async def post_due(self, outbox: Outbox, lock: Lock) -> None:
        """Post what is due now, one after the other."""
        with lock:
            due = outbox.due()
        for callback in due:
            status = await _deliver(callback, self._client)
            with lock:
                outbox.answered(callback, status)


class Poster:
    """Posts what is due until it is stopped, several at once, as the service does."""

    def __init__(self, outbox: Outbox, lock: Lock) -> None:
        self._outbox = outbox
        self._lock = lock
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="smsc-sandbox-poster", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Post no more; what is being posted is broken off."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        asyncio.run(self._post_all())

    async def _post_all(self) -> None:
        under_way: set[asyncio.Task[None]] = set()
        places = asyncio.Semaphore(_AT_ONCE)
        # The handler is on somebody's own machine; its certificate is of no interest here.
        async with httpx.AsyncClient(
            verify=False,  # noqa: S501
            timeout=_PATIENCE,
            trust_env=False,
        ) as client:
            while not self._ended.is_set():
                with self._lock:
                    due = self._outbox.due()
                for callback in due:
                    task = asyncio.create_task(self._post(callback, client, places))
                    under_way.add(task)
                    task.add_done_callback(under_way.discard)
                await asyncio.sleep(_TICK)
            for task in under_way:
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.gather(*under_way, return_exceptions=True)

    async def _post(
        self, callback: Callback, client: httpx.AsyncClient, places: asyncio.Semaphore
    ) -> None:
        async with places:
            status = await _deliver(callback, client)
        with self._lock:
            self._outbox.answered(callback, status)
