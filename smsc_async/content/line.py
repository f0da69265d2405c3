"""A line of a list: a text, and who gets it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from .._fields import whole
from .._options import ZONES, option_params, recipients
from ..errors import InvalidRequest
from ._text import check_comment, check_text, with_tail

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Line"]


def _numbers(value: str | Iterable[str]) -> tuple[str, ...]:
    numbers = recipients(value)
    if any(number.startswith("G") for number in numbers):
        raise InvalidRequest("to", "a line of a list has phone numbers, not groups")
    return numbers


def _check_spelling(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if isinstance(value, str) and "\\n" in value:
        raise InvalidRequest(
            attribute.name, r"has \n spelt out, which a list cannot tell from a new line"
        )


def _check_front(_: object, attribute: attrs.Attribute[str | None], value: str | None) -> None:
    if value is not None and set(value) & set("|:,\n"):
        raise InvalidRequest(attribute.name, "cannot have | : , or a new line in a list")


@attrs.frozen
class Line:
    """One text of a list, and the recipients who get it.

    `sender` is its own sender name; `tz` the zone of its recipients in whole hours from Moscow
    time, which the service takes only together with a sender name and a naive `time`. The
    `comment` is for your own history, and not sent.
    """

    to: tuple[str, ...] = attrs.field(converter=_numbers, repr=False)
    text: str = attrs.field(validator=[check_text, _check_spelling], repr=False)
    sender: str | None = attrs.field(default=None, validator=_check_front)
    tz: int | None = None
    comment: str | None = attrs.field(
        default=None, validator=[check_comment, _check_spelling], repr=False
    )

    def __attrs_post_init__(self) -> None:
        if self.sender is not None:
            option_params({"sender": self.sender}, None)
        if self.tz is not None:
            whole(*ZONES)("tz", self.tz)
            if self.sender is None:
                raise InvalidRequest("tz", "needs a sender name on the same line")

    def row(self) -> str:
        """Return it as the service reads it: one line, the first colon ends the recipients."""
        zone = "" if self.tz is None else f",{self.tz}"
        front = "" if self.sender is None else f"{self.sender}{zone}|"
        text = with_tail(self.text, self.comment).replace("\n", "\\n")
        return f"{front}{','.join(self.to)}:{text}"
