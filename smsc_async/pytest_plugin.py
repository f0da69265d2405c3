"""Fixtures for the tests of applications that send messages. pytest finds them by itself.

* `smsc_sandbox`: the service in the test's own process; a `testing.LocalSandbox`.
* `smsc_sandbox_server`: the service over TLS and HTTP/2, with an environment in which
  `AsyncSmsc.from_env()` and other programs find it; a `sandbox.Sandbox`.

`@pytest.mark.smsc_sandbox(balance="0", limits=False)` gives either of them its options. They need
the extra `sandbox`.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from .sandbox import Sandbox
    from .testing import LocalSandbox

__all__ = ["pytest_configure", "smsc_sandbox", "smsc_sandbox_server"]


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers", "smsc_sandbox(**options): what the SMSC sandbox is made with"
    )


def _options(request: pytest.FixtureRequest) -> dict[str, Any]:
    marker = request.node.get_closest_marker("smsc_sandbox")
    return {} if marker is None else marker.kwargs


@contextmanager
def _needing_more() -> Generator[None]:
    """Say what to install where something is missing."""
    try:
        yield
    except ModuleNotFoundError as missing:
        if missing.name not in {"hypercorn", "trustme"}:
            raise
        pytest.fail("the sandbox needs more packages: pip install 'smsc-async[sandbox]'", False)


@pytest.fixture
def smsc_sandbox(request: pytest.FixtureRequest) -> LocalSandbox:
    """The service in this process: no sockets, and no time is spent waiting.

    `smsc_sandbox.client()` is an `AsyncSmsc` for it; `messages` is what was sent, `receive` lets
    somebody write back, `advance` moves the time, `callback_to` posts callbacks to your app.
    """
    # Here and not above: pytest loads this file in every project that has the package installed.
    with _needing_more():
        from .testing import LocalSandbox  # noqa: PLC0415

    return LocalSandbox(**_options(request))


@pytest.fixture
def smsc_sandbox_server(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Sandbox]:
    """The service over TLS and HTTP/2 on this machine, for as long as the test lasts.

    `AsyncSmsc.from_env()` finds it. `callback_url` is where it posts callbacks, `advance` moves its
    time.
    """
    with _needing_more():
        from .sandbox import Sandbox  # noqa: PLC0415

    with Sandbox(**_options(request)) as sandbox:
        for name, value in sandbox.environment.items():
            monkeypatch.setenv(name, value)
        yield sandbox
