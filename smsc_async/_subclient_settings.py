"""What can be set for a sub-client: the options, their rules, and their names on the wire."""

from __future__ import annotations

import enum
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Final, TypedDict, cast

from ._fields import Fields, code, email, sender_name, several, switch, text, url, whole
from ._options import plain_phone
from .errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["FIELDS", "SubclientCurrency", "SubclientKind", "SubclientSettings"]

_DIAL_CODE: Final = re.compile(r"-?[0-9]{1,15}")
_NUMBER_OR_GROUP: Final = re.compile(r"\+?[0-9]{1,15}|G[0-9]{1,10}")
_LAST_HOUR: Final = 24
_ZONES: Final = 12


class SubclientKind(enum.IntEnum):
    """Whose tariff and whose money a sub-client uses."""

    INDEPENDENT = 0
    """Its own tariff and its own balance."""
    MAIN_TARIFF = 1
    """The tariff of the main account, its own balance."""
    SHARED = 2
    """The tariff and the balance of the main account."""
    MAIN_BALANCE = 3
    """Its own tariff, the balance of the main account."""
    EXTRA_LOGIN = 4
    """Just another login of the main account."""


class SubclientCurrency(enum.IntEnum):
    """The currency that a sub-client counts in."""

    RUB = 1
    USD = 2
    EUR = 3
    UAH = 4
    KZT = 5


