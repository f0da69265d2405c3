"""A host that is down, where its port still takes connections."""

from __future__ import annotations

import enum
import socket
import threading
from typing import Final

__all__ = ["Down", "DownListener"]

_LOOPBACK: Final = "127.0.0.1"
_BACKLOG: Final = 128


class Down(enum.Enum):
    """What becomes of those who want to connect to a host that is down."""

    REFUSES = "they are refused"
    HANGS_UP = "they are let in, and then the connection is closed"
    SILENT = "they are let in, and nothing is said: TLS never comes about"


class DownListener:
    """Listens on the port of a host that is down, in a thread, until it is closed."""

    def __init__(self, port: int, *, silent: bool) -> None:
        self._silent = silent
        self._over = False
        self._let_in: list[socket.socket] = []
        self._listener = socket.create_server((_LOOPBACK, port), backlog=_BACKLOG)
        self._port = port
        self._thread = threading.Thread(
            target=self._listen, name=f"smsc-sandbox-{port}-down", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Hang up on everybody and listen no more."""
        self._over = True
        # What wakes the thread: closing the listener alone would not, on some systems.
        socket.create_connection((_LOOPBACK, self._port)).close()
        self._thread.join()
        self._listener.close()
        for connection in self._let_in:
            connection.close()

    def _listen(self) -> None:
        while not self._over:
            connection, _ = self._listener.accept()
            if self._silent and not self._over:
                self._let_in.append(connection)
            else:
                connection.close()
