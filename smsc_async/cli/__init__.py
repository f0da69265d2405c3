"""The `smsc` command."""

from __future__ import annotations

try:
    from . import bulk, commands
    from .base import app
except ModuleNotFoundError as _missing:
    if str(_missing.name).partition(".")[0] not in {"typer", "rich", "hypercorn", "trustme"}:
        raise
    raise SystemExit("smsc needs more packages: pip install 'smsc-async[cli]'") from None

__all__ = ["app", "bulk", "commands", "main"]


def main() -> None:
    """Run the command line."""
    app()
