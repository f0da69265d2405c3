"""Send, quote, status, balance; a sandbox; a demonstration."""

from __future__ import annotations

import random
import signal
import threading
import time
from typing import TYPE_CHECKING, Annotated

import anyio
import typer

from .._money import money
from ..demo import run_demo
from ..sandbox import Sandbox
from .base import app, out, show, with_client

if TYPE_CHECKING:
    from ..client import AsyncSmsc

__all__ = ["balance", "demo", "quote", "sandbox", "send", "status"]

Phones = Annotated[list[str], typer.Argument(help="International phone numbers.")]
Text = Annotated[str, typer.Option("--text", "-t", help="The text, up to 1000 characters.")]


@app.command()
def send(
    phones: Phones,
    text: Text,
    sender: Annotated[str | None, typer.Option(help="The sender name.")] = None,
) -> None:
    """Send a text to one phone or to several, once."""

    async def action(smsc: AsyncSmsc) -> None:
        sent = await smsc.send(phones, text)
        show(
            {
                "id": sent.id,
                "units": sent.units,
                "cost": money(sent.cost),
                "balance": money(sent.balance),
                "recipients": len(sent.recipients),
            }
        )

    with_client(action, sender)


@app.command()
def quote(phones: Phones, text: Text) -> None:
    """Show what a text would cost; nothing is sent."""

    async def action(smsc: AsyncSmsc) -> None:
        price = await smsc.quote(phones, text)
        show({"units": price.units, "cost": money(price.cost)})

    with_client(action)


@app.command()
def status(
    message_id: Annotated[str, typer.Argument(help="The id that the message was sent with.")],
    phone: Annotated[str, typer.Argument(help="Its recipient.")],
) -> None:
    """Show what became of a message."""

    async def action(smsc: AsyncSmsc) -> None:
        found = await smsc.status(message_id, phone, detail=1)
        show(
            {
                "status": found.status.name,
                "final": found.is_final,
                "since": found.changed_at,
                "error": found.error,
                "cost": None if found.cost is None else money(found.cost),
            }
        )

    with_client(action)


@app.command()
def balance() -> None:
    """Show the money on the account."""

    async def action(smsc: AsyncSmsc) -> None:
        found = await smsc.balance()
        credit = None if found.credit is None else money(found.credit)
        show({"amount": money(found.amount), "currency": found.currency, "credit": credit})

    with_client(action)


@app.command()
def sandbox(
    port: Annotated[
        int,
        typer.Option(
            help="The main host's port, and the next one the backup's; 0 takes free ones."
        ),
    ] = 0,
    limits: Annotated[bool, typer.Option(help="Enforce the documented limits.")] = True,
    callback_url: Annotated[
        str | None, typer.Option(help="Your handler's address, to post callbacks to.")
    ] = None,
) -> None:
    """Run a stand-in SMSC on this machine until Ctrl-C."""
    _end_by_interrupt("SIGTERM", "SIGHUP")
    ports = (port, port + 1) if port else ()
    with Sandbox(limits=limits, ports=ports, callback_url=callback_url) as service:
        out.print(
            "A stand-in SMSC is running until Ctrl-C. In another terminal:\n", highlight=False
        )
        for variable, value in service.environment.items():
            out.print(f"export {variable}={value}", highlight=False, soft_wrap=True)
        out.print("\nsmsc send +79991234567 --text Hello", highlight=False)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            out.print("\nStopped.")


def _end_by_interrupt(*names: str) -> None:
    """Let these signals end us as Ctrl-C does, so that what is to be cleaned up is."""
    for name in names:
        # SIGHUP is not everywhere, and nohup ignores it.
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)


@app.command()
def demo(
    messages: Annotated[int, typer.Option(min=1, max=5000, help="How many to send.")] = 300,
) -> None:
    """Send some hundred messages to a sandbox, and follow them until they are delivered."""
    started = time.monotonic()
    latency = random.Random(1)
    service = Sandbox(
        latency=lambda: latency.uniform(0.005, 0.03), delivery=(0.3, 1.0), balance=str(messages)
    )
    with service:
        ok = anyio.run(run_demo, service, messages, out, started)
    raise typer.Exit(0 if ok else 1)
