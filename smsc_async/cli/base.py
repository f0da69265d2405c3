"""What all commands share: the app, where they print, how they get a client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import anyio
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..client import AsyncSmsc
from ..errors import SmscError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ..client import ClientOptions

__all__ = ["app", "err", "fail", "out", "run", "show", "with_client"]

app: Final = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Send messages with SMSC. Who you are is read from SMSC_LOGIN and SMSC_PASSWORD, or from "
    "SMSC_APIKEY; see AsyncSmsc.from_env for the rest of the environment.",
)
out: Final[Console] = Console()
err: Final[Console] = Console(stderr=True)


def with_client(action: Callable[[AsyncSmsc], Awaitable[None]], sender: str | None = None) -> None:
    """Do something with a client of the environment."""
    options: ClientOptions = {} if sender is None else {"sender": sender}

    async def session() -> None:
        async with AsyncSmsc.from_env(**options) as smsc:
            await action(smsc)

    run(session)


def run(session: Callable[[], Awaitable[None]]) -> None:
    """Run it; an error of ours is one line, and the exit code 1."""
    try:
        anyio.run(session)
    except SmscError as error:
        fail(f"{type(error).__name__}: {error}")


def fail(text: str) -> None:
    """Say what went wrong, and exit with 1."""
    # A square bracket in it is one, and no style.
    err.print(Text(text, style="red"), soft_wrap=True)
    raise typer.Exit(1) from None


def show(facts: dict[str, object]) -> None:
    """Print names and values; those that are None are left out."""
    table = Table(box=None, show_header=False)
    for name, value in facts.items():
        if value is not None:
            table.add_row(Text(name, style="dim"), Text(str(value)))
    out.print(table)
