"""Viber messages: a text, a picture, a video, a button, in the combinations that there are."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

import attrs

from .._attachments import Attachment
from .._fields import url
from .._options import phone
from ..errors import InvalidRequest
from ._files import (
    DOCUMENTS,
    PICTURES,
    VIDEOS,
    FileRules,
    attachments,
    check_url,
    format_of,
    marks,
    unplaced,
    with_file_url,
    without_marks,
)
from ._text import ToPhones, check_line, check_optional

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Button", "Viber"]

_FILES: Final = FileRules(each=1_000_000, formats=PICTURES | DOCUMENTS | VIDEOS, external=True)
_MAX_BUTTON: Final = 30
_BUTTON: Final = re.compile(r"\{button, ?([^,{}\s]+), ?([^{}]*)\}")
_UPLOAD: Final = re.compile(r"https?://[^\s<>]+/upload/files/sms/[^\s<>]+")
_RESERVED: Final = frozenset("{},")


@attrs.frozen
class Button:
    """A button under a Viber message, of up to 30 characters: it opens a link, or dials a phone."""

    text: str = attrs.field(validator=check_line, repr=False)
    link: str | None = attrs.field(default=None, repr=False, kw_only=True)
    dial: str | None = attrs.field(default=None, repr=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        _check_label(self.text)
        if (self.link is None) is (self.dial is None):
            raise InvalidRequest("link", "exactly one of `link` or `dial` has to be given")
        if self.link is not None and set(url("link", self.link)) & _RESERVED:
            raise InvalidRequest("link", "cannot have { } or a comma: they can be percent-encoded")
        if self.dial is not None:
            phone(self.dial, "dial")

    def __str__(self) -> str:
        """Return it as the service reads it."""
        target = f"tel:{phone(self.dial).lstrip('+')}" if self.dial is not None else self.link
        return f"{{button,{target},{self.text}}}"


@attrs.frozen
class Viber(ToPhones):
    """A Viber message.

    It is a text, with a picture, a button under it, or both; a picture; a document; or a video with
    the picture that stands for it, with or without a text and a button. A file has up to 1 MB. It
    may also be in the text, as `file_mark(1)`, as `external_file(address)`, or as the link of an
    upload; so may the button. `file_url` is the address of a file that the service fetches.
    https://smscentre.com/api/http/send/
    """

    text: str = attrs.field(default="", validator=check_optional, repr=False)
    button: Button | None = attrs.field(default=None, repr=False)
    files: tuple[Attachment, ...] = attrs.field(default=(), converter=attachments, kw_only=True)
    file_url: str | None = attrs.field(default=None, validator=check_url, repr=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if self.button is not None and not isinstance(self.button, Button):
            raise InvalidRequest("button", f"has to be a Button, not {type(self.button).__name__}")
        _FILES.check(self.files)
        _FILES.check_marks("text", self.text, self.files)
        self._check_combination()

    def params(self) -> Mapping[str, str]:
        """Return its form fields. Every file has its mark in the text."""
        params = {"viber": "1"}
        if text := self._rendered():
            params["mes"] = text
        return with_file_url(params, self.file_url)

    def _rendered(self) -> str:
        rest = unplaced(self.text, self.files)
        button = [] if self.button is None else [str(self.button)]
        if "video" in self._media():
            return _joined(self.text, "\n".join((*rest, *button)))
        return _joined(self.text, " ".join((*button, *rest)))

    def _media(self) -> Counter[str]:
        """How many pictures, documents, videos, and files of unknown kinds it has."""
        return Counter(map(_kind, self._formats()))

    def _formats(self) -> Iterator[str]:
        for file in self.files:
            yield file.format
        for mark in marks(self.text):
            if not mark.isdigit():
                yield format_of(mark)
        for upload in _UPLOAD.findall(without_marks(self.text)):
            yield format_of(upload)
        if self.file_url is not None:
            yield format_of(self.file_url)

    def _check_combination(self) -> None:
        said = without_marks(self.text)
        buttons = _buttons(said) + (self.button is not None)
        text = _UPLOAD.sub("", _BUTTON.sub("", said)).strip()
        media = self._media()
        if not text and not media:
            raise InvalidRequest("text", "is needed where there is no file")
        if buttons > 1:
            raise InvalidRequest("button", "is there twice")
        if buttons and not text:
            raise InvalidRequest("button", "needs a text")
        if any(media[kind] > 1 for kind in ("picture", "document", "video")):
            raise InvalidRequest("files", "have two of a kind: a picture, a document or a video")
        if media["document"] and (text or len(media) > 1):
            raise InvalidRequest("files", "have a document, which goes alone")
        if media["video"] and not media["picture"] and not media["file"]:
            raise InvalidRequest("files", "have a video, which needs a picture that stands for it")


def _kind(file_format: str) -> str:
    kinds = {"picture": PICTURES, "document": DOCUMENTS, "video": VIDEOS}
    return next((kind for kind, formats in kinds.items() if file_format in formats), "file")


def _joined(text: str, rest: str) -> str:
    blank = " " if text and rest and not text[-1].isspace() else ""
    return f"{text}{blank}{rest}"


def _buttons(text: str) -> int:
    """Return how many buttons a text has; each has to be one."""
    found = _BUTTON.findall(text)
    if len(found) != text.count("{button"):
        raise InvalidRequest("text", "has a {button that is not {button,ADDRESS,TEXT}")
    for target, label in found:
        _check_label(label)
        if target.startswith("tel:"):
            phone(target.removeprefix("tel:"), "text")
        else:
            url("text", target)
    return len(found)


def _check_label(text: str) -> None:
    if len(text) > _MAX_BUTTON or not text.strip():
        raise InvalidRequest("text", f"has to have 1 to {_MAX_BUTTON} characters on a button")
    if set(text) & set("{}"):
        raise InvalidRequest("text", "cannot have { or } on a button")
