"""Alerts: notifications to those whom a task group of the account's monitoring names."""

from __future__ import annotations

from typing import Final, TypedDict, Unpack

import attrs

from .._call import Caller
from .._command import Command
from .._convert import acknowledged
from .._fields import Fields, code, needed, switch, text
from .._limits import RULES

__all__ = ["AlertOptions", "Alerts"]

_DOCS: Final = "https://smscentre.com/api/http/send/notification/"


class AlertOptions(TypedDict, total=False):
    """What happened, for the macros in the task group's texts."""

    name: str
    """The rule or the server that it is about: takes the place of {NAME}."""
    host: str
    """The address of that server: takes the place of {HOST}."""
    info: str
    """What else there is to say: takes the place of {INFO}."""
    recovered: bool
    """Whether it is well again: then the group's text for recoveries is sent, not for failures."""


_FIELDS: Final = Fields(
    group=("id", code),
    name=("name", text()),
    host=("host", text()),
    info=("info", text()),
    recovered=("ok", switch),
)

_SEND: Final = Command("ping.php", acknowledged, rules=(RULES["ping.identical"],), docs=_DOCS)


@attrs.frozen(eq=False)
class Alerts:
    """Notifications of events. The service takes five identical requests a minute.

    Whom they reach, how, and with which texts is set for a task group in your account there.
    """

    _call: Caller = attrs.field(repr=False)

    async def send(self, group: str | int, **options: Unpack[AlertOptions]) -> None:
        """Notify the contacts of a task group that something has failed, or is well again.

        `group` is its id, from the column "ID" there. The account pays for the messages. Raises
        `NotFound` if there is no such group.
        https://smscentre.com/api/http/send/notification/
        """
        needed(group=group)
        await self._call(_SEND, _FIELDS.write({"group": group, **options}))
