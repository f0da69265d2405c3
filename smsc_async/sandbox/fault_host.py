"""A host that breaks requests and connections on demand, over TLS."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING, Final

from .fault_http2 import Http2Connection
from .fault_http11 import Http11Connection
from .fault_responder import FaultResponder
from .server import Host

if TYPE_CHECKING:
    from collections.abc import Callable

    from .app import App
    from .fault_connection import FaultConnection
    from .faults import Faults
    from .listener import Listener

__all__ = ["FaultHost"]

_MOMENT: Final = 0.002
_GOODBYE: Final = 1.0


class FaultHost(Host):
    """A `Host` that does to each request what the faults say.

    It speaks either HTTP/2 or HTTP/1.1, and not the other. `index` is its number for the faults;
    `time` is the clock of their seconds.
    """

    def __init__(
        self,
        app: App,
        *,
        faults: Faults,
        index: int,
        time: Callable[[], float],
        certfile: str,
        port: int = 0,
        http2: bool = True,
    ) -> None:
        super().__init__(app, certfile=certfile, port=port, http2=http2)
        self._faults = faults
        self._index = index
        self._time = time

    async def _speak(self, listener: Listener, ended: asyncio.Event) -> None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self._certfile)
        context.set_alpn_protocols(["h2" if self._http2 else "http/1.1"])
        speaks = Http2Connection if self._http2 else Http11Connection
        responder = FaultResponder(self._app, self._faults, self._index, self.port, self._time)
        connections: set[FaultConnection] = set()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: speaks(responder, connections), sock=listener, ssl=context
        )
        await ended.wait()
        server.close()
        for connection in tuple(connections):
            connection.cut()
        last = loop.time() + _GOODBYE
        while connections and loop.time() < last:  # noqa: ASYNC110 - it takes one look, or two
            await asyncio.sleep(_MOMENT)
