"""The example application over HTTP, with the sandbox over TLS and HTTP/2, callbacks included."""

from __future__ import annotations

from random import Random

import httpx
import pytest
from fastapi_otp import run
from fastapi_otp.app import create_app
from fastapi_otp.serve import serve

from smsc_async.callbacks import handler_url
from smsc_async.sandbox import Sandbox

SECRET = "correct-horse_7"
PHONE = "+79991234567"


@pytest.mark.smsc_sandbox(delivery=(0.1, 0.3))
@pytest.mark.parametrize("format", ["form", "json", "xml"])
def test_the_way_back(smsc_sandbox_server: Sandbox, format: str) -> None:
    """A code goes out over HTTP/2, signed callbacks come in, "delivered" is shown.

    The same callbacks, three times each and in any order, change nothing; forged ones neither.
    """
    service = smsc_sandbox_server
    with serve(create_app(SECRET)) as url, httpx.Client(base_url=url) as browser:
        service.callback_url = handler_url(f"{url}/smsc", SECRET, format=format)  # type: ignore[arg-type]
        code = f"/codes/{browser.post('/codes', json={'phone': PHONE}).json()['id']}"
        before = browser.get(code).json()
        arrived = browser.get(code, params={"wait": 30}).json()

        again = list(service.callbacks) * 3
        Random(1).shuffle(again)
        replayed = [
            browser.post("/smsc", content=one.body, headers={"content-type": one.content_type})
            for one in again
        ]
        forged = browser.post("/smsc", content=service.callbacks[0].body.replace(b"7999", b"7998"))
        junk = browser.post("/smsc", content=b"<")
        after = browser.get(code).json()

    assert (before["final"], arrived["delivery"], after) == (False, "delivered", arrived)
    assert [one.answers for one in service.callbacks] == [[200], [200]]
    assert {answer.status_code for answer in replayed} == {200}
    assert len(replayed) == 6
    assert (forged.status_code, junk.status_code) == (403, 400)
    assert service.requests(script="send.php", http_version="2") == 1
    assert service.requests(script="status.php") == 0
    assert service.requests(http_version="1.1") == 0


@pytest.mark.smsc_sandbox(delivery=(0.0, 0.05), latency=1.0)
def test_the_callback_is_faster_than_the_answer(smsc_sandbox_server: Sandbox) -> None:
    """A callback that comes before `send` has returned is not lost."""
    service = smsc_sandbox_server
    with serve(create_app(SECRET)) as url, httpx.Client(base_url=url) as browser:
        service.callback_url = handler_url(f"{url}/smsc", SECRET)
        asked = browser.post("/codes", json={"phone": PHONE})
        before = [one.answers for one in service.callbacks]
        delivery = browser.get(f"/codes/{asked.json()['id']}").json()

    assert before == [[200], [200]]
    assert delivery == {"delivery": "delivered", "final": True}


def test_run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The example goes the whole way by itself."""
    for name in ("SMSC_HOSTS", "SMSC_LOGIN", "SMSC_PASSWORD", "SMSC_CA"):
        monkeypatch.setenv(name, "")

    assert run.main() == 0
    assert "delivered" in capsys.readouterr().out
