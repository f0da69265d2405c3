"""HTTP/2 connections against a real server that does as it is told."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import anyio
import h2.errors
import h2.events
import pytest
from anyio.streams.tls import TLSStream

from smsc_async.transport import Sent, TransportFailure

from .raw_server import answer_all, serve

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable

    from smsc_async.transport import HttpExchange, Reply

    from .conftest import OpenExchange
    from .raw_server import Peer, Script

pytestmark = pytest.mark.anyio
Code = h2.errors.ErrorCodes


async def fails(exchange: HttpExchange, form: bytes = b"a=1") -> TransportFailure:
    """Do a call that has to fail and return how."""
    with anyio.fail_after(10), pytest.raises(TransportFailure) as caught:
        await exchange("/sys/send.php", form)
    return caught.value


async def together(exchange: HttpExchange, count: int) -> list[Reply | TransportFailure]:
    """Do so many calls at once; call number n sends `n=<n>`."""
    results: dict[int, Reply | TransportFailure] = {}

    async def call(number: int) -> None:
        try:
            results[number] = await exchange("/sys/send.php", b"n=%d" % number)
        except TransportFailure as failure:
            results[number] = failure

    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            for number in range(count):
                group.start_soon(call, number)
    return [results[number] for number in range(count)]


def bodies(results: Iterable[Reply | BaseException]) -> list[bytes]:
    """Return the bodies of what has to be answers."""
    return [result.body for result in results if not isinstance(result, BaseException)]


async def test_answers_a_form(open_exchange: OpenExchange, h2_tls: ssl.SSLContext) -> None:
    """A form is answered over HTTP/2 with status, body and host as they came."""
    async with serve(answer_all, h2_tls) as server, open_exchange(server.url) as exchange:
        reply = await exchange("/sys/send.php", b"mes=hi")
        assert (reply.status, reply.body, reply.http_version) == (200, b"mes=hi", "HTTP/2")
        assert reply.host == f"127.0.0.1:{server.port}"
        head = server.peers[0].heads[1]
        assert head[b":path"] == b"/sys/send.php"
        assert head[b":authority"] == reply.host.encode()
        assert head[b"content-type"] == b"application/x-www-form-urlencoded"
        assert head[b"content-length"] == b"6"
        assert head[b"accept-encoding"] == b"identity"


async def test_cold_burst_opens_one_connection(
    open_exchange: OpenExchange, h2_tls: ssl.SSLContext
) -> None:
    """Twelve calls at once on a cold client share one connection, each with its own answer."""
    async with serve(answer_all, h2_tls) as server, open_exchange(server.url) as exchange:
        replies = await together(exchange, 12)
        assert bodies(replies) == [b"n=%d" % n for n in range(12)]
        assert len(server.peers) == 1


# The decision table, one row after the other.


async def hang(peer: Peer) -> None:
    """Never answer."""
    await peer.start()
    await peer.linger()


async def refuse_stream(peer: Peer) -> None:
    """Refuse the request unprocessed."""
    await peer.start()
    await peer.reset(await peer.request(), Code.REFUSED_STREAM)
    await peer.linger()


async def reset_stream(peer: Peer) -> None:
    """Reset the stream for another reason."""
    await peer.start()
    await peer.reset(await peer.request(), Code.INTERNAL_ERROR)
    await peer.linger()


async def go_away_below(peer: Peer) -> None:
    """Go away, and say that nothing was processed."""
    await peer.start()
    await peer.request()
    await peer.goaway(0)
    await peer.linger()


async def go_away_and_close(peer: Peer) -> None:
    """Go away after having taken the request."""
    await peer.start()
    stream = await peer.request()
    await peer.goaway(stream, Code.INTERNAL_ERROR)


async def close_after_reading(peer: Peer) -> None:
    """Read the request and close."""
    await peer.start()
    await peer.request()


async def half_an_answer(peer: Peer) -> None:
    """Close in the middle of an answer."""
    await peer.start()
    stream = await peer.request()
    peer.link.send_headers(stream, [(b":status", b"200"), (b"content-length", b"100")])
    peer.link.send_data(stream, b"half")
    await peer.flush()


async def short_answer(peer: Peer) -> None:
    """Answer with less than announced."""
    await peer.start()
    stream = await peer.request()
    peer.link.send_headers(stream, [(b":status", b"200"), (b"content-length", b"100")])
    peer.link.send_data(stream, b"short", end_stream=True)
    await peer.flush()
    await peer.linger()


async def garbage(peer: Peer) -> None:
    """Answer in HTTP/1.1."""
    await peer.start()
    await peer.request()
    await peer.stream.send(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 9)
    await peer.linger()


async def push(peer: Peer) -> None:
    """Push what nobody asked for."""
    await peer.start()
    stream = await peer.request()
    await peer.stream.send(b"\0\0\5\5\4\0\0\0" + bytes([stream]) + b"\0\0\0\2\x88")
    await peer.linger()


async def bad_status(peer: Peer) -> None:
    """Answer with a status that is none."""
    await peer.start()
    stream = await peer.request()
    peer.link.send_headers(stream, [(b":status", b"2 0")], end_stream=True)
    await peer.flush()
    await peer.linger()


@pytest.mark.parametrize(
    ("script", "sent", "phase"),
    [
        (hang, Sent.UNKNOWN, "reply"),
        (refuse_stream, Sent.REFUSED, "reply"),
        (reset_stream, Sent.UNKNOWN, "reply"),
        (go_away_below, Sent.REFUSED, "reply"),
        (go_away_and_close, Sent.UNKNOWN, "reply"),
        (close_after_reading, Sent.UNKNOWN, "reply"),
        (half_an_answer, Sent.UNKNOWN, "reply"),
        (short_answer, Sent.UNKNOWN, "reply"),
        (garbage, Sent.UNKNOWN, "reply"),
        (push, Sent.UNKNOWN, "reply"),
        (bad_status, Sent.UNKNOWN, "reply"),
    ],
)
async def test_decision_table_after_writing(
    script: Script, sent: Sent, phase: str, open_exchange: OpenExchange, h2_tls: ssl.SSLContext
) -> None:
    """After the first byte a failure is unknown, unless the server says it did not look."""
    async with (
        serve(script, h2_tls) as server,
        open_exchange(server.url, reply_timeout=0.1 if script is hang else 5) as exchange,
    ):
        failure = await fails(exchange)
        assert failure.sent is sent, failure
        assert [attempt.phase for attempt in failure.attempts] == [phase]
        assert server.posts == [b"a=1"]


async def test_refused_connection_is_not_sent(
    open_exchange: OpenExchange, h2_tls: ssl.SSLContext
) -> None:
    """Nobody listens: not sent."""
    async with serve(answer_all, h2_tls) as server:
        url = server.url
    async with open_exchange(url) as exchange:
        failure = await fails(exchange)
        assert failure.sent is Sent.NO
        assert failure.attempts[0].phase == "connect"


async def test_untrusted_certificate_is_not_sent(
    open_exchange: OpenExchange, h2_tls: ssl.SSLContext
) -> None:
    """A name the certificate does not have: TLS fails, nothing is sent."""
    async with serve(answer_all, h2_tls) as server:
        url = server.url.replace("127.0.0.1", "127.0.0.2")
        async with open_exchange(url) as exchange:
            assert (await fails(exchange)).sent is Sent.NO
        assert server.posts == []


async def test_no_handshake_in_time_is_not_sent(open_exchange: OpenExchange) -> None:
    """A server that accepts and says nothing: no connection in time, not sent."""

    async def silent(peer: Peer) -> None:
        await anyio.sleep_forever()

    async with serve(silent) as server:
        url = server.url.replace("http:", "https:")
        async with open_exchange(url, connect_timeout=0.1) as exchange:
            failure = await fails(exchange)
            assert failure.sent is Sent.NO
            assert failure.attempts[0].phase == "connect"


# Neighbours.


async def test_one_stalled_call_changes_no_other(
    open_exchange: OpenExchange, h2_tls: ssl.SSLContext
) -> None:
    """One of twenty-one is never answered: it alone fails, and its stream is reset."""

    async def stall_first(peer: Peer) -> None:
        await peer.start()
        stalled = await peer.request()
        for _ in range(20):
            stream = await peer.request()
            await peer.answer(stream, peer.bodies[stream])
        await peer.next(h2.events.StreamReset)
        assert peer.resets == [stalled]
        while True:
            stream = await peer.request()
            await peer.answer(stream, b"after")

    async with (
        serve(stall_first, h2_tls) as server,
        open_exchange(server.url, reply_timeout=0.3) as exchange,
    ):
        results = await together(exchange, 21)
        failures = [r for r in results if isinstance(r, TransportFailure)]
        assert [f.sent for f in failures] == [Sent.UNKNOWN]
        answered = [b"n=%d" % n for n, r in enumerate(results) if r is not failures[0]]
        assert bodies(results) == answered
        assert (await exchange("/x", b"")).body == b"after"
        assert len(server.peers) == 1


async def test_a_wrong_length_changes_no_other(
    open_exchange: OpenExchange, h2_tls: ssl.SSLContext
) -> None:
    """An answer that is not as long as it says fails alone; the connection goes on."""

    async def lie_to_the_first(peer: Peer) -> None:
        await peer.start()
        streams = [await peer.request() for _ in range(4)]
        peer.link.send_headers(streams[0], [(b":status", b"200"), (b"content-length", b"100")])
        peer.link.send_data(streams[0], b"short", end_stream=True)
        await peer.flush()
        for stream in streams[1:]:
            await peer.answer(stream, peer.bodies[stream])
        await peer.answer(await peer.request(), b"after")

    async with serve(lie_to_the_first, h2_tls) as server, open_exchange(server.url) as exchange:
        results = await together(exchange, 4)
        failures = [r for r in results if isinstance(r, TransportFailure)]
        assert [f.sent for f in failures] == [Sent.UNKNOWN]
        assert len(bodies(results)) == 3
        assert (await exchange("/x", b"")).body == b"after"
        assert len(server.peers) == 1


async def test_three_hundred_cancelled_calls_leave_no_trace(
    open_exchange: OpenExchange, h2_tls: ssl.SSLContext
) -> None:
    """Three hundred cancelled calls give their streams back: the server sees each reset."""

    async def only_good(peer: Peer) -> None:
        await peer.start(MAX_CONCURRENT_STREAMS=100)
        while True:
            stream = await peer.request()
            if peer.bodies[stream] == b"good":
                await peer.answer(stream, b"yes")

    async with serve(only_good, h2_tls) as server, open_exchange(server.url) as exchange:
        for seen in (100, 200, 300):
            async with anyio.create_task_group() as group:
                for _ in range(100):
                    group.start_soon(exchange, "/x", b"bad")
                while server.posts.count(b"bad") < seen:
                    await anyio.sleep(0.001)
                group.cancel_scope.cancel()
        assert (await exchange("/x", b"good")).body == b"yes"
        assert len(server.peers) == 1
        assert len(server.peers[0].resets) == len(server.peers[0].bodies) - 1 == 300


async def test_cancelled_leader_hands_reading_on(
    open_exchange: OpenExchange, h2_tls: ssl.SSLContext
) -> None:
    """Whoever reads for all is cancelled: the others get their answers nevertheless."""
    go = anyio.Event()

    async def wait_then_answer(peer: Peer) -> None:
        await peer.start()
        streams = [await peer.request() for _ in range(6)]
        go.set()
        for _ in range(3):
            await peer.next(h2.events.StreamReset)
        for stream in streams:
            if stream not in peer.resets:
                await peer.answer(stream, peer.bodies[stream])
        await peer.linger()

    async with serve(wait_then_answer, h2_tls) as server, open_exchange(server.url) as exchange:
        got: list[bytes] = []
        scopes = [anyio.CancelScope() for _ in range(6)]

        async def call(number: int) -> None:
            with scopes[number]:
                got.append((await exchange("/x", b"%d" % number)).body)

        with anyio.fail_after(10):
            async with anyio.create_task_group() as group:
                for number in range(6):
                    group.start_soon(call, number)
                    await anyio.sleep(0.005)
                await go.wait()
                for number in (0, 5, 1):
                    scopes[number].cancel()
                    await anyio.sleep(0.005)
        assert sorted(got) == [b"2", b"3", b"4"]


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.parametrize("steps", range(8))
async def test_native_cancellation_changes_no_other(
    steps: int, open_exchange: OpenExchange, h2_tls: ssl.SSLContext
) -> None:
    """`Task.cancel()` of asyncio, which no shield holds back, hurts nobody else at any moment."""
    async with serve(answer_all, h2_tls) as server, open_exchange(server.url) as exchange:
        await exchange("/x", b"warm")
        for _ in range(10):
            tasks = [asyncio.ensure_future(exchange("/x", b"%d" % n)) for n in range(8)]
            for _ in range(steps):
                await asyncio.sleep(0)
            for task in tasks[::2]:
                task.cancel()
            results = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 10)
            assert bodies(results[1::2]) == [b"1", b"3", b"5", b"7"]
        assert len(server.peers) == 1


# GOAWAY, idleness, limits.


async def test_graceful_goaway_lets_accepted_streams_finish(
    open_exchange: OpenExchange, h2_tls: ssl.SSLContext
) -> None:
    """After a GOAWAY what was accepted is answered; the next call uses a new connection."""

    async def graceful(peer: Peer) -> None:
        await peer.start()
        if peer.index:
            await answer_all_started(peer)
        streams = [await peer.request() for _ in range(11)]
        await peer.goaway(2**31 - 1)
        await peer.goaway(max(streams))
        for stream in streams:
            await peer.answer(stream, b"done")
        await peer.linger()

    async def answer_all_started(peer: Peer) -> None:
        while True:
            await peer.answer(await peer.request(), b"new")

    async with serve(graceful, h2_tls) as server, open_exchange(server.url) as exchange:
        assert bodies(await together(exchange, 11)) == [b"done"] * 11
        assert (await exchange("/x", b"")).body == b"new"
        assert len(server.peers) == 2


async def test_goaway_refuses_only_what_is_above(
    open_exchange: OpenExchange, h2_tls: ssl.SSLContext
) -> None:
    """Of twelve the first six were taken: those are answered, the others were refused."""

    async def half(peer: Peer) -> None:
        await peer.start()
        streams = sorted([await peer.request() for _ in range(12)])
        await peer.goaway(streams[5])
        for stream in streams[:6]:
            await peer.answer(stream)
        await peer.linger()

    async with serve(half, h2_tls) as server, open_exchange(server.url) as exchange:
        results = await together(exchange, 12)
        refused = [r for r in results if isinstance(r, TransportFailure)]
        assert [f.sent for f in refused] == [Sent.REFUSED] * 6


@pytest.mark.parametrize("farewell", ["close", "goaway", "goaway with the answer"])
async def test_dead_idle_connection_is_noticed_before_writing(
    farewell: str, open_exchange: OpenExchange, h2_tls: ssl.SSLContext
) -> None:
    """The server has left an idle connection: the next POST goes out once, on a new one."""
    left = anyio.Event()

    async def answer_once(peer: Peer) -> None:
        await peer.start()
        stream = await peer.request()
        if farewell == "goaway with the answer":
            peer.link.send_headers(stream, [(b":status", b"200")], end_stream=True)
            answer = peer.link.data_to_send()
            # Two records of TLS in one packet: the second is behind the answer.
            assert isinstance(peer.stream, TLSStream)
            peer.stream._ssl_object.write(answer)
            peer.stream._ssl_object.write(b"\0\0\x08\x07\0\0\0\0\0\0\0\0\1\0\0\0\0")
            await peer.stream._flush_write_bio()
            left.set()
            await peer.linger()
            return
        await peer.answer(stream)
        if farewell == "goaway":
            await peer.goaway(stream)
            left.set()
            await peer.linger()

    async with serve(answer_once, h2_tls) as server, open_exchange(server.url) as exchange:
        await exchange("/x", b"first")
        if farewell == "close":
            await server.peers[0].stream.aclose()
        else:
            await left.wait()
        await anyio.sleep(0.01)
        assert (await exchange("/x", b"second")).status == 200
        assert server.posts == [b"first", b"second"]
        assert len(server.peers) == 2


async def test_ping_on_an_idle_connection_keeps_it(
    open_exchange: OpenExchange, h2_tls: ssl.SSLContext
) -> None:
    """Pings and new settings that came while nobody read are taken, and the connection stays."""

    async def ping_between(peer: Peer) -> None:
        await peer.start()
        await peer.answer(await peer.request())
        peer.link.ping(b"12345678")
        peer.link.update_settings({h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: 7})
        await peer.flush()
        await peer.next(h2.events.PingAckReceived)
        await peer.answer(await peer.request(), b"second")
        await peer.linger()

    async with serve(ping_between, h2_tls) as server, open_exchange(server.url) as exchange:
        await exchange("/x", b"")
        await anyio.sleep(0.01)
        with anyio.fail_after(5):
            assert (await exchange("/x", b"")).body == b"second"
        assert len(server.peers) == 1


async def test_streams_used_up_opens_another_connection(
    open_exchange: OpenExchange, h2_tls: ssl.SSLContext
) -> None:
    """A server that takes one stream at a time gets as many connections as there are calls."""

    async def one_at_a_time(peer: Peer) -> None:
        await peer.start(MAX_CONCURRENT_STREAMS=1)
        while True:
            stream = await peer.request()
            await peer.answer(stream, peer.bodies[stream])

    async with serve(one_at_a_time, h2_tls) as server, open_exchange(server.url) as exchange:
        assert bodies(await together(exchange, 4)) == [b"n=%d" % n for n in range(4)]
        assert len(server.peers) <= 4
        assert sorted(server.posts) == [b"n=%d" % n for n in range(4)]


async def test_long_bodies_wait_for_the_window_alone(
    open_exchange: OpenExchange, h2_tls: ssl.SSLContext
) -> None:
    """A long body under a tiny window holds nobody up, and arrives whole."""
    small_done = anyio.Event()

    async def tiny(peer: Peer) -> None:
        await peer.start(INITIAL_WINDOW_SIZE=1000)
        while True:
            stream = await peer.request()
            await peer.answer(stream, b"%d" % len(peer.bodies[stream]))

    async with serve(tiny, h2_tls) as server, open_exchange(server.url) as exchange:
        sizes: dict[str, bytes] = {}
        await exchange("/x", b"settle")

        async def upload() -> None:
            sizes["long"] = (await exchange("/x", b"x" * 200_000)).body

        async def small() -> None:
            sizes["small"] = (await exchange("/x", b"y")).body
            assert "long" not in sizes
            small_done.set()

        with anyio.fail_after(10):
            async with anyio.create_task_group() as group:
                group.start_soon(upload)
                group.start_soon(small)
        assert sizes == {"long": b"200000", "small": b"1"}
        assert len(server.peers) == 1


@pytest.mark.parametrize("opened_by", ["window updates", "settings"])
async def test_long_body_goes_on_while_another_reads(
    opened_by: str, open_exchange: OpenExchange, h2_tls: ssl.SSLContext
) -> None:
    """The window opens for a body while another call reads for all: the body goes on."""
    size = 200_000 if opened_by == "window updates" else 50_000

    async def first_last(peer: Peer) -> None:
        await peer.start(INITIAL_WINDOW_SIZE=1000 if opened_by == "window updates" else 0)
        await peer.answer(await peer.request())
        reader = await peer.request()
        await peer.next(h2.events.RequestReceived)
        newest = await peer.request()
        if opened_by == "settings":
            peer.link.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: size})
            await peer.flush()
        upload = await peer.request()
        await peer.answer(upload, b"%d" % len(peer.bodies[upload]))
        await peer.answer(reader)
        await peer.answer(newest)
        await peer.linger()

    async with serve(first_last, h2_tls) as server, open_exchange(server.url) as exchange:
        done: list[bytes] = []

        async def upload() -> None:
            done.append((await exchange("/x", b"x" * size)).body)

        await exchange("/x", b"")
        with anyio.fail_after(10):
            async with anyio.create_task_group() as group:
                group.start_soon(exchange, "/x", b"")
                while len(server.posts) < 2:
                    await anyio.sleep(0.001)
                group.start_soon(upload)
                while len(server.posts) < 3:
                    await anyio.sleep(0.001)
                group.start_soon(exchange, "/x", b"")
        assert done == [b"%d" % size]


async def test_window_that_never_opens_times_out_as_written(
    open_exchange: OpenExchange, h2_tls: ssl.SSLContext
) -> None:
    """A body that the server does not let in fails in the write phase, unknown."""

    async def shut(peer: Peer) -> None:
        await peer.start(INITIAL_WINDOW_SIZE=0)
        await peer.answer(await peer.request())
        await peer.linger()

    async with (
        serve(shut, h2_tls) as server,
        open_exchange(server.url, reply_timeout=0.1) as exchange,
    ):
        assert (await exchange("/x", b"")).status == 200
        failure = await fails(exchange, b"x" * 100_000)
        assert (failure.sent, failure.phase) == (Sent.UNKNOWN, "write")


async def test_early_answer_ends_the_upload(
    open_exchange: OpenExchange, h2_tls: ssl.SSLContext
) -> None:
    """An answer that comes before the body is through is the answer."""

    async def too_large(peer: Peer) -> None:
        await peer.start(INITIAL_WINDOW_SIZE=1000)
        await peer.answer(await peer.request())
        while True:
            event = await peer.next(h2.events.RequestReceived)
            await peer.answer(event.stream_id, b"too large", 413)
            await peer.next(h2.events.StreamReset)

    async with serve(too_large, h2_tls) as server, open_exchange(server.url) as exchange:
        await exchange("/x", b"")
        for _ in range(3):
            with anyio.fail_after(5):
                reply = await exchange("/x", b"x" * 100_000)
            assert (reply.status, reply.body) == (413, b"too large")
        assert len(server.peers) == 1


async def test_large_answers_are_read_whole(
    open_exchange: OpenExchange, h2_tls: ssl.SSLContext
) -> None:
    """Answers larger than every window arrive, because what is read is acknowledged."""
    size = 3 << 20

    async def large(peer: Peer) -> None:
        await peer.start()
        while True:
            stream = await peer.request()
            peer.link.send_headers(stream, [(b":status", b"200")])
            left = size
            while left:
                window = peer.link.local_flow_control_window(stream)
                piece = min(left, window, 16384)
                if not piece:
                    await peer.next(h2.events.WindowUpdated)
                    continue
                left -= piece
                peer.link.send_data(stream, b"z" * piece, end_stream=not left)
                await peer.flush()

    async with serve(large, h2_tls) as server, open_exchange(server.url) as exchange:
        for _ in range(8):
            with anyio.fail_after(10):
                assert len((await exchange("/x", b"")).body) == size


async def test_informational_answers_and_trailers_are_passed_over(
    open_exchange: OpenExchange, h2_tls: ssl.SSLContext
) -> None:
    """What comes before and after the answer proper does not change it."""

    async def chatty(peer: Peer) -> None:
        await peer.start()
        stream = await peer.request()
        peer.link.send_headers(stream, [(b":status", b"103")])
        peer.link.send_headers(stream, [(b":status", b"200")])
        peer.link.send_data(stream, b"body")
        peer.link.send_headers(stream, [(b"x-trailer", b"1")], end_stream=True)
        await peer.flush()
        await peer.linger()

    async with serve(chatty, h2_tls) as server, open_exchange(server.url) as exchange:
        reply = await exchange("/x", b"")
        assert (reply.status, reply.body) == (200, b"body")


async def test_encoded_answers_are_left_as_they_came(
    open_exchange: OpenExchange, h2_tls: ssl.SSLContext
) -> None:
    """A body that claims an encoding we did not ask for is not decoded."""

    async def zipped(peer: Peer) -> None:
        await peer.start()
        stream = await peer.request()
        peer.link.send_headers(stream, [(b":status", b"200"), (b"content-encoding", b"gzip")])
        peer.link.send_data(stream, b"not gzip", end_stream=True)
        await peer.flush()
        await peer.linger()

    async with serve(zipped, h2_tls) as server, open_exchange(server.url) as exchange:
        assert (await exchange("/x", b"")).body == b"not gzip"


async def test_nonsense_in_a_status_hurts_only_its_own_call(
    open_exchange: OpenExchange, h2_tls: ssl.SSLContext
) -> None:
    """A status that is none fails its call; the other is answered on the same connection."""

    async def bad_and_good(peer: Peer) -> None:
        await peer.start()
        first, second = await peer.request(), await peer.request()
        peer.link.send_headers(first, [(b":status", b"+20")], end_stream=True)
        await peer.answer(second, b"good")
        await peer.linger()

    async with serve(bad_and_good, h2_tls) as server, open_exchange(server.url) as exchange:
        results = await together(exchange, 2)
        assert bodies(results) == [b"good"]
        assert len(server.peers) == 1


async def test_too_large_an_answer_is_unknown(
    open_exchange: OpenExchange, h2_tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer over the cap is given up, and its stream reset."""
    monkeypatch.setattr("smsc_async.transport.streams.BODY_CAP", 1000)

    async def large(peer: Peer) -> None:
        await peer.start()
        stream = await peer.request()
        peer.link.send_headers(stream, [(b":status", b"200")])
        peer.link.send_data(stream, b"z" * 1001)
        await peer.flush()
        await peer.next(h2.events.StreamReset)
        await peer.answer(await peer.request(), b"small")
        await peer.linger()

    async with serve(large, h2_tls) as server, open_exchange(server.url) as exchange:
        failure = await fails(exchange)
        assert failure.sent is Sent.UNKNOWN
        assert "longer than" in str(failure)
        assert (await exchange("/x", b"")).body == b"small"


