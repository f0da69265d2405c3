"""What `send_many` is worth, against a client that sends one message per request.

The server takes 50 ms over each request and refuses the fifteenth at once, as the real one does;
it is a small one, in a process of its own, over TLS and HTTP/2. In turns, in one run:

* a bare httpx client, one message per request, twelve in flight: what everybody does
* `send_many`, personalised texts, a hundred to a pack, without a journal and with one

Printed are, for each, messages per second, CPU per message of this process, and the bytes of HTTP/2
per message inside TLS; then the ratios, as medians over the rounds. Last, in a process of its own,
very many messages are streamed, and the peak of its memory is compared with the idle client's.

    python benchmarks/bench_bulk.py [--rounds 5] [--slice 3] [--messages 1000000]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeAlias

import anyio
import attrs
import h2.config
import h2.connection
import h2.events
import h2.exceptions
import httpx
import trustme

from smsc_async import AsyncSmsc, Outgoing

LATENCY: Final = 0.050
REFUSED_FROM: Final = 15
IN_FLIGHT: Final = 12
_LINES: Final = re.compile(rb"(?:&list=|%0[Aa])%2[Bb](\d+)%3[Aa]")
_PHONE: Final = re.compile(rb"(?:^|&)phones=%2B(\d+)")

Work: TypeAlias = Callable[[int], Awaitable[object]]
"""Sends so many messages."""


class Service(asyncio.Protocol):
    """One connection: accepts every message after 50 ms, unless there are too many at once."""

    present = 0
    refused = 0
    read = 0
    written = 0

    def __init__(self) -> None:
        config = h2.config.H2Configuration(client_side=False)
        self._h2 = h2.connection.H2Connection(config)
        self._bodies: dict[int, bytearray] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, with room for big requests."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - TLS is a stream
        self._transport = transport
        self._h2.local_settings.initial_window_size = 1 << 20
        self._h2.initiate_connection()
        self._h2.increment_flow_control_window(1 << 24)
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Collect requests, and begin each that is complete."""
        Service.read += len(data)
        loop = asyncio.get_running_loop()
        for event in self._h2.receive_data(data):
            if isinstance(event, h2.events.RequestReceived):
                self._bodies[event.stream_id] = bytearray()
            elif isinstance(event, h2.events.DataReceived):
                self._bodies[event.stream_id] += event.data
                size = event.flow_controlled_length
                self._h2.acknowledge_received_data(size, event.stream_id)
            elif isinstance(event, h2.events.StreamEnded):
                Service.present += 1
                body = bytes(self._bodies.pop(event.stream_id))
                if Service.present >= REFUSED_FROM:
                    Service.refused += 1
                    answer = b'{"error": "too many concurrent requests", "error_code": 9}'
                else:
                    answer = reply(body)
                loop.call_later(LATENCY, self._answer, event.stream_id, answer)
        self._flush()

    def _answer(self, stream: int, answer: bytes) -> None:
        Service.present -= 1
        with suppress(h2.exceptions.ProtocolError):
            self._h2.send_headers(stream, [(":status", "200")])
            self._h2.send_data(stream, answer, end_stream=True)
            self._flush()

    def _flush(self) -> None:
        data = self._h2.data_to_send()
        Service.written += len(data)
        self._transport.write(data)


def reply(body: bytes) -> bytes:
    """Accept the messages of a form; a list is read, for the answer names each recipient."""
    if b"counters=1" in body:
        counters = {"read": Service.read, "written": Service.written, "refused": Service.refused}
        return json.dumps(counters).encode()
    # Read as it is, still quoted: the server shall not be what is measured.
    listed = _LINES.findall(body)
    phones = listed or _PHONE.findall(body)
    item = '{"phone":"%s","mccmnc":"25002","cost":"0.3","status":"-1","error":"0"}'
    items = ",".join([item % phone.decode() for phone in listed])
    cost = f"{len(phones) * 0.3:.2f}"
    units = 2 * len(phones)
    tail = f',"phones":[{items}]' if items else ""
    return f'{{"id":"m1","cnt":{units},"cost":"{cost}","balance":"1000"{tail}}}'.encode()


