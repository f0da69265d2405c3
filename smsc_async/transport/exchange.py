"""One request and its answer, on whichever host answers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

import attrs
import httpx

from ..errors import Attempt, SmscError
from .connection import BODY_CAP
from .failure import PROGRESS, Progress, Sent, TransportFailure, Untrusted
from .pool import ROUTE, ConnectionPool, Route
from .tls import context_for
from .wire import describe

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator

    from .._clock import Clock
    from .hosts import Hosts, Origin

__all__ = ["FORM", "Body", "Exchange", "HttpExchange", "Reply"]

FORM: Final = "application/x-www-form-urlencoded"

BROKEN: Final = 500
"""The service answers everything with 200, errors as well; from here on it is not the service."""

NEVER_SENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.ProxyError,
)


def _ignore(readable: bool) -> None:
    """Do nothing."""


@attrs.frozen
class Reply:
    """What a host answered, as it came."""

    host: str
    status: int
    body: bytes = attrs.field(repr=False)
    http_version: str
    attempts: tuple[Attempt, ...] = ()
    """The tries that it took; the last one is its own if it is an answer of a broken host."""
    judge: Callable[[bool], None] = attrs.field(default=_ignore, repr=False, eq=False)
    """To be told whether it could be read: a host whose answers cannot is left."""


class Body(Protocol):
    """What is read while it is sent, and again for every try."""

    @property
    def size(self) -> int:
        """Its bytes in all."""
        ...

    def chunks(self) -> AsyncIterator[bytes]:
        """Read it from the start."""
        ...


class Exchange(Protocol):
    """Brings a form to the service and its answer back."""

    async def __call__(
        self,
        path: str,
        form: bytes | Body,
        *,
        content_type: str = FORM,
        avoid: str = "",
        progress: Progress | None = None,
    ) -> Reply:
        """POST the form and return whatever was answered; the host to `avoid` is asked last.

        An empty form is a GET.

        Raises `TransportFailure`, whose `sent` says whether it may have been processed and whose
        `attempts` lists every try. `progress` says at any time whether it may have been sent.
        """
        ...

    async def aclose(self) -> None:
        """Close every connection."""
        ...


class _Streamed(httpx.AsyncByteStream):
    """A request's body that is not in memory."""

    def __init__(self, body: Body) -> None:
        self._body = body

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._body.chunks()


@attrs.frozen
class _Template:
    """What all requests to one script of one host have in common."""

    url: httpx.URL
    headers: httpx.Headers
    extensions: dict[str, object]


class _NoCookies(httpx.Cookies):
    """Stays empty: no host gets to store anything here."""

    def extract_cookies(self, response: httpx.Response) -> None:
        """Leave them where they are."""


class _Client(httpx.AsyncClient):
    """An `httpx.AsyncClient` without cookies."""

    _none = _NoCookies()

    @property
    def cookies(self) -> httpx.Cookies:
        """None, ever."""
        return self._none

    @cookies.setter
    def cookies(self, cookies: object) -> None:  # noqa: ARG002 - the name is httpx's
        raise AttributeError("this client keeps no cookies")


