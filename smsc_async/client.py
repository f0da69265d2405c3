"""AsyncSmsc: opens and closes the rooms; its verbs are in `groups`."""

from __future__ import annotations

import os
from functools import partial
from random import Random, SystemRandom
from typing import TYPE_CHECKING, Final, Literal, Self, TypedDict, Unpack

import anyio

from ._call import Caller, Pace
from ._clock import SystemClock
from ._lifetime import Lifetime
from ._limits import MAX_CONCURRENCY
from ._options import check_choice, option_params
from ._resolve import OUTCOMES
from ._wire import BODY_FORMATS, Auth
from .bulk import Bulk
from .errors import InvalidRequest
from .governor.address import governor_at
from .groups.account import BALANCE, Account, Balance
from .groups.alerts import Alerts
from .groups.blacklist import Blacklist, EmailBlacklist
from .groups.captcha import Captcha
from .groups.contact_groups import ContactGroups, EmailContactGroups
from .groups.contacts import Contacts, EmailContacts
from .groups.delivery import Deliveries
from .groups.documents import Documents
from .groups.history import History
from .groups.inbox import Inbox
from .groups.lookup import Lookup
from .groups.mailings import Mailings
from .groups.messages import Messages
from .groups.operator_templates import OperatorTemplates
from .groups.phone_confirmation import PhoneConfirmation
from .groups.rented_numbers import RentedNumbers
from .groups.senders import Senders
from .groups.short_links import ShortLinks
from .groups.statuses import Statuses
from .groups.subclients import Subclients
from .groups.templates import Templates
from .transport import Hosts, HttpExchange

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping, Sequence
    from datetime import tzinfo
    from types import TracebackType

    from ._clock import Clock
    from ._resolve import OutcomeMode
    from ._wire import BodyFormat
    from .errors import OutcomeUnknown
    from .governor import Governor

__all__ = ["SMSCENTRE", "SMSC_RU", "AsyncSmsc"]

SMSCENTRE: Final = ("https://smscentre.com", "https://www2.smscentre.com")
SMSC_RU: Final = ("https://smsc.ru", "https://www2.smsc.ru")


class ClientOptions(TypedDict, total=False):
    """What `AsyncSmsc` takes."""

    login: str | None
    password: str | None
    apikey: str | None
    hosts: Sequence[str]
    sender: str | None
    timezone: tzinfo | None
    connect_timeout: float
    reply_timeout: float
    deadline: float
    patience: float
    concurrency: int
    outcome: OutcomeMode
    governor: str | Governor
    http2: bool
    body: BodyFormat
    verify: bool | str | os.PathLike[str] | ssl.SSLContext
    clock: Clock


