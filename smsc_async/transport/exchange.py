"""One exchange: a form out, an answer in, from whichever host can be reached."""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import TYPE_CHECKING, Final, Protocol

import attrs
import httpx

from ..errors import Attempt
from .failure import Sent, TransportFailure
from .pool import Pool

if TYPE_CHECKING:
    import ssl

    from .._clock import Clock
    from .hosts import Hosts, Origin

__all__ = ["Exchange", "HttpExchange", "Reply"]

FORM: Final = "application/x-www-form-urlencoded"


@attrs.frozen
class Reply:
    """What a host answered, unread."""

    host: str
    status: int
    body: bytes = attrs.field(repr=False)
    http_version: str


class Exchange(Protocol):
    """Takes a request to the service and brings back the answer."""

    async def __call__(self, path: str, body: bytes, *, content_type: str = FORM) -> Reply:
        """POST to the first host that can be reached; raises only `TransportFailure`."""
        ...

    async def aclose(self) -> None:
        """Close all connections."""
        ...


class HttpExchange:
    """Over one httpx client and its pool of HTTP/2 connections.

    A host that cannot be reached, or that refuses a request unread, hands it to the next one at
    once. After a request may have been read it goes nowhere else.
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
        self._client = httpx.AsyncClient(
            transport=transport
            or Pool(
                connect_timeout=connect_timeout,
                reply_timeout=reply_timeout,
                http2=http2,
                verify=verify,
                clock=clock,
            ),
            trust_env=False,
        )
        self._urls: dict[tuple[Origin, str], httpx.URL] = {}

    async def __call__(self, path: str, body: bytes, *, content_type: str = FORM) -> Reply:
        """POST to the first host that can be reached."""
        attempts: tuple[Attempt, ...] = ()
        for origin in self._hosts.order():
            started = self._clock.now()
            try:
                reply = await self._post(origin, path, body, content_type)
            except TransportFailure as failure:
                self._hosts.failed(origin, failure.sent)
                seconds = self._clock.now() - started
                attempts += (Attempt(origin.name, failure.phase, seconds, str(failure)),)
                last = failure
                if failure.sent is Sent.UNKNOWN:
                    break
            else:
                self._hosts.succeeded(origin)
                return reply
        raise TransportFailure(str(last), last.sent, last.phase, attempts) from last

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def _post(self, origin: Origin, path: str, body: bytes, content_type: str) -> Reply:
        url = self._urls.get((origin, path))
        if url is None:
            url = self._urls[origin, path] = httpx.URL(origin.url + path)
        headers = [
            ("host", url.netloc.decode("ascii")),
            ("user-agent", _USER_AGENT),
            ("accept", "application/json"),
            ("content-type", content_type),
        ]
        try:
            response = await self._client.send(
                httpx.Request("POST", url, headers=headers, content=body)
            )
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise TransportFailure(_reason(error), Sent.NO, "connect") from error
        except httpx.HTTPError as error:
            raise TransportFailure(_reason(error), Sent.UNKNOWN, "reply") from error
        return Reply(origin.name, response.status_code, response.content, response.http_version)


def _reason(error: httpx.HTTPError) -> str:
    return str(error) or type(error).__name__


_USER_AGENT: Final = (
    f"smsc_async/{version('smsc-async')} Python/{sys.version_info.major}.{sys.version_info.minor}"
)
