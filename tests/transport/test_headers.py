"""Header blocks from memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from hpack import Decoder, Encoder, HeaderTuple, NeverIndexedHeaderTuple
from hypothesis import given
from hypothesis import strategies as st

from smsc_async.transport import headers
from smsc_async.transport.headers import LENGTH, RememberingDecoder, RememberingEncoder

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pytest

Fields: TypeAlias = tuple[HeaderTuple, ...]

length = NeverIndexedHeaderTuple(b"content-length", b"22")
one, other = HeaderTuple(b":path", b"/sys/send.php"), HeaderTuple(b"x-a", b"x" * 60)
blocks = st.sampled_from([(one, length), (other, length), (one, other), (other, one), (length,)])
sizes = st.none() | st.sampled_from([0, 64, 130, 4096])


@given(st.lists(st.tuples(sizes, blocks), max_size=40))
def test_the_same_as_without_a_memory(steps: list[tuple[int | None, Fields]]) -> None:
    """Whatever is sent, and however the table is resized, bytes and fields are those of hpack."""
    encoder, plain_encoder = RememberingEncoder(), Encoder()
    decoder, plain_decoder = RememberingDecoder(), Decoder()
    for size, fields in steps:
        if size is not None:
            encoder.header_table_size = plain_encoder.header_table_size = size
        block = encoder.encode(fields)
        assert block == plain_encoder.encode(fields)
        assert list(decoder.decode(block, raw=True)) == [
            (LENGTH if name == b"content-length" else name, value)
            for name, value in plain_decoder.decode(block, raw=True)
        ]


def test_nothing_is_worked_out_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same fields cost hpack's work until they are in the table, and once more."""
    worked: list[str] = []
    encode, decode = Encoder.encode, Decoder.decode

    def encoded(self: Encoder, fields: Fields, huffman: bool = True) -> bytes:
        worked.append("encode")
        return encode(self, fields, huffman)

    def decoded(self: Decoder, data: bytes, raw: bool = False) -> Iterable[HeaderTuple]:
        worked.append("decode")
        return decode(self, data, raw)

    monkeypatch.setattr(Encoder, "encode", encoded)
    monkeypatch.setattr(Decoder, "decode", decoded)
    encoder, decoder = RememberingEncoder(), RememberingDecoder()
    for _ in range(10):
        fields = tuple(decoder.decode(encoder.encode((one, length)), raw=True))
        assert fields == (one, (LENGTH, length[1]))
    assert worked == ["encode", "decode"] * 2


def test_a_secret_stays_apart() -> None:
    """What must not be indexed is told from the same field that may be."""
    encoder = RememberingEncoder()
    indexed, never = HeaderTuple(b"x", b"1"), NeverIndexedHeaderTuple(b"x", b"1")
    assert encoder.encode((never,)) != encoder.encode((indexed,))


def test_the_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many blocks there are, only so many are kept, and all of them mean what they say."""
    monkeypatch.setattr(headers, "_MOST", 3)
    encoder, decoder = RememberingEncoder(), RememberingDecoder()
    for size in (*range(10), *range(10)):
        fields = (NeverIndexedHeaderTuple(b"x-size", b"%d" % size),)
        assert tuple(decoder.decode(encoder.encode(fields), raw=True)) == fields
    assert len(encoder._memory._known) == len(decoder._memory._known) == 3
