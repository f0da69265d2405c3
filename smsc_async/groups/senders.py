"""Sender names: what recipients see as the sender."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Unpack

import attrs

from .._call import Caller
from .._convert import Answer, Code, acknowledged, as_list, as_object, list_reader, wire
from .._fields import Fields, code, day, email, exactly_one, sender_name, switch, text, whole
from .._limits import RULES
from .._listing import listed
from .._options import plain_phone
from .._script import Script
from .._sender_options import SenderOptions, files_of, option_fields
from ..errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import date

    from .._attachments import Attachment
    from .._fields import FormFields

__all__ = [
    "OperatorStatus",
    "SenderFile",
    "SenderFileStatus",
    "SenderName",
    "SenderStatus",
    "Senders",
]

_DOCS: Final = "https://smscentre.com/api/http/senders/"
_MOST: Final = 15_000


class SenderStatus(Code):
    """Whether a sender name may be used."""

    MODERATED = 0
    ALLOWED = 1
    DISABLED = 2


class OperatorStatus(Code):
    """How far the registration of a sender name with an operator has come."""

    PENDING = 0
    SENT = 1
    ALLOWED = 2
    REFUSED = 3
    PAUSED = 4
    NO_FUNDS = 5
    NEEDS_DOCUMENTS = 8
    FROM_NEXT_MONTH = 9
    ALLOWED_UNTIL_REMOVED = 255

    @property
    def is_allowed(self) -> bool:
        """Whether the operator delivers messages under this name."""
        return self in {OperatorStatus.ALLOWED, OperatorStatus.ALLOWED_UNTIL_REMOVED}


class SenderFileStatus(Code):
    """What became of a document for the operators."""

    REVIEWED = 0
    REJECTED = 1
    APPROVED = 2


@attrs.frozen
class SenderFile(Answer):
    """A document for the operators; `comment` is the administrator's."""

    id: str = attrs.field(metadata=wire("fid"))
    name: str = attrs.field(default="", metadata=wire("file"))
    status: SenderFileStatus | None = attrs.field(default=None, metadata=wire("fstatus"))
    comment: str = attrs.field(default="", metadata=wire("fcomment"))


@attrs.frozen
class SenderName(Answer):
    """A sender name.

    `status` is there only where all names were asked for, the operators' statuses only with
    `operators`, and the files only with `files`. An operator has none where the name was not
    registered with it. A name that an operator replaces by another one has that in `extra`.
    """

    id: str = attrs.field(validator=attrs.validators.matches_re(r"[0-9]{1,19}"))
    name: str = attrs.field(default="", metadata=wire("sender"))
    status: SenderStatus | None = None
    paid_mts: OperatorStatus | None = attrs.field(default=None, metadata=wire("mts_step"))
    paid_megafon: OperatorStatus | None = attrs.field(default=None, metadata=wire("mega_step"))
    paid_beeline: OperatorStatus | None = attrs.field(default=None, metadata=wire("bee_step"))
    paid_motiv: OperatorStatus | None = attrs.field(default=None, metadata=wire("motiv_step"))
    paid_winmobile: OperatorStatus | None = attrs.field(default=None, metadata=wire("winmob_step"))
    paid_volna: OperatorStatus | None = attrs.field(default=None, metadata=wire("volnamob_step"))
    paid_tele2: OperatorStatus | None = attrs.field(default=None, metadata=wire("tele2_step"))
    free_sber: OperatorStatus | None = attrs.field(default=None, metadata=wire("sber_step"))
    free_tele2: OperatorStatus | None = attrs.field(default=None, metadata=wire("tele2"))
    free_motiv: OperatorStatus | None = attrs.field(default=None, metadata=wire("motiv"))
    common_mts: OperatorStatus | None = attrs.field(default=None, metadata=wire("mts_int"))
    common_megafon: OperatorStatus | None = attrs.field(default=None, metadata=wire("mega_int"))
    common_motiv: OperatorStatus | None = attrs.field(default=None, metadata=wire("motiv_int"))
    common_tele2: OperatorStatus | None = attrs.field(default=None, metadata=wire("tele2_int"))
    common_sber: OperatorStatus | None = attrs.field(default=None, metadata=wire("sber_int"))
    ukraine_national: OperatorStatus | None = attrs.field(default=None, metadata=wire("ua_reg"))
    ukraine_international: OperatorStatus | None = attrs.field(
        default=None, metadata=wire("ua_int")
    )
    belarus_national: OperatorStatus | None = attrs.field(default=None, metadata=wire("by_reg"))
    belarus_international: OperatorStatus | None = attrs.field(
        default=None, metadata=wire("by_int")
    )
    files: tuple[SenderFile, ...] = ()


