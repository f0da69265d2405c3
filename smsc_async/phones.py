"""Phone numbers as people write them, made international. It needs the extra `phones`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from .errors import InvalidRequest, SmscError

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["normalise"]

_INSTALL: Final = "pip install 'smsc-async[phones]'"


def normalise(number: str, region: str | None = None) -> str:
    """Return the number in international form with a plus, which the service takes as it is.

    `region` is the country, as "RU", in which a number without a plus is read; without it such a
    number is refused. So is one that cannot be in use: too long, too short, of no known country or
    range. Nothing is asked of anybody. Without the package `phonenumbers` it raises an `SmscError`
    that says how to install it.
    """
    library = _library()
    if not isinstance(number, str):
        raise InvalidRequest("number", f"has to be a str, not {type(number).__name__}")
    if region is not None and region not in library.SUPPORTED_REGIONS:
        raise InvalidRequest("region", 'has to be the two letters of a country, as "RU"')
    try:
        parsed = library.parse(number, region)
    except library.NumberParseException as error:
        if region is None and error.error_type == library.NumberParseException.INVALID_COUNTRY_CODE:
            raise InvalidRequest("number", "needs a plus and a country code, or a region") from None
        raise InvalidRequest("number", "is not a phone number") from None
    if not library.is_valid_number(parsed):
        raise InvalidRequest("number", "is of no range that is in use")
    if parsed.extension:
        raise InvalidRequest("number", "has an extension, which no message reaches")
    return str(library.format_number(parsed, library.PhoneNumberFormat.E164))


def _library() -> ModuleType:
    """Return the package `phonenumbers`; to load it takes longer than most imports."""
    try:
        return import_module("phonenumbers")
    except ImportError:
        needed = f"normalising phone numbers needs the package phonenumbers: {_INSTALL}"
        raise SmscError(needed) from None