class SubclientSettings(TypedDict, total=False):
    """What a sub-client may have besides its login and password.

    Switches are named for what happens when they are on.
    """

    current_password: str
    """The password that it has now."""
    site_id: str | int
    """The id of the site that it belongs to."""
    kind: SubclientKind
    """Whose tariff and whose money it uses; without it, its own."""
    full_name: str
    """Its last, first and middle names, or the name of the company."""
    details: str
    """Other details."""
    contract: str
    """The contract."""
    notes: str
    """A comment that it does not see."""
    tariff: int
    """Its tariff plan, 0 (the first) to 8 (the ninth); may be above that of the main account."""
    lowest_tariff: int
    """The tariff plan that it does not fall below, whatever it pays."""
    currency: SubclientCurrency
    """The currency that it counts in."""
    utc_offset: int
    """Its time zone, in whole hours from Greenwich, -12 to 12; without it, that of the account."""
    days_kept: int
    """For how many days the messages that it sent are kept."""
    low_balance: Decimal | int | str
    """The balance at which it gets a notice by e-mail."""
    extended_mode: bool
    """Show it the extended mode of the personal account."""

    email: str
    """Its e-mail address."""
    sms_email: str
    """Another address that its incoming messages go to."""
    sms_to_email: bool
    """Forward its incoming messages by e-mail."""
    phone: str
    """Its phone number."""
    sms_phone: str
    """Another number that its incoming messages go to."""
    sms_to_phone: bool
    """Forward its incoming messages to the phone."""
    sms_reply: str
    """The text that answers incoming messages by itself."""
    call_reply: str
    """The text that answers incoming calls by itself."""
    no_call_forwarding: bool
    """Do not forward incoming calls: neither by e-mail nor to the phone nor to the script."""

    sender: str
    """The sender name of its messages: up to 11 characters, or up to 15 digits."""
    reserve_sender: str
    """The sender name for where the other one cannot be used."""
    main_senders: bool
    """Let it use the sender names of the main account."""
    no_sender_replacement: bool
    """Do not send a message whose sender name would be replaced."""
    no_sender_in_text: bool
    """Do not add a sender name that was replaced to the text, where that would cost nothing."""
    dear_routes: bool
    """Let it use dearer routes, so that its messages surely arrive."""
    cheap_routes_first: bool
    """Try cheap routes first and dear ones after them, but for mass mailings."""
    main_contacts: bool
    """Let it use the contacts of the main account."""
    main_templates: bool
    """Let it use the templates of the main account."""
    detect_answering_machines: bool
    """Notice an answering machine in its calls."""

    allowed_codes: Iterable[str | int]
    """The dialling codes that it may send to; one with a minus is an exception: `[7, -77]`."""
    allowed_numbers: str | Iterable[str]
    """The phone numbers, or the numbers of groups, that it may send to."""
    no_confirmation: bool
    """Let it log in from new IP addresses without a confirmation."""
    no_settings: bool
    """Do not let it change its settings."""
    no_payments: bool
    """Do not let it pay."""
    no_mailings: bool
    """Do not let it make mailings."""
    no_mass_mailings: bool
    """Do not let it make mass and advertising mailings."""
    hide_messages: bool
    """Hide its messages."""
    blocked: bool
    """Block it."""

    daily_limit: int
    """How many messages it may send in a day."""
    daily_limit_per_number: int
    """How many of them to one number."""
    daily_limit_per_text: int
    """How many of them with one text to one number."""
    daily_limit_per_ip: int
    """How many of them from one IP address."""
    sending_hours: tuple[int, int]
    """The hours of the day that it may send in, as `(9, 21)`; at others its messages wait."""
    refuse_outside_hours: bool
    """Refuse a message outside these hours instead."""
    hours_of_recipient: bool
    """Take these hours in the recipient's time zone."""
    valid_minutes: int
    """For how many minutes the operator tries to deliver its messages."""

    callback_url: str
    """The address of its script for statuses and incoming messages."""
    statuses_to_url: bool
    """Forward statuses to that address."""
    sms_to_url: bool
    """Forward incoming messages to that address."""
    smpp: bool
    """Let it in over SMPP; its IP address has to be registered with the support before."""
    sms_over_smpp: bool
    """Deliver its incoming messages over SMPP."""
    statuses_of_parts: bool
    """Follow the parts of a message, too."""
    test_mode: bool
    """Send nothing and charge nothing."""
    delivery_control: bool
    """Watch over the delivery of its messages."""
    api_log: bool
    """Keep its last 20 API requests, until ten minutes after the last."""

    no_email2sms: bool
    """Do not make messages of its e-mails."""
    email2sms_phones: str | Iterable[str]
    """The numbers that its e-mails are sent to."""
    email2sms_phones_in_text: bool
    """Let an e-mail name the numbers in its text."""
    email2sms_phones_in_address: bool
    """Let an e-mail name the numbers in its address."""
    email2sms_without_subject: bool
    """Forward e-mails without the subject."""
    email2sms_without_text: bool
    """Forward e-mails without the text."""
    email2sms_without_sender: bool
    """Forward e-mails without the address of who wrote them."""
    email2sms_translit: bool
    """Write the text of e-mails in Latin letters."""
    email2sms_from_hour: int
    """The first hour of the day at which e-mails are forwarded."""
    email2sms_until_hour: int
    """The last hour of the day at which e-mails are forwarded."""
    email2sms_length: int
    """Where an e-mail is cut off: above 12 a number of characters, below 12 one of messages."""


def _dial_code(name: str, value: object) -> str:
    if isinstance(value, bool) or not _DIAL_CODE.fullmatch(str(value)):
        raise InvalidRequest(name, "has to be dialling codes, with a minus for an exception")
    return str(value)


def _number_or_group(name: str, value: object) -> str:
    if not isinstance(value, str) or not _NUMBER_OR_GROUP.fullmatch(value):
        raise InvalidRequest(name, "has to be phone numbers, or numbers of groups")
    return value.removeprefix("+")


def _offset(name: str, value: object) -> str:
    return str(int(whole(-_ZONES, _ZONES)(name, value)) + _ZONES)


def _threshold(name: str, value: object) -> str:
    try:
        amount = Decimal(cast("str", value)) if isinstance(value, str | int | Decimal) else None
    except ArithmeticError:
        amount = None
    if amount is None or isinstance(value, bool) or not amount.is_finite() or amount < 0:
        raise InvalidRequest(name, "has to be a Decimal, or a number in a str, of 0 or more")
    return f"{amount:f}"


