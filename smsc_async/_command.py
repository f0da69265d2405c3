"""What is known of a command, in one frozen value beside the method that calls it."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

import attrs

from ._codes import COMMON_CODES, SCRIPT_CODES
from ._limits import Rule
from .errors import API_DOCS, ApiError

__all__ = ["Command", "Repeat"]

T_co = TypeVar("T_co", covariant=True)


class Repeat(enum.Enum):
    """When a command may be sent again without asking anybody."""

    ALWAYS = "always"
    """It only reads: a second time changes nothing."""
    UNSENT = "unsent"
    """It spends or changes: only when the first was certainly not processed."""


@attrs.frozen
class Command(Generic[T_co]):
    """One thing the service does: where, under which limits, and what it answers.

    `flag` is the form field that selects it within its script. `answer` makes the typed answer
    of the parsed JSON; it raises what the converter raises. `raw` makes it of the bytes, where
    only errors are JSON. A `public` one is asked for by GET and without a login.
    """

    script: str
    answer: Callable[[object], T_co]
    flag: Mapping[str, str] = attrs.field(factory=dict[str, str], kw_only=True)
    rules: tuple[Rule, ...] = attrs.field(default=(), kw_only=True)
    repeat: Repeat = attrs.field(default=Repeat.UNSENT, kw_only=True)
    docs: str = attrs.field(default=API_DOCS, kw_only=True)
    raw: Callable[[bytes], T_co] | None = attrs.field(default=None, kw_only=True)
    public: bool = attrs.field(default=False, kw_only=True)

    @property
    def name(self) -> str:
        """The script and what selects the command in it, as "status.php del"."""
        return " ".join((self.script, *self.flag))

    @property
    def path(self) -> str:
        """Where it is on every host."""
        return f"/sys/{self.script}"

    def error_for(self, code: int) -> type[ApiError]:
        """Return what the code means for this command; a plain `ApiError` for unknown ones."""
        return SCRIPT_CODES.get(self.script, COMMON_CODES).get(code, ApiError)
