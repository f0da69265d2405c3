"""What a sandbox has seen and posted, and what people do to it: the base of both sandboxes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .callbacks import WAITCALL, Outbox
from .incoming import NUMBER, receive
from .notices import Handler

if TYPE_CHECKING:
    from decimal import Decimal
    from threading import Lock

    from .account import Account, Refusal
    from .callbacks import Callback
    from .message import Message
    from .server import Host

__all__ = ["SandboxBase"]


class SandboxBase:
    """An account seen from outside: what came, what was refused, what was posted to its handler."""

    _account: Account
    _lock: Lock
    _outbox: Outbox | None = None

    @property
    def messages(self) -> tuple[Message, ...]:
        """What it has taken, in order; deleted ones, too."""
        with self._lock:
            return tuple(self._account.messages)

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """The requests that broke a limit, in order."""
        with self._lock:
            return tuple(self._account.refusals)

    @property
    def balance(self) -> Decimal:
        """What is left of the money."""
        return self._account.balance

    @property
    def peak_in_flight(self) -> int:
        """The most requests it has had at once."""
        return self._account.limits.peak_in_flight

    @property
    def peak_status_in_flight(self) -> int:
        """The most requests to status.php it has had at once."""
        return self._account.limits.peak_status_in_flight

    @property
    def callbacks(self) -> tuple[Callback, ...]:
        """What it has posted to the handler, in order, with the answers to each."""
        with self._lock:
            return tuple(self._outbox.posted) if self._outbox else ()

    def requests(
        self,
        *,
        host: Host | None = None,
        script: str | None = None,
        http_version: str | None = None,
    ) -> int:
        """Return how many requests came, of all or of those that were asked for.

        Args:
            host: One of `hosts`.
            script: As "send.php".
            http_version: "2" or "1.1".
        """
        wanted = (None if host is None else host.port, script, http_version)
        with self._lock:
            return sum(
                count
                for facts, count in self._account.requests.items()
                if all(want in (None, fact) for want, fact in zip(wanted, facts, strict=True))
            )

    def receive(self, phone: str, text: str, *, to_phone: str = NUMBER) -> str:
        """Let somebody write to the account, now; return the id of the message.

        It is in the account's inbox, and goes to its handler.
        """
        with self._lock:
            return receive(self._account, phone, text, to_phone=to_phone)

    def ring(self, phone: str, *, to_phone: str = NUMBER) -> str:
        """Let somebody call the account, as to confirm their number; return the id of the note."""
        return self.receive(phone, WAITCALL, to_phone=to_phone)

    def _open_outbox(self, url: str | None) -> Outbox | None:
        """Tell the handler at this address of what happens from now on; nobody, without one."""
        with self._lock:
            self._outbox = None if url is None else Outbox(self._account, Handler.of(url))
        return self._outbox
