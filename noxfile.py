"""What there is to run: `nox -l` lists it."""

from __future__ import annotations

import os

import nox

nox.options.default_venv_backend = "venv"
nox.options.sessions = ["lint", "types", "tests", "demo"]

PROJECT = nox.project.load_toml("pyproject.toml")
# One more than there are cores: some tests wait for processes and servers.
WORKERS = ("-n", str((os.cpu_count() or 1) + 1))
EVERYTHING = ".[cli,fastapi,phones,postgres,redis,sandbox]"


def groups(*names: str) -> tuple[str, ...]:
    return nox.project.dependency_groups(PROJECT, *names)


@nox.session
def tests(session: nox.Session) -> None:
    """The test suite, on the installed package."""
    session.install(EVERYTHING, *groups("tests"))
    # Not `-m pytest`: that would put the checkout in front of the installed package.
    session.run("pytest", *(session.posargs or WORKERS))


@nox.session
def coverage(session: nox.Session) -> None:
    """What of the package the test suite runs; it takes twice as long."""
    session.install(EVERYTHING, *groups("tests"))
    session.run("coverage", "erase")
    session.run("coverage", "run", f"{session.bin}/pytest", *WORKERS)
    session.run("coverage", "combine", "--quiet")
    session.run("coverage", "report")


@nox.session
def faults(session: nox.Session) -> None:
    """Long runs through broken networks: storms of faults, thousands of cancellations."""
    session.install(EVERYTHING, *groups("tests"))
    # The longest storm takes minutes. More workers would steal the others' fast time.
    patience = ("-o", "faulthandler_timeout=400")
    workers = ("-n", "2", "--dist", "worksteal")
    session.run("pytest", "-m", "faults", *patience, *(session.posargs or workers))


@nox.session
def fleet(session: nox.Session) -> None:
    """Several processes on one account, killed at random, for a minute each; and the example."""
    session.install(EVERYTHING, *groups("tests"))
    patience = ("-o", "faulthandler_timeout=400")
    session.run("pytest", "-m", "fleet", "-s", *patience, *session.posargs)


@nox.session
def kill(session: nox.Session) -> None:
    """A hundred thousand messages in processes that are killed twenty times, and resumed.

    On PostgreSQL many workers share fifty thousand. SMSC_KILLS_IN_REAL_TIME=22 is longer, and so
    is SMSC_KILL_MESSAGES, the number of those on PostgreSQL.
    """
    session.install(EVERYTHING, *groups("tests"))
    patience = ("-o", "faulthandler_timeout=590")
    session.run("pytest", "-m", "kill", *patience, *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Style and suspicious code."""
    session.install(*groups("lint"))
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")


@nox.session
def types(session: nox.Session) -> None:
    """Types, by two checkers, and that none is missing from the public API."""
    session.install(EVERYTHING, *groups("tests", "types", "bench"), "nox")
    session.run("mypy")
    session.run("pyright")
    session.run("pyright", "--ignoreexternal", "--verifytypes", "smsc_async")


@nox.session
def demo(session: nox.Session) -> None:
    """Some hundred messages to a sandbox, over TLS and HTTP/2, until they are delivered."""
    session.install(".[cli,sandbox]")
    session.run("smsc", "demo", *session.posargs)


@nox.session
def example(session: nox.Session) -> None:
    """The example application, over HTTP, with a sandbox that posts callbacks to it."""
    session.install(".[fastapi,sandbox]", "uvicorn>=0.30")
    with session.chdir("examples"):
        session.run("python", "-m", "fastapi_otp.run")


@nox.session
def bench(session: nox.Session) -> None:
    """What a call costs, against a bare httpx client, as ratios."""
    session.install(".[sandbox]", *groups("bench"))
    for script in ("bench_call", "bench_latency", "bench_bulk"):
        session.run("python", f"benchmarks/{script}.py", *session.posargs)