def _name(name: str, value: object) -> str:
    if isinstance(value, str) and "@" in value:
        return email(name, value)
    return sender_name(name, text(least=1)(name, value))


_NAME: Final = Fields(
    name=("sender", _name),
    id=("id", code),
    comment=("cmt", text()),
    number=("sender", plain_phone),
    code=("code", text(least=1)),
    from_site=("site", text(least=1)),
    site_name=("site_name", text(least=1)),
    subclient=("user", text(least=1)),
)
_FILTERS: Final = Fields(
    complete=("all", switch),
    operators=("operators", switch),
    files=("files", switch),
    changed_since=("from_date", day),
    before=("prev_id", code),
    page_size=("cnt", whole(1, _MOST)),
    subclient=("user", text(least=1)),
)


def _filled(item: object) -> object:
    """Return an object without its members that say nothing."""
    fields = as_object(item)
    if fields is None:
        return item
    return {name: value for name, value in fields.items() if value not in ("", None)}


def _name_of(item: object) -> object:
    fields = as_object(_filled(item))
    if fields is None or "files" not in fields:
        return fields
    return {**fields, "files": [_filled(file) for file in as_list(fields["files"])]}


def _names(document: object) -> list[SenderName]:
    return _READ([_name_of(item) for item in as_list(document)])


def _new_id(document: object) -> str:
    """Read the id of a new name: documented is that it comes as the `sender`."""
    fields = as_object(document) or {}
    found = str(fields.get("id", fields.get("sender", "")))
    if not (found.isascii() and found.isdigit()):
        raise ValueError("expected the id of the new name")
    return found


_READ: Final = list_reader(SenderName)

_SCRIPT: Final = Script("senders.php", _DOCS)
_GET: Final = _SCRIPT.reading("get", _names, rules=(RULES["senders.get.identical"],))
_ADD: Final = _SCRIPT.changing("add", _new_id, rules=(RULES["senders.add"],))
_CHANGE: Final = _SCRIPT.changing("chg", acknowledged)
_SEND_CODE: Final = _SCRIPT.changing(
    "send_code", acknowledged, rules=(RULES["senders.send_code.same_sender"],)
)
_CHECK_CODE: Final = _SCRIPT.changing("check_code", acknowledged)
_DELETE: Final = _SCRIPT.changing("del", acknowledged)


