"""Which host is asked: the main one while it works, else a backup, and the main one again later."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, urlsplit

import attrs

from ..errors import InvalidRequest
from .failure import Sent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .._clock import Clock

__all__ = ["Hosts", "Origin"]

_TRIAL_AFTER: Final = 60.0
_DOUBTS: Final = 2
_PORTS: Final = {"https": 443, "http": 80}


@attrs.frozen
class Origin:
    """A scheme, a host and a port."""

    scheme: str
    host: str
    port: int

    @property
    def name(self) -> str:
        """The host as it is called in errors, with its port if that is not the usual one."""
        usual = self.port == _PORTS[self.scheme]
        return self.host if usual else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """The beginning of every URL of it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @classmethod
    def parse(cls, url: str) -> Origin:
        """Read `https://host[:port]`, or `http://` to this machine; anything else is refused."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except (ValueError, AttributeError):
            raise InvalidRequest("hosts", "each has to be https://host[:port]") from None
        _check(parts)
        host = parts.hostname or ""
        if parts.scheme == "http" and not _is_loopback(host):
            raise InvalidRequest("hosts", "plain http:// is only for this machine; use https://")
        return cls(parts.scheme, host, port or _PORTS[parts.scheme])


def _check(parts: SplitResult) -> None:
    if parts.username is not None or parts.password is not None:
        raise InvalidRequest("hosts", "a login or password does not belong into a URL")
    if parts.query or parts.fragment or parts.path not in ("", "/"):
        raise InvalidRequest("hosts", "has to be https://host[:port], without anything behind it")
    if parts.scheme not in _PORTS or not parts.hostname:
        raise InvalidRequest("hosts", "each has to be https://host[:port]")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Hosts:
    """The main host and its backups, and which of them is in use.

    A host that cannot be reached is left at once, one that twice in a row did not answer, too. The
    choice then stays; after a minute one call tries the main host again, and if it answers, all go
    back to it.
    """

    def __init__(self, urls: Sequence[str], *, clock: Clock) -> None:
        if isinstance(urls, str) or not urls:
            raise InvalidRequest("hosts", "has to be a list of URLs, the main host first")
        self._origins = tuple(Origin.parse(url) for url in urls)
        if len(set(self._origins)) < len(self._origins):
            raise InvalidRequest("hosts", "has a host twice")
        self._clock = clock
        self._current = 0
        self._trial_at = 0.0
        self._doubts = dict.fromkeys(self._origins, 0)

    def order(self) -> tuple[Origin, ...]:
        """Return the hosts in the order in which a call should try them."""
        start = self._current
        if start and self._clock.now() >= self._trial_at:
            # One call is enough for a trial; the next one is due a minute later.
            self._trial_at = self._clock.now() + _TRIAL_AFTER
            return (self._origins[0], *self._origins[start:], *self._origins[1:start])
        return self._origins[start:] + self._origins[:start]

    def succeeded(self, origin: Origin) -> None:
        """Take note that the host has answered."""
        self._doubts[origin] = 0
        if origin == self._origins[0]:
            self._current = 0

    def failed(self, origin: Origin, sent: Sent) -> None:
        """Take note that the host could not be reached, or did not answer."""
        self._doubts[origin] += 1
        gone = sent is Sent.NO or self._doubts[origin] >= _DOUBTS
        if gone and origin == self._origins[self._current]:
            self._doubts[origin] = 0
            self._current = (self._current + 1) % len(self._origins)
            self._trial_at = self._clock.now() + _TRIAL_AFTER
