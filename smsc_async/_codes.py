"""What the error codes of each script mean; one number means different things in different ones."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from .errors import (
    ApiError,
    AuthenticationFailed,
    BadDate,
    BadParameters,
    InsufficientFunds,
    InvalidNumber,
    IpBlocked,
    MessageForbidden,
    NotFound,
    OperationFailed,
    TooManyRequests,
    Undeliverable,
    WrongCode,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["COMMON_CODES", "SCRIPT_CODES", "codes"]

COMMON_CODES: Final[Mapping[int, type[ApiError]]] = MappingProxyType(
    {1: BadParameters, 2: AuthenticationFailed, 4: IpBlocked, 9: TooManyRequests}
)


def codes(**own: type[ApiError]) -> Mapping[int, type[ApiError]]:
    """Return a script's table of codes: the common ones and its own, as `codes(e3=NotFound)`."""
    table = dict(COMMON_CODES)
    for name, error in own.items():
        code = int(name.removeprefix("e"))
        if code in table:
            raise ValueError(f"error code {code} is already {table[code].__name__}")
        table[code] = error
    return MappingProxyType(table)


SCRIPT_CODES: Final[Mapping[str, Mapping[int, type[ApiError]]]] = MappingProxyType(
    {
        "send.php": codes(
            e3=InsufficientFunds,
            e5=BadDate,
            e6=MessageForbidden,
            e7=InvalidNumber,
            e8=Undeliverable,
            e10=WrongCode,
        ),
        "templates.php": codes(e3=NotFound, e5=OperationFailed),
        "op_templates.php": codes(),
        "ping.php": codes(e3=NotFound),
        "jobs.php": codes(e3=OperationFailed, e5=BadDate),
        "status.php": codes(e5=OperationFailed),
        "balance.php": codes(),
        "phones.php": codes(e3=NotFound, e5=OperationFailed),
        "mails.php": codes(e3=NotFound, e5=OperationFailed),
        "users.php": codes(
            e3=NotFound,
            e5=OperationFailed,
            e6=NotFound,
            e7=OperationFailed,
            e8=OperationFailed,
            e10=InsufficientFunds,
        ),
        "documents.php": codes(e5=OperationFailed, e6=NotFound, e7=NotFound),
        "senders.php": codes(
            e3=NotFound,
            e5=OperationFailed,
            e7=InvalidNumber,
            e8=Undeliverable,
            e10=OperationFailed,
            e11=WrongCode,
        ),
        "get.php": codes(e3=NotFound),
        "info.php": codes(e3=NotFound),
        "tinyurls.php": codes(e3=NotFound),
        "receive_phones.php": codes(e3=InsufficientFunds),
        "wait_call.php": codes(e3=InsufficientFunds, e5=OperationFailed),
    }
)
