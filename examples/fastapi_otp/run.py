"""The whole way, on this machine: a code is asked for, sent, delivered, entered.

The application is served over HTTP; the service is the sandbox, over TLS and HTTP/2, which posts
signed callbacks to the application.
"""

from __future__ import annotations

import os
import secrets
import sys

import httpx

from smsc_async.callbacks import handler_url
from smsc_async.sandbox import Sandbox

from .app import create_app
from .serve import serve

PHONE = "+79991234567"


def main() -> int:
    """Go the whole way, and return 0 if it ended well."""
    secret = secrets.token_urlsafe()
    with Sandbox(delivery=(0.2, 0.6)) as service:
        os.environ.update(service.environment)
        with serve(create_app(secret)) as url, httpx.Client(base_url=url) as browser:
            service.callback_url = handler_url(f"{url}/smsc", secret)
            asked = browser.post("/codes", json={"phone": PHONE})
            print("asked for a code:", asked.status_code, asked.json())
            code = f"/codes/{asked.json()['id']}"
            print("at first:        ", browser.get(code).json())
            arrived = browser.get(code, params={"wait": 30}).json()
            print("then:            ", arrived)
            message = service.messages[0].text
            print("the phone shows: ", message)
            entered = browser.post(f"{code}/check", json={"code": message[:6]}).json()
            print("entered:         ", entered)
        print("callbacks:       ", [one.answers for one in service.callbacks])
        print("HTTP/2 requests: ", service.requests(http_version="2"))
    return 0 if arrived["delivery"] == "delivered" and entered["right"] else 1


if __name__ == "__main__":
    sys.exit(main())
