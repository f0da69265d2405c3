"""The `smsc` command."""

from __future__ import annotations

from . import bulk, commands
from .base import app

__all__ = ["app", "bulk", "commands", "main"]


def main() -> None:
    """Run the command line."""
    app()
