"""Whatever is posted, an event comes of it, or an error of the package's own."""

from __future__ import annotations

import json
import os
import pickle
import warnings
from typing import Any
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from recipes import CALL, INCOMING, SECRET, STATUS, as_form, as_json, as_xml, sign

from smsc_async.callbacks import (
    CallbackError,
    CallConfirmation,
    DeliveryTracker,
    Event,
    IncomingMessage,
    StatusEvent,
    WeakSignatureWarning,
    parse,
)

RUNS = int(os.environ.get("SMSC_CALLBACK_RUNS", "10000"))
PARTS = 5 if RUNS < 100_000 else 25

NAMES = st.sampled_from(
    [
        *("id", "phone", "status", "ts", "time", "err", "cost", "mes", "to", "waitcall", "sms_id"),
        *("sha1", "md5", "crc32", "charset", "fmt", "imsi", "cnt", "flag", "extra"),
    ]
)
VALUES = st.one_of(
    st.text(),
    st.integers().map(str),
    st.sampled_from(["1", "79991234567", "order-17", "utf-8", "koi8-r", "9" * 50, "0" * 40]),
)
FIELDS = st.dictionaries(NAMES, VALUES).map(
    lambda fields: {name: value.replace("\ud800", "") for name, value in fields.items()}
)
HONEST = st.sampled_from(
    [
        write(sign(fields, kind), charset)
        for kind, fields in (("status", STATUS), ("incoming", INCOMING), ("call", CALL))
        for write in (as_form, as_json, as_xml)
        for charset in ("utf-8", "windows-1251")
    ]
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """An honest callback of which some bytes were replaced, cut out or doubled."""
    body = draw(HONEST)
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(body)))
        end = draw(st.integers(start, min(len(body), start + 20)))
        body = body[:start] + draw(st.binary(max_size=8)) + body[end:]
    return body


@st.composite
def forms(draw: st.DrawFn) -> bytes:
    """A form of names that count and values that may not."""
    pairs = draw(st.lists(st.tuples(NAMES, st.binary(max_size=40))))
    return "&".join(f"{name}={quote_from_bytes(value)}" for name, value in pairs).encode()


BODIES = st.one_of(
    st.binary(max_size=300),
    damaged(),
    forms(),
    FIELDS.map(lambda fields: as_form(fields, "utf-8")),
    FIELDS.map(as_json),
    FIELDS.map(as_xml),
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner),
    ).map(lambda value: json.dumps(value).encode()),
    st.tuples(
        st.sampled_from([b"[", b'{"a":', b"<a>", b"a&", b"\xff\xfe<\x00", b"--x\r\n"]),
        st.sampled_from([1, 7, 900, 40_000]),
    ).map(lambda pair: pair[0] * pair[1]),
)
TYPES = st.one_of(
    st.none(),
    st.text(),
    st.binary(),
    st.sampled_from(
        [
            "application/x-www-form-urlencoded",
            "application/json; charset=windows-1251",
            "text/xml; charset=koi8-r",
            "multipart/form-data; boundary=x",
            "multipart/form-data; boundary=\u0416",
            "; charset=\x00",
        ]
    ),
)


def attempt(body: bytes, kind: str | bytes | None, **options: Any) -> Event | CallbackError:
    """Parse it; an error is returned."""
    try:
        return parse(body, kind, **options)
    except CallbackError as error:
        return error


def check(
    body: bytes, kind: str | bytes | None, algorithm: str, query: bytes, *, sealed: bool
) -> None:
    """Parse it; an event is one of three, whole, and taken by a tracker."""
    secret = SECRET if sealed else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WeakSignatureWarning)
        found = attempt(body, kind, secret=secret, algorithm=algorithm, query=query)
    event(type(found).__name__)
    if isinstance(found, CallbackError):
        assert "\n" not in str(found)
        assert type(pickle.loads(pickle.dumps(found))) is type(found)
        return
    assert isinstance(found, StatusEvent | IncomingMessage | CallConfirmation)
    assert found.phone
    assert found.phone.isprintable()
    assert all(isinstance(value, str) for value in found.extra.values())
    repr(found)
    hash(found)
    if isinstance(found, StatusEvent):
        tracker = DeliveryTracker()
        tracker.apply(found)
        assert not tracker.apply(found)


everything = given(
    body=BODIES,
    kind=TYPES,
    algorithm=st.sampled_from(["sha1", "md5", "crc32"]),
    query=st.binary(max_size=60) | forms(),
    sealed=st.booleans(),
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@everything
def test_survives_anything(
    body: bytes, kind: str | bytes | None, algorithm: str, query: bytes, *, sealed: bool
) -> None:
    """Nothing but an event or a `CallbackError` comes of any body, type and address."""
    check(body, kind, algorithm, query, sealed=sealed)


@pytest.mark.faults
@pytest.mark.parametrize("part", range(PARTS))
@settings(max_examples=RUNS // PARTS, deadline=None, suppress_health_check=list(HealthCheck))
@everything
def test_survives_for_long(
    body: bytes,
    kind: str | bytes | None,
    algorithm: str,
    query: bytes,
    *,
    sealed: bool,
    part: int,
) -> None:
    """The same, for long, in parts; SMSC_CALLBACK_RUNS says how long."""
    check(body, kind, algorithm, query, sealed=sealed)


@given(damaged())
def test_what_is_signed_is_what_was_signed(body: bytes) -> None:
    """Of a damaged callback that still verifies, the signed fields are as they were."""
    try:
        found = parse(body, secret=SECRET)
    except CallbackError:
        return
    assert found.phone == "79991234567"
    if isinstance(found, StatusEvent):
        assert (found.id, found.status) == ("order-17", 1)
    elif isinstance(found, IncomingMessage):
        assert found.to_phone == INCOMING["to"]
