"""Whose number it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from .._call import Caller
from .._command import Command, Repeat
from .._convert import Answer, list_reader, wire
from .._limits import RULES
from .._options import phone
from ..errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Lookup", "NumberInfo"]


@attrs.frozen
class NumberInfo(Answer):
    """Where a number belongs. `zone` is that of its region, on a scale that is not documented."""

    phone: str = ""
    country: str = ""
    operator: str = ""
    region: str = ""
    mcc: str = ""
    mnc: str = ""
    zone: str = attrs.field(default="", metadata=wire("tz"))


_READ: Final = list_reader(NumberInfo)


def _infos(document: object) -> list[NumberInfo]:
    found = _READ(document)
    if any(one == NumberInfo(extra=one.extra) for one in found):
        raise ValueError("expected what is known of a number")
    return found


_GET: Final = Command(
    "info.php",
    _infos,
    flag={"get_operator": "1"},
    rules=(RULES["get_operator.identical"], RULES["get_operator.any"]),
    repeat=Repeat.ALWAYS,
)


@attrs.frozen(eq=False)
class Lookup:
    """Whose number it is. The service takes fewer than a hundred such questions a minute."""

    _call: Caller = attrs.field(repr=False)

    async def get(self, phones: str | Iterable[str]) -> list[NumberInfo]:
        """Return country, operator and region of one number or of many, in one request.

        Raises `NotFound` if the service does not know an operator, and `InvalidRequest` for what
        is no international phone number. https://smscentre.com/api/http/
        """
        several = (phones,) if isinstance(phones, str) else tuple(phones)
        numbers = [phone(one, "phones").lstrip("+") for one in several]
        if not numbers:
            raise InvalidRequest("phones", "needs at least one")
        found = await self._call(_GET, {"phone": ",".join(numbers)})
        if len(found) == len(numbers) == 1 and not found[0].phone:
            # It does not say of which number where only one was asked for.
            return [attrs.evolve(found[0], phone=numbers[0])]
        return found
