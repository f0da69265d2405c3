"""TLS without a socket, and what is trusted."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import pytest

from smsc_async.errors import InvalidRequest
from smsc_async.transport.tls import Tls, context_for

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Certificates

Linked = tuple[Tls, ssl.SSLObject, ssl.MemoryBIO, ssl.MemoryBIO]


@pytest.fixture
def linked(certificates: Certificates) -> Linked:
    """Return a client that has shaken hands, and the server's object and buffers."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = certificates.server("http/1.1", "h2").wrap_bio(incoming, outgoing, server_side=True)
    client = Tls(context_for(certificates.client(), http2=True), "localhost")
    from_server, done, served = b"", False, False
    while not (done and served):
        to_server, done = client.handshake(from_server)
        incoming.write(to_server)
        try:
            server.do_handshake()
            served = True
        except ssl.SSLWantReadError:
            pass
        from_server = outgoing.read()
    assert client.decrypt(from_server) == b""
    return client, server, incoming, outgoing


def test_everything_readable_is_returned_at_once(linked: Linked) -> None:
    """Several records in one packet leave nothing behind, not even the end of the connection."""
    client, server, _, outgoing = linked
    server.write(b"one")
    server.write(b"two" * 10_000)
    assert client.decrypt(outgoing.read()) == b"one" + b"two" * 10_000
    assert not client.ended
    server.write(b"three")
    with pytest.raises(ssl.SSLWantReadError):
        server.unwrap()
    assert client.decrypt(outgoing.read()) == b"three"
    assert client.ended


def test_half_a_record_is_nothing_yet(linked: Linked) -> None:
    """A record that came in part is returned when its rest is there."""
    client, server, _, outgoing = linked
    server.write(b"whole")
    record = outgoing.read()
    assert client.decrypt(record[:10]) == b""
    assert client.decrypt(record[10:]) == b"whole"


def test_long_data_is_written_whole(linked: Linked) -> None:
    """What is longer than a record arrives complete and in order."""
    client, server, incoming, _ = linked
    data = bytes(range(256)) * 300
    incoming.write(client.encrypt(data))
    got = b""
    while len(got) < len(data):
        got += server.read(65536)
    assert got == data


def test_http2_is_offered_only_when_wanted(certificates: Certificates, linked: Linked) -> None:
    """ALPN agrees on what both speak; without HTTP/2 only http/1.1 is offered."""
    assert linked[0].protocol == "http/1.1"
    server = certificates.server("h2")
    for http2, agreed in ((True, "h2"), (False, None)):
        client = Tls(context_for(certificates.client(), http2=http2), "localhost")
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        side = server.wrap_bio(incoming, outgoing, server_side=True)
        incoming.write(client.handshake(b"")[0])
        with pytest.raises(ssl.SSLWantReadError):
            side.do_handshake()
        client.handshake(outgoing.read())
        assert client.protocol == agreed


def test_end_in_the_handshake_is_an_error(certificates: Certificates) -> None:
    """A server that closes during the handshake makes it fail."""
    client = Tls(context_for(certificates.client(), http2=True), "localhost")
    client.handshake(b"")
    with pytest.raises(ssl.SSLError):
        client.handshake(None)


def test_file_of_authorities_is_trusted(certificates: Certificates, tmp_path: Path) -> None:
    """A string is the file of those who are trusted."""
    path = tmp_path / "ca.pem"
    certificates.authority.cert_pem.write_to_path(str(path))
    context = context_for(str(path), http2=True)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert len(context.get_ca_certs()) == 1


@pytest.mark.parametrize("text", [None, "not a certificate"])
def test_unusable_file_of_authorities_is_refused(text: str | None, tmp_path: Path) -> None:
    """A file that is missing or holds no certificates is refused before the network."""
    path = tmp_path / "ca.pem"
    if text is not None:
        path.write_text(text)
    with pytest.raises(InvalidRequest) as caught:
        context_for(str(path), http2=True)
    assert caught.value.field == "verify"


@pytest.mark.parametrize(("verify", "mode"), [(True, ssl.CERT_REQUIRED), (False, ssl.CERT_NONE)])
def test_verification_is_on_or_off(verify: bool, mode: ssl.VerifyMode) -> None:
    """True checks the certificate and the name, False neither."""
    context = context_for(verify, http2=True)
    assert context.verify_mode is mode
    assert context.check_hostname is verify
