"""What delay AsyncSmsc adds to a service that thinks, against a bare httpx client and bare h2.

The server thinks for 30 to 80 ms about each request, as the real one does, and says in its answer
how long it was. The clients keep as many requests in flight, in turns. Bare h2 writes and reads
frames and does nothing else: the delay that it has is the machine's and the server's. Printed are,
as medians over the rounds, of which a shared machine spoils some,

* the share of the slots' time that the service spent thinking: 1 is the ceiling
* what a call took longer than the service thought
* how much of a core the client used

The server's answers are ready made, so that what is measured is not the server. It runs in a
process of its own, speaks HTTP/2 over TLS, and keeps to no limits.

    python benchmarks/bench_latency.py [--rounds 5] [--slice 2] [--in-flight 12]
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import itertools
import json
import random
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, TypeAlias
from urllib.parse import urlencode, urlsplit

import anyio
import attrs
import h2.connection
import h2.events
import httpx
import trustme

from smsc_async import AsyncSmsc

Work: TypeAlias = Callable[[], Awaitable[float]]
"""Does a call and returns for how many seconds the service thought about it."""

FASTEST: Final = 0.030
SLOWEST: Final = 0.080
FORM: Final = "application/x-www-form-urlencoded"
THINK: Final = random.Random(1)  # noqa: S311 - nobody has to guess it

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEAD: Final = 9
DATA, HEADERS, SETTINGS, PING, WINDOW_UPDATE = 0, 1, 4, 6, 8
END_STREAM, ACK, END_HEADERS = 1, 1, 4
STATUS_200: Final = b"\x88"
"""How HPACK says it."""

MOST_STREAMS: Final = bytes((0, 3, 0, 0, 0, 128))
"""The setting, and its value."""


class Service(asyncio.Protocol):
    """The server's end: accepts every message after some thought.

    It reads as much of a frame as it must and answers with frames ready made, because the time that
    it takes itself would count as the clients' delay.
    """

    def __init__(self) -> None:
        self._said = bytearray()
        self._greeting = len(PREFACE)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - TLS is a stream
        self._transport = transport
        transport.write(frame(SETTINGS, 0, 0, MOST_STREAMS) + window_update(2**31 - 1 - 65_535))

    def data_received(self, data: bytes) -> None:
        """Begin to think about each request that is complete."""
        began = time.perf_counter()
        self._said += data
        del self._said[: (skip := min(self._greeting, len(self._said)))]
        self._greeting -= skip
        while len(self._said) >= (size := HEAD + int.from_bytes(self._said[:3])):
            kind, flags = self._said[3:5]
            stream = int.from_bytes(self._said[5:HEAD])
            if kind == DATA and flags & END_STREAM:
                think = THINK.uniform(FASTEST, SLOWEST)
                asyncio.get_running_loop().call_later(think, self._answer, stream, began)
            elif kind in (SETTINGS, PING) and not flags & ACK:
                payload = bytes(self._said[HEAD:size]) if kind == PING else b""
                self._transport.write(frame(kind, ACK, 0, payload))
            del self._said[:size]

    def _answer(self, stream: int, began: float) -> None:
        took = round((time.perf_counter() - began) * 1e6)
        answer = b'{"id": "m1", "cnt": 1, "cost": "1", "balance": "1", "took": %d}' % took
        status = frame(HEADERS, END_HEADERS, stream, STATUS_200)
        self._transport.write(status + frame(DATA, END_STREAM, stream, answer))


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """Make a frame of HTTP/2."""
    return b"".join((len(payload).to_bytes(3), bytes((kind, flags)), stream.to_bytes(4), payload))


def window_update(size: int) -> bytes:
    """Make the frame that lets the other end send so many bytes more."""
    return frame(WINDOW_UPDATE, 0, 0, size.to_bytes(4))


class BareH2(asyncio.Protocol):
    """The least a client can do: frames out, frames in."""

    def __init__(self) -> None:
        self._h2 = h2.connection.H2Connection()
        self._answers: dict[int, tuple[bytearray, asyncio.Future[bytes]]] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - TLS is a stream
        self._transport = transport
        self._h2.initiate_connection()
        transport.write(self._h2.data_to_send())

    def data_received(self, data: bytes) -> None:
        """Hand over the answers that are complete."""
        for event in self._h2.receive_data(data):
            if isinstance(event, h2.events.DataReceived):
                size = event.flow_controlled_length
                self._h2.acknowledge_received_data(size, event.stream_id)
                self._answers[event.stream_id][0].extend(event.data)
            elif isinstance(event, h2.events.StreamEnded):
                body, answer = self._answers.pop(event.stream_id)
                answer.set_result(bytes(body))
        self._transport.write(self._h2.data_to_send())

    async def post(self, path: str, form: str) -> bytes:
        """Do one request."""
        number = self._h2.get_next_available_stream_id()
        head = [(":method", "POST"), (":authority", "localhost"), (":scheme", "https")]
        self._h2.send_headers(number, [*head, (":path", path), ("content-type", FORM)])
        self._h2.send_data(number, form.encode(), end_stream=True)
        self._transport.write(self._h2.data_to_send())
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._answers[number] = bytearray(), answer
        return await answer

    def close(self) -> None:
        """End the connection."""
        self._transport.close()


async def connect_h2(url: str, context: ssl.SSLContext) -> BareH2:
    """Connect to the server."""
    context.set_alpn_protocols(["h2"])
    origin = urlsplit(url)
    loop = asyncio.get_running_loop()
    _, bare = await loop.create_connection(
        BareH2, origin.hostname or "", origin.port or 443, ssl=context
    )
    return bare


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
    """What the rounds of one client say: a share, cores, and the delay of each call."""

    shares: list[float] = attrs.field(factory=list)
    cores: list[float] = attrs.field(factory=list)
    delays: list[list[float]] = attrs.field(factory=list)


async def turn(work: Work, in_flight: int, seconds: float, score: Score) -> None:
    """Keep so many calls in flight for so long, and note what they took."""
    thought, took = 0.0, 0.0
    delays: list[float] = []
    until = time.perf_counter() + seconds

    async def worker() -> None:
        nonlocal thought, took
        while (began := time.perf_counter()) < until:
            think = await work()
            call = time.perf_counter() - began
            thought, took = thought + think, took + call
            delays.append(call - think)

    wall, cpu = time.perf_counter(), time.process_time()
    async with anyio.create_task_group() as group:
        for _ in range(in_flight):
            group.start_soon(worker)
    score.cores.append((time.process_time() - cpu) / (time.perf_counter() - wall))
    score.shares.append(thought / took)
    score.delays.append(delays)


async def run(url: str, ca: str, in_flight: int, rounds: int, seconds: float) -> None:
    """Let all have turns, round after round."""
    numbers = itertools.count(79_006_000_000)
    fields = {"login": "demo", "psw": "demo", "mes": "Your code is 1234"}
    fields |= {"id": "m0123456789abcdefghijklmn", "cost": "3", "fmt": "3", "charset": "utf-8"}
    slots = anyio.Semaphore(in_flight)
    context = ssl.create_default_context(cafile=ca)
    async with (
        AsyncSmsc("demo", "demo", hosts=[url], verify=ca) as smsc,
        httpx.AsyncClient(http2=True, http1=False, verify=context, base_url=url) as bare,
    ):

        async def send() -> float:
            sent = await smsc.send(f"+{next(numbers)}", fields["mes"])
            return int(str(sent.extra["took"])) / 1e6

        async def post() -> float:
            async with slots:
                data = {"phones": f"+{next(numbers)}"} | fields
                answer = (await bare.post("/sys/send.php", data=data)).json()
            return int(answer["took"]) / 1e6

        async def frame() -> float:
            data = {"phones": f"+{next(numbers)}"} | fields
            answer = json.loads(await floor.post("/sys/send.php", urlencode(data)))
            return int(answer["took"]) / 1e6

        floor = await connect_h2(url, ssl.create_default_context(cafile=ca))
        entrants: dict[str, Work] = {"AsyncSmsc": send, "bare httpx": post, "bare h2": frame}
        scores = {name: Score() for name in entrants}
        # What was imported is not looked through again while anybody is measured.
        gc.collect()
        gc.freeze()
        for work in entrants.values():
            await turn(work, in_flight, 0.5, Score())
        for _ in range(rounds):
            for name, work in entrants.items():
                await turn(work, in_flight, seconds, scores[name])
        floor.close()
    print(f"{in_flight} in flight  share of ceiling  added ms: mean    p50    p99   cores")
    for name, score in scores.items():
        report(name, score)


def report(name: str, score: Score) -> None:
    """Print one row."""
    percentiles = [statistics.quantiles(delays, n=100) for delays in score.delays]
    mean = statistics.median(map(statistics.fmean, score.delays))
    half, most = (statistics.median(one[at] for one in percentiles) for at in (49, 98))
    print(
        f"{name:<12} {statistics.median(score.shares):>16.3f}"
        f" {mean * 1e3:>15.1f} {half * 1e3:>6.1f} {most * 1e3:>6.1f}"
        f" {statistics.median(score.cores):>7.2f}"
    )


def main() -> None:
    """Read the options, start the server, run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--slice", type=float, default=2.0, help="seconds per turn")
    parser.add_argument("--in-flight", type=int, default=12)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve())
        return
    command = [sys.executable, __file__, "--serve"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        url, ca = (server.stdout or sys.stdin).readline().split()
        anyio.run(run, url, ca, options.in_flight, options.rounds, options.slice)
        # The end of its input ends the server.
        server.communicate()


if __name__ == "__main__":
    main()
