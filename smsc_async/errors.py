"""Everything this package raises.

::

    SmscError
    ├── InvalidRequest (ValueError)     refused here, before the network
    ├── ClientClosed (RuntimeError)     not open: before `async with`, after `aclose`, another loop
    ├── RateLimited                     a documented limit is used up for `retry_after` seconds
    │   └── DuplicateMessage            the same text to the same recipients within a minute
    ├── NotSent                         certainly not processed: nothing reached the service
    │   ├── GovernorUnavailable         there was nobody to give a permit
    │   └── UntrustedHost               no host's certificate is trusted; not tried again
    ├── OutcomeUnknown                  may have been processed; no answer says so
    ├── BadReply                        the answer is not the service's API
    ├── CallbackError                   what was posted to the handler is not taken
    │   ├── BadSignature                the control value is missing or wrong
    │   └── MalformedCallback           it is not what the service posts
    ├── JournalError                    a bulk run's journal cannot be used, or is of another source
    ├── CostLimitReached                the rest of a bulk run would cost more than was allowed
    └── ApiError                        the service answered with an error code
        ├── BadParameters               1
        ├── AuthenticationFailed        2   never repeated: five of them block the address
        ├── InsufficientFunds           3 (send), 10 (users)
        ├── IpBlocked                   4   opens a circuit for every call
        ├── BadDate                     5 (send, jobs)
        ├── OperationFailed             5, 3, 8: the service could not save, change or delete
        ├── NotFound                    3, 6, 7 (scripts that look something up)
        ├── MessageForbidden            6 (send)
        ├── InvalidNumber               7 (send, senders)
        ├── Undeliverable               8 (send, senders)
        ├── WrongCode                   10 (send: the captcha's), 11 (senders)
        └── TooManyRequests (RateLimited)   9   somebody else uses the account, too

One code means different things in different scripts, so each command brings its own table of
codes. A code that no table knows is a plain `ApiError`.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import Any, ClassVar, Final, Literal, Self

import attrs

__all__ = [
    "ApiError",
    "Attempt",
    "AuthenticationFailed",
    "BadDate",
    "BadParameters",
    "BadReply",
    "BadSignature",
    "CallbackError",
    "ClientClosed",
    "CostLimitReached",
    "DuplicateMessage",
    "GovernorUnavailable",
    "InsufficientFunds",
    "InvalidNumber",
    "InvalidRequest",
    "IpBlocked",
    "JournalError",
    "MessageForbidden",
    "NotFound",
    "NotSent",
    "OperationFailed",
    "OutcomeUnknown",
    "RateLimited",
    "SmscError",
    "TooManyRequests",
    "Undeliverable",
    "UntrustedHost",
    "WrongCode",
]

API_DOCS: Final = "https://smscentre.com/api/http/"
CALLBACK_DOCS: Final = f"{API_DOCS}miscellaneous/callback/"

Phase = Literal["connect", "write", "reply"]


@attrs.frozen
class Attempt:
    """One try of one host: how far it came, how long it took, how it ended."""

    host: str
    phase: Phase
    seconds: float
    error: str


class SmscError(Exception):
    """The base of everything this package raises.

    `message_id` is the id of the message it is about, where there is one; `attempts` lists what
    was tried; `docs` is the vendor's page for the call. It pickles, prints on one line, and holds
    no password, phone number or text in what it prints.
    """

    _prints_docs: ClassVar[bool] = True

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text
        self.command: str | None = None
        self.message_id: str | None = None
        self.attempts: tuple[Attempt, ...] = ()
        self.docs: str = API_DOCS

    def about(
        self,
        *,
        command: str | None = None,
        message_id: str | None = None,
        attempts: tuple[Attempt, ...] = (),
        docs: str | None = None,
    ) -> Self:
        """Fill in what the error is about, where it does not know yet, and return it."""
        self.command = self.command or command
        self.message_id = self.message_id or message_id
        self.attempts = self.attempts or attempts
        self.docs = docs or self.docs
        return self

    def __str__(self) -> str:
        where = f"{self.command}: " if self.command else ""
        facts = [f"message id {self.message_id}"] if self.message_id else []
        facts += _told(self.attempts, self.text)
        detail = f" [{'; '.join(facts)}]" if facts else ""
        docs = f" ({self.docs})" if self._prints_docs and self.docs != API_DOCS else ""
        return " ".join(f"{where}{self.text}{detail}{docs}".split())

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self.args, self.__dict__)


def _told(attempts: tuple[Attempt, ...], known: str) -> list[str]:
    """Return the attempts, each in a few words, without what is known; those alike only once."""
    alike = Counter((a.host, a.phase, a.error) for a in attempts)
    last = {(a.host, a.phase, a.error): a for a in attempts}
    return [
        f"{a.host} {a.phase} {a.seconds:.2f}s"
        + (f" {a.error}" if a.error not in known else "")
        + (f" (and {alike[key] - 1} times before)" if alike[key] > 1 else "")
        for key, a in last.items()
    ]


def _restore(cls: type[SmscError], args: tuple[object, ...], state: dict[str, object]) -> SmscError:
    error = cls.__new__(cls, *args)
    error.__dict__.update(state)
    return error


class InvalidRequest(SmscError, ValueError):
    """The request breaks a documented rule; it was refused before the network.

    `field` is the parameter and `rule` what it has to be.
    """

    # The service has refused nothing, so its page explains nothing.
    _prints_docs = False

    def __init__(self, field: str, rule: str) -> None:
        super().__init__(f"{field}: {rule}")
        self.field = field
        self.rule = rule


class ClientClosed(SmscError, RuntimeError):
    """The client is not open here: use it inside `async with`, and in one event loop."""


class RateLimited(SmscError):
    """A documented limit is used up and waiting for it would take longer than `patience`.

    Nothing was sent. `retry_after` is in seconds; `rule` names the limit, as "send.identical".
    """

    def __init__(self, rule: str, retry_after: float, text: str | None = None) -> None:
        super().__init__(
            text or f"the service's limit {rule} is used up; there is room in {retry_after:.1f} s"
        )
        self.rule = rule
        self.retry_after = retry_after


class DuplicateMessage(RateLimited):
    """The same text went to the same recipients less than a minute ago; this one was not sent.

    `repeat="wait"` waits for the minute to pass instead.
    """

    def __init__(self, rule: str, retry_after: float, text: str | None = None) -> None:
        super().__init__(
            rule,
            retry_after,
            text
            or "the same text went to the same recipients less than a minute ago; the service takes"
            f' it again in {math.ceil(retry_after)} s, for which repeat="wait" waits',
        )


class NotSent(SmscError):
    """Certainly not processed: no host could be reached, so the call may simply be repeated."""

    _prints_docs = False


class GovernorUnavailable(NotSent):
    """The governor could not be asked for a permit, so nothing was sent."""


class UntrustedHost(NotSent):
    """No host has a certificate that is trusted, so nothing was sent; trying again changes nothing.

    `verify`, or SMSC_CA in the environment, names the file of another authority to trust.
    """


class OutcomeUnknown(SmscError):
    """It may have been processed: the request left, and no answer came back that says so.

    Do not just send again: ask for the status of `message_id` to one of `phones` first.
    """

    def __init__(self, text: str, phones: tuple[str, ...] = ()) -> None:
        super().__init__(text)
        self.phones = phones


class BadReply(SmscError):
    """What came back is not the service's API: a web page, half a document, a changed shape.

    `path` is where in the answer it stopped fitting, as "$[0].cost".
    """

    def __init__(self, text: str, path: str | None = None) -> None:
        super().__init__(f"{text} @ {path}" if path else text)
        self.path = path


class JournalError(SmscError):
    """The journal of a bulk run cannot be used: somebody else does, or it is of another source."""


class CostLimitReached(SmscError):
    """A bulk run has stopped, because what is left would cost more than it was allowed to."""


class CallbackError(SmscError):
    """Something was posted to the handler that is not taken for a callback of the service."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.docs = CALLBACK_DOCS


