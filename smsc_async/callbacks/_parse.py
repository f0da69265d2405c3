"""A request to the handler, as an event."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Final

from ..errors import CallbackError, InvalidRequest
from ._body import read_body, read_query
from ._charset import check_charset
from ._signature import ALGORITHMS, WeakSignatureWarning, check_algorithm, check_secrets, verify
from .events import CallConfirmation, IncomingMessage, StatusEvent, build

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ._body import Field
    from ._signature import Algorithm
    from .events import Event

__all__ = ["check_settings", "parse"]

# The field that tells a kind, and what its control value is made of; a status has none.
_KINDS: Final = (
    ("mes", IncomingMessage, ("phone", "mes", "to")),
    ("waitcall", CallConfirmation, ("phone", "ts")),
)
_STATUS: Final = ("id", "phone", "status")
_OURS: Final = frozenset((*ALGORITHMS, "charset", "fmt", "waitcall"))
_LONGEST_LABEL: Final = 1000


def parse(
    body: bytes,
    content_type: str | bytes | None = None,
    *,
    secret: str | Sequence[str] | None = None,
    algorithm: Algorithm = "sha1",
    charset: str | None = None,
    query: bytes = b"",
) -> Event:
    """Make an event of what was posted to the handler, or raise a `CallbackError`.

    With a `secret`, or with several while you change it, whatever has no right control value is a
    `BadSignature`. Everything that the service does not post is a `MalformedCallback`. Form, JSON
    and XML are told apart by themselves, and so are the encodings, except koi8-r where the address
    does not ask for it. The answer may repeat or precede what you know: see `DeliveryTracker`.

    Args:
        body: What was posted, at most `MAX_BODY` bytes of it.
        content_type: Its header, if there is one.
        secret: What the handler's address gives as the secret.
        algorithm: Which control value to look for; "crc32" is no protection, and warns.
        charset: The encoding that the handler's address asks for, if you want to insist on it.
        query: What came in the address, for addresses that send parameters so.

    https://smscentre.com/api/http/miscellaneous/callback/
    """
    secrets = check_settings(secret, algorithm, charset)
    if not isinstance(body, bytes | bytearray) or not isinstance(query, bytes | bytearray):
        raise InvalidRequest("body", "has to be bytes")
    label = content_type.decode("latin-1") if isinstance(content_type, bytes) else content_type
    label = (label or "")[:_LONGEST_LABEL]
    try:
        fields = read_query(bytes(query), charset) | read_body(bytes(body), label, charset)
        return _event(fields, secrets, algorithm)
    except CallbackError as error:
        # Nobody who prints the locals of these frames shall see the secret.
        failure = error.with_traceback(None)
    del secret, secrets
    raise failure


def _event(fields: Mapping[str, Field], secrets: Sequence[str], algorithm: Algorithm) -> Event:
    """Make the event that the fields are about, if they are signed as it has to be."""
    cls: type[Event] = StatusEvent
    signed: tuple[str, ...] = _STATUS
    for name, kind, names in reversed(_KINDS):
        if name in fields:
            cls, signed = kind, names
    if secrets:
        verify(fields, signed, secrets, algorithm)
    return build(cls, {name: field.text for name, field in fields.items() if name not in _OURS})


def check_settings(
    secret: str | Sequence[str] | None, algorithm: Algorithm, charset: str | None
) -> tuple[str, ...]:
    """Return the secrets to verify with; none, if nothing is to be verified."""
    check_algorithm(algorithm)
    if charset is not None:
        check_charset(charset)
    if secret is None:
        return ()
    if algorithm == "crc32":
        warnings.warn("a crc32 protects from no attack", WeakSignatureWarning, stacklevel=3)
    return check_secrets(secret)
