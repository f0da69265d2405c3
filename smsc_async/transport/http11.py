"""One HTTP/1.1 connection: one request at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import anyio
import h11

from .connection import BROKEN, MAX_REPLY, Answer, close, has_news, write
from .failure import Sent, TransportFailure

if TYPE_CHECKING:
    from anyio.abc import ByteStream

    from .connection import Headers

__all__ = ["Http11Connection"]

_READ: Final = 65536


class Http11Connection:
    """Speaks HTTP/1.1 over a stream that has just been opened."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self._h11 = h11.Connection(h11.CLIENT)

    @property
    def is_idle(self) -> bool:
        """Whether it is ready for another request, as far as this side knows."""
        return self._h11.our_state is h11.IDLE

    async def is_ready(self) -> bool:
        """Return whether a request may be written now; news on an idle connection is its end."""
        if not self.is_idle or has_news(self._stream):
            await self.aclose()
            return False
        return True

    async def request(self, target: str, headers: Headers, body: bytes, timeout: float) -> Answer:
        """POST and return the answer; `timeout` counts from the last byte written."""
        data = self._encode(target, headers, body)
        done = False
        try:
            await write(self._stream, data)
            with anyio.move_on_after(timeout):
                answer = await self._receive()
                done = self._can_be_reused()
                return answer
        except BROKEN as error:
            text = f"the connection broke: {type(error).__name__}"
            raise TransportFailure(text, Sent.UNKNOWN, "reply") from error
        except h11.RemoteProtocolError as error:
            text = f"the other side broke the protocol: {error}"
            raise TransportFailure(text, Sent.UNKNOWN, "reply") from error
        finally:
            if not done:
                await self.aclose()
        raise TransportFailure(f"no answer within {timeout:g} s", Sent.UNKNOWN, "reply")

    async def aclose(self) -> None:
        """Close the socket."""
        self._h11.send_failed()
        await close(self._stream)

    def _encode(self, target: str, headers: Headers, body: bytes) -> bytes:
        parts = (
            h11.Request(method=b"POST", target=target.encode(), headers=headers),
            h11.Data(data=body),
            h11.EndOfMessage(),
        )
        return b"".join(self._h11.send(part) or b"" for part in parts)

    async def _receive(self) -> Answer:
        head: h11.Response | None = None
        body: list[bytes] = []
        size = 0
        while True:
            event = self._h11.next_event()
            if event is h11.NEED_DATA:
                self._h11.receive_data(await self._more())
            elif isinstance(event, h11.Response):
                head = event
            elif isinstance(event, h11.Data):
                body.append(bytes(event.data))
                size += len(event.data)
                if size > MAX_REPLY:
                    text = f"the answer is longer than {MAX_REPLY} bytes"
                    raise TransportFailure(text, Sent.UNKNOWN, "reply")
            elif isinstance(event, h11.EndOfMessage) and head is not None:
                return Answer(head.status_code, list(head.headers), b"".join(body), b"HTTP/1.1")
            elif isinstance(event, h11.ConnectionClosed) or event is h11.PAUSED:
                raise anyio.EndOfStream

    async def _more(self) -> bytes:
        try:
            return await self._stream.receive(_READ)
        except anyio.EndOfStream:
            return b""

    def _can_be_reused(self) -> bool:
        if self._h11.our_state is h11.DONE and self._h11.their_state is h11.DONE:
            self._h11.start_next_cycle()
            return True
        return False
