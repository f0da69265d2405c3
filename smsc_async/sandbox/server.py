"""A host of the stand-in service: hypercorn over TLS, in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import weakref
from typing import TYPE_CHECKING, Any, Final

from hypercorn.asyncio import serve
from hypercorn.config import Config, Sockets

if TYPE_CHECKING:
    from .app import App

__all__ = ["Host"]

_LOOPBACK: Final = "127.0.0.1"


class _Listener(socket.socket):
    """A listening socket that remembers whom it has let in, to be able to hang up on them."""

    def __init__(self) -> None:
        super().__init__(socket.AF_INET, socket.SOCK_STREAM)
        self.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.accepted: weakref.WeakSet[socket.socket] = weakref.WeakSet()

    def accept(self) -> tuple[socket.socket, Any]:
        connection, address = super().accept()
        self.accepted.add(connection)
        return connection, address

    def hang_up(self) -> None:
        for connection in tuple(self.accepted):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Config(Config):
    """Serves on a socket that is there already."""

    def __init__(self, listener: _Listener, certfile: str) -> None:
        super().__init__()
        self.listener = listener
        self.certfile = certfile
        self.keyfile = certfile
        self.alpn_protocols = ["h2", "http/1.1"]
        self.accesslog = None
        self.errorlog = None
        self.keep_alive_timeout = 3600.0
        self.graceful_timeout = 1.0
        self.h2_max_concurrent_streams = 100
        self.server_names = []

    @property
    def ssl_enabled(self) -> bool:
        return True

    def create_sockets(self) -> Sockets:
        return Sockets([self.listener], [], [])


class Host:
    """One host: it can be killed and started again, on the same port."""

    def __init__(self, app: App, *, certfile: str, port: int) -> None:
        self._app = app
        self._certfile = certfile
        self._port = port
        self._listener: _Listener | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None

    @property
    def url(self) -> str:
        """Where clients find it."""
        return f"https://localhost:{self._port}"

    def start(self) -> None:
        """Listen, and serve from now on."""
        listener = _Listener()
        listener.bind((_LOOPBACK, self._port))
        listener.listen(100)
        listener.setblocking(False)  # noqa: FBT003 - the standard library's own
        self._port = listener.getsockname()[1]
        self._listener = listener
        running = threading.Event()
        self._thread = threading.Thread(
            target=self._run,
            args=(listener, running),
            name=f"smsc-sandbox-{self._port}",
            daemon=True,
        )
        self._thread.start()
        running.wait()

    def kill(self) -> None:
        """Hang up on everybody at once, whatever is in flight, and listen no more."""
        listener, thread, loop, stop = self._listener, self._thread, self._loop, self._stop
        if listener is None or thread is None or loop is None or stop is None:
            return
        self._listener = self._thread = self._loop = self._stop = None
        listener.hang_up()

        def end() -> None:
            # Whoever was let in meanwhile.
            listener.hang_up()
            stop.set()

        loop.call_soon_threadsafe(end)
        thread.join()
        listener.close()

    def _run(self, listener: _Listener, running: threading.Event) -> None:
        with asyncio.Runner() as runner:
            runner.run(self._serve(listener, running))

    async def _serve(self, listener: _Listener, running: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop.set_exception_handler(_ignore)
        self._stop = asyncio.Event()
        running.set()
        config = _Config(listener, self._certfile)
        await serve(self._app, config, shutdown_trigger=self._stop.wait)  # type: ignore[arg-type]


def _ignore(_: asyncio.AbstractEventLoop, __: dict[str, Any]) -> None:
    """Say nothing of connections that broke: here they break on purpose."""
