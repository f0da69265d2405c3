"""What the protocols have in common: opening a socket, reading its state, writing."""

from __future__ import annotations

import select
import ssl
from typing import TYPE_CHECKING, Final, TypeAlias

import anyio
import attrs
from anyio.abc import ByteStream, SocketAttribute
from anyio.streams.tls import TLSAttribute, TLSStream

from .failure import Sent, TransportFailure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .hosts import Origin

__all__ = [
    "BROKEN",
    "MAX_REPLY",
    "Answer",
    "Headers",
    "close",
    "has_news",
    "open_stream",
    "speaks_http2",
    "write",
]

Headers: TypeAlias = "Sequence[tuple[bytes, bytes]]"

BROKEN: Final = (
    anyio.EndOfStream,
    anyio.BrokenResourceError,
    anyio.ClosedResourceError,
    ssl.SSLError,
    OSError,
)
"""What anyio's streams raise when the other side is gone."""

MAX_REPLY: Final = 64 * 2**20
"""Bytes of an answer beyond which it is not the service's."""

_WRITE_TIMEOUT: Final = 10.0
_CLOSE_TIMEOUT: Final = 1.0


@attrs.frozen
class Answer:
    """An HTTP response, whole."""

    status: int
    headers: Headers
    body: bytes
    http_version: bytes


async def open_stream(origin: Origin, context: ssl.SSLContext, timeout: float) -> ByteStream:
    """Connect, and speak TLS if the origin is https. Nothing is sent if this fails."""
    stream: ByteStream | None = None
    try:
        with anyio.fail_after(timeout):
            stream = await anyio.connect_tcp(origin.host, origin.port)
            if origin.scheme == "http":
                return stream
            return await TLSStream.wrap(
                stream,
                server_side=False,
                hostname=origin.host,
                ssl_context=context,
                standard_compatible=False,
            )
    except TimeoutError as error:
        failure = TransportFailure(f"no connection within {timeout:g} s", Sent.NO, "connect")
        cause: Exception = error
    except BROKEN as error:
        failure = TransportFailure(f"no connection: {_reason(error)}", Sent.NO, "connect")
        cause = error
    except BaseException:
        await close(stream)
        raise
    await close(stream)
    raise failure from cause


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate is not trusted ({error.verify_message})"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed ({error.reason or 'the other side hung up'})"
    return str(error) or type(error).__name__


def speaks_http2(stream: ByteStream) -> bool:
    """Return whether HTTP/2 was agreed on."""
    return stream.extra(TLSAttribute.alpn_protocol, None) == "h2"


def has_news(stream: ByteStream) -> bool:
    """Return whether something has come that nobody has read: data, or the end."""
    descriptor = stream.extra(SocketAttribute.raw_socket).fileno()
    if descriptor < 0:
        return True
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


async def write(stream: ByteStream, data: bytes) -> None:
    """Write all of it, even if the task is cancelled meanwhile, or raise one of `BROKEN`.

    Half a TLS record would break the connection for everybody on it.
    """
    with anyio.move_on_after(_WRITE_TIMEOUT, shield=True) as scope:
        await stream.send(data)
    if scope.cancelled_caught:
        raise anyio.BrokenResourceError("the other side has stopped reading")


async def close(stream: ByteStream | None) -> None:
    """Close without ceremony; never fails, and ends even when the task is cancelled."""
    if stream is None:
        return
    with anyio.move_on_after(_CLOSE_TIMEOUT, shield=True):
        await anyio.aclose_forcefully(stream)
