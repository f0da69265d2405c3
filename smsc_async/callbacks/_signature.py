"""Control values: what the service makes of some fields and a secret that it shares with you."""

from __future__ import annotations

import hashlib
import hmac
import re
import zlib
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from ..errors import BadSignature, InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ._body import Field

__all__ = [
    "ALGORITHMS",
    "Algorithm",
    "WeakSignatureWarning",
    "check_algorithm",
    "check_secrets",
    "verify",
]

Algorithm: TypeAlias = Literal["md5", "sha1", "crc32"]

ALGORITHMS: Final = ("md5", "sha1", "crc32")

_SECRET: Final = re.compile(r"[A-Za-z0-9_-]+")
_DECIMAL: Final = re.compile(r"-?[0-9]{1,10}")
_HEX: Final = re.compile(r"[0-9a-fA-F]{1,8}")
_FREE_TEXT: Final = "mes"
_MASK: Final = 0xFFFFFFFF


class WeakSignatureWarning(UserWarning):
    """A crc32 can be forged by anybody who has seen some; it finds mistakes, and no attack."""


def check_algorithm(algorithm: str) -> None:
    """Refuse an algorithm that the service does not have."""
    if algorithm not in ALGORITHMS:
        raise InvalidRequest("algorithm", "has to be md5, sha1 or crc32")


def check_secrets(secret: str | Sequence[str]) -> tuple[str, ...]:
    """Return the secrets, or refuse what the service would not take as one."""
    secrets = (secret,) if isinstance(secret, str) else tuple(secret)
    if not secrets or not all(isinstance(one, str) and _SECRET.fullmatch(one) for one in secrets):
        raise InvalidRequest("secret", "has to be of Latin letters, digits, minus and underscore")
    return secrets


def verify(
    fields: Mapping[str, Field],
    signed: Sequence[str],
    secrets: Sequence[str],
    algorithm: Algorithm,
) -> None:
    """Raise `BadSignature` unless the control value was made of these fields and a secret.

    Which bytes the service takes for letters is not documented: those that came, windows-1251 and
    UTF-8 will do.
    """
    given = fields.get(algorithm)
    if given is None:
        raise BadSignature(f"there is no {algorithm} in it")
    values = _values(given.text.strip(), algorithm)
    fits = False
    for data in _candidates(fields, signed):
        for secret in secrets:
            right = _digest(data + b":" + secret.encode(), algorithm)
            for value in values:
                fits |= hmac.compare_digest(value, right)
    # A colon inside of a field would let the border between two fields be moved.
    if any(":" in fields[name].text for name in signed if name in fields and name != _FREE_TEXT):
        fits = False
    if not fits:
        raise BadSignature(f"its {algorithm} is wrong")


def _candidates(fields: Mapping[str, Field], signed: Sequence[str]) -> Iterator[bytes]:
    known = [fields.get(name) for name in signed]
    yield b":".join(field.raw if field else b"" for field in known)
    for charset in ("windows-1251", "utf-8"):
        try:
            yield b":".join(field.text.encode(charset) if field else b"" for field in known)
        except UnicodeEncodeError:
            continue


def _digest(data: bytes, algorithm: Algorithm) -> bytes:
    if algorithm == "crc32":
        return zlib.crc32(data).to_bytes(4)
    return hashlib.new(algorithm, data, usedforsecurity=False).digest()


def _values(given: str, algorithm: Algorithm) -> list[bytes]:
    """Return what the text may mean: hexadecimal, or for a crc32 also decimal, with a sign."""
    if algorithm == "crc32":
        numbers = [int(given)] if _DECIMAL.fullmatch(given) else []
        numbers += [int(given, 16)] if _HEX.fullmatch(given) else []
        return [(number & _MASK).to_bytes(4) for number in numbers]
    try:
        return [bytes.fromhex(given)]
    except ValueError:
        return []
