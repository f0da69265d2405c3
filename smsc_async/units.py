"""How many units a text is billed as, worked out here; `AsyncSmsc.quote` asks the service."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import attrs

__all__ = ["Encoding", "Units", "count_units"]

Encoding: TypeAlias = Literal["GSM-7", "UCS-2"]

# GSM 03.38: what one septet stands for, and what needs the escape in front of it.
_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED: Final = frozenset("\f^{}\\[~]|€")
_GSM: Final = _BASIC | _EXTENDED

# The lengths of a text alone, and of each part of a longer one.
_LENGTHS: Final[dict[Encoding, tuple[int, int]]] = {"GSM-7": (160, 153), "UCS-2": (70, 67)}

_TAIL: Final = "\n~~~\n"
_ASTRAL: Final = 0xFFFF


@attrs.frozen
class Units:
    """The units of a text: how many, of how many characters, in which encoding.

    `characters` counts as the network does: € [ ] and their like are two in GSM-7, and an emoji is
    two in UCS-2.
    """

    units: int
    characters: int
    encoding: Encoding


def count_units(text: str) -> Units:
    """Count the units that a text is billed as.

    The documentation gives 160 Latin or 70 other characters to a unit, and 153 or 67 to each part
    of a longer text; it does not say what is Latin. Taken for it is the alphabet of the network,
    GSM 03.38. A comment behind a line of three tildes costs nothing and is not counted. An empty
    text has no units. https://smscentre.com/api/http/send/
    """
    said = text.partition(_TAIL)[0]
    latin = _GSM.issuperset(said)
    encoding: Encoding = "GSM-7" if latin else "UCS-2"
    single, part = _LENGTHS[encoding]
    widths = [
        2 if (character in _EXTENDED if latin else ord(character) > _ASTRAL) else 1
        for character in said
    ]
    characters = sum(widths)
    if characters <= single:
        return Units(min(characters, 1), characters, encoding)
    return Units(_packed(widths, part), characters, encoding)


def _packed(widths: list[int], part: int) -> int:
    """How many parts hold the characters, none of which is torn apart."""
    parts, used = 1, 0
    for width in widths:
        if used + width > part:
            parts, used = parts + 1, 0
        used += width
    return parts
