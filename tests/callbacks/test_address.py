"""The address to enter in the account."""

from __future__ import annotations

import secrets

import pytest

from smsc_async import InvalidRequest
from smsc_async.callbacks import WeakSignatureWarning, handler_url

BASE = "https://shop.example/smsc"


def test_default() -> None:
    """An address asks for UTF-8 and a sha1."""
    assert handler_url(BASE, "abc_-9") == f"{BASE}?charset=utf-8&sha1=abc_-9"


def test_options() -> None:
    """Format, encoding, algorithm, and what is to come back."""
    url = handler_url(
        f"{BASE}?shop=5",
        secrets.token_urlsafe(),
        algorithm="md5",
        charset="windows-1251",
        format="json",
        extra={"note": "a b&c"},
    )

    assert url.startswith(f"{BASE}?charset=windows-1251&fmt=3&md5=")
    assert url.endswith("&shop=5&note=a%20b%26c")


def test_parameters_in_the_address() -> None:
    """What is to come in the address stands behind an exclamation mark."""
    url = handler_url("https://shop.example/", "s", format="xml", by_get={"shop": "5"})

    assert url == "https://shop.example/!shop=5?charset=utf-8&fmt=2&sha1=s"


def test_without_secret() -> None:
    """Without a secret no control value is asked for."""
    assert handler_url("http://127.0.0.1:80/", None) == "http://127.0.0.1:80/?charset=utf-8"


def test_crc32_warns() -> None:
    """A crc32 has to be asked for, and is warned of."""
    with pytest.warns(WeakSignatureWarning):
        assert handler_url(BASE, "s", algorithm="crc32").endswith("crc32=s")


@pytest.mark.parametrize(
    ("base", "options"),
    [
        ("shop.example/smsc", {}),
        ("http://shop.example/smsc", {}),
        ("ftp://shop.example/smsc", {}),
        ("https://", {}),
        ("https://[::1/", {}),
        ("https://user@shop.example/", {}),
        (f"{BASE}#top", {}),
        (f"{BASE}?status=1", {}),
        (BASE, {"secret": ""}),
        (BASE, {"secret": "a b"}),
        (BASE, {"algorithm": "sha256"}),
        (BASE, {"charset": "latin-1"}),
        (BASE, {"format": "yaml"}),
        (BASE, {"charset": "koi8-r", "format": "json"}),
        (BASE, {"extra": {"phone": "1"}}),
        (BASE, {"extra": {"sha1": "1"}}),
        (BASE, {"extra": {"a b": "1"}}),
        (BASE, {"by_get": {"mes": "1"}}),
    ],
)
def test_refused(base: str, options: dict[str, str]) -> None:
    """What the service would not take, or mix up, is refused here."""
    with pytest.raises(InvalidRequest):
        handler_url(base, **{"secret": "abc", **options})  # type: ignore[arg-type]
