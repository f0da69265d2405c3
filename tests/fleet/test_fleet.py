"""Four processes, one account, one set of limits; and one of them is killed now and then."""

from __future__ import annotations

import json
import os
import random
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import pytest
from clocks import ScaledClock

from smsc_async.sandbox import Sandbox

pytestmark = pytest.mark.fleet

WORKER = Path(__file__).with_name("worker.py")
WORKERS = 4
SECONDS = float(os.environ.get("SMSC_FLEET_SECONDS", "60"))
FACTOR = 10.0
"""How many times as fast the service's clock runs."""
KILL_EVERY = float(os.environ.get("SMSC_FLEET_KILL", "4"))
STALLS = 0.02

# What the documented limits allow in a minute: by script, of the kinds that the workers ask for.
ALLOWED = {"balance.php": 10, "templates.php": 3, "status.php": 2 * 5}
"""Requests a minute."""


def latency(luck: random.Random) -> float:
    """Return how long an answer takes; some take very long."""
    return luck.uniform(1.0, 2.0) if luck.random() < STALLS else luck.uniform(0.005, 0.15)


@attrs.define
class Fleet:
    """The workers, and what they said of mistakes."""

    order: dict[str, object]
    workers: list[subprocess.Popen[str]] = attrs.field(factory=list)
    complaints: list[str] = attrs.field(factory=list)

    def start(self) -> None:
        """Start one more."""
        self.workers.append(
            subprocess.Popen(
                [sys.executable, WORKER, json.dumps(self.order)],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )

    def kill(self, worker: subprocess.Popen[str]) -> None:
        """Kill one, in the middle of whatever it does; it should have had nothing to say."""
        worker.kill()
        said, _ = worker.communicate()
        self.workers.remove(worker)
        if said or worker.returncode != -9:
            self.complaints.append(said)

    def run(self, seconds: float, luck: random.Random) -> None:
        """Let them work, and replace one now and then."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(KILL_EVERY, left))
            if left > KILL_EVERY:
                self.kill(luck.choice(self.workers))
                self.start()


@contextmanager
def fleet(order: dict[str, object]) -> Iterator[Fleet]:
    """Start the workers, and kill them in the end."""
    working = Fleet(order)
    try:
        for _ in range(WORKERS):
            working.start()
        yield working
    finally:
        for worker in list(working.workers):
            working.kill(worker)


@pytest.fixture(params=["sqlite", "redis"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/governor.db"
    url: str = request.getfixturevalue("redis_url")
    return f"{url}?prefix=fleet-{secrets.token_hex(8)}"


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_fleet_keeps_to_the_limits_of_its_account(address: str, backend: str) -> None:
    """The service refuses nothing, sees at most 12 and 4 at once, and is kept nearly that busy."""
    luck = random.Random(7)
    clock = ScaledClock(FACTOR)
    with Sandbox(hosts=1, time=clock.now, latency=lambda: latency(luck)) as sandbox:
        order: dict[str, object] = {
            "host": sandbox.urls[0],
            "ca": sandbox.ca,
            "login": sandbox.login,
            "password": sandbox.password,
            "messages": ["one", "two"],
            "governor": address,
            "backend": backend,
            "factor": FACTOR,
        }
        with fleet(order) as working:
            while not sandbox.requests():
                time.sleep(0.05)
                assert all(worker.poll() is None for worker in working.workers)
            begun = time.monotonic()
            working.run(SECONDS, luck)
            minutes = (time.monotonic() - begun) * FACTOR / 60
            served = {script: sandbox.requests(script=script) for script in ALLOWED}
            sends = sandbox.requests(script="send.php")

        allowed = {script: count * minutes for script, count in ALLOWED.items()}
        used = sum(served.values()) / sum(allowed.values())
        print(  # noqa: T201 - the figures are what the test is for
            f"{backend} {address.partition(':')[0]}: refused {len(sandbox.refusals)}, in flight"
            f" {sandbox.peak_in_flight} and {sandbox.peak_status_in_flight}, {used:.1%} of what the"
            f" windows allow {served}, {sends / SECONDS:.0f} sends a second"
        )
        assert working.complaints == []
        assert sandbox.refusals == ()
        assert sandbox.peak_in_flight <= 12
        assert sandbox.peak_status_in_flight <= 4
        assert used > 0.9
