"""The scripts of the stand-in service: one file each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from . import (
    balance,
    documents,
    get,
    imgcode,
    info,
    jobs,
    mails,
    op_templates,
    phones,
    ping,
    receive_phones,
    send,
    senders,
    status,
    templates,
    tinyurls,
    users,
    wait_call,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..account import Account

__all__ = ["SCRIPTS"]

SCRIPTS: Final[Mapping[str, Callable[[Account, Mapping[str, str]], object]]] = {
    script.SCRIPT: script.handle
    for script in (
        balance,
        documents,
        get,
        imgcode,
        info,
        jobs,
        mails,
        op_templates,
        phones,
        ping,
        receive_phones,
        send,
        senders,
        status,
        templates,
        tinyurls,
        users,
        wait_call,
    )
}
"""What answers each script: it returns what becomes JSON, or raises `ServiceError`."""
