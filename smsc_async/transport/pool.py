"""The connections to every host, as a transport for `httpx`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import anyio
import attrs
import httpx

from .connection import Answer, Connection, Head, Upload
from .failure import PROGRESS, ConnectionGone, Progress, Sent, TransportFailure
from .hosts import PORTS, Origin
from .http2 import Http2Connection
from .http11 import Http11Connection
from .wire import connect

if TYPE_CHECKING:
    import ssl

    from .._clock import Clock

__all__ = ["ROUTE", "ConnectionPool", "Route"]

ROUTE: Final = "smsc_async.route"
"""Under which name a request may carry its `Route`, when many go the same way."""

IDLE: Final = 60.0
"""Seconds after which an idle connection is not used again."""

MOST_REQUESTS: Final = 900
"""Requests per connection: below the thousand after which nginx ends it by itself."""

TRIES: Final = 3
"""Connections that may turn out unusable before a request fails."""

HOP_BY_HOP: Final = frozenset(
    {b"host", b"connection", b"content-length", b"transfer-encoding", b"upgrade", b"keep-alive"}
)


Key = tuple[bytes, bytes, int | None]
"""The scheme, the host and the port of an origin."""


@attrs.frozen
class Route:
    """Where a request goes, and its head."""

    key: Key
    head: Head

    @classmethod
    def of(cls, request: httpx.Request) -> Route:
        """Read it off a request."""
        url = request.url
        fields = [(name.lower(), value) for name, value in request.headers.raw]
        head = Head(
            method=request.method.encode("ascii"),
            scheme=url.raw_scheme,
            authority=url.netloc,
            path=url.raw_path,
            fields=[field for field in fields if field[0] not in HOP_BY_HOP],
        )
        return cls((url.raw_scheme, url.raw_host, url.port), head)


@attrs.define(eq=False)
class _Attempt:
    """A connection being made. `failure` is why it was not; neither if its maker gave up."""

    over: anyio.Event = attrs.field(factory=anyio.Event)
    failure: TransportFailure | None = None


@attrs.define(eq=False)
class _Place:
    """What there is of one origin; the connection used last is at the end."""

    connections: list[Connection] = attrs.field(factory=list[Connection])
    attempt: _Attempt | None = None
    multiplexed: bool = True


class ConnectionPool(httpx.AsyncBaseTransport):
    """One HTTP/2 connection per origin, or as many of HTTP/1.1 as there are requests at once.

    A second HTTP/2 connection is opened only when the first takes no more streams. Every failure
    is a `TransportFailure`. A response's body is as it came, never decoded, and its header fields
    are left out: what `httpx` does for each response goes by their number.
    """

    def __init__(
        self,
        context: ssl.SSLContext | None,
        *,
        connect_timeout: float,
        reply_timeout: float,
        clock: Clock,
        most_requests: int = MOST_REQUESTS,
    ) -> None:
        self._context = context
        self._connect_timeout = connect_timeout
        self._reply_timeout = reply_timeout
        self._clock = clock
        self._most_requests = most_requests
        self._places: dict[Key, _Place] = {}
        self._closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Do one request, on a connection that exists or a new one."""
        route = request.extensions.get(ROUTE) or Route.of(request)
        place = self._places.get(route.key)
        if place is None:
            place = self._places[route.key] = _Place(multiplexed=request.url.scheme == "https")
        progress = request.extensions.get(PROGRESS) or Progress()
        failure: TransportFailure | None = None
        for _ in range(TRIES):
            progress.sent = Sent.NO
            body = await _body(request)
            connection = await self._acquire(place, request.url)
            try:
                answer = await connection.request(route.head, body, progress)
            except ConnectionGone as error:
                failure = error
            else:
                return _response(answer, connection.http_version)
            finally:
                self._put_back(place, connection)
        assert failure is not None  # noqa: S101 - the loop runs at least once
        raise failure

    async def aclose(self) -> None:
        """Close every connection at once; what is in flight fails."""
        self._closed = True
        for place in self._places.values():
            while place.connections:
                place.connections.pop().close()

    async def _acquire(self, place: _Place, url: httpx.URL) -> Connection:
        """Return a connection that can be given a request without waiting."""
        while True:
            if self._closed:
                raise TransportFailure("the transport is closed", Sent.NO)
            connection = self._usable(place)
            if connection is not None:
                return connection
            if not place.multiplexed:
                return await self._connect(place, url)
            if place.attempt is None:
                return await self._connect_for_all(place, url)
            attempt = place.attempt
            await attempt.over.wait()
            if attempt.failure is not None:
                raise attempt.failure.again() from attempt.failure

    def _usable(self, place: _Place) -> Connection | None:
        oldest = self._clock.now() - IDLE
        for connection in place.connections[::-1]:
            idle_since = connection.idle_since
            if connection.finished or (idle_since is not None and idle_since < oldest):
                self._drop(place, connection)
            elif connection.available:
                return connection
        return None

    async def _connect_for_all(self, place: _Place, url: httpx.URL) -> Connection:
        """Connect while the others wait for what comes of it."""
        attempt = place.attempt = _Attempt()
        try:
            return await self._connect(place, url)
        except TransportFailure as failure:
            attempt.failure = failure
            raise
        finally:
            place.attempt = None
            attempt.over.set()

    async def _connect(self, place: _Place, url: httpx.URL) -> Connection:
        port = PORTS[url.scheme] if url.port is None else url.port
        origin = Origin(url.scheme, url.raw_host.decode("ascii"), port)
        context = self._context if url.scheme == "https" else None
        wire = await connect(origin, context, self._connect_timeout)
        place.multiplexed = wire.protocol == "h2"
        make = Http2Connection if place.multiplexed else Http11Connection
        connection: Connection = make(
            wire,
            reply_timeout=self._reply_timeout,
            most_requests=self._most_requests,
            clock=self._clock,
        )
        if self._closed:
            connection.close()
            raise TransportFailure("the transport is closed", Sent.NO)
        place.connections.append(connection)
        return connection

    def _put_back(self, place: _Place, connection: Connection) -> None:
        """Make the connection the first choice for the next request, or close it if finished."""
        if connection.finished:
            self._drop(place, connection)
        elif place.connections[-1] is not connection and connection in place.connections:
            place.connections.remove(connection)
            place.connections.append(connection)

    def _drop(self, place: _Place, connection: Connection) -> None:
        if connection in place.connections:
            place.connections.remove(connection)
        connection.close()


def _response(answer: Answer, http_version: str) -> httpx.Response:
    return httpx.Response(
        answer.status,
        stream=httpx.ByteStream(answer.body),
        # Without a phrase of its own, `httpx` looks one up for each response.
        extensions={"http_version": http_version.encode("ascii"), "reason_phrase": b""},
    )


async def _body(request: httpx.Request) -> bytes | Upload:
    """Return the body, from its start; what is not in memory is read while it is written."""
    if isinstance(request.stream, httpx.ByteStream):
        return b"".join(request.stream)
    assert isinstance(request.stream, httpx.AsyncByteStream)  # noqa: S101 - no client has another
    return await Upload.open(aiter(request.stream), int(request.headers["content-length"]))
