"""When a message is to be sent: the `time` and `tz` parameters of send.php."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from .account import ServiceError

__all__ = ["MOSCOW", "delay"]

MOSCOW: Final = timezone(timedelta(hours=3))

_MINUTES: Final = re.compile(r"\+(\d{1,7})")
_TIMESTAMP: Final = re.compile(r"0(\d{10})")
_HOURS: Final = re.compile(r"(\d{1,2})-(\d{1,2})")
_DATES: Final = ("%d%m%y%H%M", "%d.%m.%y %H:%M")


def delay(moment: str, zone: str, now: float) -> float:
    """Return the seconds from `now`, a Unix time, to the moment; 0 for one in the past."""
    if moment in ("", "0"):
        return 0.0
    if minutes := _MINUTES.fullmatch(moment):
        return 60.0 * int(minutes[1])
    if timestamp := _TIMESTAMP.fullmatch(moment):
        return max(0.0, int(timestamp[1]) - now)
    local = datetime.fromtimestamp(now, UTC).astimezone(_zone(zone))
    if hours := _HOURS.fullmatch(moment):
        return _until(local, int(hours[1]), int(hours[2]))
    for form in _DATES:
        try:
            date = datetime.strptime(moment, form).replace(tzinfo=local.tzinfo)
        except ValueError:
            continue
        return max(0.0, date.timestamp() - now)
    raise ServiceError(5, "invalid date")


def _zone(zone: str) -> timezone:
    try:
        return timezone(timedelta(hours=3 + float(zone or 0)))
    except ValueError:
        raise ServiceError(1, "parameters error") from None


def _until(local: datetime, first: int, last: int) -> float:
    if first > 23 or last > 24:  # noqa: PLR2004 - hours of a day
        raise ServiceError(5, "invalid date")
    if first <= local.hour < last:
        return 0.0
    start = local.replace(hour=first, minute=0, second=0, microsecond=0)
    if start < local:
        start += timedelta(days=1)
    return (start - local).total_seconds()
