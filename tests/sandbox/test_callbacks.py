"""What the sandbox posts to the handler of its account."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import anyio
import pytest
from hand_clock import HandClock

from smsc_async.callbacks import (
    Algorithm,
    CallConfirmation,
    DeliveryTracker,
    IncomingMessage,
    StatusEvent,
    handler_url,
    parse,
)
from smsc_async.sandbox import Sandbox
from smsc_async.sandbox.account import Account
from smsc_async.sandbox.callbacks import ATTEMPTS, EVERY, Callback, Outbox
from smsc_async.sandbox.incoming import receive
from smsc_async.sandbox.notices import Handler
from smsc_async.sandbox.scripts import SCRIPTS

SECRET = "correct-horse_7"
ORDER = [IncomingMessage, CallConfirmation, StatusEvent]
URL = "http://127.0.0.1:9/smsc"


def send(account: Account, phone: str = "79991234567", **fields: str) -> None:
    form = {"phones": phone, "mes": "Привет", "id": "m1", "cost": "3", **fields}
    SCRIPTS["send.php"](account, form)


def outbox(account: Account, url: str = URL) -> Outbox:
    return Outbox(account, Handler.of(url))


def kinds(callbacks: list[Callback]) -> list[str]:
    return [callback.kind for callback in callbacks]


def test_a_message_on_its_way(account: Account, clock: HandClock) -> None:
    """Each step of a message is told when it is taken, in order."""
    box = outbox(account)
    send(account)
    assert box.due() == []

    clock.now += 1
    [first] = box.due()
    clock.now += 100
    [last] = box.due()

    events = [parse(callback.body, callback.content_type) for callback in (first, last)]
    assert [(event.id, event.status) for event in events] == [("m1", 0), ("m1", 1)]  # type: ignore[union-attr]
    assert box.due() == []


@pytest.mark.parametrize("phone", ["79995550003", "79995550020"])
def test_failures(account: Account, clock: HandClock, phone: str) -> None:
    """A message that fails says so, with its error."""
    box = outbox(account)
    send(account, phone)
    clock.now += 100

    *_, last = [parse(callback.body) for callback in box.due()]

    assert isinstance(last, StatusEvent)
    assert last.is_final
    assert last.error
    assert not last.status.is_delivered


@pytest.mark.parametrize("format", ["form", "json", "xml"])
@pytest.mark.parametrize("charset", ["utf-8", "windows-1251", "koi8-r"])
@pytest.mark.parametrize("algorithm", ["md5", "sha1", "crc32"])
@pytest.mark.filterwarnings("ignore::smsc_async.callbacks.WeakSignatureWarning")
def test_every_form_is_understood(
    account: Account, clock: HandClock, format: str, charset: str, algorithm: Algorithm
) -> None:
    """What the sandbox posts, as the address asks for it, is what `parse` reads and verifies."""
    if format != "form" and charset == "koi8-r":
        charset = "utf-8"
    url = handler_url(
        URL,
        SECRET,
        algorithm=algorithm,
        charset=charset,  # type: ignore[arg-type]
        format=format,  # type: ignore[arg-type]
        extra={"shop": "5"},
    )
    box = outbox(account, url)
    send(account, sender="Магазин")
    receive(account, "+79991234567", "Да & <я>")
    receive(account, "79991234567", "[waitcall] ")
    clock.now += 100

    events = [
        parse(one.body, one.content_type, secret=SECRET, algorithm=algorithm) for one in box.due()
    ]

    incoming, call, _, status = sorted(events, key=lambda event: ORDER.index(type(event)))
    assert isinstance(incoming, IncomingMessage)
    assert (incoming.text, incoming.answers) == ("Да & <я>", "m1")
    assert isinstance(call, CallConfirmation)
    assert isinstance(status, StatusEvent)
    assert (status.sender, status.cost, status.units) == ("Магазин", account.messages[0].cost, 1)
    assert {event.extra["shop"] for event in events} == {"5"}


def test_kinds_with_more_to_tell(account: Account, clock: HandClock) -> None:
    """HLR requests and calls have fields of their own."""
    box = outbox(account)
    send(account, hlr="1", mes="")
    send(account, "79997654321", id="m2", call="1", mes="Здравствуйте!\n{menu:\n1: end}")
    clock.now += 100

    found = [parse(one.body) for one in box.due()]
    events = {event.id: event for event in found if isinstance(event, StatusEvent)}

    assert events["m1"].home_country == "Россия"
    assert (events["m2"].menu_keys, events["m2"].ring_seconds) == ("1", 5)


def test_parameters_in_the_address(account: Account) -> None:
    """Names behind an exclamation mark travel in the address, the control value, too."""
    box = outbox(account, f"{URL}!shop=5&sha1={SECRET}?x=1")
    receive(account, "79991234567", "Hi")

    [callback] = box.due()
    path, _, query = callback.url.partition("?")
    event = parse(callback.body, secret=SECRET, query=query.encode())

    assert path == URL
    assert event.extra == {"shop": "5", "x": "1"}


def test_repeated_until_taken(account: Account, clock: HandClock) -> None:
    """What is not taken is posted again every four minutes, until it is."""
    box = outbox(account)
    receive(account, "79991234567", "Hi")
    [callback] = box.due()
    box.answered(callback, 500)

    assert box.due() == []
    clock.now += EVERY - 1
    assert box.due() == []
    clock.now += 1
    assert box.due() == [callback]
    assert box.due() == []
    box.answered(callback, 0)
    clock.now += EVERY
    assert box.due() == [callback]
    box.answered(callback, 200)
    clock.now += EVERY
    assert box.due() == []
    assert (callback.answers, callback.taken) == ([500, 0, 200], True)


def test_not_found_is_taken(account: Account, clock: HandClock) -> None:
    """The service takes a 404 for an answer."""
    box = outbox(account)
    receive(account, "79991234567", "Hi")
    [callback] = box.due()
    box.answered(callback, 404)
    clock.now += EVERY

    assert callback.taken
    assert box.due() == []


def test_given_up(account: Account, clock: HandClock) -> None:
    """After fifty times it is over."""
    box = outbox(account)
    receive(account, "79991234567", "Hi")
    times = 0
    for _ in range(60):
        for callback in box.due():
            times += 1
            box.answered(callback, 503)
        clock.now += EVERY

    assert times == ATTEMPTS
    assert box.posted[0].given_up


def test_only_what_happens_from_now_on(account: Account, clock: HandClock) -> None:
    """A handler hears nothing of what was before it was entered, nor of what was deleted."""
    receive(account, "79991234567", "Hi")
    send(account)
    clock.now += 2
    box = outbox(account)
    clock.now += 100
    send(account, "79997654321", id="m2")
    account.delete("79997654321", "m2")
    clock.now += 100

    assert [parse(one.body).phone for one in box.due()] == ["79991234567"]


class _Answers(BaseHTTPRequestHandler):
    """Answers as it is told, and keeps what was posted."""

    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.posted.append((self.headers["content-type"], body))
        self.send_response(self.server.answers.pop(0) if self.server.answers else 200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    posted: list[tuple[str, bytes]]
    answers: list[int]


@contextmanager
def handler(*answers: int) -> Iterator[_Server]:
    with _Server(("127.0.0.1", 0), _Answers) as server:
        server.posted, server.answers = [], list(answers)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


async def until(true: Callable[[], bool]) -> None:
    with anyio.fail_after(10):
        while not true():
            await anyio.sleep(0.005)


@pytest.mark.anyio
async def test_over_the_network() -> None:
    """Callbacks arrive at a real server, and again four minutes of the sandbox's time later."""
    clock, tracker = HandClock(), DeliveryTracker()
    with handler(500) as server:
        url = handler_url(f"http://127.0.0.1:{server.server_port}/smsc", SECRET)
        async with Sandbox(time=clock, callback_url=url) as sandbox, sandbox.client() as smsc:
            sent = await smsc.send("+79991234567", "Hello")
            clock.now += 10
            await until(lambda: sum(len(one.answers) for one in sandbox.callbacks) == 2)
            clock.now += EVERY
            await until(lambda: all(one.taken for one in sandbox.callbacks))
            sandbox.receive("+79991234567", "Thanks")
            sandbox.ring("+79991234567")
            await until(lambda: len(server.posted) == 5)

            assert kinds(list(sandbox.callbacks)) == ["status", "status", "incoming", "call"]
            assert sorted(len(one.answers) for one in sandbox.callbacks[:2]) == [1, 2]
            for kind, body in server.posted:
                event = parse(body, kind, secret=SECRET)
                if isinstance(event, StatusEvent):
                    tracker.apply(event)

    assert tracker.get(sent.id, "79991234567").is_delivered


@pytest.mark.anyio
async def test_a_handler_that_is_away() -> None:
    """A handler that cannot be reached is tried again; another address may be entered later."""
    clock = HandClock()
    async with Sandbox(time=clock, callback_url="http://127.0.0.1:9/") as sandbox:
        sandbox.receive("79991234567", "Hi")
        await until(lambda: [one.answers for one in sandbox.callbacks] == [[0]])
        with handler() as server:
            sandbox.callback_url = f"http://127.0.0.1:{server.server_port}/"
            sandbox.receive("79991234567", "Hi")
            await until(lambda: len(server.posted) == 1)
        sandbox.callback_url = None

        assert sandbox.callbacks == ()
        assert sandbox.callback_url is None
