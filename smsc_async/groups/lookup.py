"""Whose number it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from .._call import Caller
from .._command import Command, Repeat
from .._convert import Answer, as_list, reader, wire
from .._fields import Fields, several, text
from .._limits import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Lookup", "NumberInfo"]


@attrs.frozen
class NumberInfo(Answer):
    """Where a number belongs. `phone` is empty where only one was asked for."""

    phone: str = ""
    country: str = ""
    operator: str = ""
    region: str = ""
    mcc: str = ""
    mnc: str = ""
    zone: str = attrs.field(default="", metadata=wire("tz"))


_FIELDS: Final = Fields(phones=("phone", several(text(least=1))))
_READ: Final = reader(list[NumberInfo])


def _infos(document: object) -> list[NumberInfo]:
    return _READ(as_list(document))


_GET: Final = Command(
    "info.php",
    _infos,
    flag={"get_operator": "1"},
    rules=(RULES["get_operator.identical"], RULES["get_operator.any"]),
    repeat=Repeat.ALWAYS,
)


@attrs.frozen(eq=False)
class Lookup:
    """Whose number it is."""

    _call: Caller = attrs.field(repr=False)

    async def get(self, phones: str | Iterable[str]) -> list[NumberInfo]:
        """Return the country, operator and region of one number or of many.

        100 questions a minute. Raises `NotFound` if it does not know the operator.
        """
        return await self._call(_GET, _FIELDS.write({"phones": phones}))
