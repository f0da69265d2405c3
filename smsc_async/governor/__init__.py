"""Keeping to the service's limits: whose turn it is, and how long it takes."""

from __future__ import annotations

from .base import Governor, Need, Notice, Outcome, Permit
from .memory import MemoryGovernor
from .sqlite import SqliteGovernor

__all__ = ["Governor", "MemoryGovernor", "Need", "Notice", "Outcome", "Permit", "SqliteGovernor"]
