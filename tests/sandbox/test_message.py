"""What becomes of a message with time."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from smsc_async.sandbox.message import Message, Step

STEPS = (Step(0.0, -1), Step(1.0, 0), Step(3.0, 20, 1))


def message(steps: tuple[Step, ...]) -> Message:
    """A message that was taken at 100 s."""
    return Message("1", "79991234567", "Hi", "", "", 0, 1, Decimal(1), 100.0, 1000, steps)


def test_a_step_holds_from_its_moment_on() -> None:
    """A status lasts from its own moment until just before the next one's."""
    seen = [message(STEPS).step(100.0 + age).status for age in (0, 0.999, 1, 2.999, 3, 9999)]
    assert seen == [-1, -1, 0, 0, 20, 20]


def test_steps_of_one_moment_are_passed_at_once() -> None:
    """With no time between them, the last step holds from the start."""
    assert message((Step(0.0, -1), Step(0.0, 0), Step(0.0, 1))).step(100.0).status == 1


@given(st.lists(st.floats(90, 200), min_size=2).map(sorted))
def test_a_message_never_goes_back(moments: list[float]) -> None:
    """Who asks later sees the same step or a later one."""
    seen = [STEPS.index(message(STEPS).step(moment)) for moment in moments]
    assert seen == sorted(seen)
