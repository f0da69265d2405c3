"""One HTTP/1.1 connection of a host with faults, by `h11`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import h11

from .app import Answer, Request
from .fault_connection import FaultConnection
from .faults import Fault, Strike

if TYPE_CHECKING:
    from .fault_responder import FaultResponder

__all__ = ["Http11Connection"]

_BROKEN_OFF: Final = frozenset(
    (
        Fault.HALF_REPLY,
        Fault.WRONG_LENGTH,
        Fault.CLOSE_AFTER_HEAD,
        Fault.RESET_AFTER_HEAD,
    )
)
_HEAD_ALONE: Final = frozenset((Fault.CLOSE_AFTER_HEAD, Fault.RESET_AFTER_HEAD))


class Http11Connection(FaultConnection):
    """Reads one request after the other and answers it; a fault ends the connection with it.

    What resets a stream in HTTP/2 resets the connection.
    """

    def __init__(self, responder: FaultResponder, connections: set[FaultConnection]) -> None:
        super().__init__(responder, connections)
        self._h11 = h11.Connection(h11.SERVER)
        self._request: h11.Request | None = None
        self._body = bytearray()

    def data_received(self, data: bytes) -> None:
        """Read requests."""
        self._h11.receive_data(data)
        self._read()

    def eof_received(self) -> None:
        """Take note that no request will come any more."""
        self.close()

    def _read(self) -> None:
        try:
            while self.hears:
                event = self._h11.next_event()
                if isinstance(event, h11.Request):
                    self._request = event
                elif isinstance(event, h11.Data):
                    self._body += event.data
                elif isinstance(event, h11.EndOfMessage):
                    self._take(self._collect())
                else:
                    return
        except h11.RemoteProtocolError:
            self.cut()

    def _collect(self) -> Request:
        """Return the request that has been read."""
        assert self._request is not None  # noqa: S101 - h11 begins with it
        path, _, query = self._request.target.partition(b"?")
        kind = dict(self._request.headers).get(b"content-type", b"")
        body, self._body = bytes(self._body), bytearray()
        return Request(path.decode("ascii"), query, body, self.responder.port, "1.1", kind)

    def _take(self, request: Request) -> None:
        strike = self.responder.strike(request)
        fault = strike.fault if strike else None
        if fault is Fault.CLOSE_BEFORE:
            self.close()
        elif fault is Fault.RESET_BEFORE:
            self.reset()
        elif fault is Fault.STOP_READING:
            self.stop_reading()
        elif fault is not Fault.HANG_BEFORE:
            self.start(self._serve(request, strike))

    async def _serve(self, request: Request, strike: Strike | None) -> None:
        answer = await self.responder.answer(request, strike)
        fault = strike.fault if strike else None
        if fault is Fault.RESET_AFTER:
            self.reset()
        elif fault is Fault.CLOSE_AFTER:
            self.close()
        elif fault is not Fault.HANG_AFTER:
            self._answer(answer, fault)

    def _answer(self, answer: Answer, fault: Fault | None) -> None:
        length = len(answer.body) + (fault is Fault.WRONG_LENGTH)
        fields = [(b"content-type", answer.content_type), (b"content-length", b"%d" % length)]
        self._say(h11.Response(status_code=answer.status, headers=fields))
        if fault in _BROKEN_OFF:
            self._break_off(answer.body, fault)
            return
        self._say(h11.Data(data=answer.body))
        self._say(h11.EndOfMessage())
        if self._h11.our_state is h11.MUST_CLOSE:
            self.close()
        else:
            self._h11.start_next_cycle()
            self._read()

    def _break_off(self, body: bytes, fault: Fault | None) -> None:
        if fault not in _HEAD_ALONE:
            end = len(body) // 2 if fault is Fault.HALF_REPLY else len(body)
            self._say(h11.Data(data=body[:end]))
        if fault is Fault.RESET_AFTER_HEAD:
            self.reset()
        else:
            self.close()

    def _say(self, event: h11.Event) -> None:
        self.write(self._h11.send(event) or b"")