async def serve() -> None:
    """Serve until the input ends; say where, and whom to trust."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["h2"])
    authority.issue_cert("localhost").configure_cert(context)
    with tempfile.TemporaryDirectory() as folder:
        ca = Path(folder, "ca.pem")
        authority.cert_pem.write_to_path(str(ca))
        loop = asyncio.get_running_loop()
        server = await loop.create_server(Service, "127.0.0.1", ssl=context)
        print(f"https://localhost:{server.sockets[0].getsockname()[1]}", ca, flush=True)
        await asyncio.to_thread(sys.stdin.read)


@attrs.define
class Score:
    """Messages per second, CPU seconds and bytes per message, one of each for every round."""

    rates: list[float] = attrs.field(factory=list)
    cpu: list[float] = attrs.field(factory=list)
    up: list[float] = attrs.field(factory=list)
    down: list[float] = attrs.field(factory=list)


def text(number: int) -> str:
    """A personalised text in Cyrillic: 70 characters, a unit."""
    return f"Здравствуйте, Иван Петрович! Ваш заказ {number:08} готов, ждём вас завтра."


def people(first: int, count: int) -> Iterator[Outgoing]:
    """So many messages to phones of their own."""
    for number in range(first, first + count):
        yield Outgoing(f"+79{number:09}", text(number))


class Entrants:
    """The clients that are compared; each sends messages that nobody has sent before."""

    def __init__(self, smsc: AsyncSmsc, bare: httpx.AsyncClient, folder: Path) -> None:
        self._smsc = smsc
        self._bare = bare
        self._folder = folder
        self._next = 0

    def _take(self, count: int) -> int:
        first, self._next = self._next, self._next + count
        return first

    async def one_by_one(self, count: int) -> None:
        """One message per request, twelve in flight."""
        numbers = iter(range(first := self._take(count), first + count))
        fields = {"login": "demo", "psw": "demo", "cost": "3", "fmt": "3", "charset": "utf-8"}

        async def worker() -> None:
            for number in numbers:
                own = {"phones": f"+79{number:09}", "mes": text(number), "id": f"m{number:024}"}
                (await self._bare.post("/sys/send.php", data=fields | own)).json()

        async with anyio.create_task_group() as group:
            for _ in range(IN_FLIGHT):
                group.start_soon(worker)

    async def packed(self, count: int) -> None:
        """`send_many`, without a journal."""
        await self._send(count, None)

    async def journaled(self, count: int) -> None:
        """`send_many`, with a journal."""
        await self._send(count, str(self._folder / f"{self._next}.db"))

    async def _send(self, count: int, journal: str | None) -> None:
        first = self._take(count)
        report = await self._smsc.send_many(people(first, count), journal=journal)
        assert report.accepted == count, report  # noqa: S101 - else it measures something else


async def counters(bare: httpx.AsyncClient) -> dict[str, int]:
    """What the server has counted."""
    answer: dict[str, int] = (await bare.post("/", data={"counters": "1"})).json()
    return answer


async def turn(work: Work, count: int, bare: httpx.AsyncClient, score: Score) -> None:
    """Let one of them send so many messages, and note what it took."""
    before = await counters(bare)
    wall, cpu = time.perf_counter(), time.process_time()
    await work(count)
    score.cpu.append((time.process_time() - cpu) / count)
    score.rates.append(count / (time.perf_counter() - wall))
    after = await counters(bare)
    score.up.append((after["read"] - before["read"]) / count)
    score.down.append((after["written"] - before["written"]) / count)


async def run(url: str, ca: str, rounds: int, seconds: float) -> None:
    """Let each have turns, round after round, and print the scores."""
    context = ssl.create_default_context(cafile=ca)
    with tempfile.TemporaryDirectory() as folder:
        async with (
            AsyncSmsc("demo", "demo", hosts=[url], verify=ca) as smsc,
            httpx.AsyncClient(http2=True, http1=False, verify=context, base_url=url) as bare,
        ):
            entrants = Entrants(smsc, bare, Path(folder))
            works: dict[str, tuple[Work, int]] = {
                "one by one": (entrants.one_by_one, int(seconds * 200)),
                "send_many": (entrants.packed, int(seconds * 15000)),
                "with a journal": (entrants.journaled, int(seconds * 15000)),
            }
            for work, count in works.values():
                await work(count // 10)
            scores = {name: Score() for name in works}
            for _ in range(rounds):
                for name, (work, count) in works.items():
                    await turn(work, count, bare, scores[name])
            refused = (await counters(bare))["refused"]
    report(scores, refused)


def report(scores: dict[str, Score], refused: int) -> None:
    """Print what was measured."""
    print("                messages/s   CPU µs  bytes up  bytes down")
    for name, score in scores.items():
        middle = statistics.median
        print(
            f"{name:<15} {middle(score.rates):>10.0f} {middle(score.cpu) * 1e6:>8.1f}"
            f" {middle(score.up):>9.0f} {middle(score.down):>11.0f}"
        )
    bare, packed, journaled = scores.values()
    print(f"refused for coming as the fifteenth: {refused}")
    for name, score in (("send_many", packed), ("with a journal", journaled)):
        print(
            f"{name} to one by one: {ratio(score.rates, bare.rates):.0f} times the messages,"
            f" 1/{ratio(bare.cpu, score.cpu):.0f} of the CPU per message"
        )
    print(f"a journal costs {ratio(journaled.cpu, packed.cpu) - 1:.0%} more CPU per message")


def ratio(above: list[float], below: list[float]) -> float:
    """The median of the ratios of the rounds."""
    return statistics.median(a / b for a, b in zip(above, below, strict=True))


async def stream(url: str, ca: str, count: int, journal: str | None) -> None:
    """Stream so many messages, and print the memory of the idle client and the peak, in MiB."""
    async with AsyncSmsc("demo", "demo", hosts=[url], verify=ca) as smsc:
        await smsc.send("+79000000000", "Hello")
        idle = memory("VmRSS")
        began = time.perf_counter()
        done = await smsc.send_many(people(1, count), journal=journal)
        seconds = time.perf_counter() - began
        assert done.accepted == count, done  # noqa: S101 - else it measures something else
    peak = memory("VmHWM")
    with_it = "with a journal" if journal else "without a journal"
    print(
        f"{count} messages streamed {with_it}: {count / seconds:.0f} a second,"
        f" {peak - idle:.0f} MiB above the idle client's {idle:.0f}",
        flush=True,
    )


def memory(field: str) -> float:
    """What the kernel says of this process's own memory, in MiB: `getrusage` has the parent's."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition(f"{field}:")[2].split()[0]) / 1024


def main() -> None:
    """Read the options, start the server, run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--slice", type=float, default=3.0, help="seconds per turn, about")
    parser.add_argument("--messages", type=int, default=200_000, help="to stream; 0 for none")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--stream", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve())
        return
    if options.stream:
        url, ca, count, journal = options.stream
        anyio.run(stream, url, ca, int(count), journal or None)
        return
    command = [sys.executable, __file__, "--serve"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        url, ca = (server.stdout or sys.stdin).readline().split()
        if options.rounds:
            anyio.run(run, url, ca, options.rounds, options.slice)
        with tempfile.TemporaryDirectory() as folder:
            for journal in ("", f"{folder}/stream.db") if options.messages else ():
                count = str(options.messages)
                own = [sys.executable, __file__, "--stream", url, ca, count, journal]
                subprocess.run(own, check=True)
        # The end of its input ends the server.
        server.communicate()


if __name__ == "__main__":
    main()
