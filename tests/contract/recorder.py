"""The client over an exchange that keeps what was asked and answers one thing."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import anyio.lowlevel
import attrs
from clocks import InstantClock
from service import fields_of

from smsc_async import AsyncSmsc
from smsc_async.transport import Reply

if TYPE_CHECKING:
    from smsc_async.transport import Body, Progress

__all__ = ["API", "EXAMPLES", "Call", "Documented", "Example", "Recorder", "client", "make"]

Call: TypeAlias = "Callable[[AsyncSmsc], Awaitable[object] | AsyncIterator[object]]"
"""Something to do with a client; of what it iterates over only the first is taken."""

HERE = Path(__file__).parent


@attrs.frozen
class Documented:
    """What the vendor's pages say of one command."""

    command: str
    path: str
    flag: dict[str, str]
    params: list[str]
    required: list[list[str]]
    errors: list[int]
    limits: list[list[float]]
    answers: list[object]

    @property
    def script(self) -> str:
        """The script that it belongs to."""
        return self.command.partition("/")[0]

    @property
    def most(self) -> int:
        """How often the tightest limit allows it."""
        return int(min(self.limits)[0])

    @property
    def seconds(self) -> float:
        """In how many seconds that is."""
        return min(self.limits)[1]


@attrs.frozen
class Example:
    """A request that the vendor's pages show."""

    id: str
    command: str
    fields: dict[str, str]
    files: list[str] = attrs.field(factory=list[str])


def _load(name: str) -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", json.loads((HERE / name).read_text()))


# It is never used, and the machine's authorities are read once for a client without it.
TRUST = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
API = {row["command"]: Documented(**row) for row in _load("api.json")}
EXAMPLES = [Example(**row) for row in _load("examples.json")]


@attrs.define
class Recorder:
    """An exchange that answers everything alike."""

    answer: bytes
    clock: InstantClock = attrs.field(factory=InstantClock)
    moments: list[float] = attrs.field(factory=list[float])
    asked: list[tuple[str, dict[str, str]]] = attrs.field(factory=list[tuple[str, dict[str, str]]])

    async def __call__(
        self,
        path: str,
        form: bytes | Body,
        *,
        content_type: str = "",
        avoid: str = "",
        progress: Progress | None = None,
    ) -> Reply:
        """Keep the request without what every request has."""
        fields = await fields_of(form, content_type)
        if fields:
            assert fields.pop("login") == "alex"
            assert fields.pop("psw") == "secret-password"
        self.asked.append((path, fields))
        self.moments.append(self.clock.now())
        await anyio.lowlevel.checkpoint()
        return Reply("smscentre.com", 200, self.answer, "HTTP/2")

    async def aclose(self) -> None:
        """Do nothing."""


def client(recorder: Recorder, **options: Any) -> AsyncSmsc:
    """Make a client of the recorder, on a clock that never waits for long."""
    smsc = AsyncSmsc(
        login="alex",
        password="secret-password",
        hosts=["http://localhost:1"],
        verify=TRUST,
        clock=recorder.clock,
        **options,
    )
    # There is no public way to put another service in its place, and none is wanted.
    smsc._call._exchange = recorder
    return smsc


async def make(call: Call, smsc: AsyncSmsc) -> object:
    """Make a call; of an iterator take the first item."""
    made = call(smsc)
    if isinstance(made, AsyncIterator):
        try:
            return await anext(made, None)
        finally:
            if close := getattr(made, "aclose", None):
                await close()
    return await made
