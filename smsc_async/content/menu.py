"""The voice menu of a call: what the keys of the phone do."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, TypeAlias

import attrs

from .._fields import text as text_writer
from .._fields import url, whole
from .._options import option_params, phone
from ..errors import InvalidRequest
from ._text import MAX_TEXT, every

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "END_MENU",
    "CallTo",
    "EndMenu",
    "MenuAction",
    "MenuItem",
    "MenuLabel",
    "Record",
    "Report",
    "Say",
    "TextTo",
    "VoiceMenu",
]

RECIPIENT: Final = "$phone"
_MAX_PHONES: Final = 9
_LABEL: Final = re.compile(r"[A-Za-z0-9]*[A-Za-z][A-Za-z0-9]*")
_COMMAND: Final = re.compile(
    r"(call:|sms:|record:|https?://|(back|start|repeat|end|url)$)", re.IGNORECASE
)
_spoken: Final = text_writer(least=1)
_wait: Final = whole(0, 120)
_seconds: Final = whole(1)


class EndMenu(enum.Enum):
    """The end of a menu."""

    END = "end"

    def render(self) -> str:
        """Return it as the service reads it."""
        return self.value


END_MENU: Final = EndMenu.END
"""Leaves the menu; what comes behind the menu is spoken then."""


def _check_inside(_: object, attribute: attrs.Attribute[str], value: object) -> None:
    """Refuse what would end its line, or the menu."""
    text = _spoken(attribute.name, value)
    if not text.strip():
        raise InvalidRequest(attribute.name, "is blank")
    if set(text) & set("{}\r\n"):
        raise InvalidRequest(attribute.name, "cannot have { } or a new line in a menu")


def _check_spoken(_: object, attribute: attrs.Attribute[str], value: str) -> None:
    _check_inside(_, attribute, value)
    if _COMMAND.match(value.strip()):
        raise InvalidRequest(attribute.name, "is a command of the menu, not something to say")


@attrs.frozen
class Say:
    """Speaks a text; `file_mark` may put a file into it."""

    text: str = attrs.field(validator=_check_spoken, repr=False)

    def render(self) -> str:
        """Return it as the service reads it."""
        return self.text.strip()


@attrs.frozen
class Report:
    """Tells your handler at this http or https address which item is on, and for how long."""

    url: str = attrs.field(repr=False)

    def __attrs_post_init__(self) -> None:
        if set(url("url", self.url)) & set("{}"):
            raise InvalidRequest("url", "cannot have { or }: they can be percent-encoded")

    def render(self) -> str:
        """Return it as the service reads it."""
        return self.url


def _phones(value: str | Iterable[str]) -> tuple[str, ...]:
    several = (value,) if isinstance(value, str) else tuple(value)
    if not 1 <= len(several) <= _MAX_PHONES:
        raise InvalidRequest("phones", f"has to be 1 to {_MAX_PHONES} phones, not {len(several)}")
    return tuple(phone(one, "phones").lstrip("+") for one in several)


@attrs.frozen
class CallTo:
    """Puts the call through to one of up to 9 phones, all registered with the account.

    They ring for `wait` seconds, 0 to 120, or 120 if it is None. The menu ends after the talk if
    `end_after`; if nobody is reached, it goes on at the item or label `on_failure`. With `record`
    the talk is recorded, for half an hour at most, or until 30 seconds of silence end it.
    """

    phones: tuple[str, ...] = attrs.field(converter=_phones, repr=False)
    wait: int | None = attrs.field(default=None, kw_only=True)
    end_after: bool = attrs.field(default=False, kw_only=True)
    on_failure: str | None = attrs.field(default=None, kw_only=True)
    record: bool = attrs.field(default=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if self.wait is not None:
            _wait("wait", self.wait)
        if self.on_failure is not None and not isinstance(self.on_failure, str):
            raise InvalidRequest("on_failure", "has to be the key of an item, or a label, as a str")

    def render(self) -> str:
        """Return it as the service reads it."""
        parts = [f"call:{','.join(self.phones)}"]
        if self.wait is not None:
            parts.append(f"wait={self.wait}")
        if self.end_after:
            parts.append("ok:end")
        if self.on_failure is not None:
            parts.append(f"err:{self.on_failure}")
        if self.record:
            parts.append("record")
        return " ".join(parts)


@attrs.frozen
class TextTo:
    """Sends an SMS, which costs what an SMS costs.

    "$phone", as the phone or in the text, stands for the number of whoever was called.
    """

    phone: str = attrs.field(repr=False)
    sender: str = attrs.field(repr=False)
    text: str = attrs.field(validator=_check_inside, repr=False)

    def __attrs_post_init__(self) -> None:
        if self.phone != RECIPIENT:
            phone(self.phone)
        option_params({"sender": self.sender}, None)
        if not self.sender.strip() or set(self.sender) & set(",{}\r\n"):
            raise InvalidRequest("sender", "is needed, and cannot have a comma or { } in a menu")

    def render(self) -> str:
        """Return it as the service reads it."""
        number = self.phone if self.phone == RECIPIENT else phone(self.phone).lstrip("+")
        return f"sms:{number},{self.sender},{self.text}"


@attrs.frozen
class Record:
    """Records what is said for so many seconds, or 30; 10 seconds of silence end it."""

    seconds: int | None = None

    def __attrs_post_init__(self) -> None:
        if self.seconds is not None:
            _seconds("seconds", self.seconds)

    def render(self) -> str:
        """Return it as the service reads it."""
        return "record:" if self.seconds is None else f"record: {self.seconds}"


MenuAction: TypeAlias = Say | Report | CallTo | TextTo | Record | EndMenu


def _actions(value: str | MenuAction | Iterable[str | MenuAction]) -> tuple[MenuAction, ...]:
    several = value if isinstance(value, Iterable) and not isinstance(value, str) else (value,)
    actions = tuple(Say(one) if isinstance(one, str) else one for one in several)
    for action in actions:
        if not isinstance(action, MenuAction):
            raise InvalidRequest("actions", f"has a {type(action).__name__}, which is no action")
    return actions


def _items(value: Iterable[MenuItem]) -> tuple[MenuItem, ...]:
    return every("items", MenuItem, value)


def _labels(value: Iterable[MenuLabel]) -> tuple[MenuLabel, ...]:
    return every("labels", MenuLabel, value)


@attrs.frozen
class MenuItem:
    """What a key from 1 to 9 does, one action after another, and the items that it leads to.

    A `str` among the actions is spoken.
    """

    key: int
    actions: tuple[MenuAction, ...] = attrs.field(converter=_actions)
    items: tuple[MenuItem, ...] = attrs.field(default=(), converter=_items)

    def __attrs_post_init__(self) -> None:
        whole(1, 9)("key", self.key)
        if not self.actions:
            raise InvalidRequest("actions", f"needs at least one for the key {self.key}")

    def lines(self, above: str = "") -> Iterator[tuple[str, MenuAction]]:
        """Return the key of each action, with the keys that lead to it, and the action."""
        step = f"{above}{self.key}"
        for action in self.actions:
            yield step, action
        for item in self.items:
            yield from item.lines(step)


@attrs.frozen
class MenuLabel:
    """Actions that no key leads to, but the `on_failure` of a call; letters and digits name it.

    The label "err" is what the service's own example does when a wrong key is pressed.
    """

    name: str
    actions: tuple[MenuAction, ...] = attrs.field(converter=_actions)

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.name, str) or not _LABEL.fullmatch(self.name):
            raise InvalidRequest("name", "has to be Latin letters and digits, one letter at least")
        if not self.actions:
            raise InvalidRequest("actions", f"needs at least one for the label {self.name}")

    def lines(self) -> Iterator[tuple[str, MenuAction]]:
        """Return its name, with each of its actions."""
        for action in self.actions:
            yield self.name, action


def _check_menu_text(_: object, attribute: attrs.Attribute[str], value: str) -> None:
    if value != "":
        _check_inside(_, attribute, value)


@attrs.frozen
class VoiceMenu:
    """A menu that a call speaks, and that the keys of the phone answer.

    `text` says which keys there are. With `back` the star leads to the menu above, with `start` the
    hash to the beginning, and with `repeat` the 0 repeats an item.
    https://smscentre.com/api/http/send/
    """

    text: str = attrs.field(validator=_check_menu_text, repr=False)
    items: tuple[MenuItem, ...] = attrs.field(converter=_items)
    labels: tuple[MenuLabel, ...] = attrs.field(default=(), converter=_labels)
    back: bool = attrs.field(default=False, kw_only=True)
    start: bool = attrs.field(default=False, kw_only=True)
    repeat: bool = attrs.field(default=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if not self.items:
            raise InvalidRequest("items", "needs at least one")
        lines = list(self._lines())
        steps = {step for step, _ in lines}
        for step, action in lines:
            if isinstance(action, CallTo) and action.on_failure not in {None, *steps}:
                raise InvalidRequest(
                    "on_failure", f"of {step} names no item and no label of the menu"
                )
        _check_repeated([step for step, _ in lines])
        if len(self.render()) > MAX_TEXT:
            raise InvalidRequest("menu", f"has more than {MAX_TEXT} characters")

    def render(self) -> str:
        """Return it as the service reads it."""
        keys = (("*: back", self.back), ("#: start", self.start), ("0: repeat", self.repeat))
        rows = [
            *(row for row, wanted in keys if wanted),
            *(f"{step}: {action.render()}" for step, action in self._lines()),
        ]
        return "\n".join((f"{{menu: {self.text.strip()}", *rows)) + "}"

    def _lines(self) -> Iterator[tuple[str, MenuAction]]:
        for item in self.items:
            yield from item.lines()
        for label in self.labels:
            yield from label.lines()


def _check_repeated(steps: list[str]) -> None:
    """One key does several things in lines that follow each other; apart, they would be two."""
    for at, step in enumerate(steps[1:], start=1):
        if step != steps[at - 1] and step in steps[:at]:
            raise InvalidRequest("items", f"has {step} twice, apart: put its actions together")
