"""One call's life: a permit, an exchange, the decoding; and again, if it may be repeated."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, TypeVar

import anyio
import attrs

from ._breaker import Breaker
from ._circuit import Circuit
from ._command import Command, Repeat
from ._doubts import Doubts
from ._retry import Budget, Terms, again
from ._wire import decode, encode
from .errors import (
    ApiError,
    Attempt,
    AuthenticationFailed,
    BadReply,
    DuplicateMessage,
    GovernorUnavailable,
    IpBlocked,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    SmscError,
    TooManyRequests,
    UntrustedHost,
)
from .governor import Need, Outcome
from .governor.keys import login_slots, needs, slots
from .transport import Progress, Sent, TransportFailure, Untrusted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from ._attachments import Attachment
    from ._clock import Clock
    from ._lifetime import Lifetime
    from ._wire import Auth, BodyFormat, Form, Params
    from .governor import Governor, Permit
    from .transport import Exchange, Reply

__all__ = ["Caller", "Pace", "Repeating"]

_LOG: Final = logging.getLogger("smsc_async")

Repeating: TypeAlias = Literal["raise", "wait", "resend", "inside"]

T = TypeVar("T")
E = TypeVar("E", bound=SmscError)

_IDENTICAL_SEND: Final = "send.identical"

_CROWDED: Final = 60.0
"""Seconds for which half the slots are left to whoever else uses the account."""


@attrs.frozen
class Pace:
    """How many calls at once, and how long they may take and wait, in seconds."""

    concurrency: int
    patience: float
    deadline: float
    lease: float


@attrs.define
class _Call:
    """What is known of one call while it lasts."""

    command: Command[object]
    needs: tuple[Need, ...] = attrs.field(repr=False)
    until: float
    patience: float
    message_id: str | None
    recipients: tuple[str, ...] = attrs.field(repr=False)
    attempts: tuple[Attempt, ...] = ()

    def annotate(self, error: E) -> E:
        return error.about(
            command=self.command.name,
            message_id=self.message_id,
            attempts=self.attempts,
            docs=self.command.docs,
        )


class Caller:
    """Makes calls. Each attempt takes its own turn, so a repeated one waits like the rest."""

    def __init__(
        self,
        *,
        auth: Auth,
        exchange: Exchange,
        governor: Governor,
        pace: Pace,
        clock: Clock,
        random: Random,
        lifetime: Lifetime,
        body_format: BodyFormat = "form",
    ) -> None:
        self._auth = auth
        self._exchange = exchange
        self._governor = governor
        self._pace = pace
        self._clock = clock
        self._random = random
        self._budget = Budget()
        key = slots(auth.account, pace.concurrency).key
        self._breaker = Breaker(Circuit(clock.now), governor, key)
        self._lifetime = lifetime
        self._body_format: BodyFormat = body_format
        self._logged_in = False
        self._login: anyio.Event | None = None
        self._strict_status = False
        self.doubts: Doubts = Doubts(clock.now)

    @property
    def deadline(self) -> float:
        """The seconds that a call may take, with all that belongs to it."""
        return self._pace.deadline

    @property
    def concurrency(self) -> int:
        """How many calls may be in flight at once."""
        return self._pace.concurrency

    async def __call__(
        self,
        command: Command[T],
        params: Params,
        *,
        files: Sequence[Attachment] = (),
        message_id: str | None = None,
        recipients: tuple[str, ...] = (),
        repeat: Repeating = "raise",
        avoid: str = "",
        patience: float = math.inf,
        patient: bool = False,
    ) -> T:
        """Make the call and return its typed answer, or raise an `SmscError`.

        `repeat` says what a duplicate does. With "wait" it waits for its minute, whoever sent the
        first. "resend" waits for our own minute only: what the service calls a duplicate may be the
        message itself. "inside" does not wait even for that. The host to `avoid` is asked last.
        No attempt begins when `patience` seconds are over. A `patient` call waits for a limit for
        as long as it takes, whatever the client's own patience.
        """
        with self._lifetime:
            form = encode(command, self._auth, params, files, self._body_format)
            call = self._begin(command, form, message_id, recipients, repeat)
            if patient:
                call.until = call.patience = math.inf
            call.until = min(call.until, self._clock.now() + patience)
            try:
                return await self._turn(command, call, form, avoid)
            except SmscError as error:
                failure = error
            # Only a call that failed, hardly any of them, pays for tenacity.
            terms = Terms(
                command, self._clock, self._random, self._budget, call.until, wait=repeat == "wait"
            )
            return await again(failure, lambda: self._turn(command, call, form, avoid), terms)

    def _begin(
        self,
        command: Command[object],
        form: Form,
        message_id: str | None,
        recipients: tuple[str, ...],
        repeat: Repeating,
    ) -> _Call:
        wanted = needs(
            command.rules,
            account=self._auth.account,
            scope_name=command.name,
            fields=form.fields,
            recipients=recipients,
            concurrency=self._pace.concurrency,
            status=command.script == "status.php",
            strict=self._strict_status,
            repeat="raise" if repeat == "raise" else "wait",
        )
        if repeat == "inside":
            wanted = tuple(need for need in wanted if need.rule != _IDENTICAL_SEND)
        until = self._clock.now() + self._pace.deadline
        return _Call(command, wanted, until, self._pace.patience, message_id, recipients)

    async def _turn(self, command: Command[T], call: _Call, form: Form, avoid: str) -> T:
        """Take a turn for one attempt, make it, and name what goes wrong in it."""
        try:
            return await self._attempt(command, call, form, avoid)
        except TransportFailure as failure:
            _forget_frames(failure)
            call.attempts += failure.attempts
            raise call.annotate(_explain(failure, call.recipients)) from failure
        except BadReply as bad:
            _forget_frames(bad)
            call.annotate(bad)
            if call.command.repeat is Repeat.ALWAYS:
                raise
            raise self._doubt(call, "the answer could not be read") from bad
        except TooManyRequests as error:
            call.annotate(error)
            await self._learn(call, error)
            raise
        except SmscError as error:
            call.annotate(error)
            raise

    async def _attempt(self, command: Command[T], call: _Call, form: Form, avoid: str) -> T:
        """Make an attempt with a permit, and give it back with what became of the request."""
        await self._breaker.check()
        permit, alone = await self._admit(call)
        progress, outcome = Progress(), Outcome.NOT_SENT
        try:
            # Meanwhile others may have heard that the password is wrong or the address blocked.
            await self._breaker.enter(permit)
            outcome = Outcome.UNKNOWN
            reply = await self._exchange(
                form.path,
                form.body,
                content_type=form.content_type,
                avoid=avoid,
                progress=progress,
            )
            outcome = Outcome.ANSWERED
            answer = self._read(command, call, reply)
            if not command.public:
                await self._hear(None)
        except ApiError as error:
            # A crowd is refused at the door: what nobody looked at fills no window.
            if isinstance(error, TooManyRequests) and not error.repeated:
                outcome = Outcome.NOT_SENT
            await self._hear(error)
            raise
        except TransportFailure as failure:
            progress.sent = failure.sent
            raise
        finally:
            if outcome is Outcome.UNKNOWN and progress.sent is not Sent.UNKNOWN:
                outcome = Outcome.NOT_SENT
            if outcome is Outcome.UNKNOWN:
                self._doubt(call, "no answer was read")
            if alone:
                self._leave_login()
            await self._give_back(permit, outcome)
        return answer

    def _read(self, command: Command[T], call: _Call, reply: Reply) -> T:
        """Decode an answer; where it cannot be, its host is one to avoid."""
        call.attempts += reply.attempts
        try:
            answer = decode(command, reply.body, reply.host)
        except ApiError:
            reply.judge(True)
            raise
        except BadReply as bad:
            reply.judge(False)
            if not reply.attempts:
                call.attempts += (Attempt(reply.host, "reply", 0.0, bad.text),)
            raise
        reply.judge(True)
        return answer

    async def _hear(self, error: ApiError | None) -> None:
        """Take note of an answer."""
        await self._breaker.heard(error)
        if isinstance(error, AuthenticationFailed):
            self._logged_in = False
        elif not isinstance(error, IpBlocked | TooManyRequests):
            self._logged_in = True
        if error is None:
            self._budget.earn()

    async def _admit(self, call: _Call) -> tuple[Permit, bool]:
        """Wait for a permit, and until the password is known to be good, or for a turn to try it.

        Twelve calls at once with a wrong one would get the address blocked before the first answer.
        """
        while True:
            public = call.command.public
            alone = not (public or self._logged_in) and await self._enter_login(call)
            try:
                permit = await self._acquire(call, alone=alone)
            except BaseException:
                if alone:
                    self._leave_login()
                raise
            if alone or public or self._logged_in:
                return permit, alone
            await self._give_back(permit, Outcome.NOT_SENT)

    async def _enter_login(self, call: _Call) -> bool:
        """Return whether this call is to try the password; False if another one has done it."""
        while not self._logged_in:
            if self._login is None:
                self._login = anyio.Event()
                return True
            left = call.until - self._clock.now()
            if left <= 0:
                raise NotSent("nothing was sent: another call is still trying to log in")
            await self._clock.wait(self._login, left)
            await self._breaker.check()
        return False

    def _leave_login(self) -> None:
        if self._login is not None:
            self._login.set()
            self._login = None

    def _doubt(self, call: _Call, text: str) -> OutcomeUnknown:
        """Remember a message that may have been sent, also when nobody is left to be told."""
        doubt = call.annotate(OutcomeUnknown(text, call.recipients))
        if call.recipients and call.command.repeat is Repeat.UNSENT:
            self.doubts.add(doubt)
        return doubt

    async def _give_back(self, permit: Permit, outcome: Outcome) -> None:
        """Release the permit; what goes wrong there must not cost anybody an answer."""
        try:
            await self._governor.release(permit, outcome)
        except Exception:  # noqa: BLE001 - whatever a governor raises; its lease ends by itself
            _LOG.exception("the governor did not take a permit back")

    async def _acquire(self, call: _Call, *, alone: bool) -> Permit:
        patience = min(call.patience, call.until - self._clock.now())
        # Other workers may be about to try the password as well.
        login = (login_slots(self._auth.account),) if alone else ()
        try:
            return await self._governor.acquire(
                (*call.needs, *login), lease=self._pace.lease, patience=patience
            )
        except RateLimited as limited:
            if limited.rule == _IDENTICAL_SEND:
                raise DuplicateMessage(limited.rule, limited.retry_after) from None
            raise
        except SmscError:
            raise
        except Exception as error:
            text = f"nothing was sent: the governor failed ({type(error).__name__})"
            raise GovernorUnavailable(text) from error

    async def _learn(self, call: _Call, error: TooManyRequests) -> None:
        """Count what somebody else has used, so that we wait for it, too."""
        windows = [need for need in call.needs if need.hold and not need.streak]
        slots = [need for need in call.needs if not need.hold]
        if error.concurrent:
            self._strict_status = self._strict_status or call.command.script == "status.php"
            for need in slots:
                await self._governor.fill(need, _CROWDED, leave=max(1, need.limit // 2))
        if error.repeated:
            # It does not say which window is full: the shortest is, and of longer ones one will
            # hear again.
            shortest = min((need.hold for need in windows), default=0.0)
            for need in windows:
                if need.hold == shortest:
                    error.retry_after = max(error.retry_after, need.hold)
                    await self._governor.fill(need, need.hold)
            if any(need.rule == _IDENTICAL_SEND for need in windows):
                duplicate = DuplicateMessage(_IDENTICAL_SEND, error.retry_after)
                raise call.annotate(duplicate) from error


def _explain(failure: TransportFailure, recipients: tuple[str, ...]) -> SmscError:
    """Say what a transport failure means."""
    if failure.sent is Sent.UNKNOWN:
        return OutcomeUnknown(f"no answer was read: {failure}", recipients)
    if isinstance(failure, Untrusted):
        return UntrustedHost(f"nothing was sent: {failure}; verify= or SMSC_CA says whom to trust")
    return NotSent(f"nothing was sent: {failure}")


def _forget_frames(error: BaseException) -> None:
    """Drop the frames below: they hold the password, or phones and texts."""
    below: BaseException | None = error
    while below is not None:
        below.__traceback__ = None
        below = below.__cause__ or below.__context__
