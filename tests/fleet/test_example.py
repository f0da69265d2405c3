"""The example with workers that are killed: `examples/fleet`."""

from __future__ import annotations

import pytest
from fleet.run import main

pytestmark = pytest.mark.fleet


def test_each_message_goes_once(
    postgres_url: str, redis_url: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """Whoever is killed meanwhile; nothing is lost, and the service refuses nothing."""
    taken = main(postgres_url, redis_url, 1500)
    said, _ = capfd.readouterr()

    assert taken == dict.fromkeys((f"7999{at:07}" for at in range(1500)), 1)
    assert said.count("killed worker") == 5
    assert said.endswith(" at once, 0 refused\n")
