"""Invoices and acts for sub-clients, as PDF files."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import partial
from typing import Final
from urllib.parse import unquote

import attrs

from .._call import Caller
from .._command import Command, Repeat
from .._convert import as_object
from .._fields import Fields, code, exactly_one, money, text
from .._limits import RULES

__all__ = ["Document", "Documents"]

_DOCS: Final = "https://smscentre.com/api/http/users/documents/"

_BLANK_LINE: Final = re.compile(rb"\r?\n\r?\n")
_BASE64: Final = re.compile(rb"content-transfer-encoding:[ \t]*base64", re.IGNORECASE)
_FILE_NAME: Final = re.compile(rb"filename=\"?([^\";\r\n]*)", re.IGNORECASE)
_CODED_NAME: Final = re.compile(rb"filename\*=utf-8''([^;\s]*)", re.IGNORECASE)
_UNSAFE: Final = re.compile(r"[^\w.() -]+")
_START: Final = b"%PDF-"
_END: Final = b"%%EOF"
_TAIL: Final = 1024
_JSON: Final = json.JSONDecoder(parse_float=Decimal)


@attrs.frozen
class Document:
    """A file of the service: `content` is its bytes, a whole PDF.

    `name` is fit for a file: the service's own name for it, or one that is made of what was asked
    for. `id` is that of the document; None where the service does not say it of one that it made.
    `facts` is what else the service says of it, as it is: for a new invoice its id and amount,
    under names that are not documented.
    """

    name: str
    content: bytes = attrs.field(repr=False)
    id: str | None = None
    facts: Mapping[str, object] = attrs.field(factory=dict[str, object], repr=False)

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return len(self.content)


def _document(body: bytes) -> Document:
    """Read a PDF, alone or as a part beside another one of JSON."""
    if not body.lstrip().startswith(b"--"):
        return Document("", _whole(body.lstrip()))
    facts: Mapping[str, object] = {}
    found: Document | None = None
    for head, content in _parts(body):
        if content.startswith(_START) and found is None:
            found = Document(_file_name(head), _whole(content))
        elif content.lstrip().startswith(b"{") and not facts:
            facts = _facts(content)
    if found is None:
        raise ValueError("expected a part with a PDF")
    return attrs.evolve(found, id=_id(facts), facts=facts)


def _parts(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Return head and content of each part; what separates them stands in the first line."""
    body = body.lstrip()
    line, end, _ = body.partition(b"\n")
    boundary = line.rstrip()
    if boundary == b"--" or not end:
        raise ValueError("expected parts with a boundary between them")
    line_end = rb"\r\n" if line.endswith(b"\r") else rb"\n"
    separator = re.compile(
        rb"(?:\A|" + line_end + rb")" + re.escape(boundary) + rb"(?:--)?[ \t]*(?=\r?\n|\Z)"
    )
    for part in separator.split(body):
        blank = _BLANK_LINE.search(part)
        if blank is not None:
            head, content = part[: blank.start()], part[blank.end() :]
            yield head, base64.b64decode(content) if _BASE64.search(head) else content


def _whole(content: bytes) -> bytes:
    if not content.startswith(_START):
        raise ValueError("expected a PDF")
    if _END not in content[-_TAIL:]:
        raise ValueError("the PDF is cut off")
    return content


def _facts(content: bytes) -> Mapping[str, object]:
    try:
        said = content.decode()
    except UnicodeDecodeError:
        said = content.decode("windows-1251", "replace")
    try:
        document = _JSON.decode(said.strip())
    except RecursionError:
        raise ValueError("the facts are nested too deeply") from None
    facts = as_object(document)
    if facts is None or "error_code" in facts:
        raise ValueError("expected the facts of a document")
    return facts


def _id(facts: Mapping[str, object]) -> str | None:
    found = facts.get("id")
    return str(found) if isinstance(found, str | int) else None


