"""Keeping to the service's limits: whose turn it is, and how long it takes."""

from __future__ import annotations

from .base import Governor, Need, Outcome, Permit
from .memory import MemoryGovernor

__all__ = ["Governor", "MemoryGovernor", "Need", "Outcome", "Permit"]
