"""Which host is tried first, with a clock moved by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from smsc_async.errors import InvalidRequest
from smsc_async.transport import Hosts, Sent

if TYPE_CHECKING:
    from .conftest import FakeClock

MAIN, SECOND, THIRD = "https://main.example", "https://second.example", "https://third.example"


def names(hosts: Hosts) -> list[str]:
    """Return the order for the next call."""
    return [origin.host.partition(".")[0] for origin in hosts.order()]


@pytest.fixture
def hosts(clock: FakeClock) -> Hosts:
    """Return three hosts."""
    return Hosts([MAIN, SECOND, THIRD], clock=clock)


@pytest.mark.parametrize(
    ("url", "netloc"),
    [
        ("https://smsc.example", "smsc.example"),
        ("https://smsc.example/", "smsc.example"),
        ("https://smsc.example:443", "smsc.example"),
        ("https://smsc.example:8443", "smsc.example:8443"),
        ("https://[2001:db8::1]:8443", "[2001:db8::1]:8443"),
        ("https://пример.example", "xn--e1afmkfd.example"),
        ("http://localhost:8080", "localhost:8080"),
        ("http://127.8.9.1", "127.8.9.1"),
        ("http://[::1]:8080", "[::1]:8080"),
    ],
)
def test_origin_is_a_host_and_port(url: str, netloc: str, clock: FakeClock) -> None:
    """A host is named as its Host field will name it."""
    assert Hosts([url], clock=clock).origins[0].netloc == netloc


@pytest.mark.parametrize(
    "url",
    [
        "smsc.example",
        "ftp://smsc.example",
        "https://",
        "https://user:secret@smsc.example",
        "https://user@smsc.example",
        "https://smsc.example/sys",
        "https://smsc.example?a=1",
        "https://smsc.example?",
        "https://smsc.example#top",
        "https://smsc.example:0",
        "https://smsc.example:99999",
        "http://smsc.example",
        "http://128.0.0.1",
        "http://localhost.example",
        "http://[::2]",
        "https://exa mple",
        "https://smsc.example\n",
        5,
    ],
)
def test_anything_but_an_origin_is_refused(url: str, clock: FakeClock) -> None:
    """Paths, queries, passwords, and http:// to another machine are refused; no secret is told."""
    with pytest.raises(InvalidRequest) as caught:
        Hosts([url], clock=clock)
    assert caught.value.field == "hosts"
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("urls", [[], MAIN, [MAIN, MAIN + "/"]])
def test_hosts_are_a_list_without_repetition(urls: list[str], clock: FakeClock) -> None:
    """No host, a bare string, and one host twice are refused."""
    with pytest.raises(InvalidRequest):
        Hosts(urls, clock=clock)


def test_main_host_is_first(hosts: Hosts) -> None:
    """At first every call starts with the main host, and success changes nothing."""
    assert names(hosts) == ["main", "second", "third"]
    hosts.succeeded(hosts.origins[0])
    assert names(hosts) == ["main", "second", "third"]


def test_unreachable_host_is_left_at_once(hosts: Hosts) -> None:
    """One failure to connect moves everybody to the next host, in a ring."""
    hosts.failed(hosts.origins[0], Sent.NO)
    assert names(hosts) == ["second", "third", "main"]
    hosts.failed(hosts.origins[1], Sent.NO)
    assert names(hosts) == ["third", "main", "second"]
    hosts.failed(hosts.origins[2], Sent.NO)
    assert names(hosts) == ["main", "second", "third"]


@pytest.mark.parametrize("sent", [Sent.UNKNOWN, Sent.REFUSED])
def test_two_failures_in_a_row_after_connecting_leave_a_host(hosts: Hosts, sent: Sent) -> None:
    """One failure after connecting is forgiven, two in a row are not."""
    main = hosts.origins[0]
    hosts.failed(main, sent)
    hosts.succeeded(main)
    hosts.failed(main, sent)
    assert names(hosts)[0] == "main"
    hosts.failed(main, sent)
    assert names(hosts)[0] == "second"


def test_late_failures_of_a_host_already_left_change_nothing(hosts: Hosts) -> None:
    """Calls that fail on the main host after it was left do not leave the stand-in, too."""
    for _ in range(12):
        hosts.failed(hosts.origins[0], Sent.NO)
    assert names(hosts)[0] == "second"


def test_one_call_tries_the_main_host_after_sixty_seconds(hosts: Hosts, clock: FakeClock) -> None:
    """Not a moment before 60 s, then exactly one call goes to the main host first."""
    hosts.failed(hosts.origins[0], Sent.NO)
    clock.time += 59.9
    assert names(hosts)[0] == "second"
    clock.time += 0.1
    assert names(hosts) == ["main", "second", "third"]
    assert names(hosts) == ["second", "third", "main"]


def test_successful_trial_brings_everybody_back(hosts: Hosts, clock: FakeClock) -> None:
    """The main host answers its trial: it is the first again, for good."""
    hosts.failed(hosts.origins[0], Sent.NO)
    clock.time += 60
    hosts.order()
    hosts.succeeded(hosts.origins[0])
    assert names(hosts)[0] == "main"
    clock.time += 60
    assert names(hosts) == names(hosts) == ["main", "second", "third"]


@pytest.mark.parametrize("sent", list(Sent))
def test_failed_trial_waits_another_sixty_seconds(
    hosts: Hosts, clock: FakeClock, sent: Sent
) -> None:
    """The trial fails in whatever way: the stand-in stays, and the next trial is 60 s later."""
    hosts.failed(hosts.origins[0], Sent.NO)
    clock.time += 60
    hosts.order()
    hosts.failed(hosts.origins[0], sent)
    hosts.succeeded(hosts.origins[0])
    clock.time += 59.9
    assert names(hosts)[0] == "second"
    clock.time += 0.1
    assert names(hosts)[0] == "main"


def test_abandoned_trial_is_given_again(hosts: Hosts, clock: FakeClock) -> None:
    """A trial whose call was cancelled says nothing; another one gets it after 60 s."""
    hosts.failed(hosts.origins[0], Sent.NO)
    clock.time += 60
    assert names(hosts)[0] == "main"
    clock.time += 60
    assert names(hosts)[0] == "main"


def test_stand_in_can_be_left_too(hosts: Hosts, clock: FakeClock) -> None:
    """The stand-in fails: the next one stands in, and the main host's trial is not put off."""
    hosts.failed(hosts.origins[0], Sent.NO)
    clock.time += 50
    hosts.failed(hosts.origins[1], Sent.NO)
    assert names(hosts)[0] == "third"
    clock.time += 10
    assert names(hosts) == ["main", "third", "second"]


def test_success_without_a_trial_changes_nothing(hosts: Hosts) -> None:
    """An old connection to the main host still answers: new calls stay with the stand-in."""
    hosts.failed(hosts.origins[0], Sent.NO)
    hosts.succeeded(hosts.origins[0])
    assert names(hosts)[0] == "second"


def test_single_host_is_always_tried(clock: FakeClock) -> None:
    """With one host there is nowhere to go."""
    hosts = Hosts([MAIN], clock=clock)
    for sent in (Sent.NO, Sent.UNKNOWN, Sent.UNKNOWN):
        hosts.failed(hosts.origins[0], sent)
        assert names(hosts) == ["main"]