@attrs.frozen(eq=False)
class Senders:
    """Sender names. The service adds five in a minute, and takes the same question three times.

    With `subclient`, the login of a sub-client, a call is about the names of that one.
    """

    _call: Caller = attrs.field(repr=False)

    def all(
        self,
        *,
        complete: bool = False,
        operators: bool = False,
        files: bool = False,
        changed_since: date | None = None,
        before: str | int | None = None,
        page_size: int | None = None,
        subclient: str | None = None,
    ) -> AsyncIterator[SenderName]:
        """Go through the names that may be used, the newest first; with `complete` through all.

        They come in pages of up to 15000, or of as many as the service likes; each is a request
        that waits for the limits as long as it takes. To go on later, give the last id that you
        have seen as `before`. With `changed_since` they are those whose status changed with an
        operator since that day, the last change first, and there is only one page. `operators` and
        `files` say what else to return of each.
        https://smscentre.com/api/http/senders/
        """
        if changed_since is not None and page_size is None:
            page_size = _MOST
        options: dict[str, object] = {"complete": complete, "operators": operators, "files": files}
        fields = _FILTERS.write(
            {name: on or None for name, on in options.items()}
            | {"changed_since": changed_since, "before": before}
            | {"page_size": page_size, "subclient": subclient}
        )
        return self._pages(fields, page_size, alone=changed_since is not None)

    async def _pages(
        self, fields: FormFields, size: int | None, *, alone: bool
    ) -> AsyncIterator[SenderName]:
        last: int | None = None
        while True:
            page = await listed(self._call, _GET, fields, patient=True)
            new = [name for name in page if last is None or int(name.id) < last]
            for name in new:
                yield name
            if alone or not new or (size is not None and len(page) < size):
                return
            last = min(int(name.id) for name in new)
            fields = {**fields, "prev_id": last}

    async def add(
        self,
        name: str,
        *,
        comment: str | None = None,
        document: Attachment | None = None,
        **options: Unpack[SenderOptions],
    ) -> str:
        """Ask for a sender name, and return its id; it may be used when the service allows it.

        A name has up to 11 characters or up to 15 digits, or is an address with `is_email`; digits
        are confirmed by `send_code` and `check_code`. Registrations with operators may cost money.
        A `document` for the operators has up to 3 MB and is one of jpg, tif, pdf, png, zip, rar.
        Not repeated when it is unknown whether it worked: you get `OutcomeUnknown`. Raises
        `OperationFailed` when the service cannot save it. https://smscentre.com/api/http/senders/
        """
        fields = _NAME.write({"name": name, "comment": comment}) | option_fields(options, document)
        if ("@" in name) != bool(options.get("is_email")):
            raise InvalidRequest("name", "has to be an e-mail address with `is_email` only")
        return await self._call(_ADD, fields, files=files_of(document))

    async def change(
        self,
        *,
        comment: str,
        name: str | None = None,
        id: str | int | None = None,
        document: Attachment | None = None,
        **options: Unpack[SenderOptions],
    ) -> None:
        """Change the comment of a name, given by itself or by its id, and what else is given.

        The rules are those of `add`. Raises `NotFound` if there is no such name.
        https://smscentre.com/api/http/senders/
        """
        exactly_one(name=name, id=id)
        own = _NAME.write({"name": name, "id": id, "comment": comment})
        await self._call(_CHANGE, own | option_fields(options, document), files=files_of(document))

    async def send_code(
        self,
        number: str,
        *,
        from_site: str | None = None,
        site_name: str | None = None,
        subclient: str | None = None,
    ) -> None:
        """Send a code to a number that is to become a sender name; once in eight hours.

        The code comes from the name `from_site`, the address of a site that is an active sender
        name, or else from the account's own, and its text names `site_name`. Raises `NotFound` if
        the number was not added before, `InvalidNumber`, `Undeliverable`, and `RateLimited` or
        `OperationFailed` when eight hours are not over. https://smscentre.com/api/http/senders/
        """
        options = {"from_site": from_site, "site_name": site_name, "subclient": subclient}
        await self._call(_SEND_CODE, _NAME.write({"number": number, **options}))

    async def check_code(self, number: str, code: str, *, subclient: str | None = None) -> None:
        """Confirm a number by the code that was sent to it.

        Raises `WrongCode` if the code is wrong, and `NotFound` for an unknown number.
        https://smscentre.com/api/http/senders/
        """
        options = {"number": number, "code": code, "subclient": subclient}
        await self._call(_CHECK_CODE, _NAME.write(options))

    async def delete(
        self,
        *,
        name: str | None = None,
        id: str | int | None = None,
        subclient: str | None = None,
    ) -> None:
        """Delete a name, given by itself or by its id; raises `NotFound` if there is none.

        https://smscentre.com/api/http/senders/
        """
        exactly_one(name=name, id=id)
        await self._call(_DELETE, _NAME.write({"name": name, "id": id, "subclient": subclient}))
