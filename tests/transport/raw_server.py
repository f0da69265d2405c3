"""A server on 127.0.0.1 that does to each connection what a script says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

import anyio
import attrs
import h2.config
import h2.connection
import h2.events
import h2.settings
from anyio.abc import ByteStream, SocketAttribute
from anyio.streams.tls import TLSAttribute, TLSStream

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator

__all__ = ["Closed", "Peer", "RawServer", "Script", "answer_all", "plain_http", "serve"]

E = TypeVar("E", bound=h2.events.Event)


class Closed(Exception):
    """The client has closed the connection."""


@attrs.define(eq=False)
class Peer:
    """The server's side of one connection; with HTTP/2 there is `link` and what it has seen."""

    index: int
    stream: ByteStream
    protocol: str | None
    link: h2.connection.H2Connection
    bodies: dict[int, bytes] = attrs.field(factory=dict)
    heads: dict[int, dict[bytes, bytes]] = attrs.field(factory=dict)
    resets: list[int] = attrs.field(factory=list)
    events: list[h2.events.Event] = attrs.field(factory=list)
    ended: anyio.Event = attrs.field(factory=anyio.Event)

    async def start(self, **settings: int) -> None:
        """Send the preface, with settings of ours."""
        initial = {h2.settings.SettingCodes[name]: value for name, value in settings.items()}
        self.link.local_settings = h2.settings.Settings(client=False, initial_values=initial)
        self.link.initiate_connection()
        await self.flush()

    async def flush(self) -> None:
        """Send what the link has for us."""
        if data := self.link.data_to_send():
            await self.stream.send(data)

    async def _more(self) -> None:
        try:
            data = await self.stream.receive()
        except (anyio.EndOfStream, anyio.BrokenResourceError):
            raise Closed from None
        for event in self.link.receive_data(data):
            if isinstance(event, h2.events.RequestReceived):
                self.heads[event.stream_id] = dict(event.headers)
                self.bodies[event.stream_id] = b""
            elif isinstance(event, h2.events.DataReceived):
                self.bodies[event.stream_id] += event.data
                self.link.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, h2.events.StreamReset):
                self.resets.append(event.stream_id)
            self.events.append(event)
        await self.flush()

    async def next(self, kind: type[E]) -> E:
        """Wait for the next event of that kind; those before it are passed over."""
        while True:
            while self.events:
                event = self.events.pop(0)
                if isinstance(event, kind):
                    return event
            await self._more()

    async def request(self) -> int:
        """Wait for the next whole request and return its stream."""
        return (await self.next(h2.events.StreamEnded)).stream_id

    async def answer(self, stream: int, body: bytes = b"{}", status: int = 200) -> None:
        """Answer a stream."""
        self.link.send_headers(stream, [(b":status", b"%d" % status)])
        self.link.send_data(stream, body, end_stream=True)
        await self.flush()

    async def reset(self, stream: int, code: int) -> None:
        """Reset a stream."""
        self.link.reset_stream(stream, code)
        await self.flush()

    async def goaway(self, last: int, code: int = 0) -> None:
        """Send a GOAWAY and go on, as servers do and `h2` does not."""
        payload = last.to_bytes(4, "big") + code.to_bytes(4, "big")
        await self.stream.send(len(payload).to_bytes(3, "big") + b"\x07\0\0\0\0\0" + payload)

    async def linger(self) -> None:
        """Read until the client closes."""
        try:
            while True:
                await self._more()
        except Closed:
            pass


Script = Callable[[Peer], Awaitable[None]]


@attrs.define(eq=False)
class RawServer:
    """What a running server has seen."""

    port: int
    scheme: str
    peers: list[Peer] = attrs.field(factory=list)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def posts(self) -> list[bytes]:
        """The bodies of all requests, by connection."""
        return [body for peer in self.peers for body in peer.bodies.values()]


@asynccontextmanager
async def serve(
    script: Script, tls: ssl.SSLContext | None = None, port: int = 0
) -> AsyncIterator[RawServer]:
    """Run the script for each connection while the block runs; it ends when the script does."""
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=port)
    bound = listener.extra(SocketAttribute.local_port)
    server = RawServer(bound, "https" if tls else "http")

    async def handle(stream: ByteStream) -> None:
        async with stream:
            try:
                protocol = None
                wrapped = stream
                if tls is not None:
                    wrapped = await TLSStream.wrap(
                        stream, server_side=True, ssl_context=tls, standard_compatible=False
                    )
                    protocol = wrapped.extra(TLSAttribute.alpn_protocol, None)
            except (OSError, anyio.BrokenResourceError, anyio.EndOfStream):
                return
            config = h2.config.H2Configuration(client_side=False, header_encoding=None)
            connection = h2.connection.H2Connection(config)
            peer = Peer(len(server.peers), wrapped, protocol, connection)
            server.peers.append(peer)
            try:
                await script(peer)
            except (Closed, anyio.BrokenResourceError, anyio.EndOfStream):
                return
            finally:
                peer.ended.set()

    async with listener, anyio.create_task_group() as group:
        group.start_soon(listener.serve, handle)
        yield server
        group.cancel_scope.cancel()


async def answer_all(peer: Peer) -> None:
    """Answer every request with its own body."""
    await peer.start()
    while True:
        stream = await peer.request()
        await peer.answer(stream, peer.bodies[stream])


async def plain_http(peer: Peer) -> None:
    """Answer every HTTP/1.1 request with its own body."""
    buffer = b""
    while True:
        while b"\r\n\r\n" not in buffer:
            buffer += await peer.stream.receive()
        head, _, buffer = buffer.partition(b"\r\n\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        length = int(fields[b"content-length"])
        while len(buffer) < length:
            buffer += await peer.stream.receive()
        body, buffer = buffer[:length], buffer[length:]
        peer.heads[len(peer.heads)] = fields
        peer.bodies[len(peer.bodies)] = body
        await peer.stream.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (length, body))
