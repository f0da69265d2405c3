"""What a permit costs: in memory, in a file, in Redis; one process and four.

A pair is a permit and giving it back, under a limit of its own and one of the account's slots,
with a thousand slots, so that nobody waits for anybody. The added latency is the time that a call
spends on both.

    python benchmarks/bench_governor.py [--seconds 3] [--redis redis://host:port/0]

Without an address it starts a redis-server of its own on 127.0.0.1, if there is one.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import anyio

from smsc_async._clock import SystemClock
from smsc_async.governor import Governor, Need, Outcome
from smsc_async.governor.address import governor_at

if TYPE_CHECKING:
    from collections.abc import Iterator

LIVE_KEYS = 20_000
SLOTS = Need("slots", 1000, 0.0, "concurrency")
PROCESSES = 4
TASKS = 12
TURNS = itertools.count()


async def pairs(governor: Governor, tasks: int, seconds: float) -> list[float]:
    """Take permits and give them back for so long; return how long each pair took."""
    took: list[float] = []
    until = time.perf_counter() + seconds

    async def work() -> None:
        while (begun := time.perf_counter()) < until:
            need = Need(f"k{os.getpid()}.{next(TURNS)}", 1, 62.0, "rule")
            permit = await governor.acquire((need, SLOTS), lease=30.0, patience=60.0)
            await governor.release(permit, Outcome.ANSWERED)
            took.append(time.perf_counter() - begun)

    async with anyio.create_task_group() as group:
        for _ in range(tasks):
            group.start_soon(work)
    return took


async def measure(address: str, tasks: int, seconds: float) -> dict[str, float]:
    """Measure one process; in memory with thousands of other keys."""
    governor = governor_at(address, SystemClock())
    if address == "memory://":
        for number in range(LIVE_KEYS):
            need = Need(f"live{number}", 1, 3600.0, "rule")
            permit = await governor.acquire((need, SLOTS), lease=30.0, patience=0)
            await governor.release(permit, Outcome.ANSWERED)
    await pairs(governor, tasks, 0.2)
    took = await pairs(governor, tasks, seconds)
    await governor.aclose()
    took.sort()
    return {
        "rate": len(took) / seconds,
        "median": statistics.median(took),
        "slow": took[int(len(took) * 0.99)],
    }


def fleet(address: str, processes: int, seconds: float) -> list[dict[str, float]]:
    """Measure several processes at once."""
    order = [sys.executable, __file__, "--worker", address, "--seconds", str(seconds)]
    workers = [subprocess.Popen(order, stdout=subprocess.PIPE) for _ in range(processes)]
    return [json.loads(worker.communicate()[0]) for worker in workers]


def report(name: str, scores: list[dict[str, float]]) -> None:
    """Print one row."""
    rate = sum(score["rate"] for score in scores)
    median = statistics.median(score["median"] for score in scores)
    slow = max(score["slow"] for score in scores)
    print(f"{name:<24} {rate:>10,.0f} {median * 1e6:>14,.0f} {slow * 1e6:>12,.0f}")


@contextlib.contextmanager
def redis_at(url: str | None) -> Iterator[str | None]:
    """Return the address given, or that of a server of our own, if there can be one."""
    beside = str(Path(sys.executable).parent)
    program = shutil.which("redis-server") or shutil.which("redis-server", path=beside)
    if url or program is None:
        yield url
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    server = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
    try:
        time.sleep(0.5)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait()


def main() -> None:
    """Measure every store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--redis")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        print(json.dumps(anyio.run(measure, options.worker, TASKS, options.seconds)))
        return
    print(f"{'':<24} {'pairs/s':>10} {'median, us':>14} {'p99, us':>12}")
    with TemporaryDirectory() as directory, redis_at(options.redis) as redis:
        stores = {"memory": "memory://", "sqlite": f"sqlite:///{directory}/governor.db"}
        if redis is None:
            print("no redis-server here: give --redis")
        else:
            stores["redis"] = redis
        for name, address in stores.items():
            score = anyio.run(measure, address, 1, options.seconds)
            report(f"{name}, 1 task", [score])
            if name == "memory":
                continue
            for processes in (1, PROCESSES):
                scores = fleet(address, processes, options.seconds)
                report(f"{name}, {processes} x {TASKS} tasks", scores)


if __name__ == "__main__":
    main()
