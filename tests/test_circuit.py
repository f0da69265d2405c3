"""What errors 2 and 4 forbid."""

from __future__ import annotations

import pytest
from clocks import InstantClock

from smsc_async import AuthenticationFailed, IpBlocked, NotFound
from smsc_async._circuit import Circuit


@pytest.fixture
def clock() -> InstantClock:
    return InstantClock()


@pytest.fixture
def circuit(clock: InstantClock) -> Circuit:
    return Circuit(clock.now)


def blocked_for(circuit: Circuit) -> float:
    with pytest.raises(IpBlocked) as caught:
        circuit.check()
    return caught.value.retry_after


def test_one_bad_login_may_be_corrected(circuit: Circuit) -> None:
    """After one failed login the next call still asks."""
    circuit.heard(AuthenticationFailed(2, "authorise error"))

    circuit.check()


def test_two_bad_logins_stop_everything(circuit: Circuit, clock: InstantClock) -> None:
    """After two failed logins nobody asks until the first is half an hour old."""
    circuit.heard(AuthenticationFailed(2, "authorise error"))
    clock.pass_time(100)
    circuit.heard(AuthenticationFailed(2, "authorise error"))

    clock.pass_time(1699)
    with pytest.raises(AuthenticationFailed, match="refused here for 1 s"):
        circuit.check()
    clock.pass_time(1)
    circuit.check()


def test_success_forgets_bad_logins(circuit: Circuit) -> None:
    """Two failures with a success between them stop nothing."""
    circuit.heard(AuthenticationFailed(2, "authorise error"))
    circuit.heard(None)
    circuit.heard(AuthenticationFailed(2, "authorise error"))

    circuit.check()


def test_block_opens_the_circuit(circuit: Circuit, clock: InstantClock) -> None:
    """After error 4 everybody waits: 1, 10, 30 and again 30 minutes."""
    for pause in (60.0, 600.0, 1800.0, 1800.0):
        circuit.enter()
        error = IpBlocked(4, "ip is blocked")
        circuit.heard(error)
        assert error.retry_after == pause
        assert blocked_for(circuit) == pause
        clock.pass_time(pause)
        circuit.check()


def test_one_trial_at_a_time(circuit: Circuit, clock: InstantClock) -> None:
    """When the pause is over one call tries; the others go on waiting for what it finds."""
    circuit.heard(IpBlocked(4, "ip is blocked"))
    clock.pass_time(60)
    circuit.check()
    circuit.enter()

    assert blocked_for(circuit) == 60.0
    circuit.heard(None)
    circuit.check()


def test_one_block_for_those_in_flight_together(circuit: Circuit, clock: InstantClock) -> None:
    """Calls that meet the same block together do not make the pause longer."""
    for _ in range(3):
        circuit.heard(IpBlocked(4, "ip is blocked"))
    clock.pass_time(10)
    late = IpBlocked(4, "ip is blocked")
    circuit.heard(late)

    assert late.retry_after == 50.0
    assert blocked_for(circuit) == 50.0


def test_any_other_answer_ends_the_block(circuit: Circuit, clock: InstantClock) -> None:
    """An ordinary error shows that the service listens again, and the pauses start anew."""
    circuit.heard(IpBlocked(4, "ip is blocked"))
    circuit.heard(NotFound(3, "not found"))
    circuit.check()

    circuit.heard(IpBlocked(4, "ip is blocked"))

    assert blocked_for(circuit) == 60.0