class AsyncSmsc(Messages, Bulk, Statuses, Deliveries):
    """A client of one SMSC account, for as long as `async with` lasts.

    Make one and share it: it holds the connections and counts the limits for all its calls, in
    asyncio and in trio. All times are in seconds.

    Args:
        login: The account's login, together with `password`.
        password: Its password.
        apikey: An API key, instead of both.
        hosts: The main host, then its backups, as `https://host[:port]`; `http://` for loopback.
        sender: The sender name of each message that has none of its own.
        timezone: The zone of moments that you give without one.
        connect_timeout: For an address, a connection and its TLS, per host.
        reply_timeout: From the last byte written to the last byte read.
        deadline: For a call, with all its waits and repetitions; no pause goes past it.
        patience: For a documented limit. When the wait would be longer, `RateLimited` is raised at
            once; 0 never waits.
        concurrency: Calls in flight at once, 1 to 14; the account's other programs count, too.
        outcome: What to do when the answer to a send is lost; see `send`.
        governor: Where the limits are counted: "memory://"; "sqlite:///file.db", for all processes
            of one host; "redis://host:6379/0", for several hosts; or your own `Governor`, which
            several clients may share, and which you close.
        http2: Whether to offer HTTP/2; without it, or to a server without it, HTTP/1.1 is spoken.
        body: "json" sends messages as JSON to /rest/send/, instead of as a form; what has files
            goes as a form all the same.
        verify: True, the file of a CA to trust, or an `ssl.SSLContext`. False verifies nothing.
        clock: Another clock than the machine's, for tests.
    """

    def __init__(
        self,
        login: str | None = None,
        password: str | None = None,
        *,
        apikey: str | None = None,
        hosts: Sequence[str] = SMSCENTRE,
        sender: str | None = None,
        timezone: tzinfo | None = None,
        connect_timeout: float = 4.0,
        reply_timeout: float = 15.0,
        deadline: float = 180.0,
        patience: float = 60.0,
        concurrency: int = 12,
        outcome: OutcomeMode = "careful",
        governor: str | Governor = "memory://",
        http2: bool = True,
        body: BodyFormat = "form",
        verify: bool | str | os.PathLike[str] | ssl.SSLContext = True,
        clock: Clock | None = None,
    ) -> None:
        self._hosts = tuple(hosts or ())
        auth = Auth.of(login, password, apikey)
        # Nobody who prints the locals of this frame shall see them.
        del password, apikey
        if auth is None:
            raise InvalidRequest("login", "give login and password, or apikey alone")
        if isinstance(hosts, str):
            raise InvalidRequest("hosts", "has to be a list of URLs, not one str")
        _check_times(connect_timeout, reply_timeout, deadline, patience)
        if not isinstance(concurrency, int) or not 1 <= concurrency <= MAX_CONCURRENCY:
            raise InvalidRequest("concurrency", f"has to be from 1 to {MAX_CONCURRENCY}")
        if sender is not None:
            option_params({"sender": sender}, None)
        self._outcome = check_choice("outcome", outcome, OUTCOMES)
        self._sender = sender
        self._zone = timezone
        self._random: Random = SystemRandom()
        self._lifetime = Lifetime()
        self._drain = reply_timeout
        self._clock = clock = clock or SystemClock()
        self._exchange = self._make_exchange(
            connect_timeout=connect_timeout,
            reply_timeout=reply_timeout,
            http2=http2,
            verify=os.fspath(verify) if isinstance(verify, os.PathLike) else verify,
        )
        self._owns_governor = isinstance(governor, str)
        self._governor = _governor(governor, clock)
        longest = len(self._hosts) * (connect_timeout + reply_timeout)
        self._call = Caller(
            auth=auth,
            exchange=self._exchange,
            governor=self._governor,
            pace=Pace(concurrency, patience, deadline, lease=longest + reply_timeout),
            clock=clock,
            random=self._random,
            lifetime=self._lifetime,
            body_format=_body_format(body),
        )
        self._furnish(self._call)

    def _furnish(self, call: Caller) -> None:
        self.account: Account = Account(call)
        self.alerts: Alerts = Alerts(call)
        self.captcha: Captcha = Captcha(call, self._hosts[0])
        self.blacklist: Blacklist = Blacklist(call)
        self.contact_groups: ContactGroups = ContactGroups(call)
        self.contacts: Contacts = Contacts(call)
        self.documents: Documents = Documents(call)
        self.email_blacklist: EmailBlacklist = EmailBlacklist(call)
        self.email_contact_groups: EmailContactGroups = EmailContactGroups(call)
        self.email_contacts: EmailContacts = EmailContacts(call)
        self.history: History = History(call)
        self.inbox: Inbox = Inbox(call, self._clock)
        self.lookup: Lookup = Lookup(call)
        self.mailings: Mailings = Mailings(call, self._sender, self._zone)
        self.operator_templates: OperatorTemplates = OperatorTemplates(call)
        self.phone_confirmation: PhoneConfirmation = PhoneConfirmation(call)
        self.rented_numbers: RentedNumbers = RentedNumbers(call)
        self.senders: Senders = Senders(call)
        self.short_links: ShortLinks = ShortLinks(call)
        self.subclients: Subclients = Subclients(call)
        self.templates: Templates = Templates(call)

    def _make_exchange(
        self,
        *,
        connect_timeout: float,
        reply_timeout: float,
        http2: bool,
        verify: bool | str | ssl.SSLContext,
    ) -> HttpExchange:
        """Make what brings requests to the service; a client for tests has another."""
        return HttpExchange(
            Hosts(self._hosts, clock=self._clock),
            connect_timeout=connect_timeout,
            reply_timeout=reply_timeout,
            http2=http2,
            verify=verify,
            clock=self._clock,
        )

    @classmethod
    def from_env(cls, **overrides: Unpack[ClientOptions]) -> Self:
        """Make a client of the environment; what is given here goes before it.

        Reads SMSC_LOGIN, SMSC_PASSWORD, SMSC_APIKEY, SMSC_HOSTS (separated by commas), SMSC_SENDER,
        SMSC_GOVERNOR and SMSC_CA (the file of a CA to trust).
        """
        options: ClientOptions = {}
        for option, variable in _ENVIRONMENT.items():
            if value := os.environ.get(variable):
                options[option] = value
        if hosts := os.environ.get("SMSC_HOSTS"):
            options["hosts"] = [host.strip() for host in hosts.split(",")]
        options.update(overrides)
        try:
            missing = [name for name in ("login", "password") if not options.get(name)]
            if missing and not options.get("apikey"):
                rule = "is needed: set SMSC_LOGIN and SMSC_PASSWORD, or SMSC_APIKEY"
                raise InvalidRequest(missing[0], rule)
            return cls(**options)
        finally:
            # As in the constructor: nobody who prints the locals of this frame shall see them.
            del options, overrides

    @property
    def doubts(self) -> tuple[OutcomeUnknown, ...]:
        """The sends of which nobody knows whether they were processed, also those cancelled.

        Not among them are those that a call is still finding out about. `reconcile` settles one,
        and takes it from here; without that the latest ten thousand are kept.
        """
        return self._call.doubts.open()

    async def balance(self) -> Balance:
        """Return the money on the account.

        The service takes ten such questions a minute; a send's own answer has the new balance, too.
        https://smscentre.com/api/http/balance/
        """
        return await self._call(BALANCE, {"cur": 1})

    async def aclose(self) -> None:
        """Refuse new calls, give those in progress `reply_timeout` to end, close the connections.

        Does nothing the second time. `async with` calls it.
        """
        try:
            await self._lifetime.close(self._drain)
        finally:
            with anyio.CancelScope(shield=True):
                await self._exchange.aclose()
                if self._owns_governor:
                    await self._governor.aclose()

    async def __aenter__(self) -> Self:
        self._lifetime.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"<AsyncSmsc {' '.join(self._hosts)}>"


