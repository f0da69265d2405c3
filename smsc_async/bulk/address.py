"""From what names a journal to the journal."""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Final

from ..errors import SmscError
from .sqlite import SqliteJournal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .journal import Journal

__all__ = ["is_url", "journal_at"]

_SCHEMES: Final = ("postgresql://", "postgres://")
_INSTALL: Final = "pip install 'smsc-async[postgres]'"


def is_url(given: object) -> bool:
    """Whether it names a journal on PostgreSQL."""
    return isinstance(given, str) and given.startswith(_SCHEMES)


def journal_at(
    given: str | os.PathLike[str] | Journal,
    *,
    size: int = 100,
    base: Mapping[str, str] | None = None,
) -> Journal:
    """Return the journal: of a file, of a URL `postgresql://…`, or what was given.

    `size` and `base` are the most messages in a pack and the form fields of all of them, for what
    the journal itself makes into packs.
    """
    if not isinstance(given, str | os.PathLike):
        return given
    if not is_url(given):
        return SqliteJournal(given)
    try:
        # Whoever has his journal elsewhere need not have what it takes.
        library = import_module(".postgres", __package__)
    except ModuleNotFoundError:
        text = f"a journal on PostgreSQL needs the package psycopg: {_INSTALL}"
        raise SmscError(text) from None
    journal: Journal = library.PostgresJournal(given, size=size, base=base)
    return journal