async def test_silent_path_is_not_used_again(
    open_exchange: OpenExchange, h2_tls: ssl.SSLContext
) -> None:
    """After a timeout during which nothing at all came the next call uses a new connection."""

    async def mute_at_first(peer: Peer) -> None:
        await peer.start()
        while True:
            stream = await peer.request()
            if peer.index or peer.bodies[stream] == b"warm":
                await peer.answer(stream, b"alive")

    async with (
        serve(mute_at_first, h2_tls) as server,
        open_exchange(server.url, reply_timeout=0.2) as exchange,
    ):
        await exchange("/x", b"warm")
        await fails(exchange)
        assert (await exchange("/x", b"")).body == b"alive"
        assert len(server.peers) == 2


async def test_closing_fails_what_is_in_flight(
    open_exchange: OpenExchange, h2_tls: ssl.SSLContext
) -> None:
    """`aclose` while a call waits: the call ends as unknown, later ones as not sent."""
    asked = anyio.Event()

    async def mute(peer: Peer) -> None:
        await peer.start()
        await peer.request()
        asked.set()
        await peer.linger()

    async with serve(mute, h2_tls) as server, open_exchange(server.url) as exchange:
        failures: list[TransportFailure] = []

        async def call() -> None:
            failures.append(await fails(exchange))

        async with anyio.create_task_group() as group:
            group.start_soon(call)
            await asked.wait()
            await exchange.aclose()
        assert [failure.sent for failure in failures] == [Sent.UNKNOWN]
