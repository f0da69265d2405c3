"""Short links: how often they were clicked."""

from __future__ import annotations

import re
from typing import Final

import attrs

from .._call import Caller
from .._convert import Answer, reader, wire
from .._fields import Fields, exactly_one, text
from .._limits import RULES
from .._script import Script
from ..errors import InvalidRequest

__all__ = ["ShortLink", "ShortLinks"]

_DOCS: Final = "https://smscentre.com/api/http/get_data/tinyurl/"

_ID: Final = re.compile(r"[A-Za-z0-9._-]+")


@attrs.frozen
class ShortLink(Answer):
    """A short link and its clicks: all of them, and those of some days and months.

    `link` is the short one. A number is None where the service leaves it out.
    """

    id: str = ""
    link: str = ""
    clicks: int | None = attrs.field(default=None, metadata=wire("cnt"))
    clicks_today: int | None = attrs.field(default=None, metadata=wire("cnt_day"))
    clicks_yesterday: int | None = attrs.field(default=None, metadata=wire("cnt_yes"))
    clicks_this_month: int | None = attrs.field(default=None, metadata=wire("cnt_mon"))
    clicks_last_month: int | None = attrs.field(default=None, metadata=wire("cnt_pmon"))


def _id(name: str, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise InvalidRequest(name, "has to be an id, as a str or an int")
    if not _ID.fullmatch(str(value)):
        raise InvalidRequest(name, "has to be letters and digits")
    return str(value)


_FIELDS: Final = Fields(
    link=("link", text(least=1)),
    id=("id", _id),
)

_SCRIPT: Final = Script("tinyurls.php", _DOCS, (RULES["tinyurls.identical"],))
_GET: Final = _SCRIPT.reading("get", reader(ShortLink))


@attrs.frozen(eq=False)
class ShortLinks:
    """The short links that a send with `tinyurl=True` has made.

    The service takes three identical requests a minute.
    """

    _call: Caller = attrs.field(repr=False)

    async def get(self, link: str | None = None, *, id: str | int | None = None) -> ShortLink:
        """Return a short link and its clicks, by the full link as it was sent, or by its id.

        Raises `NotFound` if the account has no such link.
        https://smscentre.com/api/http/get_data/tinyurl/
        """
        exactly_one(link=link, id=id)
        return await self._call(_GET, _FIELDS.write({"link": link, "id": id}))
