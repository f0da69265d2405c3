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

__all__ = ["postgres_server"]

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


@contextmanager
def postgres_server() -> Iterator[str]:
    """Make a cluster, start its server, give its URL, and end it afterwards."""
    initdb, postgres = program("initdb"), program("postgres")
    with TemporaryDirectory(prefix="smsc-postgres-") as directory:
        begin, data = somebody(directory), f"{directory}/data"
        make = [*begin, initdb, "-D", data, "-U", "smsc", "-A", "trust", "-E", "UTF8", "--no-sync"]
        subprocess.run([*make, "--locale=C"], check=True, stdout=subprocess.DEVNULL)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port: int = free.getsockname()[1]
        serve = [*begin, postgres, "-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", ""]
        process = subprocess.Popen(serve, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            until = time.monotonic() + PATIENCE
            while not answers(port):
                assert process.poll() is None, "postgres does not start"
                assert time.monotonic() < until, "postgres does not start"
                time.sleep(0.05)
            yield f"postgresql://smsc@127.0.0.1:{port}/postgres"
        finally:
            process.send_signal(signal.SIGINT)
            process.wait()
