"""How an amount of money is shown."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

__all__ = ["money"]

_CENT: Final = Decimal("0.01")


def money(amount: Decimal) -> str:
    """Return the amount with two digits behind the point, and more only where there are more."""
    if not amount.is_finite():
        return "unknown"
    if amount == (rounded := amount.quantize(_CENT)):
        return f"{rounded:f}"
    return f"{amount.normalize():f}"
