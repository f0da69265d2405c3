"""jobs.php: mailings, each sent once.

A mailing is sent when it is time, or rather by the first request for a mailing after that; repeats
are written down, and not made. What does not arrive by another way than SMS goes out as an SMS if
that is wished. The numbers of `status` are the sandbox's own: 0 waits, 1 was sent, 2 is off.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import attrs

from ..account import ServiceError, money
from ..message import Message
from ..order import Order, read_order
from ..schedule import MOSCOW
from .status import date
from .templates import Shelf as Templates

if TYPE_CHECKING:
    from ..account import Account
    from ..order import Line

__all__ = ["SCRIPT", "Shelf", "handle"]

SCRIPT: Final = "jobs.php"

_WAITS: Final = 0
_SENT: Final = 1
_OFF: Final = 2

_PERIODS: Final = frozenset("01234567")
_ARRIVED: Final = frozenset((1, 2, 4))
_ON_THE_WAY: Final = frozenset((-1, 0))
_MOST: Final = 10
_TWO_MONTHS: Final = timedelta(days=61)
_EMAIL: Final = 8
_ONLY_IN_ALL: Final = frozenset(("phones_cnt",))
_NOT_IN_ALL: Final = frozenset(
    ("subject", "repeat_send", "repeat_cnt", "created", "validity", "period", "frequency")
)


@attrs.define
class _Mailing:
    """A mailing that is kept, and what it has sent."""

    id: int
    form: Mapping[str, str]
    order: Order
    created: int
    changed: int
    due: float
    need_date: int
    status: int = _WAITS
    messages: list[Message] = attrs.field(factory=list[Message])
    repeated: set[str] = attrs.field(factory=set[str])

    @property
    def lines(self) -> list[Line]:
        """Those that can be sent."""
        return [line for line in self.order.lines if line.valid]

    @property
    def cost(self) -> Decimal:
        return sum((line.cost for line in self.lines), Decimal(0))


@attrs.define
class Shelf:
    """The mailings by their ids."""

    mailings: dict[str, _Mailing] = attrs.field(factory=dict[str, _Mailing])
    ids: Iterator[int] = attrs.field(factory=lambda: itertools.count(701))


def handle(account: Account, form: Mapping[str, str]) -> object:
    """Send what is due; then add, list, show, switch off or delete."""
    account.count(SCRIPT, "jobs.identical", tuple(sorted(form.items())))
    shelf = account.shelf(Shelf)
    for kept in shelf.mailings.values():
        _send(account, kept)
        _fall_back(account, kept)
    if form.get("add") == "1":
        return _add(account, shelf, form)
    if form.get("get_all") == "1":
        return _all(account, shelf, form)
    mailing = _find(shelf, form)
    if form.get("get") == "1":
        return [] if mailing is None else [_shown(account, mailing, _ONLY_IN_ALL)]
    if form.get("del") != "1" and form.get("cancel") != "1":
        raise ServiceError(1, "parameters error")
    if mailing is None or (form.get("cancel") == "1" and mailing.status != _WAITS):
        raise ServiceError(3, "save error")
    if form.get("del") == "1":
        del shelf.mailings[str(mailing.id)]
    else:
        mailing.status, mailing.changed = _OFF, int(account.unix_time)
    return {"result": "OK"}


def _add(account: Account, shelf: Shelf, form: Mapping[str, str]) -> object:
    if not form.get("name") or not _is_sound(form):
        raise ServiceError(1, "parameters error")
    order = read_order(_with_template(account, form), account.unix_time)
    now = int(account.unix_time)
    due = account.time() + order.delay
    mailing = _Mailing(next(shelf.ids), form, order, now, now, due, now + int(order.delay))
    if not mailing.lines or not account.affords(mailing.cost):
        raise ServiceError(3, "save error")
    shelf.mailings[str(mailing.id)] = mailing
    _send(account, mailing)
    answer: dict[str, object] = {"id": mailing.id}
    return answer | ({"cost": money(mailing.cost)} if form.get("cost") == "1" else {})


def _is_sound(form: Mapping[str, str]) -> bool:
    """Whether the form has only what goes together."""
    texts = form.get("mes") or form.get("list")
    repeats = form.get("rpt", "0") in _PERIODS and form.get("rptn", "0").isdigit()
    falls_back = form.get("fl[5]") == "1" or "mes2" not in form
    return repeats and falls_back and not (form.get("tpl") and texts)


def _with_template(account: Account, form: Mapping[str, str]) -> Mapping[str, str]:
    """Return the form with the text of its template."""
    if not form.get("tpl"):
        return form
    template = account.shelf(Templates).templates.get(form["tpl"])
    if template is None:
        raise ServiceError(3, "save error")
    return {**form, "mes": str(template["message"])}


def _send(account: Account, mailing: _Mailing) -> None:
    """Send a mailing if it is due."""
    if mailing.status != _WAITS or mailing.due > account.time():
        return
    mailing.status = _SENT
    message_id = account.new_id()
    mailing.messages = [
        _take(account, mailing, line, message_id, mailing.due) for line in mailing.lines
    ]


def _take(
    account: Account, mailing: _Mailing, line: Line, message_id: str, moment: float
) -> Message:
    message = mailing.order.message(
        line,
        message_id,
        cost=line.cost,
        accepted_at=moment,
        timestamp=int(account.unix_time - account.time() + moment),
        steps=account.course(line.recipient, 0.0),
    )
    account.add(message)
    return message


def _fall_back(account: Account, mailing: _Mailing) -> None:
    """Send as an SMS what has not arrived otherwise, if that is wished."""
    form = mailing.form
    if form.get("fl[5]") != "1" or not mailing.order.channel:
        return
    for message in mailing.messages:
        status = message.step(account.time()).status
        if status in _ON_THE_WAY | _ARRIVED or message.phone in mailing.repeated:
            continue
        mailing.repeated.add(message.phone)
        text, sender = form.get("mes2", message.text), form.get("sender2", message.sender)
        sms = {"phones": message.phone, "mes": text, "sender": sender}
        order = read_order(sms, account.unix_time)
        again = attrs.evolve(mailing, order=order)
        for line in order.lines:
            _take(account, again, line, message.id, account.time())


def _find(shelf: Shelf, form: Mapping[str, str]) -> _Mailing | None:
    """Return the mailing of the form's id; letters are found only as such."""
    if not form.get("id"):
        raise ServiceError(1, "parameters error")
    mailing = shelf.mailings.get(form["id"])
    return mailing if mailing is not None and _is_wanted(mailing, form) else None


