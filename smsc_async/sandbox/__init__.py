"""A stand-in SMSC to run and test against: `async with Sandbox() as sandbox`."""

from __future__ import annotations

import time
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import TYPE_CHECKING, Final, Self

import anyio.to_thread
import trustme

from ..client import AsyncSmsc
from .account import Account, Delivery, Message, Refusal
from .app import App
from .server import Host

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType
    from typing import Unpack

    from ..client import ClientOptions

__all__ = ["Delivery", "Host", "Message", "Refusal", "Sandbox"]

_NO_LATENCY: Final = 0.0


class Sandbox:
    """The service on this machine: real TLS and HTTP/2, one account, two hosts.

    Works as a context manager with and without `async`, on asyncio and trio; it runs in threads of
    its own. What it took is in `messages`, what it refused in `refusals`.

    Args:
        limits: Whether the documented limits are enforced.
        hosts: How many hosts there are: a main one and its backups.
        ports: Their ports; 0 lets the system choose.
        balance: The money on the account.
        delivery: How long messages travel.
        latency: Seconds from taking a request to answering it.
        keep: Whether messages are kept; without, a long load test does not fill the memory.
        now: Another clock than the machine's; seconds that only move forward.
    """

    login: Final = "sandbox"
    password: Final = "sandbox-password"
    apikey: Final = "sandbox-apikey"

    def __init__(
        self,
        *,
        limits: bool = True,
        hosts: int = 2,
        ports: Sequence[int] = (),
        balance: str = "1000",
        delivery: Delivery | None = None,
        latency: float | Callable[[], float] = _NO_LATENCY,
        keep: bool = True,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._account = Account(
            login=self.login,
            password=self.password,
            apikey=self.apikey,
            balance=Decimal(balance),
            now=now,
            wall=time.time,
            enforce=limits,
            delivery=delivery or Delivery(),
            keep=keep,
        )
        self._latency = latency if callable(latency) else lambda: latency
        self._ports = [*ports, *[0] * (hosts - len(ports))]
        self._directory: TemporaryDirectory[str] | None = None
        self._hosts: tuple[Host, ...] = ()

    @property
    def hosts(self) -> tuple[Host, ...]:
        """The hosts, the main one first; each can be killed and started again."""
        return self._hosts

    @property
    def urls(self) -> tuple[str, ...]:
        """The addresses of the hosts, for `AsyncSmsc(hosts=...)`."""
        return tuple(host.url for host in self._hosts)

    @property
    def ca(self) -> str:
        """The file with the certificate to trust, for `AsyncSmsc(verify=...)`."""
        if self._directory is None:
            raise RuntimeError("the sandbox is not running")
        return str(Path(self._directory.name) / "ca.pem")

    @property
    def messages(self) -> tuple[Message, ...]:
        """What it has taken, in order."""
        return tuple(self._account.messages)

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """The requests that broke a limit."""
        return tuple(self._account.refusals)

    @property
    def balance(self) -> Decimal:
        """What is left of the money."""
        return self._account.balance

    @property
    def peak_in_flight(self) -> int:
        """The most requests it has seen at once."""
        return self._account.limits.peak_in_flight

    @property
    def peak_status_in_flight(self) -> int:
        """The most requests to status.php it has seen at once."""
        return self._account.limits.peak_status_in_flight

    def requests(self, *, host: str = "", script: str = "", http_version: str = "") -> int:
        """Return how many requests came, of all or of those that were asked for."""
        wanted = (host, script, http_version)
        return sum(
            count
            for facts, count in self._account.requests.items()
            if all(not want or want == fact for want, fact in zip(wanted, facts, strict=True))
        )

    def client(self, **options: Unpack[ClientOptions]) -> AsyncSmsc:
        """Make a client of the sandbox; options go before what it would set."""
        login: ClientOptions = {"login": self.login, "password": self.password}
        known: ClientOptions = {"hosts": self.urls, "verify": self.ca}
        if "apikey" not in options:
            known |= login
        return AsyncSmsc(**(known | options))

    def start(self) -> None:
        """Make a certificate and start the hosts."""
        self._directory = TemporaryDirectory(prefix="smsc-sandbox-")
        authority = trustme.CA()
        authority.cert_pem.write_to_path(self.ca)
        certfile = str(Path(self._directory.name) / "server.pem")
        certificate = authority.issue_cert("localhost", "127.0.0.1", "::1")
        certificate.private_key_and_cert_chain_pem.write_to_path(certfile)
        lock = Lock()
        names = ("main", *(f"backup{n}" for n in range(1, len(self._ports))))
        self._hosts = tuple(
            Host(App(self._account, lock, name, self._latency), certfile=certfile, port=port)
            for name, port in zip(names, self._ports, strict=True)
        )
        for host in self._hosts:
            host.start()

    def stop(self) -> None:
        """Stop the hosts and throw the certificate away."""
        for host in self._hosts:
            host.kill()
        if self._directory is not None:
            self._directory.cleanup()
            self._directory = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        await anyio.to_thread.run_sync(self.start)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self.stop)
