"""Hosts in turn, what is known of failures, and stand-ins for the wire."""

from __future__ import annotations

import gc
import logging
import weakref
from typing import TYPE_CHECKING

import anyio
import httpx
import pytest
import respx

from smsc_async.errors import Attempt, InvalidRequest
from smsc_async.transport import Hosts, HttpExchange, Sent, TransportFailure

from .raw_server import Peer, answer_all, serve
from .test_http2 import hang, refuse_stream

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Iterator

    from .conftest import FakeClock, OpenExchange

pytestmark = pytest.mark.anyio
MAIN, BACKUP = "https://main.example", "https://backup.example:8443"


@pytest.fixture
def router() -> Iterator[respx.MockRouter]:
    """Return what answers in place of the network."""
    with respx.MockRouter(assert_all_called=False, assert_all_mocked=True) as router:
        yield router


@pytest.fixture
async def exchange(router: respx.MockRouter, clock: FakeClock) -> AsyncIterator[HttpExchange]:
    """Return an exchange of two hosts over the stand-in."""
    exchange = HttpExchange(
        Hosts([MAIN, BACKUP], clock=clock),
        connect_timeout=5,
        reply_timeout=10,
        http2=True,
        verify=True,
        clock=clock,
        transport=httpx.MockTransport(router.async_handler),
    )
    yield exchange
    await exchange.aclose()


async def test_request_is_a_plain_form(exchange: HttpExchange, router: respx.MockRouter) -> None:
    """The request is a POST with the form as its body; the reply is returned as it came."""
    route = router.post(f"{MAIN}/sys/send.php").respond(404, content=b"\xff\xfe")
    reply = await exchange("/sys/send.php", b"login=a", content_type="multipart/x")
    assert (reply.host, reply.status, reply.body) == ("main.example", 404, b"\xff\xfe")
    sent = route.calls.last.request
    assert sent.content == b"login=a"
    assert sent.headers["content-type"] == "multipart/x"
    assert sent.headers["accept-encoding"] == "identity"
    assert "cookie" not in sent.headers


async def test_nothing_is_left_to_the_garbage_collector(clock: FakeClock) -> None:
    """A response is gone as soon as the call is over."""
    kept: list[weakref.ref[object]] = []

    def answer(_request: httpx.Request) -> httpx.Response:
        response = httpx.Response(200, content=b"{}")
        kept.append(weakref.ref(response))
        return response

    exchange = HttpExchange(
        Hosts([MAIN], clock=clock),
        connect_timeout=5,
        reply_timeout=10,
        http2=True,
        verify=True,
        clock=clock,
        transport=httpx.MockTransport(answer),
    )
    gc.disable()
    try:
        await exchange("/x", b"a=1")
        assert [response() for response in kept] == [None]
    finally:
        gc.enable()
        await exchange.aclose()


async def test_redirects_and_cookies_are_not_followed(
    exchange: HttpExchange, router: respx.MockRouter
) -> None:
    """A redirect is an answer, and a cookie is not kept."""
    route = router.post(f"{MAIN}/x").respond(
        302, headers={"location": "https://evil.example/", "set-cookie": "a=1"}
    )
    assert (await exchange("/x", b"a=1")).status == 302
    assert (await exchange("/x", b"a=1")).status == 302
    assert "cookie" not in route.calls.last.request.headers
    assert not exchange._client.cookies


@pytest.mark.parametrize(
    "error", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError]
)
async def test_unsent_goes_to_the_next_host(
    error: type[httpx.TransportError], exchange: HttpExchange, router: respx.MockRouter
) -> None:
    """What was certainly not sent goes to the next host at once, and the host is left."""
    main = router.post(f"{MAIN}/x").mock(side_effect=error("no"))
    router.post(f"{BACKUP}/x").respond(200, content=b"ok")
    assert (await exchange("/x", b"a=1")).host == "backup.example:8443"
    assert (await exchange("/x", b"a=1")).host == "backup.example:8443"
    assert main.call_count == 1


