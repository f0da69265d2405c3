"""From the address of a store to the governor that counts there."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from ..errors import InvalidRequest
from .memory import MemoryGovernor
from .sqlite import SqliteGovernor

if TYPE_CHECKING:
    from .._clock import Clock
    from .base import Governor

__all__ = ["governor_at"]

_REDIS: Final = ("redis", "rediss")
_FORM: Final = (
    'has to be "memory://", "sqlite:///file.db", "redis://host:6379/0" or a Governor; '
    "the last two take ?share=0.25"
)


def governor_at(address: str, clock: Clock) -> Governor:
    """Make the governor of an address, or raise `InvalidRequest`.

    `sqlite:///file.db` is relative, `sqlite:////var/lib/file.db` is not. Both `sqlite` and `redis`
    take `?share=`, and `redis` takes `prefix=` and what coredis takes.
    """
    if address == "memory://":
        return MemoryGovernor(clock=clock)
    try:
        parts = urlsplit(address)
        options = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
        share = float(options.pop("share")) if "share" in options else None
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise InvalidRequest("governor", _FORM) from None
    file = unquote(parts.path.removeprefix("/"))
    if parts.scheme == "sqlite" and file and not (parts.netloc or options):
        return SqliteGovernor(file, share=share, clock=clock)
    if parts.scheme in _REDIS and host:
        # Whoever counts elsewhere need not have what it takes, nor wait for it.
        redis = import_module(".redis", __package__)
        prefix = options.pop("prefix", "smsc")
        bare = urlunsplit(parts._replace(query=urlencode(options)))
        governor: Governor = redis.RedisGovernor(bare, share=share, prefix=prefix, clock=clock)
        return governor
    raise InvalidRequest("governor", _FORM)
