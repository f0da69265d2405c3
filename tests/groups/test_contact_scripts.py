"""What contacts, their groups and the blacklists have in common: two scripts, one page of rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest
from clocks import InstantClock
from service import InProcess, ScriptedExchange, caller, failure

from smsc_async import (
    ApiError,
    AuthenticationFailed,
    BadParameters,
    IpBlocked,
    NotFound,
    OperationFailed,
    OutcomeUnknown,
    RateLimited,
    TooManyRequests,
)
from smsc_async._call import Caller
from smsc_async.groups.blacklist import Blacklist, EmailBlacklist
from smsc_async.groups.contact_groups import ContactGroups, EmailContactGroups
from smsc_async.groups.contacts import Contacts, EmailContacts
from smsc_async.transport import Sent

pytestmark = pytest.mark.anyio

PHONE, MAIL = "79991234567", "anna@example.com"

CHANGES: Final[dict[str, Callable[[Caller], Any]]] = {
    "contacts.add": lambda call: Contacts(call).add(PHONE),
    "contacts.change": lambda call: Contacts(call).change(PHONE, name="x"),
    "contacts.delete": lambda call: Contacts(call).delete(PHONE),
    "email_contacts.add": lambda call: EmailContacts(call).add(MAIL),
    "email_contacts.change": lambda call: EmailContacts(call).change(MAIL, name="x"),
    "email_contacts.delete": lambda call: EmailContacts(call).delete(MAIL),
    "contact_groups.add": lambda call: ContactGroups(call).add("x"),
    "contact_groups.change": lambda call: ContactGroups(call).change(1, "x"),
    "contact_groups.delete": lambda call: ContactGroups(call).delete(1),
    "contact_groups.move": lambda call: ContactGroups(call).move_contact(PHONE, 1),
    "contact_groups.add_contact": lambda call: ContactGroups(call).add_contact(PHONE, 1),
    "contact_groups.remove": lambda call: ContactGroups(call).remove_contact(PHONE, 1),
    "email_contact_groups.add": lambda call: EmailContactGroups(call).add("x"),
    "email_contact_groups.change": lambda call: EmailContactGroups(call).change(1, "x"),
    "email_contact_groups.delete": lambda call: EmailContactGroups(call).delete(1),
    "email_contact_groups.move": lambda call: EmailContactGroups(call).move_contact(MAIL, 1),
    "email_contact_groups.add_contact": lambda call: EmailContactGroups(call).add_contact(MAIL, 1),
    "email_contact_groups.remove": lambda call: EmailContactGroups(call).remove_contact(MAIL, 1),
    "blacklist.add": lambda call: Blacklist(call).add(PHONE),
    "blacklist.delete": lambda call: Blacklist(call).delete(PHONE),
    "email_blacklist.add": lambda call: EmailBlacklist(call).add(MAIL),
    "email_blacklist.delete": lambda call: EmailBlacklist(call).delete(MAIL),
}

every_change = pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)


@every_change
async def test_never_repeated(change: Callable[[Caller], Any]) -> None:
    """When nobody knows whether it was done, it is not done again."""
    exchange = ScriptedExchange(failure(Sent.UNKNOWN))

    with pytest.raises(OutcomeUnknown):
        await change(caller(exchange))

    assert len(exchange.asked) == 1


ERRORS: Final[dict[int, type[ApiError]]] = {
    1: BadParameters,
    2: AuthenticationFailed,
    3: NotFound,
    4: IpBlocked,
    5: OperationFailed,
    9: TooManyRequests,
}


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@every_change
async def test_error_codes(change: Callable[[Caller], Any]) -> None:
    """Each documented error code is an exception of its own kind."""
    for code, error in ERRORS.items():
        exchange = ScriptedExchange({"error": "why", "error_code": code})

        with pytest.raises(error) as caught:
            await change(caller(exchange, patience=0))

        assert caught.value.code == code
        assert caught.value.docs == "https://smscentre.com/api/http/contact/"


READS: Final[dict[str, Callable[[Caller], Any]]] = {
    "contacts": lambda call: Contacts(call).page(),
    "email_contacts": lambda call: EmailContacts(call).page(),
    "contact_groups": lambda call: ContactGroups(call).all(),
    "email_contact_groups": lambda call: EmailContactGroups(call).all(),
    "blacklist": lambda call: Blacklist(call).page(),
    "email_blacklist": lambda call: EmailBlacklist(call).page(),
}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
async def test_reading_is_repeated(read: Callable[[Caller], Any]) -> None:
    """What only reads is asked for once more when an answer is lost."""
    exchange = ScriptedExchange(failure(Sent.UNKNOWN), [{"id": 1, "int_id": 1}])

    found = await read(caller(exchange))

    assert [one.id for one in found] == ["1"]


@pytest.mark.parametrize(
    ("group", "recipient"),
    [(Contacts, PHONE), (EmailContacts, MAIL), (Blacklist, PHONE), (EmailBlacklist, MAIL)],
)
async def test_iteration_waits_for_the_limits(
    group: Any, recipient: str, clock: InstantClock, service: InProcess
) -> None:
    """Going through all again and again waits for the limit; asking for a page does not."""
    entries = group(caller(service, clock=clock, patience=0.0))
    await entries.add(recipient)
    for _ in range(5):
        assert len([one async for one in entries.all()]) == 1
    assert sum(clock.naps) > 60

    for _ in range(3):
        await entries.page()
    with pytest.raises(RateLimited) as caught:
        await entries.page()

    assert caught.value.rule == "phones.identical"
    assert service.account.refusals == []