@pytest.mark.parametrize(
    "error",
    [
        httpx.ReadTimeout("t"),
        httpx.WriteError("w"),
        httpx.RemoteProtocolError("p"),
        OSError("o"),
        RuntimeError("r"),
        anyio.BrokenResourceError(),
        KeyError("k"),
    ],
)
async def test_unknown_ends_the_call(
    error: Exception, exchange: HttpExchange, router: respx.MockRouter
) -> None:
    """What may have been sent is never sent again, and no foreign error leaves."""
    router.post(f"{MAIN}/x").mock(side_effect=error)
    backup = router.post(f"{BACKUP}/x").respond(200)
    with pytest.raises(TransportFailure) as caught:
        await exchange("/x", b"a=1")
    assert caught.value.sent is Sent.UNKNOWN
    assert [attempt.host for attempt in caught.value.attempts] == ["main.example"]
    assert backup.call_count == 0


async def test_every_try_is_listed(
    exchange: HttpExchange, router: respx.MockRouter, clock: FakeClock
) -> None:
    """The failure lists each try with its host, phase, seconds and error."""

    def refuse(request: httpx.Request) -> httpx.Response:
        clock.time += 3
        raise httpx.ConnectError("down", request=request)

    router.post(f"{MAIN}/x").mock(side_effect=refuse)
    router.post(f"{BACKUP}/x").mock(side_effect=httpx.ReadTimeout("slow"))
    with pytest.raises(TransportFailure) as caught:
        await exchange("/x", b"a=1")
    assert caught.value.attempts == (
        Attempt("main.example", "connect", 3.0, "ConnectError: down"),
        Attempt("backup.example:8443", "reply", 0.0, "ReadTimeout: slow"),
    )
    assert caught.value.sent is Sent.UNKNOWN


async def test_all_hosts_down_is_not_sent(exchange: HttpExchange, router: respx.MockRouter) -> None:
    """Nobody can be reached: not sent, with one try per host."""
    router.route().mock(side_effect=httpx.ConnectError("down"))
    with pytest.raises(TransportFailure) as caught:
        await exchange("/x", b"a=1")
    assert caught.value.sent is Sent.NO
    assert len(caught.value.attempts) == 2


@pytest.mark.parametrize(
    ("status", "body"), [(502, "<html>"), (200, "<html>"), (200, ""), (503, "{}")]
)
async def test_a_host_that_is_not_the_service_is_left(
    exchange: HttpExchange, router: respx.MockRouter, status: int, body: str
) -> None:
    """After two such answers the backup host stands in; each of them says where it is from."""
    router.post(f"{MAIN}/x").respond(status, text=body)
    router.post(f"{BACKUP}/x").respond(200, text="{}")
    replies = [await exchange("/x", b"a=1") for _ in range(3)]
    assert [reply.body.decode() for reply in replies] == [body, body, "{}"]
    assert [attempt.host for attempt in replies[0].attempts] == [replies[0].host]
    assert replies[2].attempts == ()


