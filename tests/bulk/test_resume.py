"""A run that ended before its time, and goes on with its journal: in a file, on PostgreSQL."""

from __future__ import annotations

from collections import Counter

import anyio
import pytest

from smsc_async import JournalError, Outgoing
from smsc_async.transport import Sent

from .house import Break, Smsc, people
from .journals import Engine

pytestmark = pytest.mark.anyio

NO_PHONE = "InvalidRequest: to: is not an international phone number of 5 to 15 digits"


def numbers(smsc: Smsc) -> Counter[str]:
    """How often each phone got a message."""
    return Counter(message.phone for message in smsc.messages)


async def cancelled_after(smsc: Smsc, engine: Engine, count: int, results: int) -> None:
    """Run until so many results were told, and die."""
    told = 0
    with anyio.CancelScope() as scope:

        def on_result(_: object) -> None:
            nonlocal told
            told += 1
            if told == results:
                scope.cancel()

        await smsc.send_many(people(count), journal=engine.where, on_result=on_result)


async def test_a_run_goes_on(engine: Engine) -> None:
    """What was not sent is sent, what was sent is not, what was in flight is looked up."""
    first = Smsc()
    await cancelled_after(first, engine, 4000, 450)
    sent = len(first.messages)
    told: list[int] = []

    report = await first.again().send_many(
        people(4000), journal=engine.where, on_result=lambda one: told.append(one.number)
    )

    assert 400 < sent < 4000
    assert set(numbers(first).values()) == {1}
    assert (report.accepted, report.in_doubt, report.left) == (4000, 0, 0)
    assert [result.number async for result in report] == list(range(4000))
    assert len(told) == len(set(told)) <= 4000 - 400
    assert report.cost == sum(message.cost for message in first.messages)


async def test_a_finished_run_stays_finished(engine: Engine) -> None:
    """Once all is done, the same call sends nothing and reports the same."""
    first = Smsc()
    messages = [*people(300), Outgoing("nobody\0", "Hello")]
    done = await first.send_many(messages, journal=engine.where)

    report = await first.again().send_many(messages, journal=engine.where)

    assert len(first.exchange.forms) == 3
    assert (report.accepted, report.refused, report.requests) == (300, {NO_PHONE: 1}, 0)
    assert (report.units, report.cost) == (done.units, done.cost)


async def test_a_source_may_grow(engine: Engine) -> None:
    """What was added behind its end is sent when the run goes on."""
    smsc = Smsc()
    await smsc.send_many(people(150), journal=engine.where)

    report = await smsc.send_many(people(250), journal=engine.where)

    assert report.accepted == len(smsc.messages) == 250
    assert set(numbers(smsc).values()) == {1}


async def test_another_source_is_noticed(engine: Engine) -> None:
    """A source with one other message, in another order, or cut short sends nothing."""
    smsc = Smsc()
    await cancelled_after(smsc, engine, 1000, 300)
    sent = len(smsc.messages)
    other = list(people(1000))
    swapped = [other[1], other[0], *other[2:]]
    other[250] = Outgoing("+79990000250", "Hello")

    for source in (other, swapped, people(100), people(1000, first=1), ()):
        with pytest.raises(JournalError, match="another source"):
            await smsc.again().send_many(source, journal=engine.where)

    assert len(smsc.messages) == sent


async def test_other_options_are_noticed(engine: Engine) -> None:
    """With other options the messages would be others."""
    smsc = Smsc()
    await smsc.send_many(people(10), journal=engine.where)

    with pytest.raises(JournalError, match="the options of the run"):
        await smsc.again().send_many(people(20), journal=engine.where, sender="Shop")

    assert len(smsc.messages) == 10


async def test_what_money_was_missing_for_is_sent_later(engine: Engine) -> None:
    """Packs that were given back go first when the run goes on, under the ids they had."""
    smsc = Smsc(balance="30")
    first = await smsc.send_many(list(people(1000)), journal=engine.where)
    ids = {form["id"] for form in smsc.sends}
    smsc.exchange.account.balance += 1000
    before = len(smsc.sends)

    report = await smsc.send_many(list(people(1000)), journal=engine.where)

    assert (first.accepted, first.left) == (200, 800)
    assert (await engine.journal().totals()).left == 0
    assert {form["id"] for form in smsc.sends[before:]} & ids
    assert report.accepted == len(smsc.messages) == 1000
    assert set(numbers(smsc).values()) == {1}


async def test_what_the_journal_has_needs_no_source(engine: Engine) -> None:
    """Packs that were given back are sent without the source, too, and no more."""
    smsc = Smsc(balance="30")
    first = await smsc.send_many(people(1000), journal=engine.where)
    smsc.exchange.account.balance += 1000

    given_back = (await engine.journal().totals()).left
    report = await smsc.send_many(None, journal=engine.where)

    assert first.accepted == 200
    assert given_back > 0
    assert report.accepted == len(smsc.messages) == 200 + given_back
    assert (await engine.journal().totals()).left == 0


