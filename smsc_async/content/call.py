"""Voice calls."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal, get_args

import attrs

from .._attachments import Attachment
from .._fields import whole
from ..errors import InvalidRequest
from ._files import FileRules, attachments, check_url, unplaced, with_file_url
from ._text import MAX_TEXT, ToPhones, check_optional
from .menu import VoiceMenu

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Call", "Voice"]

Voice = Literal["m", "m2", "m3", "m4", "w", "w2", "w3", "w4"]

_FILES: Final = FileRules(count=4, each=5_000_000, formats=frozenset({"wav", "mp3"}))
_LANGUAGE: Final = re.compile(r"[a-z]{2}")
_DEFAULT_VOICE: Final = "m3"
_PACE: Final = {"wait": whole(10, 35), "interval": whole(10, 3600), "attempts": whole(1, 9)}


def _check_voice(_: object, attribute: attrs.Attribute[Voice | None], value: object) -> None:
    if value is not None and value not in get_args(Voice):
        raise InvalidRequest(attribute.name, f"has to be one of {' '.join(get_args(Voice))}")


def _check_language(_: object, attribute: attrs.Attribute[str | None], value: object) -> None:
    if value is not None and not (isinstance(value, str) and _LANGUAGE.fullmatch(value)):
        raise InvalidRequest(attribute.name, 'has to be the two letters of a language, as "en"')


def _check_pace(_: object, attribute: attrs.Attribute[int | None], value: object) -> None:
    if value is not None:
        _PACE[attribute.name](attribute.name, value)


@attrs.frozen
class Call(ToPhones):
    """A voice call: a text is spoken, files are played, a `menu` listens to the keys.

    It takes up to 4 wav or mp3 files of 5 MB each; `file_mark` and `uploaded_file` put one into the
    text, and others go to its end. `voice` is one of four male (m) and four female ones (w), and
    "m3" if it is None; `language` that of the text, as "en". The phone rings for `wait` seconds, 10
    to 35; who does not answer is called again after `interval` seconds, 10 to 3600, up to
    `attempts` times in all, 1 to 9: the three go together. With a menu, `ending` is spoken after
    it, and all texts together have at most 1000 characters. What it cost is known after the call.
    https://smscentre.com/api/http/send/
    """

    text: str = attrs.field(default="", validator=check_optional, repr=False)
    menu: VoiceMenu | None = attrs.field(default=None, repr=False)
    ending: str = attrs.field(default="", validator=check_optional, repr=False)
    files: tuple[Attachment, ...] = attrs.field(default=(), converter=attachments, kw_only=True)
    file_url: str | None = attrs.field(default=None, validator=check_url, repr=False, kw_only=True)
    voice: Voice | None = attrs.field(default=None, validator=_check_voice, kw_only=True)
    language: str | None = attrs.field(default=None, validator=_check_language, kw_only=True)
    wait: int | None = attrs.field(default=None, validator=_check_pace, kw_only=True)
    interval: int | None = attrs.field(default=None, validator=_check_pace, kw_only=True)
    attempts: int | None = attrs.field(default=None, validator=_check_pace, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if not self.text.strip() and not self.files and self.file_url is None:
            raise InvalidRequest("text", "is needed where there is no file")
        _FILES.check(self.files)
        self._check_menu()
        _FILES.check_marks("text", self._rendered(), self.files)
        given = [value is not None for value in self._pace()]
        if any(given) and not all(given):
            missing = tuple(_PACE)[given.index(False)]
            raise InvalidRequest(missing, "goes together with wait, interval and attempts")

    def params(self) -> Mapping[str, str]:
        """Return its form fields."""
        params = {"call": "1"}
        if text := self._rendered():
            params["mes"] = text
        if self.language is not None:
            params["voice"] = f"{self.voice or _DEFAULT_VOICE},{self.language}"
        elif self.voice is not None:
            params["voice"] = self.voice
        if self.wait is not None:
            params["param"] = ",".join(map(str, self._pace()))
        return with_file_url(params, self.file_url)

    def _pace(self) -> tuple[int | None, int | None, int | None]:
        return self.wait, self.interval, self.attempts

    def _rendered(self) -> str:
        # A message needs a text, or a menu something in front of it: so files alone are marked.
        start = self.text or " ".join(unplaced(self.ending, self.files))
        if self.menu is None:
            return start
        parts = (start, self.menu.render(), self.ending)
        return "\n\n".join(part for part in parts if part)

    def _check_menu(self) -> None:
        for field, text in (("text", self.text), ("ending", self.ending)):
            if "{menu" in text:
                raise InvalidRequest(field, "has a menu in it: give it as `menu`, a VoiceMenu")
        if self.menu is None:
            if self.ending:
                raise InvalidRequest("ending", "is what comes after a menu, and there is none")
            return
        if not isinstance(self.menu, VoiceMenu):
            raise InvalidRequest("menu", f"has to be a VoiceMenu, not {type(self.menu).__name__}")
        if len(self._rendered()) > MAX_TEXT:
            raise InvalidRequest(
                "menu", f"has, with text and ending, more than {MAX_TEXT} characters"
            )
