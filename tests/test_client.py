"""The client as a user meets it: over TLS and HTTP/2 to a sandbox, and with everything wrong."""

from __future__ import annotations

import logging
import pickle
import socket
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import anyio
import pytest
import trustme
from clocks import ScaledClock
from hand_clock import HandClock

from smsc_async import (
    AsyncSmsc,
    AuthenticationFailed,
    BadReply,
    ClientClosed,
    DeliveryStatus,
    DuplicateMessage,
    Flash,
    InvalidRequest,
    Line,
    MemoryGovernor,
    MessageStatus,
    NotSent,
    OutcomeUnknown,
    SmscError,
)
from smsc_async._clock import SystemClock
from smsc_async.sandbox import Sandbox

pytestmark = pytest.mark.anyio

PHONE = "+79991234567"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as service:
        yield service


async def test_a_message_from_send_to_delivered() -> None:
    """A text goes out over HTTP/2, costs what was quoted, and is followed until it arrives."""
    async with Sandbox(delivery=(0.0, 0.0)) as sandbox, sandbox.client() as smsc:
        quote = await smsc.quote(PHONE, "Привет, мир")
        sent = await smsc.send(PHONE, "Привет, мир")
        status = await smsc.status(sent.id, PHONE, detail=2)
        money = await smsc.balance()

        [message] = sandbox.messages
    assert (message.id, message.phone, message.text) == (sent.id, "79991234567", "Привет, мир")
    assert (sent.cost, sent.units) == (quote.cost, quote.units)
    assert money.amount == sent.balance == sandbox.balance
    assert status.status is DeliveryStatus.DELIVERED
    assert status.text == "Привет, мир"
    assert sandbox.requests(http_version="2") == sandbox.requests() == 4


async def test_many_statuses_and_a_deletion(sandbox: Sandbox) -> None:
    """Messages to several are asked for together, and one of them is deleted."""
    phones = ["+79991234567", "+79995550007"]
    async with sandbox.client() as smsc:
        sent = await smsc.send(phones, "Hello")
        await smsc.delete(sent.id, phones[0])
        statuses = await smsc.statuses([(sent.id, phone) for phone in phones])

    assert [result.error for result in sent.recipients] == [0, 249]
    assert [status.status for status in statuses] == [DeliveryStatus.NOT_FOUND] * 2


async def test_api_key(sandbox: Sandbox) -> None:
    """An API key is as good as login and password."""
    async with sandbox.client(apikey=sandbox.apikey) as smsc:
        assert (await smsc.balance()).currency == "RUR"


async def test_http11(sandbox: Sandbox) -> None:
    """Without HTTP/2 the same calls go over HTTP/1.1."""
    async with sandbox.client(http2=False) as smsc:
        await smsc.send(PHONE, "Hello")

    assert sandbox.requests(http_version="1.1") == 1


def test_nothing_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names what to set."""
    for name in ("SMSC_LOGIN", "SMSC_PASSWORD", "SMSC_APIKEY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(InvalidRequest, match="SMSC_LOGIN and SMSC_PASSWORD, or SMSC_APIKEY"):
        AsyncSmsc.from_env()
    monkeypatch.setenv("SMSC_LOGIN", "alex")
    with pytest.raises(InvalidRequest, match="password: is needed: set SMSC_LOGIN and"):
        AsyncSmsc.from_env()


async def test_from_env(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client is made of the environment; what is given in the call goes before it."""
    for variable, value in {
        "SMSC_LOGIN": sandbox.login,
        "SMSC_PASSWORD": sandbox.password,
        "SMSC_HOSTS": ", ".join(sandbox.urls),
        "SMSC_SENDER": "Shop",
        "SMSC_GOVERNOR": "memory://",
        "SMSC_CA": sandbox.ca,
    }.items():
        monkeypatch.setenv(variable, value)
    async with AsyncSmsc.from_env() as smsc:
        await smsc.send(PHONE, "Hello")
    async with AsyncSmsc.from_env(sender="Other") as smsc:
        await smsc.send(PHONE, "Goodbye")

    assert [message.sender for message in sandbox.messages] == ["Shop", "Other"]


async def test_shared_governor(sandbox: Sandbox) -> None:
    """Two clients with one governor know of each other's messages."""
    governor = MemoryGovernor(clock=SystemClock())
    async with (
        sandbox.client(governor=governor) as one,
        sandbox.client(governor=governor) as two,
    ):
        await one.send(PHONE, "Hello")
        with pytest.raises(DuplicateMessage):
            await two.send(PHONE, "Hello")


