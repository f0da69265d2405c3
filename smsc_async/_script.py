"""A script of the service: what its commands have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import attrs

from ._command import Command, Repeat
from ._limits import Rule

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Script"]

T = TypeVar("T")


@attrs.frozen
class Script:
    """Makes the commands of a script: they share its page, and its limits but for their own.

    `flag` is the form field that selects a command, and `value` what stands in it.
    """

    name: str
    docs: str
    rules: tuple[Rule, ...] = ()

    def reading(
        self, flag: str, answer: Callable[[object], T], *, rules: tuple[Rule, ...] | None = None
    ) -> Command[T]:
        """Return a command that changes nothing: it is repeated when its answer is lost."""
        return Command(
            self.name,
            answer,
            flag={flag: "1"},
            rules=self.rules if rules is None else rules,
            repeat=Repeat.ALWAYS,
            docs=self.docs,
        )

    def changing(
        self,
        flag: str,
        answer: Callable[[object], T],
        *,
        value: str = "1",
        rules: tuple[Rule, ...] | None = None,
    ) -> Command[T]:
        """Return a command that spends or changes: it is not repeated when its answer is lost."""
        return Command(
            self.name,
            answer,
            flag={flag: value},
            rules=self.rules if rules is None else rules,
            docs=self.docs,
        )
