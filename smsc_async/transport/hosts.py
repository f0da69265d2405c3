"""Which host a call tries first, and which after it; pure."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Final

import attrs
import httpx

from ..errors import InvalidRequest
from .failure import Sent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .._clock import Clock

__all__ = ["STAY", "Hosts", "Origin"]

STAY: Final = 60.0
"""Seconds after which the main host is given a trial once it has failed."""

PATIENCE: Final = 2
"""Failures in a row after connecting that make us leave a host."""

NAME: Final = re.compile(r"[0-9A-Za-z._-]+|[0-9A-Fa-f.:]+")

PORTS: Final = {"https": 443, "http": 80}


@attrs.frozen
class Origin:
    """A host as it is reached: `netloc` is its name, with the port if that is not the usual one."""

    scheme: str
    host: str
    port: int

    @property
    def netloc(self) -> str:
        """The name as a Host field has it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.netloc}"


def parse_origin(url: str) -> Origin:
    """Return the origin a URL names; raises `InvalidRequest` unless it names one and no more."""
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, TypeError) as error:
        raise InvalidRequest("hosts", "each is https://host or https://host:port") from error
    if parsed.userinfo:
        raise InvalidRequest("hosts", "no user name or password in a URL: it ends up in logs")
    if parsed.scheme not in PORTS or not parsed.host:
        raise InvalidRequest("hosts", "each is https://host or https://host:port")
    if parsed.raw_path != b"/" or parsed.fragment or any(mark in url for mark in "?#"):
        raise InvalidRequest("hosts", "no path, query or fragment: each is https://host[:port]")
    host = parsed.raw_host.decode("ascii")
    if not NAME.fullmatch(host):
        raise InvalidRequest("hosts", "each is https://host or https://host:port")
    if parsed.scheme == "http" and not _is_loopback(host):
        raise InvalidRequest("hosts", "http:// would show the password: only for this machine")
    port = PORTS[parsed.scheme] if parsed.port is None else parsed.port
    if not 0 < port < 65536:  # noqa: PLR2004 - what a port can be
        raise InvalidRequest("hosts", "a port is 1 to 65535")
    return Origin(parsed.scheme, host, port)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Hosts:
    """The main host and those that stand in for it.

    The first is the main one. A host that cannot be connected to is left at once, one that fails
    twice in a row after connecting is left, too; whoever stands in stays in for 60 s. Then a
    single call tries the main host again, and its success brings everybody back.
    """

    def __init__(self, urls: Sequence[str], *, clock: Clock) -> None:
        if isinstance(urls, str) or not urls:
            raise InvalidRequest("hosts", "has to be a list of at least one URL")
        self._origins = tuple(parse_origin(url) for url in urls)
        if len(set(self._origins)) != len(self._origins):
            raise InvalidRequest("hosts", "has a host twice")
        self._clock = clock
        self._current = 0
        self._failures = 0
        self._trial_at = 0.0
        self._on_trial = False

    @property
    def origins(self) -> tuple[Origin, ...]:
        """All of them, the main one first."""
        return self._origins

    def order(self) -> tuple[Origin, ...]:
        """Return the hosts a call that starts now has to try, in that order."""
        origins, current = self._origins, self._current
        if current == 0:
            return origins
        ring = origins[current:] + origins[:current]
        if self._clock.now() < self._trial_at:
            return ring
        self._trial_at = self._clock.now() + STAY
        self._on_trial = True
        return (origins[0], *(origin for origin in ring if origin is not origins[0]))

    def succeeded(self, origin: Origin) -> None:
        """The host has answered a call."""
        if origin == self._origins[self._current]:
            self._failures = 0
        elif self._on_trial and origin == self._origins[0]:
            self._move(0)

    def failed(self, origin: Origin, sent: Sent) -> None:
        """The host has failed a call."""
        if origin == self._origins[self._current]:
            self._failures = PATIENCE if sent is Sent.NO else self._failures + 1
            if self._failures >= PATIENCE:
                self._move((self._current + 1) % len(self._origins))
        elif origin == self._origins[0]:
            self._on_trial = False

    def _move(self, index: int) -> None:
        if self._current == 0:
            self._trial_at = self._clock.now() + STAY
        self._current = index
        self._failures = 0
        self._on_trial = False
