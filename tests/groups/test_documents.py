"""Invoices and acts."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from clocks import InstantClock
from hypothesis import example, given
from hypothesis import strategies as st
from service import InProcess, ScriptedExchange, caller, failure, refused_field

from smsc_async import (
    ApiError,
    BadReply,
    NotFound,
    OperationFailed,
    OutcomeUnknown,
    RateLimited,
)
from smsc_async._wire import decode
from smsc_async.groups import documents as module
from smsc_async.groups.documents import Document, Documents
from smsc_async.groups.subclients import Subclients
from smsc_async.transport import Sent

pytestmark = pytest.mark.anyio

PDF = b"%PDF-1.4\r\n\x00\xff\r\n--other\n1 0 obj\n%%EOF\n"
COMMANDS = (module._ADD, module._GET_INVOICE, module._GET_ACT)


def parts(
    *found: bytes, end: bytes = b"\r\n", boundary: bytes = b"--x1", last: bool = True
) -> bytes:
    """Put parts together, each with its head."""
    body = b"".join(boundary + end + part + end for part in found)
    return body + (boundary + b"--" + end if last else b"")


def part(content: bytes, *heads: bytes, end: bytes = b"\r\n") -> bytes:
    return b"".join(head + end for head in heads) + end + content


FACTS = part(b'{"id": 7, "sum": 10.5}', b"Content-Type: application/json")
NAMED = part(PDF, b'Content-Disposition: attachment; filename="invoice7.pdf"')


@pytest.fixture
async def documents(clock: InstantClock) -> Documents:
    """The documents of an account with two sub-clients: anna, who is 1, and boris, who is 2."""
    call = caller(InProcess(clock), clock=clock, patience=300.0)
    await Subclients(call).add("anna", "Secret-pass-1")
    await Subclients(call).add("boris", "Secret-pass-1")
    return Documents(call)


async def test_an_invoice_can_be_had_again(documents: Documents) -> None:
    """A new invoice comes with its facts; it and its act are there afterwards."""
    made = await documents.add_invoice("1500.50", subclient="anna", service="Рассылка")

    assert (made.name, made.id) == ("invoice1.pdf", "1")
    assert made.facts == {"id": 1, "sum": "1500.5"}
    assert "invoice 1: 1500.5 Рассылка".encode() in made.content
    assert made.size == len(made.content)

    again = await documents.get_invoice(1, subclient_id=1)
    assert again == Document("invoice-1.pdf", made.content, "1")
    act = await documents.get_act(id="1", subclient="anna")
    assert (act.name, act.id) == ("act-1.pdf", "1")
    assert b"act 1: 1500.5" in act.content
    by_number = await documents.get_act(number="A-1", subclient="anna")
    assert by_number == Document("act-A-1.pdf", act.content)


@pytest.mark.parametrize(
    ("error", "code", "act"),
    [
        (NotFound, 6, lambda d: d.add_invoice(1, subclient="nobody")),
        (NotFound, 6, lambda d: d.get_invoice(1, subclient_id=77)),
        (NotFound, 7, lambda d: d.get_invoice(77, subclient="anna")),
        (NotFound, 7, lambda d: d.get_invoice(1, subclient="boris")),
        (NotFound, 7, lambda d: d.get_act(number="A-77", subclient="anna")),
    ],
)
async def test_there_is_none(
    documents: Documents, error: type[ApiError], code: int, act: Callable[[Documents], Any]
) -> None:
    """An unknown sub-client and an unknown document are `NotFound`, also those of others."""
    await documents.add_invoice(1, subclient="anna")
    with pytest.raises(error) as caught:
        await act(documents)
    assert caught.value.code == code


async def test_it_cannot_be_made() -> None:
    """Error 5 says that the service could not make the invoice."""
    exchange = ScriptedExchange({"error": "account creation error", "error_code": 5})
    with pytest.raises(OperationFailed):
        await Documents(caller(exchange)).add_invoice(1, subclient="anna")


async def test_on_the_wire() -> None:
    """Every parameter reaches its documented field."""
    exchange = ScriptedExchange(parts(FACTS, NAMED), PDF, PDF, PDF)
    documents = Documents(caller(exchange, patience=300.0))

    await documents.add_invoice(Decimal("10.50"), subclient="anna", service="SMS")
    await documents.get_invoice(7, subclient_id="5")
    await documents.get_act(id=7, subclient="anna")
    await documents.get_act(number="12/3", subclient_id=5)

    common = {"login", "psw", "fmt", "charset"}
    assert {path for path, _ in exchange.asked} == {"/sys/documents.php"}
    assert [{name: form[name] for name in form.keys() - common} for _, form in exchange.asked] == [
        {"add_account": "1", "user": "anna", "sum": "10.50", "service": "SMS"},
        {"get_account": "1", "user_id": "5", "id": "7"},
        {"get_act": "1", "user": "anna", "id": "7"},
        {"get_act": "1", "user_id": "5", "num": "12/3"},
    ]


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@pytest.mark.parametrize(
    ("field", "act"),
    [
        ("amount", lambda d: d.add_invoice(0, subclient="anna")),
        ("subclient", lambda d: d.add_invoice(1)),
        ("subclient", lambda d: d.add_invoice(1, subclient="anna", subclient_id=1)),
        ("subclient", lambda d: d.add_invoice(1, subclient="")),
        ("subclient_id", lambda d: d.get_invoice(1, subclient_id="anna")),
        ("subclient", lambda d: d.get_invoice(1)),
        ("id", lambda d: d.get_invoice("x", subclient="anna")),
        ("id", lambda d: d.get_act(subclient="anna")),
        ("id", lambda d: d.get_act(subclient="anna", id=1, number="1")),
        ("number", lambda d: d.get_act(subclient="anna", number="")),
        ("subclient", lambda d: d.get_act(id=1)),
    ],
)
async def test_refused_before_the_network(field: str, act: Callable[[Documents], Any]) -> None:
    """What breaks a rule is refused with the name of the parameter."""
    assert await refused_field(Documents, act) == field


async def test_no_invoice_twice() -> None:
    """An invoice that may have been made is not made again."""
    exchange = ScriptedExchange(failure(Sent.UNKNOWN), parts(FACTS, NAMED))
    with pytest.raises(OutcomeUnknown):
        await Documents(caller(exchange)).add_invoice(1, subclient="anna")
    assert len(exchange.asked) == 1


async def test_reads_are_repeated() -> None:
    """A document whose way here was lost is asked for again."""
    exchange = ScriptedExchange(failure(Sent.UNKNOWN), PDF)
    documents = Documents(caller(exchange, patience=300.0))
    assert (await documents.get_invoice(7, subclient="anna")).content == PDF


async def test_one_in_a_minute(clock: InstantClock) -> None:
    """Whatever is asked for, there is one request a minute."""
    exchange = ScriptedExchange(PDF, PDF)
    documents = Documents(caller(exchange, clock=clock))
    await documents.get_invoice(7, subclient="anna")

    with pytest.raises(RateLimited) as caught:
        await documents.get_act(id=7, subclient="anna")
    assert caught.value.rule == "documents.any"

    clock.pass_time(62)
    await documents.get_act(id=7, subclient="anna")


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
@pytest.mark.parametrize("boundary", [b"--x1", b"----=_Part(1).+*", b"--a--"])
@pytest.mark.parametrize("before", [b"", b"\r\n", b"\n\n"])
@pytest.mark.parametrize("last", [True, False])
def test_parts(end: bytes, boundary: bytes, before: bytes, last: bool) -> None:
    """Whatever the boundary and the ends of lines, the file comes out byte for byte."""
    facts = part(b'{"id": "7"}', b"Content-Type: application/json", end=end)
    file = part(PDF, b"Content-Type: application/pdf", end=end)
    body = before + parts(facts, file, end=end, boundary=boundary, last=last)
    want = PDF if last else PDF + end

    document = decode(module._ADD, body, "host")

    assert document == Document("", want, "7", {"id": "7"})


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@given(rest=st.binary(max_size=200))
@example(b"\r")
@example(b"\n--x1")
@example(b"\r\n--x1y")
async def test_any_file(rest: bytes) -> None:
    """Whatever a file has in it but the boundary, it comes out byte for byte."""
    content = b"%PDF-" + rest + b"%%EOF"
    if b"\r\n--x1\r\n" in content or b"\r\n--x1--\r\n" in content:
        return
    assert decode(module._ADD, parts(FACTS, part(content)), "host").content == content


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"Content-Disposition: attachment; filename=a.pdf; size=1", "a.pdf"),
        ('Content-Disposition: attachment; filename="Счёт 7.pdf"'.encode(), "Счёт 7.pdf"),
        (b"content-disposition: x; FILENAME*=UTF-8''%D0%A1%D1%87.pdf; filename=b", "Сч.pdf"),
        (b'Content-Disposition: x; filename="../../etc/passwd"', "_.._etc_passwd"),
        (b'Content-Disposition: x; filename="..\\a.pdf"', "_a.pdf"),
        (b'Content-Disposition: x; filename=""', "invoice-7.pdf"),
        (b"Content-Type: application/pdf", "invoice-7.pdf"),
    ],
)
async def test_names(head: bytes, name: str) -> None:
    """A name is that of the service, without what leads elsewhere, or made of the id."""
    exchange = ScriptedExchange(parts(FACTS, part(PDF, head)))
    document = await Documents(caller(exchange)).add_invoice(1, subclient="anna")
    assert document.name == name


async def test_a_number_with_a_slash() -> None:
    """The name made for an act is fit for a file."""
    document = await Documents(caller(ScriptedExchange(PDF))).get_act(
        number="12/3", subclient="anna"
    )
    assert document == Document("act-12_3.pdf", PDF)


async def test_odd_answers() -> None:
    """Without an id, in Base64, in an old encoding, in another order, or alone: it is read."""
    coded = part(base64.b64encode(PDF), b"Content-Transfer-Encoding: base64")
    facts = part('{"name": "Счёт", "sum": 10.5, "deep": {"a": [1]}}'.encode("windows-1251"))
    exchange = ScriptedExchange(parts(coded, facts), b" \r\n" + PDF, parts(NAMED))
    documents = Documents(caller(exchange, patience=300.0))

    swapped = await documents.add_invoice(1, subclient="anna")
    alone = await documents.add_invoice(1, subclient="anna")
    without_facts = await documents.get_invoice(8, subclient="anna")

    said = {"name": "Счёт", "sum": Decimal("10.5"), "deep": {"a": [1]}}
    assert swapped == Document("invoice.pdf", PDF, None, said)
    assert alone == Document("invoice.pdf", PDF)
    assert without_facts == Document("invoice7.pdf", PDF, "8")


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html></html>",
        b'{"result": "OK"}',
        PDF[:-7],
        b"--",
        b"--x1",
        b"--\n\n" + PDF,
        parts(FACTS),
        parts(FACTS, part(PDF[:-7])),
        parts(part(b'{"error": "x", "error_code": 5}'), NAMED),
        parts(part(b"{}}"), NAMED),
        parts(part(b"{" * 100_000), NAMED),
        parts(part(b'{"a":' * 100_000), NAMED),
        parts(FACTS, part(b"%PDF-\xff", b"Content-Transfer-Encoding: base64")),
        parts(FACTS, b"no head"),
    ],
)
async def test_answers_that_are_none(body: bytes) -> None:
    """Half a document, none, or something else is a `BadReply`."""
    for command in COMMANDS:
        with pytest.raises(BadReply):
            decode(command, body, "host")


pieces = st.sampled_from(
    (
        *(b"--x1", b"--x1--", b"--", b"\r\n", b"\n", b"\r", b" ", b"%PDF-", b"%%EOF", b"{", b"}"),
        *(b'{"id": 7}', b'{"error_code": 5}', b'{"error_code": []}', b"[1]", b"\xef\xbb\xbf", PDF),
        *(b"Content-Transfer-Encoding: base64", b"JVBERi0lJUVPRg==", b"filename*=utf-8''%ff"),
    )
)


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@given(
    body=st.one_of(
        st.binary(max_size=300),
        st.lists(pieces, max_size=14).map(b"".join),
        st.lists(pieces, max_size=12).map(lambda found: b"--x1\r\n" + b"".join(found)),
    )
)
async def test_any_bytes(body: bytes) -> None:
    """Any bytes are a document that is a PDF, or an error of ours."""
    for command in COMMANDS:
        try:
            document = decode(command, body, "host")
        except (BadReply, ApiError):
            continue
        assert document.content.startswith(b"%PDF-")
        assert b"%%EOF" in document.content


async def test_the_service_is_strict() -> None:
    """The stand-in refuses what is no command, and what lacks its parameters."""
    clock = InstantClock()
    service = InProcess(clock)
    await Subclients(caller(service, clock=clock)).add("anna", "Secret-pass-1")
    for fields in (
        "add_account=1&sum=1",
        "add_account=1&user=anna&sum=much",
        "get_account=1&user=anna",
        "user=anna",
    ):
        assert await ask(service, fields) == 1
        assert await ask(service, fields) == 9
        clock.pass_time(61)


async def ask(service: InProcess, fields: str) -> int:
    """Ask it as it is; return the error code."""
    form = f"login=alex&psw=secret-password&fmt=3&charset=utf-8&{fields}"
    reply = await service("/sys/documents.php", form.encode())
    code: int = json.loads(reply.body)["error_code"]
    return code
