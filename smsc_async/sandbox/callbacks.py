"""What the service posts to the handler of an account: what is due, and what is to be repeated."""

from __future__ import annotations

import heapq
import itertools
from math import inf
from typing import TYPE_CHECKING, Final

import attrs

from .incoming import IncomingShelf
from .message import WAITING
from .notices import call_notice, incoming_notice, status_notice

if TYPE_CHECKING:
    from .account import Account
    from .incoming import Incoming
    from .message import Message
    from .notices import Handler, Notice

__all__ = ["ATTEMPTS", "EVERY", "WAITCALL", "Callback", "Outbox"]

EVERY: Final = 240.0
"""Seconds until a callback that was not taken is repeated."""

ATTEMPTS: Final = 50

WAITCALL: Final = "[waitcall] "
"""The text of a message that notes a call."""

_TAKEN: Final = frozenset((200, 404))


@attrs.define
class Callback:
    """What is posted to the handler, once or more often.

    `kind` is "status", "incoming" or "call". `answers` are the HTTP statuses of the handler's
    answers, 0 for none at all.
    """

    kind: str
    url: str = attrs.field(repr=False)
    body: bytes = attrs.field(repr=False)
    content_type: str
    answers: list[int] = attrs.field(factory=list[int])

    @property
    def taken(self) -> bool:
        """Whether the handler has taken it; the service thinks so of a 404, too."""
        return bool(self.answers) and self.answers[-1] in _TAKEN

    @property
    def given_up(self) -> bool:
        """Whether it was posted in vain for as often as the service does."""
        return len(self.answers) >= ATTEMPTS and not self.taken


class Outbox:
    """What there is to tell the handler from now on. To be used with the account's lock."""

    def __init__(self, account: Account, handler: Handler) -> None:
        self.posted: list[Callback] = []
        self._account = account
        self._handler = handler
        self._since = account.time()
        self._numbers = itertools.count()
        self._to_tell: list[tuple[float, int, Message, int]] = []
        self._to_post: list[tuple[float, int, Callback]] = []
        self._under_way = 0
        self._messages = 0
        self._incoming = len(account.shelf(IncomingShelf).messages)

    def due(self) -> list[Callback]:
        """Return what has to be posted now, in order, and note it as posted."""
        now = self._account.time()
        self._look_around()
        while self._to_tell and self._to_tell[0][0] <= now:
            moment, _, message, step = heapq.heappop(self._to_tell)
            # What was deleted in the meantime is not to be found.
            if self._account.find(message.phone, message.id) is message:
                self._tell(moment, status_notice(message, message.steps[step]))
        due: list[Callback] = []
        while self._to_post and self._to_post[0][0] <= now:
            due.append(heapq.heappop(self._to_post)[2])
        self._under_way += len(due)
        return due

    def next_moment(self) -> float:
        """Return when there will be something to post, as far as is known now."""
        self._look_around()
        return min((line[0][0] for line in (self._to_tell, self._to_post) if line), default=inf)

    @property
    def settled(self) -> bool:
        """Whether the handler has answered everything that was due until now."""
        return not self._under_way and self.next_moment() > self._account.time()

    def answered(self, callback: Callback, status: int) -> None:
        """Note the handler's answer; unless it has taken the callback, that is posted again."""
        self._under_way -= 1
        callback.answers.append(status)
        if not callback.taken and not callback.given_up:
            self._queue(self._account.time() + EVERY, callback)

    def _look_around(self) -> None:
        """Find the messages that were sent and that came in since the last time."""
        messages = self._account.messages
        for message in messages[self._messages :]:
            for number, step in enumerate(message.steps):
                moment = message.accepted_at + step.at
                if step.status != WAITING and moment >= self._since:
                    entry = (moment, next(self._numbers), message, number)
                    heapq.heappush(self._to_tell, entry)
        self._messages = len(messages)
        incoming = self._account.shelf(IncomingShelf).messages
        for one in incoming[self._incoming :]:
            self._tell(self._account.time(), self._note(one))
        self._incoming = len(incoming)

    def _note(self, one: Incoming) -> Notice:
        if one.text == WAITCALL:
            return call_notice(one.phone, one.timestamp)
        to_them = (m.id for m in reversed(self._account.messages) if m.phone == one.phone)
        return incoming_notice(one, next(to_them, None))

    def _tell(self, moment: float, notice: Notice) -> None:
        body, content_type = self._handler.body(notice)
        callback = Callback(notice.kind, self._handler.address(notice), body, content_type)
        self.posted.append(callback)
        self._queue(moment, callback)

    def _queue(self, moment: float, callback: Callback) -> None:
        heapq.heappush(self._to_post, (moment, next(self._numbers), callback))
