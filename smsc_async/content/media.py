"""Messages that are made of files, more than of a text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from .._attachments import Attachment
from .._fields import email
from ..errors import InvalidRequest
from ._files import FileRules, attachments, check_url, with_file_url
from ._text import ToPhones, check_line, check_long, check_optional, group_code

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Email", "Mms"]

_MMS: Final = FileRules(
    count=20,
    total=300_000,
    formats=frozenset(
        {"txt", "jpg", "gif", "png", "wav", "amr", "mp3", "mid", "mp4", "3gp"},
    ),
)
_EMAIL: Final = FileRules(count=20, each=10_000_000, sized=True)
_UNSIGNED: Final = "{no_unsub}"


def _check_subject(_: object, attribute: attrs.Attribute[str | None], value: object) -> None:
    if value is not None:
        check_line(_, attribute, value)


def _check_address(_: object, attribute: attrs.Attribute[str], value: object) -> None:
    email(attribute.name, value)


@attrs.frozen
class Mms(ToPhones):
    """A multimedia message: up to 20 files of 300 KB together, a subject, a text.

    It needs a subject or a text; without a subject, the sender name takes its place. `file_url`
    is the address of a file that the service fetches. https://smscentre.com/api/http/send/
    """

    text: str = attrs.field(default="", validator=check_optional, repr=False)
    subject: str | None = attrs.field(
        default=None, validator=_check_subject, repr=False, kw_only=True
    )
    files: tuple[Attachment, ...] = attrs.field(default=(), converter=attachments, kw_only=True)
    file_url: str | None = attrs.field(default=None, validator=check_url, repr=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if not self.text and self.subject is None:
            raise InvalidRequest("text", "is needed where there is no subject")
        _MMS.check(self.files)

    def params(self) -> Mapping[str, str]:
        """Return its form fields."""
        params = {"mms": "1"}
        if self.text:
            params["mes"] = self.text
        if self.subject is not None:
            params["subj"] = self.subject
        return with_file_url(params, self.file_url)


@attrs.frozen
class Email:
    """A letter. Its recipients are e-mail addresses, and so is its `sender`.

    It takes up to 20 files of 10 MB each; those beyond 15 MB together arrive as links. `file_mark`
    and `uploaded_file` make the marks that put a file into the text; a file without one goes to the
    end. The service adds a link to unsubscribe, unless `no_unsubscribe`.
    https://smscentre.com/api/http/send/
    """

    text: str = attrs.field(validator=check_long, repr=False)
    subject: str = attrs.field(validator=check_line, repr=False)
    sender: str = attrs.field(validator=_check_address, repr=False)
    files: tuple[Attachment, ...] = attrs.field(default=(), converter=attachments, kw_only=True)
    file_url: str | None = attrs.field(default=None, validator=check_url, repr=False, kw_only=True)
    no_unsubscribe: bool = attrs.field(default=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        _EMAIL.check(self.files)
        _EMAIL.check_marks("text", self.text, self.files)

    def params(self) -> Mapping[str, str]:
        """Return its form fields; `sender` is among them, and no other sender name fits."""
        silent = self.no_unsubscribe and _UNSIGNED not in self.text
        params = {
            "mes": f"{self.text}{_UNSIGNED}" if silent else self.text,
            "subj": self.subject,
            "sender": self.sender,
            "mail": "1",
        }
        return with_file_url(params, self.file_url)

    def recipient(self, value: str) -> str:
        """Return the recipient as the service reads it: an e-mail address, or a group code."""
        return group_code(value) or email("to", value)
