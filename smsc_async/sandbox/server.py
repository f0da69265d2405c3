"""A host of the stand-in service: hypercorn over TLS, in a thread of its own."""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import TYPE_CHECKING, Final

import attrs
from hypercorn.asyncio import (
    serve,  # pyright: ignore[reportUnknownVariableType] - its WSGI part has no types
)
from hypercorn.config import Config, Sockets

from .down import Down, DownListener
from .listener import Listener

if TYPE_CHECKING:
    from typing import Any

    from .app import App

__all__ = ["Host"]

_LONG: Final = 86400.0


@attrs.define
class _Running:
    """A thread that serves, and how to end it."""

    listener: Listener
    thread: threading.Thread
    loop: asyncio.AbstractEventLoop
    ended: asyncio.Event

    def end(self) -> None:
        """Called in the thread's loop."""
        self.listener.cut()
        self.ended.set()


class _Config(Config):
    """Serves on a socket that is there already, silently, and keeps connections."""

    def __init__(self, listener: Listener, certfile: str, *, http2: bool) -> None:
        super().__init__()
        self.listener = listener
        self.certfile = certfile
        self.keyfile = certfile
        self.alpn_protocols = ["h2", "http/1.1"] if http2 else ["http/1.1"]
        self.errorlog = logging.getLogger("smsc_async.sandbox")
        self.keep_alive_timeout = _LONG
        self.keep_alive_max_requests = 2**31
        self.graceful_timeout = 0.05

    def create_sockets(self) -> Sockets:
        return Sockets([self.listener], [], [])


class Host:
    """One host: it can be killed and started again, on the same port.

    The methods do not await anything: they take some milliseconds and may be called from any
    thread and any event loop.
    """

    def __init__(self, app: App, *, certfile: str, port: int = 0, http2: bool = True) -> None:
        self._app = app
        self._certfile = certfile
        self._port = port
        self._http2 = http2
        self._running: _Running | None = None
        self._down_listener: DownListener | None = None

    @property
    def port(self) -> int:
        """Where it listens; once chosen by the system, it stays."""
        return self._port

    @property
    def url(self) -> str:
        """Where clients find it."""
        return f"https://localhost:{self._port}"

    def start(self) -> None:
        """Listen, and serve from now on."""
        if self._running is not None:
            raise RuntimeError("the host is running already")
        self._clear_away()
        listener = Listener(self._port)
        self._port = listener.port
        started = threading.Event()
        thread = threading.Thread(
            target=self._run,
            args=(listener, started),
            name=f"smsc-sandbox-{self._port}",
            daemon=True,
        )
        thread.start()
        started.wait()

    def kill(self, down: Down = Down.REFUSES) -> None:
        """Reset all connections at once, whatever is in flight, and serve no more.

        What was taken stays taken. `down` is what becomes of those who want to connect from now
        on; a host that is down already may change that.
        """
        running, self._running = self._running, None
        if running is not None:
            running.loop.call_soon_threadsafe(running.end)
            running.thread.join()
            running.listener.close()
        self._clear_away()
        if down is not Down.REFUSES:
            self._down_listener = DownListener(self._port, silent=down is Down.SILENT)

    def _clear_away(self) -> None:
        listener, self._down_listener = self._down_listener, None
        if listener is not None:
            listener.close()

    def restart(self) -> None:
        """Kill it if it is running, and start it on the same port."""
        self.kill()
        self.start()

    def _run(self, listener: Listener, started: threading.Event) -> None:
        # The listener works by what a selector loop calls; it is not the default everywhere.
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            runner.run(self._serve(listener, started))

    async def _serve(self, listener: Listener, started: threading.Event) -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(_report)
        ended = asyncio.Event()
        self._running = _Running(listener, threading.current_thread(), loop, ended)
        started.set()
        await self._speak(listener, ended)

    async def _speak(self, listener: Listener, ended: asyncio.Event) -> None:
        """Let clients in and answer them until it has ended."""
        config = _Config(listener, self._certfile, http2=self._http2)
        await serve(self._app, config, shutdown_trigger=ended.wait)


def _report(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Say nothing of connections that broke: here they break on purpose."""
    if not isinstance(context.get("exception"), OSError):
        loop.default_exception_handler(context)