async def test_doubts_are_asked_about_again(engine: Engine) -> None:
    """What was in doubt is found when the service can be asked, and not sent again."""
    smsc = Smsc()

    def lose(path: str, number: int) -> Break | None:
        return (True, Sent.UNKNOWN) if path.endswith("status.php") or number == 0 else None

    smsc.exchange.choose = lose
    first = await smsc.send_many(people(300), journal=engine.where)
    doubtful = [result async for result in first if result.outcome == "in doubt"]
    smsc.exchange.choose = lambda *_: None

    report = await smsc.again().send_many(people(300), journal=engine.where)

    assert (first.accepted, first.in_doubt, len(doubtful)) == (200, 100, 100)
    assert (report.accepted, report.in_doubt) == (300, 0)
    assert set(numbers(smsc).values()) == {1}


async def test_who_is_refused_fails_nobody_else(engine: Engine) -> None:
    """A pack that is refused as a whole is halved, and the journal has the halves."""
    smsc = Smsc()
    smsc.exchange.choose = lambda _, number: (
        b'{"error":"no","error_code":8}' if not number else None
    )

    report = await smsc.send_many(people(100), journal=engine.where)

    assert (report.accepted, report.left) == (100, 0)
    assert len({result.message_id async for result in report}) == 2


async def claim_without_sending(engine: Engine, count: int, age: float) -> None:
    """Leave behind what a process leaves that died between claim and send, so long ago."""
    smsc = Smsc()

    def die(*_: object) -> None:
        raise ZeroDivisionError

    smsc.exchange.choose = die
    with pytest.raises(ZeroDivisionError):
        await smsc.send_many(people(count), journal=engine.where)
    engine.age(age)


async def test_a_claim_that_was_not_sent_is_sent_after_a_minute(engine: Engine) -> None:
    """It is asked for first, and not before its minute is over; then it goes as it was."""
    await claim_without_sending(engine, 100, age=5.0)
    smsc = Smsc(random=2)
    began = smsc.clock.now()

    report = await smsc.send_many(people(100), journal=engine.where)

    assert report.accepted == len(smsc.messages) == 100
    assert smsc.messages[0].accepted_at >= began + 62
    assert [path for path, _ in smsc.exchange.forms[:2]] == ["/sys/status.php"] * 2


async def test_an_old_claim_is_searched_in_the_history(engine: Engine) -> None:
    """After hours a message may be in the archive, where only the history knows it."""
    await claim_without_sending(engine, 100, age=9 * 3600.0)
    smsc = Smsc(random=2)

    report = await smsc.send_many(people(100), journal=engine.where)

    assert report.accepted == len(smsc.messages) == 100
    assert "/sys/get.php" in {path for path, _ in smsc.exchange.forms}


async def test_an_old_claim_stays_in_doubt_without_the_history(engine: Engine) -> None:
    """When the history cannot be asked the pack is not sent."""
    await claim_without_sending(engine, 100, age=9 * 3600.0)
    smsc = Smsc(random=2)
    smsc.exchange.choose = lambda path, _: (
        (True, Sent.UNKNOWN) if path.endswith("get.php") else None
    )

    report = await smsc.send_many(people(100), journal=engine.where)

    assert (report.in_doubt, smsc.messages) == (100, [])


async def test_a_history_that_is_cut_off_says_nothing(engine: Engine) -> None:
    """When its recipients have had a thousand messages since, the pack may be behind those."""
    await claim_without_sending(engine, 100, age=9 * 3600.0)
    smsc = Smsc(random=2)
    for _ in range(10):
        await smsc.send_many(people(100))
        smsc.clock.pass_time(100.0)

    report = await smsc.send_many(people(100), journal=engine.where)

    assert (report.in_doubt, len(smsc.messages)) == (100, 1000)


async def test_an_old_claim_is_found_in_the_history(engine: Engine) -> None:
    """What the history has was sent."""
    first = Smsc()
    first.exchange.choose = lambda *_: (True, Sent.UNKNOWN)
    await first.send_many(people(100), journal=engine.where)
    first.exchange.choose = lambda *_: None
    first.clock.pass_time(2 * 86400.0)
    engine.age(2 * 86400.0)

    report = await first.again().send_many(people(100), journal=engine.where)

    assert report.accepted == len(first.messages) == 100


async def test_a_stopped_run_leaves_its_doubts_for_later(engine: Engine) -> None:
    """A run that is told to stop does not wait a minute for a look; it names the doubt."""
    smsc = Smsc()
    stop = anyio.Event()
    smsc.exchange.choose = lambda path, number: (
        (True, Sent.UNKNOWN) if path.endswith("status.php") or number == 0 else None
    )

    report = await smsc.send_many(
        people(300), journal=engine.where, stop=stop, on_progress=lambda _: stop.set()
    )

    assert report.in_doubt == 100
    assert (await engine.journal().totals()).in_doubt == 100
