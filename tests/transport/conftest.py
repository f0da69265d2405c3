"""Certificates, a clock, and exchanges that are closed at the end."""

from __future__ import annotations

import ssl
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Protocol

import anyio
import attrs
import pytest
import trustme

from smsc_async.transport import Hosts, HttpExchange

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager


@attrs.define
class FakeClock:
    """A clock that is moved by hand."""

    time: float = 1000.0

    def now(self) -> float:
        """Return the time it was set to."""
        return self.time

    async def sleep(self, seconds: float) -> None:
        """Move it."""
        self.time += seconds

    async def wait(self, event: anyio.Event, seconds: float) -> bool:
        """Move it."""
        self.time += seconds
        return event.is_set()


@attrs.define
class Certificates:
    """An authority and a server of its own."""

    authority: trustme.CA
    leaf: trustme.LeafCert

    def server(self, *protocols: str) -> ssl.SSLContext:
        """Return a server's context that offers these protocols."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.leaf.configure_cert(context)
        context.set_alpn_protocols(list(protocols))
        return context

    def client(self) -> ssl.SSLContext:
        """Return a client's context that trusts the authority."""
        # With an authority of its own it does not read all of the machine's.
        return ssl.create_default_context(cadata=self.authority.cert_pem.bytes().decode())


class OpenExchange(Protocol):
    """Opens an exchange with these hosts for the time of a block."""

    def __call__(
        self,
        *urls: str,
        reply_timeout: float = 5.0,
        connect_timeout: float = 5.0,
        http2: bool = True,
    ) -> AbstractAsyncContextManager[HttpExchange]:
        """Open it."""
        ...


@pytest.fixture(scope="session")
def certificates() -> Certificates:
    """Return an authority and what it signed."""
    authority = trustme.CA()
    return Certificates(authority, authority.issue_cert("localhost", "127.0.0.1"))


@pytest.fixture
def h2_tls(certificates: Certificates) -> ssl.SSLContext:
    """Return the context of a server that speaks HTTP/2."""
    return certificates.server("h2")


@pytest.fixture
def clock() -> FakeClock:
    """Return a clock that stands still."""
    return FakeClock()


@pytest.fixture
def open_exchange(certificates: Certificates, clock: FakeClock) -> OpenExchange:
    """Return what opens an exchange for `async with`."""

    @asynccontextmanager
    async def opened(
        *urls: str, reply_timeout: float = 5.0, connect_timeout: float = 5.0, http2: bool = True
    ) -> AsyncIterator[HttpExchange]:
        exchange = HttpExchange(
            Hosts(urls, clock=clock),
            connect_timeout=connect_timeout,
            reply_timeout=reply_timeout,
            http2=http2,
            verify=certificates.client(),
            clock=clock,
        )
        try:
            yield exchange
        finally:
            with anyio.CancelScope(shield=True):
                await exchange.aclose()

    return opened
