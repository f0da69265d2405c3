"""Captchas: pictures with a code, for the visitors of your site."""

from __future__ import annotations

import re
from typing import Final

import attrs

from .._call import Caller
from .._command import Command, Repeat
from ..errors import InvalidRequest

__all__ = ["Captcha"]

_DOCS: Final = "https://smscentre.com/api/http/miscellaneous/antispam/"

_NUMBER: Final = re.compile(r"[0-9.]{1,40}")
_PICTURE: Final = re.compile(
    rb"\x89PNG\r\n\x1a\n|GIF8[79]a|\xff\xd8\xff|BM|RIFF.{4}WEBP", re.DOTALL
)


def _picture(body: bytes) -> bytes:
    if not _PICTURE.match(body):
        raise ValueError("expected a picture")
    return body


def _no_picture(_: object) -> bytes:
    raise ValueError("expected a picture, not JSON")


_IMAGE: Final = Command(
    "imgcode.php", _no_picture, repeat=Repeat.ALWAYS, docs=_DOCS, raw=_picture, public=True
)


@attrs.frozen(eq=False)
class Captcha:
    """Pictures with a code, that keep robots from having your site send messages.

    What the visitor reads off one goes with the send that it is for, as `imgcode`, together with
    `userip`, the address that the picture was shown to.
    """

    _call: Caller = attrs.field(repr=False)
    _host: str

    def url(self, number: str | int = "1.1") -> str:
        """Return the address of a picture, for an `<img>` of 50 by 18 pixels; asks nobody.

        `number` is of digits and dots, and means nothing: with another one a browser does not show
        again what it has kept. `userip` of the send is then the visitor's own address.
        https://smscentre.com/api/http/miscellaneous/antispam/
        """
        if not _NUMBER.fullmatch(str(number)):
            raise InvalidRequest("number", "has to be digits and dots")
        return f"{self._host}/sys/imgcode.php?{number}"

    async def image(self) -> bytes:
        """Fetch a picture, to be shown by a site that does not let browsers ask the service.

        How the service knows which code it has shown to whom is not documented. If it goes by
        addresses, then `userip` of the send has to be that of the machine that fetched the picture,
        and each new picture takes the place of the last. Where you can, use `url`.
        https://smscentre.com/api/http/miscellaneous/antispam/
        """
        return await self._call(_IMAGE, {})
