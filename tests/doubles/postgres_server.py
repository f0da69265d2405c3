"""A PostgreSQL of the tests' own, on 127.0.0.1, for as long as they last."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from redis_server import wanted

__all__ = ["PostgresServer", "postgres_server"]

PLACES = "/usr/lib/postgresql/*/bin"
PATIENCE = 30.0


def program(name: str) -> str:
    """Return a program of the server: where the system keeps it, or on the PATH."""
    kept = sorted(Path("/").glob(f"{PLACES[1:]}/{name}"), reverse=True)
    found = str(kept[0]) if kept else shutil.which(name)
    if found is not None:
        return found
    why = "needs a PostgreSQL: SMSC_TEST_POSTGRES_URL, or initdb and postgres on the PATH"
    if wanted("postgres"):
        pytest.fail(why, pytrace=False)
    pytest.skip(why)


def somebody(directory: str) -> list[str]:
    """Return what to begin a command with, so that root is not who runs it."""
    if os.geteuid():
        return []
    shutil.chown(directory, "nobody")
    return ["setpriv", "--reuid=nobody", "--clear-groups"]


def answers(port: int) -> bool:
    """Whether the server takes connections: it listens some time before."""
    ask = [program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    return subprocess.run(ask, check=False).returncode == 0


class PostgresServer:
    """A server with a cluster of its own, which can be stopped and started again."""

    def __init__(self, directory: str) -> None:
        self._begin, self._data = somebody(directory), f"{directory}/data"
        make = [*self._begin, program("initdb"), "-D", self._data, "-U", "smsc", "-A", "trust"]
        make += ["-E", "UTF8", "--locale=C", "--no-sync"]
        subprocess.run(make, check=True, stdout=subprocess.DEVNULL)
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port: int = free.getsockname()[1]

    @property
    def url(self) -> str:
        """Where it is."""
        return f"postgresql://smsc@127.0.0.1:{self._port}/postgres"

    @property
    def running(self) -> bool:
        """Whether it was started and not stopped."""
        return self._process is not None

    def start(self) -> None:
        """Start it and wait until it answers."""
        serve = [*self._begin, program("postgres"), "-D", self._data, "-p", str(self._port)]
        # What it holds does not outlast the tests.
        serve += ["-h", "127.0.0.1", "-k", "", "-c", "fsync=off", "-c", "full_page_writes=off"]
        self._process = subprocess.Popen(
            serve, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + PATIENCE
        while not answers(self._port):
            assert self._process.poll() is None, "postgres does not start"
            assert time.monotonic() < until, "postgres does not start"
            time.sleep(0.05)

    def stop(self) -> None:
        """End it, with all that goes on in it; what was committed stays."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGINT)
            process.wait()


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Make a cluster, start its server, and end it afterwards."""
    program("postgres")
    with TemporaryDirectory(prefix="smsc-postgres-") as directory:
        server = PostgresServer(directory)
        try:
            server.start()
            yield server
        finally:
            server.stop()