def _hours(name: str, value: object) -> str:
    hours = cast("tuple[object, ...]", value) if isinstance(value, tuple) else ()
    written = [int(whole(0, _LAST_HOUR)(name, hour)) for hour in hours]
    if len(written) != 2 or written[0] >= written[1]:  # noqa: PLR2004 - a pair is two
        raise InvalidRequest(name, "has to be two hours, the first before the last")
    return f"{written[0]}-{written[1]}"


FIELDS: Final = Fields(
    current_password=("pswc", text(least=1)),
    site_id=("site_id", code),
    kind=("type", whole(0, 4)),
    full_name=("fio", text()),
    details=("props", text()),
    contract=("cntr", text()),
    notes=("notes", text()),
    tariff=("tariff", whole(0, 8)),
    lowest_tariff=("mintrf", whole(0)),
    currency=("curr", whole(1, 5)),
    utc_offset=("tz", _offset),
    days_kept=("ktm", whole(0)),
    low_balance=("nb", _threshold),
    extended_mode=("fl2[8]", switch),
    email=("email", email),
    sms_email=("email2", email),
    sms_to_email=("fl[9]", switch),
    phone=("phone", plain_phone),
    sms_phone=("phone2", plain_phone),
    sms_to_phone=("fl[8]", switch),
    sms_reply=("answ", text()),
    call_reply=("answ_call", text()),
    no_call_forwarding=("fl2[4]", switch),
    sender=("sender", sender_name),
    reserve_sender=("sender2", sender_name),
    main_senders=("fl[29]", switch),
    no_sender_replacement=("fl2[12]", switch),
    no_sender_in_text=("fl2[13]", switch),
    dear_routes=("fl2[9]", switch),
    cheap_routes_first=("fl2[24]", switch),
    main_contacts=("fl[26]", switch),
    main_templates=("fl2[31]", switch),
    detect_answering_machines=("fl[16]", switch),
    allowed_codes=("fmts", several(_dial_code)),
    allowed_numbers=("ph", several(_number_or_group)),
    no_confirmation=("fl3[20]", switch),
    no_settings=("fl[27]", switch),
    no_payments=("fl[28]", switch),
    no_mailings=("fl[6]", switch),
    no_mass_mailings=("fl2[23]", switch),
    hide_messages=("fl2[1]", switch),
    blocked=("fl2[10]", switch),
    daily_limit=("dlim", whole(0)),
    daily_limit_per_number=("plim", whole(0)),
    daily_limit_per_text=("tlim", whole(0)),
    daily_limit_per_ip=("ilim", whole(0)),
    sending_hours=("tmlim", _hours),
    refuse_outside_hours=("fl2[15]", switch),
    hours_of_recipient=("fl2[16]", switch),
    valid_minutes=("vld", whole(1)),
    callback_url=("url", url),
    statuses_to_url=("fl[10]", switch),
    sms_to_url=("fl[11]", switch),
    smpp=("fl[2]", switch),
    sms_over_smpp=("fl[1]", switch),
    statuses_of_parts=("fl[23]", switch),
    test_mode=("fl2[27]", switch),
    delivery_control=("fl[5]", switch),
    api_log=("fl[30]", switch),
    no_email2sms=("mfl[0]", switch),
    email2sms_phones=("mph", several(plain_phone)),
    email2sms_phones_in_text=("mfl[5]", switch),
    email2sms_phones_in_address=("mfl[6]", switch),
    email2sms_without_subject=("mfl[1]", switch),
    email2sms_without_text=("mfl[2]", switch),
    email2sms_without_sender=("mfl[3]", switch),
    email2sms_translit=("mfl[4]", switch),
    email2sms_from_hour=("mh1", whole(0, _LAST_HOUR)),
    email2sms_until_hour=("mh2", whole(0, _LAST_HOUR)),
    email2sms_length=("mlen", whole(1)),
)
