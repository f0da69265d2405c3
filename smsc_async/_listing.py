"""Asking for a list: the service has an error for one that is empty."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from .errors import NotFound

if TYPE_CHECKING:
    from ._call import Caller
    from ._command import Command
    from ._wire import Params

__all__ = ["listed"]

T = TypeVar("T")


async def listed(
    call: Caller, command: Command[list[T]], params: Params, *, patient: bool = False
) -> list[T]:
    """Return what the command lists; an empty list where the service finds nothing."""
    try:
        return await call(command, params, patient=patient)
    except NotFound:
        return []
