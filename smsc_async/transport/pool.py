"""The connections to each host, as a transport under httpx."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Final

import anyio
import httpx

from ..errors import InvalidRequest
from .connection import open_stream, speaks_http2
from .failure import Sent, TransportFailure
from .hosts import Origin
from .http2 import Http2Connection
from .http11 import Http11Connection

if TYPE_CHECKING:
    from .._clock import Clock
    from .connection import Answer, Headers

__all__ = ["Pool", "ssl_context"]

_MAX_REQUESTS: Final = 900
"""Requests after which a connection is replaced; nginx ends one after 1000."""

_MAX_IDLE: Final = 60.0
_HOP_BY_HOP: Final = frozenset((b"connection", b"transfer-encoding", b"keep-alive"))


def ssl_context(verify: bool | str | ssl.SSLContext) -> ssl.SSLContext:
    """Return the context for `verify`: True, a CA file, a context of your own, or False."""
    if isinstance(verify, ssl.SSLContext):
        return verify
    try:
        if isinstance(verify, str):
            return ssl.create_default_context(cafile=verify)
        return httpx.create_ssl_context(verify=verify)
    except (OSError, ssl.SSLError) as error:
        raise InvalidRequest("verify", f"is not a file of CA certificates: {error}") from error


class Pool(httpx.AsyncBaseTransport):
    """One HTTP/2 connection per host, or as many HTTP/1.1 ones as there are requests in flight.

    No requests, and so no connections, survive the task that made them longer than `aclose`.
    """

    def __init__(
        self,
        *,
        connect_timeout: float,
        reply_timeout: float,
        http2: bool,
        verify: bool | str | ssl.SSLContext,
        clock: Clock,
        max_requests: int = _MAX_REQUESTS,
    ) -> None:
        self._context = ssl_context(verify)
        self._context.set_alpn_protocols(["h2", "http/1.1"] if http2 else ["http/1.1"])
        self._connect_timeout = connect_timeout
        self._reply_timeout = reply_timeout
        self._clock = clock
        self._max_requests = max_requests
        self._sites: dict[tuple[str, str, int | None], _Site] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Make one exchange; raises only `TransportFailure`."""
        url = request.url
        key = (url.scheme, url.host, url.port)
        site = self._sites.get(key)
        if site is None:
            origin = Origin(
                url.scheme, url.host, url.port or (443 if url.scheme == "https" else 80)
            )
            site = self._sites[key] = _Site(
                origin, self._context, self._connect_timeout, self._clock, self._max_requests
            )
        answer = await site.post(request, self._reply_timeout)
        return httpx.Response(
            answer.status,
            headers=[pair for pair in answer.headers if pair[0][:1] != b":"],
            content=answer.body,
            extensions={"http_version": answer.http_version},
        )

    async def aclose(self) -> None:
        """Close all connections."""
        for site in self._sites.values():
            await site.aclose()


class _Site:
    """The connections to one host."""

    def __init__(
        self,
        origin: Origin,
        context: ssl.SSLContext,
        connect_timeout: float,
        clock: Clock,
        max_requests: int,
    ) -> None:
        self._origin = origin
        self._context = context
        self._connect_timeout = connect_timeout
        self._clock = clock
        self._max_requests = max_requests
        self._http2: list[Http2Connection] = []
        self._http11: set[Http11Connection] = set()
        self._idle: list[tuple[Http11Connection, float]] = []
        self._only_http11 = origin.scheme == "http"
        self._connecting = anyio.Lock()
        self._failures = 0
        self._last_used = 0.0

    async def post(self, request: httpx.Request, timeout: float) -> Answer:
        target = request.url.raw_path.decode("ascii")
        body = await request.aread()
        while not self._only_http11:
            connection = await self._get_http2()
            if connection is not None:
                try:
                    return await connection.request(
                        target, self._http2_headers(request), body, timeout
                    )
                finally:
                    self._last_used = self._clock.now()
        return await self._post_http11(target, request.headers.raw, body, timeout)

    async def aclose(self) -> None:
        connections = [*self._http2, *self._http11]
        self._http2, self._http11, self._idle = [], set(), []
        for connection in connections:
            await connection.aclose()

    def _http2_headers(self, request: httpx.Request) -> Headers:
        authority = request.headers.raw[0][1]
        own = [
            (name.lower(), value)
            for name, value in request.headers.raw
            if name.lower() != b"host" and name.lower() not in _HOP_BY_HOP
        ]
        scheme = self._origin.scheme.encode()
        return [(b":scheme", scheme), (b":authority", authority), *own]

    async def _get_http2(self) -> Http2Connection | None:
        """Return a connection that takes a request now; None if the host speaks HTTP/1.1 only."""
        if connection := await self._ready_http2():
            return connection
        failures = self._failures
        async with self._connecting:
            # Whoever waited while another connected shares what came of it.
            if self._only_http11:
                return None
            if connection := await self._ready_http2():
                return connection
            if self._failures != failures:
                raise TransportFailure(
                    "no connection: another call just failed", Sent.NO, "connect"
                )
            try:
                return await self._connect()
            except TransportFailure:
                self._failures += 1
                raise

    async def _ready_http2(self) -> Http2Connection | None:
        for connection in tuple(self._http2):
            if self._is_stale():
                await connection.retire()
            if await connection.is_ready():
                return connection
            if connection.is_spent and connection in self._http2:
                self._http2.remove(connection)
        return None

    def _is_stale(self) -> bool:
        return self._clock.now() - self._last_used > _MAX_IDLE

    async def _connect(self) -> Http2Connection | None:
        stream = await open_stream(self._origin, self._context, self._connect_timeout)
        self._last_used = self._clock.now()
        if speaks_http2(stream):
            connection = Http2Connection(stream, max_requests=self._max_requests)
            self._http2.append(connection)
            return connection
        self._only_http11 = True
        self._add_http11(Http11Connection(stream), self._last_used)
        return None

    async def _post_http11(
        self, target: str, headers: Headers, body: bytes, timeout: float
    ) -> Answer:
        connection = await self._get_http11()
        try:
            return await connection.request(target, headers, body, timeout)
        finally:
            self._add_http11(connection, self._clock.now())

    async def _get_http11(self) -> Http11Connection:
        while self._idle:
            connection, since = self._idle.pop()
            if self._clock.now() - since > _MAX_IDLE:
                await connection.aclose()
            elif await connection.is_ready():
                return connection
            self._http11.discard(connection)
        stream = await open_stream(self._origin, self._context, self._connect_timeout)
        connection = Http11Connection(stream)
        self._http11.add(connection)
        return connection

    def _add_http11(self, connection: Http11Connection, now: float) -> None:
        """Keep an idle connection for the next request, unless it is finished."""
        if connection.is_idle:
            self._http11.add(connection)
            self._idle.append((connection, now))
        else:
            self._http11.discard(connection)