async def test_too_large_a_body_is_unknown(
    exchange: HttpExchange, router: respx.MockRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another transport's answer over the cap is a failure, too."""
    monkeypatch.setattr("smsc_async.transport.exchange.BODY_CAP", 10)
    router.post(f"{MAIN}/x").respond(200, content=b"x" * 11)
    with pytest.raises(TransportFailure, match="longer than") as caught:
        await exchange("/x", b"a=1")
    assert caught.value.sent is Sent.UNKNOWN


async def test_body_is_never_logged(
    exchange: HttpExchange, router: respx.MockRouter, caplog: pytest.LogCaptureFixture
) -> None:
    """At the most talkative level no log shows the form."""
    caplog.set_level(logging.DEBUG)
    router.post(f"{MAIN}/x").respond(200)
    await exchange("/x", b"psw=hunter2")
    assert "main.example" in caplog.text
    assert "hunter2" not in caplog.text


async def test_body_is_never_logged_by_the_wire(
    open_exchange: OpenExchange, h2_tls: ssl.SSLContext, caplog: pytest.LogCaptureFixture
) -> None:
    """Nor does any library below."""
    caplog.set_level(logging.DEBUG)
    async with serve(answer_all, h2_tls) as server, open_exchange(server.url) as wired:
        await wired("/x", b"psw=hunter2")
    assert "127.0.0.1" in caplog.text
    assert "hunter2" not in caplog.text


async def test_unusable_authorities_are_refused_at_once(clock: FakeClock) -> None:
    """A wrong `verify` fails when the exchange is made, not at the first call."""
    with pytest.raises(InvalidRequest, match="verify"):
        HttpExchange(
            Hosts([MAIN], clock=clock),
            connect_timeout=5,
            reply_timeout=10,
            http2=True,
            verify="/nowhere/ca.pem",
            clock=clock,
        )


async def test_backup_stands_in_until_a_trial_succeeds(
    open_exchange: OpenExchange, h2_tls: ssl.SSLContext, clock: FakeClock
) -> None:
    """The main host is down, then up again: one call after a minute brings everybody back."""
    async with serve(answer_all, h2_tls) as gone:
        port = gone.port
    async with (
        serve(answer_all, h2_tls) as backup,
        open_exchange(f"https://127.0.0.1:{port}", backup.url) as wired,
    ):
        for _ in range(2):
            assert (await wired("/x", b"a=1")).host == f"127.0.0.1:{backup.port}"
        async with serve(answer_all, h2_tls, port) as main:
            clock.time += 59
            await wired("/x", b"a=1")
            assert main.posts == []
            clock.time += 1
            reply = await wired("/x", b"a=1")
            assert reply.host == f"127.0.0.1:{port}"
            reply.judge(True)
            assert (await wired("/x", b"a=1")).host == f"127.0.0.1:{port}"
            assert len(main.posts) == 2


async def test_a_host_whose_answers_cannot_be_read_is_left(
    exchange: HttpExchange, router: respx.MockRouter
) -> None:
    """After two such verdicts in a row the backup host stands in; a good one starts anew."""
    router.route().respond(200, text="{}")
    for readable in (False, True, False, False):
        reply = await exchange("/x", b"a=1")
        assert reply.host == "main.example"
        reply.judge(readable)
    assert (await exchange("/x", b"a=1")).host == "backup.example:8443"


async def test_refused_stream_goes_to_the_next_host(
    open_exchange: OpenExchange, h2_tls: ssl.SSLContext
) -> None:
    """A stream that the server refused unprocessed goes to the next host at once."""
    async with (
        serve(refuse_stream, h2_tls) as main,
        serve(answer_all, h2_tls) as backup,
        open_exchange(main.url, backup.url) as wired,
    ):
        assert (await wired("/x", b"once")).host == f"127.0.0.1:{backup.port}"
        assert (main.posts, backup.posts) == ([b"once"], [b"once"])


async def test_unanswered_call_is_not_repeated_elsewhere(
    open_exchange: OpenExchange, h2_tls: ssl.SSLContext
) -> None:
    """A call without an answer in time ends; two in a row move the calls after them."""
    async with (
        serve(hang, h2_tls) as main,
        serve(answer_all, h2_tls) as backup,
        open_exchange(main.url, backup.url, reply_timeout=0.1) as wired,
    ):
        for _ in range(2):
            with pytest.raises(TransportFailure):
                await wired("/x", b"")
        assert backup.posts == []
        assert (await wired("/x", b"")).host == f"127.0.0.1:{backup.port}"


async def test_cancellation_passes_through(
    open_exchange: OpenExchange, h2_tls: ssl.SSLContext
) -> None:
    """A cancelled call is cancelled, not failed."""
    asked = anyio.Event()

    async def mute(peer: Peer) -> None:
        await peer.start()
        await peer.request()
        asked.set()
        await peer.linger()

    async with serve(mute, h2_tls) as server, open_exchange(server.url) as wired:
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as group:
                group.start_soon(wired, "/x", b"")
                await asked.wait()
                scope.cancel()
        assert scope.cancelled_caught


async def test_nothing_to_say_is_a_get(exchange: HttpExchange, router: respx.MockRouter) -> None:
    """What is asked for without a form is asked for by GET."""
    router.get(f"{MAIN}/sys/imgcode.php").respond(200, content=b"GIF89a")
    assert (await exchange("/sys/imgcode.php", b"")).body == b"GIF89a"
