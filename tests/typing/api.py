"""How the API is typed. Not executed: both type checkers read it, and an unused ignore fails."""

from __future__ import annotations

from decimal import Decimal
from typing import assert_type

from smsc_async import (
    AsyncSmsc,
    Balance,
    Flash,
    HlrStatus,
    MessageStatus,
    Quote,
    RecipientResult,
    RecipientStatus,
    SentMessage,
)


async def every_call(smsc: AsyncSmsc) -> None:
    """The answers have their types."""
    sent = assert_type(await smsc.send("+79991234567", "Hello"), SentMessage)
    assert_type(sent.cost, Decimal)
    assert_type(sent.recipients, tuple[RecipientResult, ...])
    assert_type(await smsc.quote(["79991234567"], Flash("Hello")), Quote)
    assert_type(await smsc.status(sent.id, "79991234567", detail=2), MessageStatus | HlrStatus)
    pairs = [(sent.id, "79991234567")]
    assert_type(await smsc.statuses(pairs), list[MessageStatus | HlrStatus])
    assert_type(await smsc.wait_delivered(sent, timeout=5), list[RecipientStatus])
    assert_type(await smsc.balance(), Balance)
    await smsc.send("79991234567", "Hello", sender="Shop", valid=2, repeat="wait", outcome="raise")


async def mistakes(smsc: AsyncSmsc) -> None:
    """What the type checkers find before the service does."""
    await smsc.send("79991234567", "Hello", sendr="Shop")  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
    await smsc.send("79991234567", 5)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    await smsc.send("79991234567", "Hello", outcome="hope")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    await smsc.status("m1", "79991234567", detail=3)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    AsyncSmsc.from_env(pasword="secret")  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
