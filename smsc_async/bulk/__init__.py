"""Sending in bulk: packed, written down, resumable."""

from __future__ import annotations

from .callbacks import journal_callbacks
from .follow import DeliveryReport, export_csv
from .journal import Adopted, Delivered, Journal, Known, Mark, SourceMark, Totals
from .outgoing import BulkResult, Outgoing
from .packing import Pack
from .ranges import Coverage
from .report import BulkProgress, BulkReport
from .sqlite import SqliteJournal
from .verbs import Bulk

__all__ = [
    "Adopted",
    "Bulk",
    "BulkProgress",
    "BulkReport",
    "BulkResult",
    "Coverage",
    "Delivered",
    "DeliveryReport",
    "Journal",
    "Known",
    "Mark",
    "Outgoing",
    "Pack",
    "SourceMark",
    "SqliteJournal",
    "Totals",
    "export_csv",
    "journal_callbacks",
]