class HttpExchange:
    """An `Exchange` over one `httpx.AsyncClient` and our own connections.

    A host that certainly did not process the request is followed by the next one at once; one
    that may have processed it ends the call. `connect_timeout` and `reply_timeout` are seconds
    per try; the latter counts from the moment the request was written. `verify` is True, False,
    the file of the authorities to trust, or a context, of which the ALPN protocols are set.
    `transport` takes the place of our connections.
    """

    def __init__(
        self,
        hosts: Hosts,
        *,
        connect_timeout: float,
        reply_timeout: float,
        http2: bool,
        verify: bool | str | ssl.SSLContext,
        clock: Clock,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._hosts = hosts
        self._clock = clock
        self._timeout = httpx.Timeout(reply_timeout, connect=connect_timeout).as_dict()
        # Our own connections count the bytes of a body themselves.
        self._own = transport is None
        if transport is None:
            secure = any(origin.scheme == "https" for origin in hosts.origins)
            transport = ConnectionPool(
                context_for(verify, http2=http2) if secure else None,
                connect_timeout=connect_timeout,
                reply_timeout=reply_timeout,
                clock=clock,
            )
        # A promise of the package: everything goes through one shared httpx client. It costs some
        # CPU over calling the transport, and it stays.
        self._client = _Client(
            transport=transport,
            trust_env=False,
            timeout=None,
            # None at all; without it, each request's URL is searched for one.
            auth=httpx.Auth(),
        )
        self._templates: dict[tuple[Origin, str, str, str], _Template] = {}

    async def __call__(
        self,
        path: str,
        form: bytes | Body,
        *,
        content_type: str = FORM,
        avoid: str = "",
        progress: Progress | None = None,
    ) -> Reply:
        """POST the form to the hosts in their order, and return the first answer."""
        attempts: list[Attempt] = []
        last: TransportFailure | None = None
        order = self._hosts.order()
        if avoid and order[0].netloc == avoid:
            order = (*order[1:], order[0])
        for origin in order:
            started = self._clock.now()
            try:
                reply = await self._ask(origin, path, form, content_type, progress)
            except TransportFailure as failure:
                self._hosts.failed(origin, failure.sent)
                seconds = self._clock.now() - started
                attempts.append(Attempt(origin.netloc, failure.phase, seconds, str(failure)))
                # One host that is not trusted does not keep the call from being made again.
                if last is None or not isinstance(failure, Untrusted):
                    last = failure
                if failure.sent is Sent.UNKNOWN:
                    break
            else:
                if _is_the_service(reply):
                    return attrs.evolve(reply, attempts=tuple(attempts)) if attempts else reply
                self._hosts.failed(origin, Sent.UNKNOWN)
                seconds = self._clock.now() - started
                text = f"status {reply.status}, and not the service's answer"
                attempts.append(Attempt(origin.netloc, "reply", seconds, text))
                return attrs.evolve(reply, attempts=tuple(attempts), judge=_ignore)
        assert last is not None  # noqa: S101 - there is at least one host
        last.attempts = tuple(attempts)
        raise last

    def _judge(self, origin: Origin, readable: bool) -> None:
        if readable:
            self._hosts.succeeded(origin)
        else:
            self._hosts.failed(origin, Sent.UNKNOWN)

    async def aclose(self) -> None:
        """Close every connection; what is in flight fails."""
        await self._client.aclose()

    async def _ask(
        self,
        origin: Origin,
        path: str,
        form: bytes | Body,
        content_type: str,
        progress: Progress | None,
    ) -> Reply:
        request = self._build(origin, path, form, content_type)
        if progress is not None:
            progress.sent = Sent.UNKNOWN
            request.extensions = request.extensions | {PROGRESS: progress}
        try:
            response = await self._client.send(request, stream=True)
            body = await _read(response)
        except (TransportFailure, SmscError):
            # The latter is what a file says that cannot be read any more.
            raise
        except NEVER_SENT as error:
            raise TransportFailure(describe(error), Sent.NO) from error
        except Exception as error:
            raise TransportFailure(describe(error), Sent.UNKNOWN, phase="reply") from error
        if len(body) > BODY_CAP:
            text = f"the answer is longer than {BODY_CAP} bytes"
            raise TransportFailure(text, Sent.UNKNOWN, phase="reply")
        judge = partial(self._judge, origin)
        return Reply(origin.netloc, response.status_code, body, response.http_version, judge=judge)

    def _build(
        self, origin: Origin, path: str, form: bytes | Body, content_type: str
    ) -> httpx.Request:
        key = origin, "POST" if form else "GET", path, content_type
        template = self._templates.get(key) or self._template(*key)
        stream: httpx.ByteStream | _Streamed
        if isinstance(form, bytes):
            stream, size = httpx.ByteStream(form), len(form)
            # A streamed form has a content type of its own.
            self._templates[key] = template
        else:
            stream, size = _Streamed(form), form.size
        request = httpx.Request(
            key[1],
            template.url,
            headers=template.headers,
            stream=stream,
            extensions=template.extensions,
        )
        if not self._own or isinstance(stream, _Streamed):
            request.headers["content-length"] = str(size)
        return request

    def _template(self, origin: Origin, method: str, path: str, content_type: str) -> _Template:
        url = httpx.URL(f"{origin}{path}")
        fields = [
            (b"host", url.netloc),
            (b"accept-encoding", b"identity"),
            (b"user-agent", b"smsc-async"),
            (b"content-type", content_type.encode("ascii")),
        ]
        headers = httpx.Headers(fields)
        route = Route.of(httpx.Request(method, url, headers=headers))
        return _Template(url, headers, {"timeout": self._timeout, ROUTE: route})


def _is_the_service(reply: Reply) -> bool:
    """Return whether it can be an answer of the service's, and not of something in front of it."""
    return reply.status < BROKEN and not reply.body.startswith(b"<") and reply.body != b""


async def _read(response: httpx.Response) -> bytes:
    """Read a body as it comes, undecoded."""
    stream = response.stream
    assert isinstance(stream, httpx.AsyncByteStream)  # noqa: S101 - an AsyncClient has no other
    try:
        # To its end: what stops in the middle of it leaves a generator of httpx's unclosed.
        return b"".join([piece async for piece in stream])
    finally:
        await stream.aclose()
        # The two hold each other, which would be left to the garbage collector.
        del response.stream
