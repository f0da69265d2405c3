"""A listening socket that can hang up on everybody it has let in."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import weakref
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from _typeshed import ReadableBuffer, WriteableBuffer

__all__ = ["Listener"]

_LOOPBACK: Final = "127.0.0.1"
_BACKLOG: Final = 128
_NO_LINGER: Final = struct.pack("ii", 1, 0)


class _Connection(socket.socket):
    """An accepted connection; once cut, it is broken for this side and reset for the other."""

    is_cut = False

    def cut(self) -> None:
        self.is_cut = True
        with contextlib.suppress(OSError):
            # Closing now sends a reset, and the end of reading tells the event loop to close.
            self.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
            self.shutdown(socket.SHUT_RD)

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        self._check()
        return super().recv(bufsize, flags)

    def recv_into(self, buffer: WriteableBuffer, nbytes: int = 0, flags: int = 0) -> int:
        self._check()
        return super().recv_into(buffer, nbytes, flags)

    def send(self, data: ReadableBuffer, flags: int = 0, /) -> int:
        self._check()
        return super().send(data, flags)

    def sendmsg(
        self,
        buffers: Iterable[ReadableBuffer],
        ancdata: Iterable[tuple[int, int, ReadableBuffer]] = (),
        flags: int = 0,
        address: Any = None,
        /,
    ) -> int:
        self._check()
        return super().sendmsg(buffers, ancdata, flags, address)

    def _check(self) -> None:
        if self.is_cut:
            raise ConnectionResetError("the sandbox's host was killed")


class Listener(socket.socket):
    """Listens on a loopback port; 0 lets the system choose one. For event loops with a selector."""

    def __init__(self, port: int) -> None:
        super().__init__(socket.AF_INET, socket.SOCK_STREAM)
        self._let_in: weakref.WeakSet[_Connection] = weakref.WeakSet()
        self._is_cut = False
        try:
            if os.name == "posix":
                # Else the port of a killed host would stay in use for a minute.
                self.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.bind((_LOOPBACK, port))
            self.listen(_BACKLOG)
            self.setblocking(False)
        except BaseException:
            self.close()
            raise

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self.getsockname()[1]
        return port

    def accept(self) -> tuple[socket.socket, Any]:
        """Let somebody in, unless everybody was hung up on."""
        plain, address = super().accept()
        connection = _Connection(fileno=plain.detach())
        if self._is_cut:
            connection.close()
            raise ConnectionAbortedError("the sandbox's host was killed")
        self._let_in.add(connection)
        return connection, address

    def cut(self) -> None:
        """Reset all connections and let nobody in any more; to be called by the event loop."""
        self._is_cut = True
        for connection in tuple(self._let_in):
            connection.cut()
