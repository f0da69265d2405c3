"""What all commands share: the app, where they print, how they get a client."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated, Final

import anyio
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text
from typer.core import TyperGroup

from ..client import AsyncSmsc
from ..errors import SmscError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ..client import ClientOptions

_ORDER: Final = ("send", "quote", "status", "balance", "send-many", "journal", "worker", "sandbox")

__all__ = ["app", "err", "fail", "out", "run", "show", "with_client"]


class _InOrder(TyperGroup):
    """Lists what is tried first at the top."""

    def list_commands(self, ctx: object) -> list[str]:  # noqa: ARG002 - the name is Click's
        """Return the names of the commands, in the order of the help."""
        known = list(self.commands)
        return sorted(known, key=lambda name: _ORDER.index(name) if name in _ORDER else len(known))


app: Final = typer.Typer(
    cls=_InOrder,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Send messages with SMSC. Set SMSC_LOGIN and SMSC_PASSWORD, or SMSC_APIKEY; SMSC_SENDER, "
    "SMSC_HOSTS, SMSC_GOVERNOR and SMSC_CA may be set, too. No account yet? Try `smsc sandbox`.",
)
out: Final[Console] = Console()
err: Final[Console] = Console(stderr=True)


def _show_version(wanted: bool) -> None:
    if wanted:
        out.print(f"smsc-async {version('smsc-async')}", highlight=False)
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None: ...


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
