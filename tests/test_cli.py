"""The command line, as it is typed."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path

import pytest
from typer.testing import CliRunner

from smsc_async._money import money
from smsc_async.cli import app
from smsc_async.sandbox import Sandbox

PHONE = "+79991234567"


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A sandbox that the environment points at."""
    with Sandbox(delivery=(0.0, 0.0)) as service:
        monkeypatch.setenv("SMSC_LOGIN", service.login)
        monkeypatch.setenv("SMSC_PASSWORD", service.password)
        monkeypatch.setenv("SMSC_HOSTS", ",".join(service.urls))
        monkeypatch.setenv("SMSC_CA", service.ca)
        yield service


def smsc(*words: str, code: int = 0) -> str:
    """Run a command and return what it prints."""
    result = CliRunner().invoke(app, words)
    assert result.exit_code == code, result.output
    return result.output


def test_send_and_follow(sandbox: Sandbox) -> None:
    """A message is sent, and found under the id that was printed."""
    out = smsc("send", PHONE, "--text", "Hello", "--sender", "Shop")
    [message] = sandbox.messages

    assert message.sender == "Shop"
    assert message.id in out
    assert "DELIVERED" in smsc("status", message.id, PHONE)


def test_quote_and_balance(sandbox: Sandbox) -> None:
    """A price is shown without sending, and so is the money."""
    assert "units" in smsc("quote", PHONE, "79997654321", "-t", "Hello")
    assert "1000.00" in smsc("balance")
    assert sandbox.messages == ()


def test_help_and_version() -> None:
    """The help begins with what is tried first; the version is that of the package."""
    shown = smsc("--help")

    assert "Set SMSC_LOGIN and SMSC_PASSWORD" in shown
    places = [
        shown.index(f" {name} ") for name in ("send", "quote", "send-many", "journal", "demo")
    ]
    assert places == sorted(places)
    assert smsc("--version") == f"smsc-async {version('smsc-async')}\n"


def test_errors_are_one_line(sandbox: Sandbox) -> None:
    """What goes wrong is said on one line, by its name, and the exit code is 1."""
    out = smsc("send", "nobody", "--text", "Hello", code=1)

    assert out.startswith("InvalidRequest: to: ")
    assert out.count("\n") == 1


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("0", "0.00"),
        ("45", "45.00"),
        ("0.3", "0.30"),
        ("1E+3", "1000.00"),
        ("0.1550", "0.155"),
        ("-2.5", "-2.50"),
        ("NaN", "unknown"),
    ],
)
def test_money_looks_the_same_everywhere(amount: str, shown: str) -> None:
    """Money has two digits behind the point, or as many as it needs."""
    assert money(Decimal(amount)) == shown


def test_demo() -> None:
    """The demonstration ends well when every message arrived once."""
    out = smsc("demo", "--messages", "15")

    assert "Every message was delivered exactly once." in out


@pytest.mark.parametrize("way", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_sandbox_runs_until_it_is_stopped(way: signal.Signals) -> None:
    """The sandbox prints the environment that points at it, serves, ends and leaves nothing."""
    command = [sys.executable, "-m", "smsc_async.cli", "sandbox"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        lines = [process.stdout.readline() for _ in range(6)]
        environment = dict(re.findall(r"export (\w+)=(\S+)", "".join(lines)))
        assert Path(environment["SMSC_CA"]).exists()
        with pytest.MonkeyPatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            assert environment["SMSC_HOSTS"].startswith("https://localhost:")
            assert "1000" in smsc("balance")
        process.send_signal(way)
        assert "Stopped." in process.stdout.read()
    assert process.returncode == 0
    assert not Path(environment["SMSC_CA"]).exists()
