"""What a callback says, in every format and encoding."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import attrs
import pytest
from attrs import AttrsInstance
from recipes import CALL, INCOMING, STATUS, as_form, as_json, as_xml

from smsc_async import DeliveryStatus, InvalidRequest
from smsc_async._delivery import DeliveryError, MessageType, TemplateCategory
from smsc_async.callbacks import (
    MAX_BODY,
    CallConfirmation,
    IncomingMessage,
    MalformedCallback,
    StatusEvent,
    parse,
)

Writer = Callable[..., bytes]
WRITERS: list[tuple[Writer, str]] = [
    *((as_form, charset) for charset in ("utf-8", "windows-1251", "koi8-r")),
    *((write, charset) for write in (as_json, as_xml) for charset in ("utf-8", "windows-1251")),
]
MOMENT = datetime(2026, 11, 21, 12, 45, 10, tzinfo=UTC)


@pytest.mark.parametrize(("write", "charset"), WRITERS)
def test_status(write: Writer, charset: str) -> None:
    """A status says everything it has in any format and encoding; the address may name one."""
    body = write(STATUS | {"charset": charset, "shop": "5"}, charset)

    event = parse(body)

    assert event == StatusEvent(
        phone="79991234567",
        id="order-17",
        status=DeliveryStatus.DELIVERED,
        changed_at=MOMENT,
        local_time="21.11.26 13:45:10",
        units=2,
        cost=Decimal("0.30"),
        type=MessageType.SMS,
        flag=256,
        sender="Магазин",
        comment="Спасибо",
        extra={"shop": "5"},
    )
    assert event.is_final
    assert event.flags is not None
    assert event.flags.category is TemplateCategory.SERVICE
    assert event.reason is None


@pytest.mark.parametrize(("write", "charset"), WRITERS)
def test_incoming(write: Writer, charset: str) -> None:
    """A message that came in is told by its text."""
    event = parse(write(INCOMING | {"charset": charset}, charset))

    assert isinstance(event, IncomingMessage)
    assert event.text == INCOMING["mes"]
    assert (event.id, event.answers, event.to_phone) == ("5501", "order-17", "79037676877")
    assert (event.received_at, event.service_centre) == (
        datetime(2026, 11, 21, 12, 45, 2, tzinfo=UTC),
        "79262000331",
    )
    assert not event.is_call
    assert event.text not in repr(event)


@pytest.mark.parametrize("write", [as_form, as_json, as_xml])
def test_call(write: Writer) -> None:
    """A call is told by its flag."""
    event = parse(write(CALL))

    assert event == CallConfirmation(phone="79991234567", called_at=MOMENT)


@pytest.mark.parametrize("charset", ["koi8-r", "windows-1251"])
def test_an_encoding_that_is_not_sent_back(charset: str) -> None:
    """Whoever knows the encoding of the address may insist on it."""
    event = parse(as_form(INCOMING, charset), charset=charset)

    assert isinstance(event, IncomingMessage)
    assert event.text == INCOMING["mes"]


def test_the_label_comes_last() -> None:
    """What is UTF-8 is read so, whatever the label says; else the label decides, if it is known."""
    kind = "application/x-www-form-urlencoded; charset={}"
    as_utf = parse(as_form(INCOMING), kind.format("windows-1251"))
    labelled = parse(as_form(INCOMING, "koi8-r"), kind.format("KOI8-R").encode())
    unlabelled = parse(as_form(INCOMING, "windows-1251"), kind.format("klingon"))

    texts = {event.text for event in (as_utf, labelled, unlabelled)}  # type: ignore[union-attr]
    assert texts == {INCOMING["mes"]}


def test_a_text_goes_first() -> None:
    """What has a text is a message, whatever else it has."""
    assert isinstance(parse(as_form(STATUS | CALL | INCOMING)), IncomingMessage)
    assert isinstance(parse(as_form(STATUS | CALL)), CallConfirmation)


@pytest.mark.parametrize(
    ("cls", "documented"),
    [
        (
            StatusEvent,
            """
            id phone status time ts err syserr cnt type cost flag sender dtmf cmt
            imsi msc mcc mnc cn net rcn rnet calltime callmenu ringtime
            """,
        ),
        (IncomingMessage, "id sms_id phone mes to smsc sent time"),
        (CallConfirmation, "phone ts"),
    ],
)
def test_everything_documented_has_a_name(cls: type[AttrsInstance], documented: str) -> None:
    """Each parameter of the documentation is a field of the event, and none is made up."""
    wires = [field.metadata["wire"] for field in attrs.fields(cls) if "wire" in field.metadata]

    assert sorted(wires) == sorted(documented.split())


def test_hlr_and_voice_menu() -> None:
    """Statuses of HLR requests and of calls have fields of their own."""
    hlr = {"imsi": "250021234567890", "msc": "79262000331", "mcc": "250", "mnc": "02"}
    hlr |= {"cn": "Россия", "net": "МегаФон", "rcn": "Чехия", "rnet": "O2"}
    menu = {"dtmf": "12", "calltime": "31", "callmenu": "1,2", "ringtime": "7"}

    event = parse(as_form(STATUS | {"type": "4"} | hlr | menu))

    assert isinstance(event, StatusEvent)
    assert event.type is MessageType.HLR
    assert (event.imsi, event.msc) == (hlr["imsi"], hlr["msc"])
    assert (event.mcc, event.mnc) == ("250", "02")
    assert (event.home_country, event.home_network) == ("Россия", "МегаФон")
    assert (event.roaming_country, event.roaming_network) == ("Чехия", "O2")
    assert (event.keys, event.call_seconds, event.menu_keys, event.ring_seconds) == (
        "12",
        31,
        "1,2",
        7,
    )
    assert event.extra == {}


def test_a_failure_says_why() -> None:
    """The error of an undelivered message is told in words, those of an e-mail in others."""
    failed = STATUS | {"status": "20", "err": "1", "syserr": "0x1"}
    sms, mail = parse(as_form(failed)), parse(as_form(failed | {"phone": "a@b.ru", "type": "8"}))

    assert isinstance(sms, StatusEvent)
    assert isinstance(mail, StatusEvent)
    assert (sms.error, sms.operator_error) == (DeliveryError.NO_RECIPIENT, "0x1")
    assert (sms.reason, mail.reason) == ("there is no such number", "there is no such address")


def test_what_cannot_be_read_is_kept() -> None:
    """A field of little importance that cannot be read does not cost the event."""
    odd = {"ts": "tomorrow", "cost": "free", "cnt": "²", "flag": "9" * 400, "err": "", "type": "x"}

    event = parse(as_form(STATUS | odd))

    assert isinstance(event, StatusEvent)
    assert (event.changed_at, event.cost, event.units, event.flags) == (None,) * 4
    del odd["err"]
    assert event.extra == odd
    assert parse(as_form(STATUS | {"ts": "999999999999"})).extra == {"ts": "999999999999"}
    assert parse(as_form(CALL | {"ts": "0"})) == CallConfirmation(phone="79991234567")


def test_a_status_without_a_name() -> None:
    """A status and an error that the documentation does not know keep their numbers."""
    event = parse(as_form(STATUS | {"status": "77", "err": "999"}))

    assert isinstance(event, StatusEvent)
    assert (int(event.status), event.error) == (77, 999)


def test_nesting_and_attributes() -> None:
    """How JSON and XML are nested is not documented: what is deeper counts as well."""
    nested = json.dumps({"result": [STATUS | {"ok": True, "none": None}]}).encode()
    attributes = b"<r><s id='order-17' phone='79991234567' status='1'><ts/>text<x>1</x></s></r>"

    event, sparse = parse(nested), parse(attributes)

    assert isinstance(event, StatusEvent)
    assert (event.id, event.changed_at, event.extra) == ("order-17", MOMENT, {"ok": "1"})
    assert isinstance(sparse, StatusEvent)
    assert (sparse.id, sparse.extra) == ("order-17", {"x": "1"})


def test_escaped_json() -> None:
    """JSON may escape what is no ASCII, half of a character included."""
    body = json.dumps(INCOMING | {"mes": "Да \U0001f600"}).encode()
    half = body.replace(b"\\ude00", b"")

    event, torn = parse(body), parse(half)

    assert isinstance(event, IncomingMessage)
    assert isinstance(torn, IncomingMessage)
    assert (event.text, torn.text) == ("Да \U0001f600", "Да \ufffd")


def test_form_with_parts() -> None:
    """A form may come in parts, as files do."""
    pieces = [
        f'--xyz\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in INCOMING.items()
    ]
    body = "".join([*pieces, "--xyz\r\nno name\r\n\r\nx\r\n", "--xyz--\r\n"]).encode()

    event = parse(body, 'multipart/form-data; boundary="xyz"')

    assert isinstance(event, IncomingMessage)
    assert (event.text, event.extra) == (INCOMING["mes"], {})


def test_parameters_of_the_address() -> None:
    """What comes in the address counts, but not before what was posted."""
    event = parse(as_form(STATUS), query=b"shop=5&status=20&x=%D0%AF+z")

    assert isinstance(event, StatusEvent)
    assert (event.status, event.extra) == (DeliveryStatus.DELIVERED, {"shop": "5", "x": "Я z"})


def test_a_call_that_came_as_a_message() -> None:
    """The service notes a call as a message, too."""
    event = parse(as_form(INCOMING | {"mes": "[waitcall] "}))

    assert isinstance(event, IncomingMessage)
    assert event.is_call


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "it has no phone"),
        (b"id=1&status=1", "it has no phone"),
        (b"id=1&phone=79991234567", "it has no status"),
        (b"id=1&phone=79991234567&status=delivered", "its status cannot be read"),
        (b"id=a%0Ab&phone=79991234567&status=1", "its id cannot be read"),
        (b"id=1&phone=a%00&status=1", "its phone cannot be read"),
        (b"id=1&phone=&status=1", "its phone cannot be read"),
        (b"id=1&phone=7+999+1234567&status=1", "its phone cannot be read"),
        (b"{", "begins like JSON"),
        (b"[" * 50_000, "begins like JSON"),
        (b"[" * 20 + b"1" + b"]" * 20, "nested too deeply"),
        (b'{"a":' * 20 + b"1" + b"}" * 20, "nested too deeply"),
        (b"<a>", "begins like XML"),
        (b"<a>" * 20, "nested too deeply"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "document type"),
        (b"<a>&b;</a>", "begins like XML"),
        (b"a=1&" * 2000, "more than 1000 fields"),
        (json.dumps(dict.fromkeys(map(str, range(2000)), 1)).encode(), "more than 1000 fields"),
        (b"x" * (MAX_BODY + 1), "more than 262144 bytes"),
    ],
)
def test_malformed(body: bytes, says: str) -> None:
    """What is no callback is said to be none, and why."""
    with pytest.raises(MalformedCallback, match=says) as caught:
        parse(body)

    assert "miscellaneous/callback" in caught.value.docs


def test_too_many_parts() -> None:
    """A form in parts has a limit of them as well."""
    with pytest.raises(MalformedCallback, match="more than 1000 fields"):
        parse(b"--b\r\n" * 1500, "multipart/form-data; boundary=b")


def test_bad_settings() -> None:
    """What the owner of the handler gets wrong is no fault of the callback."""
    for wrong in (
        {"secret": ""},
        {"secret": "with blank"},
        {"secret": ()},
        {"secret": ("good", "bäd")},
        {"algorithm": "sha256"},
        {"charset": "latin-1"},
        {"query": "shop=5"},
    ):
        with pytest.raises(InvalidRequest):
            parse(as_form(STATUS), **wrong)
    with pytest.raises(InvalidRequest):
        parse("id=1")  # type: ignore[arg-type]
