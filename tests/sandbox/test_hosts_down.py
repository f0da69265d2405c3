"""Hosts that are down, in every way there is, and whom the service recognises a message by."""

from __future__ import annotations

import ssl
from functools import partial
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
import pytest

from smsc_async import DuplicateMessage
from smsc_async.sandbox import Down, Faults, Sandbox

if TYPE_CHECKING:
    from smsc_async import AsyncSmsc
    from smsc_async.sandbox import Guard, Host

pytestmark = pytest.mark.anyio


async def kill(host: Host, down: Down = Down.REFUSES) -> None:
    await anyio.to_thread.run_sync(partial(host.kill, down))


async def knock(host: Host, sandbox: Sandbox) -> str:
    """Try to connect, with TLS, and say how it goes."""
    trust = ssl.create_default_context(cafile=sandbox.ca)
    try:
        with anyio.fail_after(0.2):
            stream = await anyio.connect_tcp(
                "localhost", host.port, ssl_context=trust, tls_standard_compatible=False
            )
            await stream.aclose()
    except TimeoutError:
        return "nothing"
    except ssl.SSLError:
        return "the end"
    except (anyio.EndOfStream, anyio.BrokenResourceError):
        return "the end"
    except OSError as error:
        return "the end" if isinstance(error, ConnectionResetError) else "refused"
    return "welcome"


async def knocks(host: Host, sandbox: Sandbox, times: int = 3) -> list[str]:
    """Knock so often at once."""
    heard: list[str] = []

    async def listen() -> None:
        heard.append(await knock(host, sandbox))

    async with anyio.create_task_group() as group:
        for _ in range(times):
            group.start_soon(listen)
    return heard


@pytest.mark.parametrize("faults", [None, Faults()], ids=["plain", "faults"])
async def test_a_host_is_down_and_comes_back(faults: Faults | None) -> None:
    """It refuses, hangs up or says nothing, can go from one to the other, and start again."""
    async with Sandbox(faults=faults) as sandbox:
        main = sandbox.hosts[0]
        assert await knock(main, sandbox) == "welcome"
        await kill(main)
        assert await knock(main, sandbox) == "refused"
        await kill(main, Down.HANGS_UP)
        assert await knocks(main, sandbox) == ["the end"] * 3
        await kill(main, Down.SILENT)
        assert await knocks(main, sandbox) == ["nothing"] * 3
        await kill(main)
        assert await knock(main, sandbox) == "refused"
        await kill(main, Down.SILENT)
        await anyio.to_thread.run_sync(main.restart)
        assert await knock(main, sandbox) == "welcome"
        await kill(main, Down.HANGS_UP)
        await anyio.to_thread.run_sync(main.start)
        assert await knock(main, sandbox) == "welcome"
        await kill(sandbox.hosts[1], Down.SILENT)


@pytest.mark.parametrize(
    ("guard", "answers"),
    [
        ("global", ["taken", "refused", "refused"]),
        ("host", ["taken", "refused", "taken"]),
        ("absent", ["taken", "taken", "taken"]),
    ],
)
async def test_how_far_a_message_is_recognised(guard: Guard, answers: list[str]) -> None:
    """The same message within a minute: twice to the main host, then to the backup."""
    async with Sandbox(guard=guard) as sandbox:
        main, backup = (sandbox.client(hosts=[url]) for url in sandbox.urls)
        another = sandbox.client(hosts=[sandbox.urls[0]])
        async with main, backup, another:
            assert [await sends(client) for client in (main, another, backup)] == answers
        assert len(sandbox.messages) == answers.count("taken")


async def sends(client: AsyncSmsc) -> str:
    """Send a message, and say what comes of it."""
    try:
        await client.send("79991234567", "Hello")
    except DuplicateMessage:
        return "refused"
    return "taken"


def test_there_are_three_kinds_of_guard() -> None:
    """A sandbox with another one is refused."""
    with pytest.raises(ValueError, match="guard"):
        Sandbox(guard="none")  # type: ignore[arg-type]
