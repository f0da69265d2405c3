"""Control values: who made the callback."""

from __future__ import annotations

import pickle
import traceback
import zlib
from collections.abc import Callable

import pytest
from recipes import CALL, INCOMING, SECRET, STATUS, as_form, as_json, as_xml, sign

from smsc_async.callbacks import (
    Algorithm,
    BadSignature,
    CallbackError,
    IncomingMessage,
    WeakSignatureWarning,
    parse,
)

KINDS = {"status": STATUS, "incoming": INCOMING, "call": CALL}
Writer = Callable[..., bytes]
WRITERS: list[tuple[Writer, str]] = [
    *((as_form, charset) for charset in ("utf-8", "windows-1251", "koi8-r")),
    *((write, charset) for write in (as_json, as_xml) for charset in ("utf-8", "windows-1251")),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("algorithm", ["md5", "sha1"])
@pytest.mark.parametrize(("write", "charset"), WRITERS)
def test_documented_recipes(kind: str, algorithm: Algorithm, write: Writer, charset: str) -> None:
    """Every kind, format, encoding and algorithm of the documentation verifies; nothing else."""
    fields = KINDS[kind] | {"charset": charset}
    signed = sign(fields, kind, algorithm, charset=charset)
    body = write(signed, charset)
    shouted = write({**signed, algorithm: signed[algorithm].upper()}, charset)
    other = write(sign(fields, kind, algorithm, charset=charset, secret="other"), charset)

    event = parse(body, secret=SECRET, algorithm=algorithm)

    assert event == parse(shouted, secret=SECRET, algorithm=algorithm)
    assert event == parse(other)
    assert algorithm not in event.extra
    for bad, key in ((other, SECRET), (body, "other"), (write(fields, charset), SECRET)):
        with pytest.raises(BadSignature):
            parse(bad, secret=key, algorithm=algorithm)


@pytest.mark.parametrize("charset", ["windows-1251", "utf-8"])
def test_hashed_in_another_encoding(charset: str) -> None:
    """Which bytes are hashed is not documented: other ones than those that came will do."""
    other = {"windows-1251": "utf-8", "utf-8": "windows-1251"}[charset]
    body = as_form(sign(INCOMING, "incoming", charset=charset), other)

    assert isinstance(parse(body, secret=SECRET, charset=other), IncomingMessage)


def test_letters_that_another_encoding_lacks() -> None:
    """A text that windows-1251 cannot write is hashed as it came."""
    body = as_form(sign(INCOMING | {"mes": "☂"}, "incoming"))

    assert isinstance(parse(body, secret=SECRET), IncomingMessage)


@pytest.mark.parametrize(
    "spell",
    [
        str,
        lambda number: str(number - (1 << 32)) if number >> 31 else str(number),
        lambda number: f"{number:x}",
        lambda number: f"{number:08X}",
    ],
)
@pytest.mark.parametrize("message", ["order-17", "order-18", "order-19", "order-20"])
def test_crc32(spell: Callable[[int], str], message: str) -> None:
    """A crc32 is decimal, with or without a sign, or hexadecimal; it is no protection."""
    number = zlib.crc32(f"{message}:79991234567:1:{SECRET}".encode())
    fields = STATUS | {"id": message}

    with pytest.warns(WeakSignatureWarning):
        parse(as_form(fields | {"crc32": spell(number)}), secret=SECRET, algorithm="crc32")
    for wrong in (spell(number ^ 1), "", "-", "1e5", "²", "0x1"):
        with pytest.warns(WeakSignatureWarning), pytest.raises(BadSignature):
            parse(as_form(fields | {"crc32": wrong}), secret=SECRET, algorithm="crc32")


def test_crc32_only_on_request() -> None:
    """Another algorithm than the one asked for does not count, though its value be right."""
    body = as_form(sign(sign(STATUS, "status", "crc32"), "status", "md5"))

    with pytest.raises(BadSignature, match="there is no sha1 in it"):
        parse(body, secret=SECRET)


def test_missing_fields_hash_as_nothing() -> None:
    """A message without the number it came to has nothing in its place."""
    signed = sign(INCOMING | {"to": ""}, "incoming")
    del signed["to"]
    body = as_form(signed)

    assert isinstance(parse(body, secret=SECRET), IncomingMessage)


def test_borders_do_not_move() -> None:
    """A right value for other borders between the fields is wrong."""
    honest = sign({"id": "5", "phone": "7999", "mes": "a:b", "to": "7903"}, "incoming")
    assert isinstance(parse(as_form(honest), secret=SECRET), IncomingMessage)

    for moved in ({"phone": "7999:a", "mes": "b"}, {"mes": "a", "to": "b:7903"}):
        with pytest.raises(BadSignature):
            parse(as_form(honest | moved), secret=SECRET)


@pytest.mark.parametrize("value", ["", "zz", "ё" * 40, "0" * 39, "0" * 41, "\x00", " "])
def test_odd_values(value: str) -> None:
    """A value that cannot be one is wrong, and nothing worse."""
    with pytest.raises(BadSignature, match="its sha1 is wrong"):
        parse(as_form(STATUS | {"sha1": value}), secret=SECRET)


def test_two_secrets() -> None:
    """While a secret is changed, both are right."""
    old = as_form(sign(STATUS, "status", secret="old"))
    new = as_form(sign(STATUS, "status", secret="new"))

    assert parse(old, secret=("new", "old")) == parse(new, secret=["new", "old"])


@pytest.mark.parametrize("body", [b"{", as_form(STATUS), as_form(STATUS | {"sha1": "0" * 40})])
def test_no_secrets_in_tracebacks(body: bytes) -> None:
    """Whoever prints the locals of the frames that an error has gone through sees no secret."""
    with pytest.raises(CallbackError) as caught:
        parse(body, secret=SECRET)

    frames = [frame for frame, _ in traceback.walk_tb(caught.value.__traceback__)]
    assert len(frames) == 2
    assert not any(SECRET in repr(value) for value in frames[-1].f_locals.values())


def test_no_secrets_in_errors() -> None:
    """An error says nothing of what was posted, nor the secret, and comes out of a pickle whole."""
    with pytest.raises(CallbackError) as caught:
        parse(as_form(STATUS | {"sha1": "0" * 40}), secret=SECRET)

    copy = pickle.loads(pickle.dumps(caught.value))
    assert str(copy) == str(caught.value)
    assert not {SECRET, STATUS["phone"], "0" * 40, "order-17"} & set(str(copy).split())
    assert SECRET not in str(copy)
