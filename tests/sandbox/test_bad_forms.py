"""What the scripts say to a form that lacks something, or has something wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from smsc_async.sandbox.account import Account, ServiceError
from smsc_async.sandbox.scripts import (
    jobs,
    op_templates,
    ping,
    receive_phones,
    tinyurls,
    wait_call,
)

if TYPE_CHECKING:
    from types import ModuleType

MAILING = {"add": "1", "name": "First", "phones": "79991234567", "mes": "Hello"}


@pytest.mark.parametrize(
    ("script", "form", "code"),
    [
        (jobs, {**MAILING, "name": ""}, 1),
        (jobs, {**MAILING, "rpt": "8"}, 1),
        (jobs, {**MAILING, "rptn": "often"}, 1),
        (jobs, {**MAILING, "mes2": "Hi"}, 1),
        (jobs, {**MAILING, "tpl": "1"}, 1),
        (jobs, {**MAILING, "mes": "", "tpl": "1"}, 3),
        (jobs, {**MAILING, "phones": "abc"}, 3),
        (jobs, {**MAILING, "time": "tomorrow"}, 5),
        (jobs, {"get": "1"}, 1),
        (jobs, {"id": "1"}, 1),
        (jobs, {"get_all": "1", "start": "2026-01-01"}, 5),
        (op_templates, {"add": "1", "sender": "Shop"}, 1),
        (op_templates, {"sender": "Shop", "msg": "Hello"}, 1),
        (ping, {"id": "one"}, 1),
        (ping, {"id": "1", "ok": "2"}, 1),
        (receive_phones, {"buy": "1", "phone": "79580000011", "noprolong": "2"}, 1),
        (receive_phones, {"phone": "79580000011"}, 1),
        (tinyurls, {"get": "1"}, 1),
        (tinyurls, {"id": "1"}, 1),
        (wait_call, {"phone": "abc"}, 1),
    ],
)
def test_bad_forms(script: ModuleType, form: dict[str, Any], code: int) -> None:
    """Each has its documented error, and changes nothing."""
    account = Account(login="alex", password="secret", apikey="key")
    with pytest.raises(ServiceError) as caught:
        script.handle(account, form)
    assert caught.value.code == code
    assert account.messages == []
    assert account.balance == 1000
