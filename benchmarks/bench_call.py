"""What a call of AsyncSmsc costs, against a bare httpx client posting the same bytes.

Both talk to the same server, over TLS and HTTP/2, in the same run, in turns of a fraction of a
second, so that a machine whose speed drifts drifts for both. Printed are the CPU time per call of
this process and the ratios: ours to the bare client's, as medians over the rounds.

    python benchmarks/bench_call.py [--rounds 20] [--slice 0.25]
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import ssl
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

import anyio
import attrs
import httpx

from smsc_async import AsyncSmsc, MemoryGovernor
from smsc_async._clock import SystemClock
from smsc_async.governor import Need, Notice, Outcome, Permit
from smsc_async.sandbox import Sandbox

Work: TypeAlias = Callable[[], Awaitable[object]]

_IN_FLIGHT = (1, 4, 12)


class Unlimited:
    """The real governor, but every call has windows of its own.

    The documented limits would stop a benchmark after ten calls; what is measured is the cost of
    keeping them, not the waiting.
    """

    def __init__(self) -> None:
        self._inner = MemoryGovernor(clock=SystemClock())
        self._turns = itertools.count()

    async def acquire(self, needs: Sequence[Need], *, lease: float, patience: float) -> Permit:
        turn = next(self._turns)
        own = [_apart(need, turn) if need.hold else need for need in needs]
        return await self._inner.acquire(own, lease=lease, patience=patience)

    async def release(self, permit: Permit, outcome: Outcome) -> None:
        await self._inner.release(permit, outcome)

    async def fill(self, need: Need, seconds: float, *, leave: int = 0) -> None:
        await self._inner.fill(need, seconds, leave=leave)

    async def notice(self, key: str) -> Notice | None:
        return await self._inner.notice(key)

    async def post(self, key: str, text: str, seconds: float, *, instead_of: str) -> bool:
        return await self._inner.post(key, text, seconds, instead_of=instead_of)

    async def aclose(self) -> None:
        await self._inner.aclose()


def _apart(need: Need, turn: int) -> Need:
    key = f"{need.key}{turn}"
    return Need(key, need.limit, need.hold, need.rule, need.streak, need.patience)


@attrs.define
class Score:
    """CPU and wall seconds per call, one of each for every round."""

    cpu: list[float] = attrs.field(factory=list)
    wall: list[float] = attrs.field(factory=list)


async def turn(work: Work, in_flight: int, seconds: float) -> tuple[float, float]:
    """Keep so many calls in flight for so long; return CPU and wall seconds per call."""
    calls = 0
    until = time.perf_counter() + seconds

    async def worker() -> None:
        nonlocal calls
        while time.perf_counter() < until:
            await work()
            calls += 1

    cpu, wall = time.process_time(), time.perf_counter()
    async with anyio.create_task_group() as group:
        for _ in range(in_flight):
            group.start_soon(worker)
    return (time.process_time() - cpu) / calls, (time.perf_counter() - wall) / calls


async def compare(
    entrants: dict[str, Work], in_flight: int, rounds: int, seconds: float
) -> dict[str, Score]:
    """Let everybody have a turn, round after round."""
    scores = {name: Score() for name in entrants}
    for work in entrants.values():
        await turn(work, in_flight, seconds / 2)
    for _ in range(rounds):
        for name, work in entrants.items():
            cpu, wall = await turn(work, in_flight, seconds)
            scores[name].cpu.append(cpu)
            scores[name].wall.append(wall)
    return scores


def report(in_flight: int, call: str, ours: Score, bare: Score) -> None:
    """Print one row."""
    cpu = ratio(ours.cpu, bare.cpu)
    speed = ratio(bare.wall, ours.wall)
    print(
        f"{in_flight:>9}  {call:<8} {microseconds(ours):>7} {microseconds(bare):>8}"
        f" {cpu:>10.2f} {speed:>17.2f}"
    )


def ratio(above: list[float], below: list[float]) -> float:
    """The median of the ratios of the rounds."""
    return statistics.median(a / b for a, b in zip(above, below, strict=True))


def microseconds(score: Score) -> str:
    """CPU per call."""
    return f"{statistics.median(score.cpu) * 1e6:.0f}"


async def run(url: str, ca: str, rounds: int, seconds: float) -> None:
    """Compare both kinds of call at each number in flight."""
    numbers = itertools.count(79_006_000_000)
    who = {"login": Sandbox.login, "psw": Sandbox.password}
    common = {"fmt": "3", "charset": "utf-8"}
    message = {"mes": "Your code is 1234", "id": "m0123456789abcdefghijklmn", "cost": "3"}
    context = ssl.create_default_context(cafile=ca)
    login = Sandbox.login, Sandbox.password
    async with (
        # Every message is another recipient's, so sending meets no limit but the slots'.
        AsyncSmsc(*login, hosts=[url], verify=ca) as smsc,
        AsyncSmsc(*login, hosts=[url], verify=ca, governor=Unlimited()) as unlimited,
        httpx.AsyncClient(http2=True, http1=False, verify=context, base_url=url) as bare,
    ):

        async def post(script: str, data: dict[str, str]) -> None:
            # When the server ends a connection, after a thousand requests, the bare client loses
            # what is in flight on it.
            while True:
                with contextlib.suppress(httpx.TransportError):
                    (await bare.post(f"/sys/{script}", data=who | data | common)).json()
                    return

        entrants: dict[str, Work] = {
            "balance": unlimited.balance,
            "bare balance": lambda: post("balance.php", {"cur": "1"}),
            "send": lambda: smsc.send(f"+{next(numbers)}", message["mes"]),
            "bare send": lambda: post("send.php", {"phones": f"+{next(numbers)}"} | message),
        }
        print("in flight  call      CPU µs  bare µs  CPU ratio  throughput ratio")
        for in_flight in _IN_FLIGHT:
            scores = await compare(entrants, in_flight, rounds, seconds)
            for call in ("balance", "send"):
                report(in_flight, call, scores[call], scores[f"bare {call}"])


def serve() -> None:
    """Run the server in a process of its own, and say where it is."""
    with Sandbox(limits=False, hosts=1, balance="1000000000") as sandbox:
        print(sandbox.urls[0], sandbox.ca, flush=True)
        sys.stdin.read()


def main() -> None:
    """Read the options, start the server, run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--slice", type=float, default=0.25, help="seconds per turn")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve()
        return
    command = [sys.executable, __file__, "--serve"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        url, ca = (server.stdout or sys.stdin).readline().split()
        anyio.run(run, url, ca, options.rounds, options.slice)
        # The end of its input ends the server.
        server.communicate()


if __name__ == "__main__":
    main()