class BadSignature(CallbackError):
    """The control value is missing or wrong: it was forged, changed, or made with another secret.

    Nothing that was posted is in the error.
    """


class MalformedCallback(CallbackError):
    """What was posted is not a status, an incoming message or a call, in any format."""


class ApiError(SmscError):
    """The service answered with an error `code`; `vendor_text` is its own wording."""

    def __init__(self, code: int, vendor_text: str, host: str | None = None) -> None:
        SmscError.__init__(self, f"error {code}: {vendor_text}")
        self.code = code
        self.vendor_text = vendor_text
        self.host = host


class BadParameters(ApiError):
    """The service found a parameter missing or wrong."""


class AuthenticationFailed(ApiError):
    """Wrong login, password or API key, or an IP address outside the account's allowed list.

    Never repeated by itself: after two of them in half an hour the client refuses to ask again,
    because five would get the address blocked.
    """


class InsufficientFunds(ApiError):
    """There is not enough money on the account."""


class IpBlocked(ApiError):
    """The service has blocked this IP address for a while because of frequent errors.

    Every call of the client fails with this, without touching the network, until it is time to
    ask again: after 1, 10, then 30 minutes. `retry_after` is in seconds.
    """

    retry_after: float = 60.0


class BadDate(ApiError):
    """The service could not read a date."""


class OperationFailed(ApiError):
    """The service could not save, change or delete the thing."""


class NotFound(ApiError):
    """There is no such thing on the account."""


class MessageForbidden(ApiError):
    """The text or the sender name is forbidden, or a mass mailing has no signed contract."""


class InvalidNumber(ApiError):
    """The phone number has a wrong format."""


class Undeliverable(ApiError):
    """Nothing can be delivered to this number."""


class WrongCode(ApiError):
    """What was typed is not what the captcha shows, or not the code that was sent."""


class TooManyRequests(ApiError, RateLimited):
    """The service counted too many requests (error 9): something else uses the account, too.

    The limit is kept until its window ends, so the next call waits its turn. `concurrent` and
    `repeated` say which kind the service complained about; both, when its words do not tell.
    """

    def __init__(self, code: int, vendor_text: str, host: str | None = None) -> None:
        ApiError.__init__(self, code, vendor_text, host)
        # RateLimited's own facts; the service does not say when it will take the request again.
        self.rule: str = "service"
        self.retry_after: float = 0.0
        words = vendor_text.lower()
        # The documentation does not promise these words; other words may mean either.
        self.concurrent: bool = "duplicate" not in words
        self.repeated: bool = "concurrent" not in words