def _is_wanted(mailing: _Mailing, form: Mapping[str, str]) -> bool:
    return (mailing.order.kind == _EMAIL) == (form.get("mail") == "1")


def _all(account: Account, shelf: Shelf, form: Mapping[str, str]) -> object:
    """List mailings, the latest first; but ten at most, unless both days are given."""
    today = datetime.fromtimestamp(account.unix_time, MOSCOW)
    start = _day(form["start"]) if "start" in form else today - _TWO_MONTHS
    end = _day(form["end"]) + timedelta(days=1) if "end" in form else today + timedelta(days=1)
    found = [
        _shown(account, mailing, _NOT_IN_ALL)
        for mailing in reversed(shelf.mailings.values())
        if _is_wanted(mailing, form) and start <= datetime.fromtimestamp(mailing.created, UTC) < end
    ]
    return found if {"start", "end"} <= form.keys() else found[:_MOST]


def _day(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%d.%m.%Y").replace(tzinfo=MOSCOW)
    except ValueError:
        raise ServiceError(5, "invalid date") from None


def _shown(account: Account, mailing: _Mailing, without: frozenset[str]) -> object:
    form, order = mailing.form, mailing.order
    now = account.time()
    recipients = ",".join(line.recipient for line in order.lines)
    shown: dict[str, object] = {
        "id": mailing.id,
        "name": form["name"],
        "subject": order.subject,
        "repeat_send": int(form.get("rpt", "0")),
        "repeat_cnt": int(form.get("rptn", "0")),
        "created": date(mailing.created),
        "changed": date(mailing.changed),
        "need_date": date(mailing.need_date),
        "last_sent": date(mailing.messages[0].timestamp) if mailing.messages else "",
        "emails" if order.kind == _EMAIL else "phones": recipients,
        "message": order.lines[0].text,
        "phones_cnt": len(order.lines),
        "format": order.kind,
        "validity": form.get("valid", "24"),
        "period": form.get("period", ""),
        "frequency": form.get("freq", ""),
        "status": mailing.status,
        "cost": money(mailing.cost),
        "sms_sent": len(mailing.messages),
        "sms_ok": sum(message.step(now).status in _ARRIVED for message in mailing.messages),
        "sender_id": form.get("sender", ""),
    }
    return {name: value for name, value in shown.items() if name not in without}