_ENVIRONMENT: Final[
    Mapping[Literal["login", "password", "apikey", "sender", "governor", "verify"], str]
] = {
    "login": "SMSC_LOGIN",
    "password": "SMSC_PASSWORD",
    "apikey": "SMSC_APIKEY",
    "sender": "SMSC_SENDER",
    "governor": "SMSC_GOVERNOR",
    "verify": "SMSC_CA",
}


def _check_times(connect: float, reply: float, deadline: float, patience: float) -> None:
    for field, value, least in (
        ("connect_timeout", connect, "more than 0 seconds"),
        ("reply_timeout", reply, "more than 0 seconds"),
        ("deadline", deadline, "more than 0 seconds"),
        ("patience", patience, "0 seconds or more"),
    ):
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not (value > 0 or (value == 0 and field == "patience")):
            raise InvalidRequest(field, f"has to be {least}")


def _body_format(chosen: BodyFormat) -> BodyFormat:
    check_choice("body", chosen, BODY_FORMATS)
    return chosen


_GOVERNS: Final = ("acquire", "release", "fill", "notice", "post", "aclose")


def _governor(chosen: str | Governor, clock: Clock) -> Governor:
    if isinstance(chosen, str):
        return governor_at(chosen, clock)
    if not all(map(partial(hasattr, chosen), _GOVERNS)):
        raise InvalidRequest("governor", "has to be an address or a Governor")
    return chosen