async def test_wrong_password(sandbox: Sandbox) -> None:
    """A wrong password is told, and asked with no more than twice."""
    async with sandbox.client(password="wrong") as smsc:
        for _ in range(5):
            with pytest.raises(AuthenticationFailed):
                await smsc.balance()

    assert sandbox.requests() == 2


def make(**options: object) -> AsyncSmsc:
    return AsyncSmsc(**{"login": "alex", "password": "secret"} | options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("field", "options"),
    [
        ("login", {"password": None}),
        ("login", {"apikey": "key"}),
        ("hosts", {"hosts": []}),
        ("hosts", {"hosts": "https://smscentre.com"}),
        ("hosts", {"hosts": ["smscentre.com"]}),
        ("hosts", {"hosts": ["ftp://smscentre.com"]}),
        ("hosts", {"hosts": ["http://smscentre.com"]}),
        ("hosts", {"hosts": ["https://alex:secret@smscentre.com"]}),
        ("hosts", {"hosts": ["https://smscentre.com/?login=alex&psw=secret"]}),
        ("hosts", {"hosts": ["https://smscentre.com/sys"]}),
        ("hosts", {"hosts": ["https://smscentre.com:port"]}),
        ("hosts", {"hosts": ["https://smscentre.com"] * 2}),
        ("sender", {"sender": "far too long a name"}),
        ("concurrency", {"concurrency": 0}),
        ("concurrency", {"concurrency": 15}),
        ("connect_timeout", {"connect_timeout": 0}),
        ("reply_timeout", {"reply_timeout": -1}),
        ("deadline", {"deadline": float("nan")}),
        ("patience", {"patience": -1}),
        ("outcome", {"outcome": "hope"}),
        ("governor", {"governor": "postgres://"}),
        ("governor", {"governor": None}),
        ("verify", {"verify": "/no/such/file.pem"}),
        ("verify", {"verify": Path("/no/such/file.pem")}),
        ("verify", {"verify": 7}),
        ("hosts", {"hosts": None}),
        ("hosts", {"hosts": "https://smsc.ru"}),
        ("concurrency", {"concurrency": "12"}),
        ("patience", {"patience": "60"}),
    ],
)
def test_settings_refused(field: str, options: dict[str, object]) -> None:
    """A setting that cannot be is refused when the client is made, without repeating a secret."""
    with pytest.raises(InvalidRequest) as caught:
        make(**options)

    assert caught.value.field == field
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "options",
    [{"apikey": "secret-key"}, {"hosts": ["nowhere"]}, {"governor": "x"}, {"concurrency": 0}],
)
def test_no_secret_in_the_traceback_of_a_bad_setting(
    options: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Frames of ours hold no secret when a client cannot be made, and can be shown."""
    monkeypatch.setenv("SMSC_LOGIN", "alex")
    monkeypatch.setenv("SMSC_PASSWORD", "secret")
    for attempt in (make, AsyncSmsc.from_env):
        with pytest.raises(InvalidRequest) as caught:
            attempt(**options)  # type: ignore[arg-type]
        frames = [frame for frame, _ in traceback.walk_tb(caught.value.__traceback__)]
        ours = [frame for frame in frames if "smsc_async/" in frame.f_code.co_filename]
        shown = "".join(repr(value) for frame in ours for value in frame.f_locals.values())
        assert "AsyncSmsc" in shown
        assert "secret" not in shown


def test_http_is_for_this_machine() -> None:
    """Plain HTTP is spoken to this machine only."""
    for host in ("localhost:8080", "127.0.0.1", "127.1.2.3:80", "[::1]:8080"):
        assert host in repr(make(hosts=[f"http://{host}"]))


def test_repr_has_no_secret() -> None:
    """A client shows its hosts, and no more."""
    assert repr(make(hosts=["https://smsc.ru"])) == "<AsyncSmsc https://smsc.ru>"


async def test_unknown_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that has no address means that nothing was sent."""

    async def no_address(*_: object, **__: object) -> object:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(anyio, "getaddrinfo", no_address)
    async with make(hosts=["https://no-such-host.invalid"], clock=ScaledClock(1000)) as smsc:
        with pytest.raises(NotSent) as caught:
            await smsc.send(PHONE, "Hello")

    assert {attempt.phase for attempt in caught.value.attempts} == {"connect"}
    assert len(caught.value.attempts) == 4


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def test_no_network() -> None:
    """When no host can be reached the error lists who was tried, how often."""
    hosts = [f"https://localhost:{closed_port()}" for _ in range(2)]
    async with make(hosts=hosts, clock=ScaledClock(1000)) as smsc:
        with pytest.raises(NotSent) as caught:
            await smsc.balance()

    assert len(caught.value.attempts) == 8
    assert len({attempt.host for attempt in caught.value.attempts}) == 2


async def test_certificate_of_somebody_else(sandbox: Sandbox, tmp_path: object) -> None:
    """A host that cannot prove who it is gets nothing."""
    with trustme.CA().cert_pem.tempfile() as ca:
        async with sandbox.client(verify=ca, clock=ScaledClock(1000)) as smsc:
            with pytest.raises(NotSent, match="certificate"):
                await smsc.send(PHONE, "Hello")

    assert sandbox.requests() == 0


@asynccontextmanager
async def web_server(body: bytes) -> AsyncIterator[str]:
    """A server on this machine that answers every request with the same body."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)

    async def serve(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            try:
                while await stream.receive():
                    await stream.send(head + body)
            except (anyio.EndOfStream, anyio.BrokenResourceError):
                return

    async with (
        await anyio.create_tcp_listener(local_host="127.0.0.1") as listener,
        anyio.create_task_group() as group,
    ):
        group.start_soon(listener.serve, serve)
        port = listener.extra(anyio.abc.SocketAttribute.local_port)
        yield f"http://127.0.0.1:{port}"
        group.cancel_scope.cancel()


@pytest.mark.parametrize("body", [b"<html>Welcome</html>", b'{"balance": "1', b""])
async def test_not_the_service(body: bytes) -> None:
    """Who answers something else is not the service: a read says so, a send is in doubt."""
    async with (
        web_server(body) as url,
        make(hosts=[url], outcome="raise", clock=ScaledClock(1000)) as smsc,
    ):
        with pytest.raises(BadReply):
            await smsc.balance()
        with pytest.raises(OutcomeUnknown) as caught:
            await smsc.send(PHONE, "Hello", id="mine")

    assert caught.value.message_id == "mine"
    assert isinstance(caught.value.__cause__, BadReply)


@pytest.mark.parametrize(
    ("to", "text", "field"),
    [("not a phone", "Hello", "to"), (PHONE, "x" * 1001, "text"), ([], "Hello", "to")],
)
async def test_bad_input(sandbox: Sandbox, to: str, text: str, field: str) -> None:
    """What the service would refuse is refused here."""
    async with sandbox.client() as smsc:
        with pytest.raises(InvalidRequest) as caught:
            await smsc.send(to, text)

    assert caught.value.field == field
    assert sandbox.requests() == 0


async def test_use_before_and_after(sandbox: Sandbox) -> None:
    """A client works between `async with` and `aclose`, and says so outside."""
    smsc = sandbox.client()
    with pytest.raises(ClientClosed, match="async with"):
        await smsc.balance()
    async with smsc:
        await smsc.balance()
        with pytest.raises(ClientClosed, match="open already"):
            await smsc.__aenter__()
    await smsc.aclose()
    with pytest.raises(ClientClosed, match="closed"):
        await smsc.balance()
    with pytest.raises(ClientClosed, match="closed"):
        await smsc.__aenter__()


async def test_closing_waits_for_calls_in_progress() -> None:
    """Calls that are under way when the client is closed end well."""
    sent = []
    async with Sandbox(latency=0.05) as sandbox:
        smsc = sandbox.client()

        async def send(number: int) -> None:
            sent.append(await smsc.send(f"+7999123000{number}", "Hello"))

        async with anyio.create_task_group() as group:
            await smsc.__aenter__()
            await smsc.balance()
            for number in range(5):
                group.start_soon(send, number)
            while sandbox.requests(script="send.php") < 5:
                await anyio.sleep(0.005)
            await smsc.aclose()
            assert len(sent) == 5


async def test_closing_twice_at_once() -> None:
    """Both closings are over when the calls in progress are."""
    ended: list[float] = []
    async with Sandbox(latency=0.1) as sandbox:
        smsc = sandbox.client(reply_timeout=3.0)

        async def close() -> None:
            await smsc.aclose()
            ended.append(anyio.current_time())

        async with anyio.create_task_group() as group:
            await smsc.__aenter__()
            group.start_soon(smsc.balance)
            while not sandbox.requests():
                await anyio.sleep(0.005)
            began = anyio.current_time()
            group.start_soon(close)
            group.start_soon(close)
    assert len(ended) == 2
    assert max(ended) - began < 2.0


async def test_closing_in_a_cancelled_task() -> None:
    """Whoever is cancelled in `async with` leaves no connection open all the same."""
    async with Sandbox() as sandbox:
        with anyio.CancelScope() as scope:
            async with sandbox.client() as smsc:
                await smsc.balance()
                scope.cancel()
        assert smsc._exchange._client.is_closed


async def test_a_governor_of_ones_own_stays_open() -> None:
    """Who gives a governor may share it, so the client does not close it."""
    closed: list[str] = []

    class Shared(MemoryGovernor):
        async def aclose(self) -> None:
            closed.append("closed")

    async with (
        Sandbox() as sandbox,
        sandbox.client(governor=Shared(clock=SystemClock())) as smsc,
    ):
        await smsc.balance()
    assert closed == []


async def test_a_cancelled_send_is_settled_later() -> None:
    """A send that was given up while the service worked on it is a doubt, until it is asked for."""
    pauses = iter([0.0, 60.0])
    async with (
        Sandbox(latency=lambda: next(pauses, 0.0)) as sandbox,
        sandbox.client() as smsc,
    ):
        await smsc.balance()
        async with anyio.create_task_group() as group:
            group.start_soon(partial(smsc.send, PHONE, "Hello", id="mine"))
            while not sandbox.messages:
                await anyio.sleep(0.001)
            group.cancel_scope.cancel()
        [doubt] = smsc.doubts

        sent = await smsc.reconcile("mine", doubt.phones)

    assert doubt.message_id == "mine"
    assert sent is not None
    assert sent.confirmed_by == "status"
    assert len(sandbox.messages) == 1
    assert smsc.doubts == ()


async def test_a_doubt_is_settled_days_later() -> None:
    """A message that is in the archive by now is found in the history of what was sent."""
    clock = HandClock()
    async with Sandbox(time=clock) as sandbox, sandbox.client() as smsc:
        sent = await smsc.send(PHONE, "Hello")
        clock.now += 2 * 86400
        status = await smsc.status(sent.id, PHONE)
        found = await smsc.reconcile(sent.id, PHONE)
        lost = await smsc.reconcile("nobody-sent-this", PHONE)

    assert status.status is DeliveryStatus.NOT_FOUND
    assert found is not None
    assert (found.id, found.cost) == (sent.id, sent.cost)
    assert lost is None


async def test_nothing_secret_is_logged(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    """At DEBUG, from all libraries: no password, no phone, no text."""
    caplog.set_level(logging.DEBUG)
    async with sandbox.client() as smsc:
        await smsc.send(PHONE, "A private text")
    async with sandbox.client(password="wrong-password") as smsc:
        with pytest.raises(SmscError) as caught:
            await smsc.balance()

    shown = caplog.text + repr(caught.value) + pickle.dumps(caught.value).decode("latin-1")
    assert "send.php" in shown
    for secret in (sandbox.password, "wrong-password", "79991234567", "private"):
        assert secret not in shown


async def test_messages_as_json() -> None:
    """With body="json" messages arrive as they do otherwise, and all the rest works, too."""
    async with Sandbox() as sandbox, sandbox.client(body="json") as smsc:
        sent = await smsc.send(["79991234567", "79991234568"], Flash("Привет"), sender="Shop")
        lines = await smsc.send_list([Line("79991234569", "Hello\nyou")])
        status = await smsc.status(sent.id, "79991234567")

        assert (await smsc.balance()).amount == lines.balance
    assert [message.text for message in sandbox.messages] == ["Привет", "Привет", "Hello\nyou"]
    assert sandbox.messages[0].channel == "flash"
    assert isinstance(status, MessageStatus)


def test_an_unknown_body() -> None:
    """There are forms and there is JSON."""
    with pytest.raises(InvalidRequest) as caught:
        AsyncSmsc(apikey="key", body="xml")  # type: ignore[arg-type]
    assert caught.value.field == "body"
