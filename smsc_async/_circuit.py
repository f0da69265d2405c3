"""What the service's answers forbid for a while: asking again with a bad password, or at all."""

from __future__ import annotations

import json
import secrets
from collections import deque
from typing import TYPE_CHECKING

from .errors import ApiError, AuthenticationFailed, IpBlocked

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Circuit"]

# Five in half an hour block the IP address for half an hour: https://smscentre.com/faq/99/
_AUTH_FAILURES = 2
_AUTH_MEMORY = 1800.0

_PAUSES = (60.0, 600.0, 1800.0)
_TRIAL = 60.0
_BLOCK_MEMORY = 86400.0

_NOTHING: tuple[int, float, bool, tuple[float, ...], str] = (0, 0.0, False, (), "")


class Circuit:
    """Remembers errors 2 and 4, and refuses calls that could only make things worse.

    After two failed logins within half an hour, calls fail here until the first of them is half an
    hour old. After an `IpBlocked`, calls fail here for 1, then 10, then 30 minutes; then one call
    is let through to see. Any other answer forgets both.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._auth_failures: deque[float] = deque(maxlen=_AUTH_FAILURES)
        self._blocks = 0
        self._closed_until = 0.0
        self._on_trial = False

    @property
    def is_calm(self) -> bool:
        """Whether it has heard nothing that it has to remember."""
        return not self._blocks and not self._auth_failures

    def forbids(self) -> ApiError | None:
        """Return what the service would say, if asking it is forbidden for now."""
        if self.is_calm:
            return None
        now = self._now()
        if self._blocks and now < self._closed_until:
            return _blocked(self._closed_until - now)
        if len(self._auth_failures) == _AUTH_FAILURES:
            left = self._auth_failures[0] + _AUTH_MEMORY - now
            if left > 0:
                text = f"refused here for {left:.0f} s: more failed logins would block the address"
                return AuthenticationFailed(2, text)
        return None

    def check(self) -> None:
        """Raise what the service would say, if asking it is forbidden for now."""
        error = self.forbids()
        if error is not None:
            raise error

    def enter(self) -> bool:
        """Check once more, right before asking; after a block the first to come is the trial.

        Returns whether it is.
        """
        if self.is_calm:
            return False
        self.check()
        if self._blocks:
            # The others go on waiting for what it finds.
            self._closed_until = self._now() + _TRIAL
            self._on_trial = True
        return bool(self._blocks)

    def heard(self, error: ApiError | None) -> None:
        """Take note of an answer: an error, or None for success."""
        if isinstance(error, IpBlocked):
            error.retry_after = self._block()
        elif isinstance(error, AuthenticationFailed):
            self._auth_failures.append(self._now())
        else:
            self._auth_failures.clear()
            self._blocks = 0

    def dump(self) -> tuple[str, float]:
        """Return what it remembers as text, and for how many seconds that matters.

        Empty if there is nothing. No two texts are the same.
        """
        if self.is_calm:
            return "", 0.0
        now = self._now()
        ages = [now - at for at in self._auth_failures]
        closed = self._closed_until - now
        facts = [self._blocks, closed, self._on_trial, ages, secrets.token_hex(4)]
        return json.dumps(facts), _BLOCK_MEMORY if self._blocks else _AUTH_MEMORY

    def load(self, text: str, age: float) -> None:
        """Remember instead what another circuit did, `age` seconds ago."""
        now = self._now() - age
        blocks, closed, on_trial, ages, _ = json.loads(text) if text else _NOTHING
        self._blocks, self._closed_until, self._on_trial = blocks, now + closed, on_trial
        self._auth_failures = deque((now - since for since in ages), maxlen=_AUTH_FAILURES)

    def _block(self) -> float:
        """Close, and return for how long; those in flight together meet the same block."""
        now = self._now()
        if not self._blocks or self._on_trial or now >= self._closed_until:
            pause = _PAUSES[min(self._blocks, len(_PAUSES) - 1)]
            self._blocks += 1
            self._closed_until = now + pause
            self._on_trial = False
        return self._closed_until - now


def _blocked(seconds: float) -> IpBlocked:
    error = IpBlocked(4, f"the address is blocked; the next try is in {seconds:.0f} s")
    error.retry_after = seconds
    return error
