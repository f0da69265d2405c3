"""Message templates."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias, TypedDict, Unpack

import attrs

from .._call import Caller
from .._convert import Answer, acknowledged, added_id, reader, wire
from .._fields import Fields, choice, code, switch, text
from .._limits import RULES
from .._listing import listed
from .._script import Script

__all__ = ["Template", "TemplateChanges", "TemplateKind", "TemplateOptions", "Templates"]

_DOCS: Final = "https://smscentre.com/api/http/templates/"

TemplateKind: TypeAlias = Literal["sms", "flash", "bin", "push", "mms", "call", "mail", "viber"]


@attrs.frozen
class Template(Answer):
    """A text to send again and again. `flag` is the service's own word of bits."""

    id: str
    name: str = ""
    text: str = attrs.field(default="", metadata=wire("message"))
    kind: str = attrs.field(default="", metadata=wire("format"))
    sender: str = ""
    flag: int = 0


class TemplateOptions(TypedDict, total=False):
    """What a template may have besides its name and text."""

    kind: TemplateKind
    """For which kind of message it is; without it, for an SMS."""
    sender: str
    """The sender name of its messages."""
    signing: bool
    """Whether the service signs messages with it by itself."""


class TemplateChanges(TemplateOptions, total=False):
    """What of a template may be changed; the rest stays as it is."""

    name: str
    text: str


_FIELDS: Final = Fields(
    name=("name", text(least=1)),
    text=("msg", text(1000, least=1)),
    kind=("format", choice("sms", "flash", "bin", "push", "mms", "call", "mail", "viber")),
    sender=("sender", text()),
    signing=("fl[1]", switch),
)


_SCRIPT: Final = Script("templates.php", _DOCS, (RULES["templates.identical"],))
_ADD: Final = _SCRIPT.changing("add", added_id)
_CHANGE: Final = _SCRIPT.changing("chg", acknowledged)
_DELETE: Final = _SCRIPT.changing("del", acknowledged)
_GET: Final = _SCRIPT.reading("get", reader(list[Template]))


@attrs.frozen(eq=False)
class Templates:
    """Message templates. The service takes three identical requests a minute."""

    _call: Caller = attrs.field(repr=False)

    async def add(self, name: str, text: str, **options: Unpack[TemplateOptions]) -> str:
        """Keep a text of up to 1000 characters under a name, and return its id.

        https://smscentre.com/api/http/templates/
        """
        fields = _FIELDS.write({"name": name, "text": text, **options})
        return await self._call(_ADD, fields)

    async def change(self, id: str | int, **changes: Unpack[TemplateChanges]) -> None:
        """Change what is given of a template, and nothing else.

        Raises `NotFound` if there is none with this id.
        https://smscentre.com/api/http/templates/
        """
        await self._call(_CHANGE, {"id": code("id", id), **_FIELDS.write(changes)})

    async def delete(self, id: str | int) -> None:
        """Delete a template; raises `NotFound` if there is none with this id.

        https://smscentre.com/api/http/templates/
        """
        await self._call(_DELETE, {"id": code("id", id)})

    async def all(self) -> list[Template]:
        """Return the templates of the account; an account without any has an empty list.

        https://smscentre.com/api/http/templates/
        """
        return await listed(self._call, _GET, {})
