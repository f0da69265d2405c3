"""TLS without a socket: what verifies a server, and bytes in, bytes out."""

from __future__ import annotations

import ssl

import httpx

from ..errors import InvalidRequest

__all__ = ["Tls", "context_for"]

PIECE = 65536


def context_for(verify: bool | str | ssl.SSLContext, *, http2: bool) -> ssl.SSLContext:
    """Return the context that checks servers, set up to offer the protocols we speak.

    `True` trusts the public authorities, a string is the file of the authorities to trust, `False`
    trusts anybody. A context that is given is used as it is, but for its ALPN protocols.
    """
    context = _context(verify)
    protocols = ["h2", "http/1.1"] if http2 else ["http/1.1"]
    context.set_alpn_protocols(protocols)
    return context


def _context(verify: bool | str | ssl.SSLContext) -> ssl.SSLContext:
    if isinstance(verify, ssl.SSLContext):
        return verify
    if isinstance(verify, str):
        try:
            return ssl.create_default_context(cafile=verify)
        except OSError as error:
            raise InvalidRequest(
                "verify", f"has to be a readable file of certificates in PEM ({error})"
            ) from error
    if not isinstance(verify, bool):
        raise InvalidRequest("verify", "has to be a bool, the path of a file or an SSLContext")
    return httpx.create_ssl_context(verify=verify, trust_env=False)


class Tls:
    """The client's side of one TLS connection.

    `decrypt` leaves nothing behind: what it was given and can be read is returned at once, so
    whoever looks at the socket knows that nothing is waiting in between.
    """

    def __init__(self, context: ssl.SSLContext, hostname: str) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._object = context.wrap_bio(self._incoming, self._outgoing, server_hostname=hostname)
        self.ended: bool = False

    @property
    def protocol(self) -> str | None:
        """What ALPN agreed on."""
        return self._object.selected_alpn_protocol()

    def handshake(self, received: bytes | None) -> tuple[bytes, bool]:
        """Take what came (None for the end), return what to send and whether it is complete."""
        if received is None:
            self._incoming.write_eof()
        else:
            self._incoming.write(received)
        try:
            self._object.do_handshake()
        except ssl.SSLWantReadError:
            return self._outgoing.read(), False
        return self._outgoing.read(), True

    def encrypt(self, data: bytes) -> bytes:
        """Return what to send for the data, and for what TLS itself still has to say."""
        view = memoryview(data)
        while view:
            view = view[self._object.write(view) :]
        return self._outgoing.read()

    def decrypt(self, received: bytes) -> bytes:
        """Return everything readable now; `ended` is set when the server has closed its side."""
        self._incoming.write(received)
        pieces: list[bytes] = []
        try:
            while True:
                piece = self._object.read(PIECE)
                if not piece:
                    self.ended = True
                    break
                pieces.append(piece)
                if not self._incoming.pending and not self._object.pending():
                    break
        except ssl.SSLWantReadError:
            pass
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            self.ended = True
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)
