"""tinyurls.php: short links and their clicks.

Every link in a message that was sent has a short one here, whether it was to be shortened or not.
Whoever got it and clicks does so by `Shelf.click`.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import attrs

from ..account import ServiceError
from ..schedule import MOSCOW

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..account import Account

__all__ = ["SCRIPT", "Shelf", "handle"]

SCRIPT: Final = "tinyurls.php"

_LINK: Final = re.compile(r"(?:https?://|www\.)[^\s<>{},]+")
_SCHEME: Final = re.compile(r"https?://")
_SHORT: Final = "https://sandbox.example/"
_FIRST: Final = 145142


@attrs.define
class _Short:
    """A short link, and when it was clicked."""

    id: int
    clicks: list[float] = attrs.field(factory=list[float])


@attrs.define
class Shelf:
    """The short links by their full ones, without "https://"; and how far it has read."""

    links: dict[str, _Short] = attrs.field(factory=dict[str, _Short])
    ids: Iterator[int] = attrs.field(factory=lambda: itertools.count(_FIRST))
    read: int = 0

    def update(self, account: Account) -> None:
        """Make short links for what was sent since the last time."""
        for message in itertools.islice(account.messages, self.read, None):
            for link in _LINK.findall(message.text):
                self.links.setdefault(_bare(link), _Short(next(self.ids)))
        self.read = len(account.messages)

    def click(self, account: Account, link: str) -> None:
        """Click on the short link that stands for a full one."""
        self.update(account)
        self.links[_bare(link)].clicks.append(account.unix_time)


def handle(account: Account, form: Mapping[str, str]) -> object:
    """Tell of a short link, by its id or its full link."""
    account.count(SCRIPT, "tinyurls.identical", (form.get("link"), form.get("id")))
    if form.get("get") != "1" or not (form.get("link") or form.get("id")):
        raise ServiceError(1, "parameters error")
    shelf = account.shelf(Shelf)
    shelf.update(account)
    short = shelf.links.get(_bare(form.get("link", "")))
    for one in shelf.links.values():
        if str(one.id) == form.get("id"):
            short = one
    if short is None:
        raise ServiceError(3, "link not found")
    return _clicks(short, account.unix_time)


def _clicks(short: _Short, now: float) -> object:
    today = _day(now)
    this_month = today.replace(day=1)
    last_month = (this_month - timedelta(days=1)).replace(day=1)
    days = [_day(click) for click in short.clicks]
    counts = {
        "cnt": len(days),
        "cnt_mon": sum(day >= this_month for day in days),
        "cnt_day": days.count(today),
        "cnt_yes": days.count(today - timedelta(days=1)),
        "cnt_pmon": sum(last_month <= day < this_month for day in days),
    }
    texts = {name: str(count) for name, count in counts.items()}
    return {"id": str(short.id), **texts, "link": f"{_SHORT}{short.id}"}


def _day(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, MOSCOW).replace(hour=0, minute=0, second=0, microsecond=0)


def _bare(link: str) -> str:
    return _SCHEME.sub("", link)
