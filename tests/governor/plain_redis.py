"""Redis without waiting for anything else meanwhile: what the property tests ask."""

from __future__ import annotations

import socket
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar
from urllib.parse import urlsplit

__all__ = ["PlainLink", "at_once"]

T = TypeVar("T")


def at_once(step: Coroutine[Any, Any, T]) -> T:
    """Return what a step comes to that never waits."""
    try:
        step.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    raise AssertionError("it waits")


class PlainLink:
    """Stands where a `RedisConnection` stands, and blocks."""

    def __init__(self, url: str) -> None:
        where = urlsplit(url)
        self._wire = socket.create_connection((where.hostname, where.port), timeout=10.0)
        self._file = self._wire.makefile("rb")
        if where.password:
            self._say("AUTH", where.username or "default", where.password)
        self._say("SELECT", where.path.strip("/") or "0")

    async def run(self, script: str, keys: Sequence[str], terms: Sequence[str]) -> Any:
        """Let Redis carry out a script."""
        return self._say("EVAL", script, str(len(keys)), *keys, *terms)

    async def aclose(self) -> None:
        """Hang up."""
        self._file.close()
        self._wire.close()

    def _say(self, *words: str) -> Any:
        said = [word.encode() for word in words]
        bulk = b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in said)
        self._wire.sendall(b"*%d\r\n%b" % (len(said), bulk))
        return self._hear()

    def _hear(self) -> Any:
        kind, rest = (line := self._file.readline())[:1], line[1:-2]
        if kind == b"*":
            return [self._hear() for _ in range(int(rest))]
        if kind == b"$":
            size = int(rest)
            return None if size < 0 else self._file.read(size + 2)[:-2]
        assert kind != b"-", rest
        return int(rest) if kind == b":" else rest
