"""When a message is to be sent."""

from __future__ import annotations

import pytest

from smsc_async.sandbox.account import ServiceError
from smsc_async.sandbox.schedule import delay

# 10:00:00 in Moscow, on 15 January 2026.
NOW = 1768460400.0
HOUR = 3600.0


@pytest.mark.parametrize(
    ("moment", "zone", "seconds"),
    [
        ("", "", 0),
        ("0", "", 0),
        ("+90", "", 1.5 * HOUR),
        ("01768460460", "", 60),
        ("01768460000", "", 0),
        ("1501261130", "", 1.5 * HOUR),
        ("15.01.26 11:30", "", 1.5 * HOUR),
        ("15.01.26 11:30", "2", 0),
        ("15.01.26 13:30", "2", 1.5 * HOUR),
        ("15.01.26 09:30", "-1", 0.5 * HOUR),
        ("14.01.26 11:30", "", 0),
        ("9-11", "", 0),
        ("10-11", "", 0),
        ("12-20", "", 2 * HOUR),
        ("8-10", "", 22 * HOUR),
        ("12-20", "2", 0),
    ],
)
def test_a_moment_can_be_written_in_many_ways(moment: str, zone: str, seconds: float) -> None:
    """All documented formats are understood; zones are relative to Moscow, the past is now."""
    assert delay(moment, zone, NOW) == seconds


@pytest.mark.parametrize("moment", ["tomorrow", "3202261130", "15.01.26", "24-25", "+", "+1h"])
def test_a_wrong_moment_is_error_5(moment: str) -> None:
    """What is no moment is refused."""
    with pytest.raises(ServiceError) as caught:
        delay(moment, "", NOW)
    assert caught.value.code == 5


def test_a_wrong_zone_is_error_1() -> None:
    """What is no zone is a wrong parameter."""
    with pytest.raises(ServiceError) as caught:
        delay("15.01.26 11:30", "Moscow", NOW)
    assert caught.value.code == 1
