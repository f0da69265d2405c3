"""From `async with` to `aclose`: who may call, and whether anybody still does."""

from __future__ import annotations

import asyncio

import anyio
import anyio.lowlevel

from .errors import ClientClosed

__all__ = ["Lifetime"]


class Lifetime:
    """One opening and one closing, in one event loop; each `with` is a call in between."""

    def __init__(self) -> None:
        self._loop: object | None = None
        self._closed = False
        self._calls = 0
        self._quiet: anyio.Event | None = None

    def open(self) -> None:
        """Begin; a second time is a mistake."""
        if self._closed:
            raise ClientClosed("the client was closed; make a new one")
        if self._loop is not None:
            raise ClientClosed("the client is open already; share it instead of entering it again")
        self._loop = _running_loop()

    def __enter__(self) -> None:
        """Count a call in progress; refuse it before the opening and after the closing."""
        if self._closed:
            raise ClientClosed("the client was closed")
        if self._loop is None:
            raise ClientClosed("the client is not open: use it inside `async with`")
        if self._loop != _running_loop():
            raise ClientClosed(
                "the client was opened in another event loop; make one for this loop"
            )
        self._calls += 1

    def __exit__(self, *_: object) -> None:
        """Count it out again."""
        self._calls -= 1
        if not self._calls and self._quiet:
            self._quiet.set()

    async def close(self, seconds: float) -> None:
        """Refuse new calls, and wait for those in progress, for at most that long."""
        self._closed = True
        if self._calls:
            self._quiet = self._quiet or anyio.Event()
            with anyio.move_on_after(seconds):
                await self._quiet.wait()


def _running_loop() -> object:
    """Return what stands for the running event loop."""
    try:
        # Several times as fast as asking anyio, and each call asks.
        task = asyncio.current_task()
    except RuntimeError:
        task = None
    # Without a task there may be a loop of asyncio all the same: trio can be its guest.
    return anyio.lowlevel.current_token() if task is None else task.get_loop()
