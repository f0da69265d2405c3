"""A stand-in SMSC to run and test against: `async with Sandbox() as sandbox`."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Final, Self

import anyio
import anyio.to_thread

try:
    import trustme
except ModuleNotFoundError as _missing:
    raise ModuleNotFoundError(
        "the sandbox needs more packages: pip install 'smsc-async[sandbox]'", name=_missing.name
    ) from None

from ..client import AsyncSmsc
from .account import Account, Guard, Refusal
from .app import App
from .base import SandboxBase
from .callbacks import Callback
from .down import Down
from .fault_host import FaultHost
from .faults import Fault, Faults, Strike
from .message import FATES, Fate, Message, Step
from .poster import Poster
from .server import Host

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import TracebackType
    from typing import Unpack

    from ..client import ClientOptions

__all__ = [
    "FATES",
    "Callback",
    "Down",
    "Fate",
    "Fault",
    "Faults",
    "Guard",
    "Host",
    "Message",
    "Refusal",
    "Sandbox",
    "Step",
    "Strike",
]


class Sandbox(SandboxBase):
    """The service on this machine: real TLS and HTTP/2, one account, a main host and backups.

    Works as a context manager with and without `async`, on asyncio and trio; it runs in threads of
    its own. What it took is in `messages`, which limits were broken in `refusals`. It answers with
    fmt=3 only. Nothing is sent to anybody: a message is delivered after a while, unless the last
    seven digits of its number say otherwise (`FATES`):

    * 5550000 stays with the operator
    * 5550003 expires: status 3, error 6
    * 5550007 has a wrong format: refused with error 7, or status 22 with error 249 among others
    * 5550008 has no route: refused with error 8, or status 25 with error 248 among others
    * 5550020 is taken and fails: status 20, error 1

    A text with the word "forbidden" in it is refused with error 6, an order without money with 3.

    Args:
        limits: Whether the documented limits are enforced.
        count_refused: Whether a refused request counts as well.
        hosts: How many hosts there are, if `ports` do not say it.
        ports: The port of each host; 0 lets the system choose.
        http2: Whether the hosts speak HTTP/2; all speak HTTP/1.1.
        latency: Seconds from taking a request to answering it, or what returns them.
        late: Whether a request is processed after its latency and not before.
        time: Another clock than the machine's; seconds that only move forward.
        delivery: Seconds until the operator has a message, and until it is delivered.
        balance: The money on the account.
        credit: How far the money may go below zero.
        test_mode: Whether the account only pretends to send, and pays nothing.
        guard: Whether the same text to the same recipients within a minute is refused by all
            hosts, by the "host" that has taken the first, or by none ("absent").
        fates: How messages end, by the last seven digits of the number.
        faults: What goes wrong, and when; the hosts then speak HTTP/2 alone, or HTTP/1.1 alone
            without `http2`.
        callback_url: The address of a handler, with its options, as `callbacks.handler_url` builds
            it: statuses, messages and calls are posted there, and again every four minutes of
            `time`, fifty times at most, until it answers with 200 or 404.
    """

    login: Final = "sandbox"
    password: Final = "sandbox-password"  # noqa: S105 - it opens nothing
    apikey: Final = "sandbox-apikey"

    def __init__(
        self,
        *,
        limits: bool = True,
        count_refused: bool = False,
        hosts: int = 2,
        ports: Sequence[int] = (),
        http2: bool = True,
        latency: float | Callable[[], float] = 0.0,
        late: bool = False,
        time: Callable[[], float] = monotonic,
        delivery: tuple[float, float] = (1.0, 3.0),
        balance: str | Decimal = "1000",
        credit: str | Decimal = "0",
        test_mode: bool = False,
        guard: Guard = "global",
        fates: Mapping[str, Fate] = FATES,
        faults: Faults | None = None,
        callback_url: str | None = None,
    ) -> None:
        if faults is not None and not http2:
            faults.without_http2()
        self._time = time
        self._ahead = 0.0
        self._account = Account(
            login=self.login,
            password=self.password,
            apikey=self.apikey,
            balance=Decimal(balance),
            credit=Decimal(credit),
            time=self._moment,
            enforce=limits,
            count_refused=count_refused,
            test_mode=test_mode,
            guard=guard,
            delivery=delivery,
            fates=fates,
        )
        self._lock = Lock()
        self._latency: Callable[[], float] = latency if callable(latency) else lambda: latency
        self._late = late
        self._ports = tuple(ports) or (0,) * hosts
        self._http2 = http2
        self._faults = faults
        self._directory: TemporaryDirectory[str] | None = None
        self._hosts: tuple[Host, ...] = ()
        self._callback_url = callback_url
        self._poster: Poster | None = None

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
        return str(Path(self._directory.name, "ca.pem"))

    @property
    def faults(self) -> Faults:
        """What goes wrong; only for a sandbox that was made with `faults`."""
        if self._faults is None:
            raise RuntimeError("the sandbox was made without faults: Sandbox(faults=Faults())")
        return self._faults

    @property
    def callback_url(self) -> str | None:
        """The address of the account's handler, as one enters it in the account's settings."""
        return self._callback_url

    @callback_url.setter
    def callback_url(self, url: str | None) -> None:
        """Post callbacks there from now on; what was due elsewhere is forgotten."""
        self._close_poster()
        self._callback_url = url
        outbox = self._open_outbox(url)
        if outbox is not None and self._directory is not None:
            self._poster = Poster(outbox, self._lock)

    def _close_poster(self) -> None:
        poster, self._poster = self._poster, None
        if poster is not None:
            poster.stop()

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which `AsyncSmsc.from_env()` makes a client of it."""
        return {
            "SMSC_HOSTS": ",".join(self.urls),
            "SMSC_LOGIN": self.login,
            "SMSC_PASSWORD": self.password,
            "SMSC_CA": self.ca,
        }

    def advance(self, seconds: float) -> None:
        """Let time pass for the service, and for it alone: messages go on their way."""
        self._ahead += seconds

    async def settle(self, timeout: float = 10.0) -> None:
        """Wait until the handler has answered everything that is due, or raise `TimeoutError`."""
        with anyio.fail_after(timeout):
            while not self._is_settled():  # noqa: ASYNC110 - another thread would have to set it
                await anyio.sleep(0.002)

    def _is_settled(self) -> bool:
        with self._lock:
            return self._outbox is None or self._outbox.settled

    def _moment(self) -> float:
        return self._time() + self._ahead

    def client(self, **options: Unpack[ClientOptions]) -> AsyncSmsc:
        """Make a client of the sandbox; options go before what it would set."""
        known: ClientOptions = {"hosts": self.urls, "verify": self.ca}
        if "apikey" not in options:
            known |= {"login": self.login, "password": self.password}
        return AsyncSmsc(**(known | options))

    def start(self) -> None:
        """Make a certificate and start the hosts."""
        if self._directory is not None:
            raise RuntimeError("the sandbox is running already")
        self._directory = TemporaryDirectory(prefix="smsc-sandbox-")
        try:
            certfile = _certify(Path(self._directory.name))
            app = App(self._account, self._lock, self._latency, late=self._late)
            self._hosts = tuple(self._hosts_of(app, certfile))
            for host in self._hosts:
                host.start()
            self.callback_url = self._callback_url
        except BaseException:
            self.stop()
            raise

    def _hosts_of(self, app: App, certfile: str) -> Iterator[Host]:
        for index, port in enumerate(self._ports):
            if self._faults is None:
                yield Host(app, certfile=certfile, port=port, http2=self._http2)
            else:
                yield FaultHost(
                    app,
                    faults=self._faults,
                    index=index,
                    time=self._moment,
                    certfile=certfile,
                    port=port,
                    http2=self._http2,
                )

    def stop(self) -> None:
        """Stop the hosts and throw the certificate away; does nothing the second time."""
        self._close_poster()
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


def _certify(directory: Path) -> str:
    """Write ca.pem, and return the file with the hosts' key and certificate."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(directory / "ca.pem")
    certificate = authority.issue_cert("localhost", "127.0.0.1", "::1")
    certfile = directory / "server.pem"
    certificate.private_key_and_cert_chain_pem.write_to_path(certfile)
    return str(certfile)
