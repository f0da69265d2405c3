"""documents.php: invoices of sub-clients, and an act for each of them under the same id.

The number of an act is its id after "A-". All documents are PDFs with one empty page.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final

import attrs

from ..account import Raw, ServiceError, money
from .users import Shelf as Subclients

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..account import Account

__all__ = ["SCRIPT", "handle"]

SCRIPT: Final = "documents.php"

_BOUNDARY: Final = b"f6a1b0c9-sandbox"
_OBJECTS: Final = (
    b"<</Type/Catalog/Pages 2 0 R>>",
    b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
    b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>",
)


@attrs.frozen
class _Invoice:
    """An invoice of a sub-client."""

    id: str
    owner: str
    amount: Decimal
    service: str


@attrs.define
class Shelf:
    """The invoices by their ids."""

    invoices: dict[str, _Invoice] = attrs.field(factory=dict[str, _Invoice])
    ids: Iterator[int] = attrs.field(factory=lambda: itertools.count(1))


def handle(account: Account, form: Mapping[str, str]) -> object:
    """Make an invoice, or return an invoice or an act."""
    account.count(SCRIPT, "documents.any")
    if not {"user", "user_id"} & form.keys():
        raise ServiceError(1, "parameters error")
    owner = account.shelf(Subclients).find(form)
    if owner is None:
        raise ServiceError(6, "user not found")
    shelf = account.shelf(Shelf)
    if form.get("add_account") == "1":
        return _add(shelf, owner.id, form)
    if form.get("get_account") == "1":
        return _pdf(_find(shelf, owner.id, form.get("id")), "invoice")
    if form.get("get_act") == "1":
        number = form.get("num", "").removeprefix("A-")
        return _pdf(_find(shelf, owner.id, form.get("id", number)), "act")
    raise ServiceError(1, "parameters error")


def _add(shelf: Shelf, owner: str, form: Mapping[str, str]) -> Raw:
    try:
        amount = Decimal(form.get("sum", ""))
    except InvalidOperation:
        raise ServiceError(1, "parameters error") from None
    number = next(shelf.ids)
    invoice = _Invoice(str(number), owner, amount, form.get("service", ""))
    shelf.invoices[invoice.id] = invoice
    facts = json.dumps({"id": number, "sum": money(amount)}).encode()
    body = b"".join(
        (
            _head(b"application/json"),
            facts,
            _head(b"application/pdf", b'attachment; filename="invoice%d.pdf"' % number),
            _pdf(invoice, "invoice").body,
            b"\r\n--",
            _BOUNDARY,
            b"--\r\n",
        )
    ).removeprefix(b"\r\n")
    return Raw(b"multipart/mixed; boundary=" + _BOUNDARY, body)


def _head(content_type: bytes, disposition: bytes = b"") -> bytes:
    lines = [b"", b"--" + _BOUNDARY, b"Content-Type: " + content_type]
    lines += [b"Content-Disposition: " + disposition] if disposition else []
    return b"\r\n".join((*lines, b"", b""))


def _find(shelf: Shelf, owner: str, id: str | None) -> _Invoice:
    if not id:
        raise ServiceError(1, "parameters error")
    invoice = shelf.invoices.get(id)
    if invoice is None or invoice.owner != owner:
        raise ServiceError(7, "document not found")
    return invoice


def _pdf(invoice: _Invoice, kind: str) -> Raw:
    """Make a small PDF whose comment says what it is."""
    said = f"% {kind} {invoice.id}: {money(invoice.amount)} {invoice.service}"
    title = " ".join(said.split())
    body = b"%PDF-1.4\n" + title.encode() + b"\n"
    places: list[int] = []
    for number, thing in enumerate(_OBJECTS, start=1):
        places.append(len(body))
        body += b"%d 0 obj%s endobj\n" % (number, thing)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(body)
    body += b"xref\n0 4\n0000000000 65535 f \n" + table
    body += b"trailer<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % start
    return Raw(b"application/pdf", body)
