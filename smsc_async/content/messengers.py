"""Messages to messengers and social networks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import attrs

from .._fields import whole
from ..errors import InvalidRequest
from ._files import check_url, with_file_url
from ._text import Fileless, ToPhones, check_long, group_code, phone_or_group

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Social", "Telegram", "WhatsApp"]

_BOT: Final = re.compile(r"@[A-Za-z][A-Za-z0-9_]*bot", re.IGNORECASE)
_NICK: Final = re.compile(r"@?[A-Za-z][A-Za-z0-9_]{3,31}")
_USER_ID: Final = re.compile(r"#[0-9]{1,20}")
_days: Final = whole(10, 999)


@attrs.frozen
class Social(Fileless, ToPhones):
    """A message to users of Odnoklassniki, VKontakte or Mail.Ru Agent."""

    text: str = attrs.field(validator=check_long, repr=False)

    def params(self) -> Mapping[str, str]:
        """Return its form fields."""
        return {"mes": self.text, "soc": "1"}


@attrs.frozen
class WhatsApp(Fileless, ToPhones):
    """A WhatsApp message; `file_url` is the address of a file that the service fetches."""

    text: str = attrs.field(validator=check_long, repr=False)
    file_url: str | None = attrs.field(default=None, validator=check_url, repr=False, kw_only=True)

    def params(self) -> Mapping[str, str]:
        """Return its form fields."""
        return with_file_url({"mes": self.text, "whatsapp": "1"}, self.file_url)


def _check_bot(_: object, attribute: attrs.Attribute[str], value: object) -> None:
    if not isinstance(value, str) or not _BOT.fullmatch(value):
        raise InvalidRequest(attribute.name, 'has to be the name of a bot, as "@name_bot"')


def _check_days(_: object, attribute: attrs.Attribute[int | None], value: object) -> None:
    if value is not None:
        _days(attribute.name, value)


@attrs.frozen
class Telegram(Fileless):
    """A message from a Telegram bot. A recipient is a phone number, a nick, or "#" and an id.

    Where a recipient has not confirmed the phone number for more than `smsreq` days, 10 to 999,
    the text is not shown before that is done. `file_url` is the address of a file that the service
    fetches. https://smscentre.com/api/http/send/
    """

    text: str = attrs.field(validator=check_long, repr=False)
    bot: str = attrs.field(validator=_check_bot)
    smsreq: int | None = attrs.field(default=None, validator=_check_days, kw_only=True)
    file_url: str | None = attrs.field(default=None, validator=check_url, repr=False, kw_only=True)

    def params(self) -> Mapping[str, str]:
        """Return its form fields."""
        params = {"mes": self.text, "bot": self.bot}
        if self.smsreq is not None:
            params["smsreq"] = str(self.smsreq)
        return with_file_url(params, self.file_url)

    def recipient(self, value: str) -> str:
        """Return the recipient as the service reads it: phone, group code, nick or "#ID"."""
        named = isinstance(value, str) and (_NICK.fullmatch(value) or _USER_ID.fullmatch(value))
        if named and group_code(value) is None:
            return value
        try:
            return phone_or_group(value)
        except InvalidRequest:
            raise InvalidRequest(
                "to", "is no phone number, group code, nick, or # with an id"
            ) from None