def _file_name(head: bytes) -> str:
    """Return the name in the head of a part, without what could lead into another folder."""
    coded, plain = _CODED_NAME.search(head), _FILE_NAME.search(head)
    if coded is not None:
        return _safe(unquote(coded[1].decode("ascii", "replace")))
    return _safe(plain[1].decode("utf-8", "replace")) if plain is not None else ""


def _safe(name: str) -> str:
    return _UNSAFE.sub("_", name).strip(". ")


def _no_document(_: object) -> Document:
    raise ValueError("expected a document, not JSON")


_FIELDS: Final = Fields(
    subclient=("user", text(least=1)),
    subclient_id=("user_id", code),
    amount=("sum", money),
    service=("service", text()),
    id=("id", code),
    number=("num", text(least=1)),
)

_COMMAND: Final = partial(
    Command[Document],
    "documents.php",
    _no_document,
    rules=(RULES["documents.any"],),
    docs=_DOCS,
    raw=_document,
)
_ADD: Final = _COMMAND(flag={"add_account": "1"})
_GET_INVOICE: Final = _COMMAND(flag={"get_account": "1"}, repeat=Repeat.ALWAYS)
_GET_ACT: Final = _COMMAND(flag={"get_act": "1"}, repeat=Repeat.ALWAYS)


@attrs.frozen(eq=False)
class Documents:
    """Invoices and acts of sub-clients. The service takes one request of any kind a minute.

    A sub-client is named by its login, `subclient`, or by its id, `subclient_id`.
    """

    _call: Caller = attrs.field(repr=False)

    async def add_invoice(
        self,
        amount: Decimal | int | str,
        *,
        subclient: str | None = None,
        subclient_id: str | int | None = None,
        service: str | None = None,
    ) -> Document:
        """Make an invoice for a sub-client, in the currency of the account, and return it.

        `service` is what it is for, as the invoice says it. Never repeated when it is unknown
        whether there is one now: you get `OutcomeUnknown`. Raises `NotFound` for an unknown
        sub-client, and `OperationFailed` when the service cannot make it.
        https://smscentre.com/api/http/users/documents/
        """
        exactly_one(subclient=subclient, subclient_id=subclient_id)
        options = {"subclient": subclient, "subclient_id": subclient_id}
        fields = _FIELDS.write({**options, "amount": amount, "service": service})
        return _named(await self._call(_ADD, fields), "invoice", None)

    async def get_invoice(
        self,
        id: str | int,
        *,
        subclient: str | None = None,
        subclient_id: str | int | None = None,
    ) -> Document:
        """Return an invoice of a sub-client.

        Raises `NotFound` for an unknown invoice or sub-client.
        https://smscentre.com/api/http/users/documents/
        """
        exactly_one(subclient=subclient, subclient_id=subclient_id)
        fields = _FIELDS.write({"subclient": subclient, "subclient_id": subclient_id, "id": id})
        return _named(await self._call(_GET_INVOICE, fields), "invoice", id)

    async def get_act(
        self,
        *,
        id: str | int | None = None,
        number: str | None = None,
        subclient: str | None = None,
        subclient_id: str | int | None = None,
    ) -> Document:
        """Return an act of a sub-client, by its id or by its number.

        Raises `NotFound` for an unknown act or sub-client.
        https://smscentre.com/api/http/users/documents/
        """
        exactly_one(subclient=subclient, subclient_id=subclient_id)
        exactly_one(id=id, number=number)
        options = {"subclient": subclient, "subclient_id": subclient_id}
        fields = _FIELDS.write({**options, "id": id, "number": number})
        document = await self._call(_GET_ACT, fields)
        return _named(document, "act", id if number is None else None, number)


def _named(
    document: Document, kind: str, id: str | int | None, number: str | None = None
) -> Document:
    """Give it the id that was asked for, and a name, where the service did not."""
    known = document.id if id is None else str(id)
    name = document.name or _safe("-".join(filter(None, (kind, number or known)))) + ".pdf"
    return attrs.evolve(document, id=known, name=name)
