"""A bulk run against the sandbox's service, without a network."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from clocks import InstantClock

from smsc_async import (
    AuthenticationFailed,
    BadDate,
    BulkProgress,
    BulkResult,
    CostLimitReached,
    InsufficientFunds,
    InvalidRequest,
    IpBlocked,
    Outgoing,
    SmscError,
    SqliteJournal,
    Viber,
)
from smsc_async.bulk import Adopted, Pack, settle
from smsc_async.bulk.memory_journal import MemoryJournal
from smsc_async.transport import Body, Reply, Sent

from .house import TEXT, Break, Breaking, Clock, Smsc, people

if TYPE_CHECKING:
    from smsc_async import BulkReport

pytestmark = pytest.mark.anyio


async def results(report: BulkReport) -> list[BulkResult]:
    """The results in the order of the source."""
    return sorted([result async for result in report], key=lambda result: result.number)


async def test_everything_is_sent_once_in_few_requests() -> None:
    """A thousand texts of their own go in ten requests, and each recipient has a result."""
    smsc = Smsc()

    report = await smsc.send_many(people(1000))

    assert len(smsc.sends) == 10
    assert sorted((m.phone, m.text) for m in smsc.messages) == [
        (f"7999{number:07}", TEXT.format(number)) for number in range(1000)
    ]
    assert (report.accepted, report.refused, report.in_doubt) == (1000, {}, 0)
    assert (report.units, report.cost) == (1000, Decimal(150))
    assert report.complete
    assert report.stopped_by is None
    found = await results(report)
    assert [result.number for result in found] == list(range(1000))
    assert {(result.outcome, result.cost) for result in found} == {("accepted", Decimal("0.15"))}
    assert {(result.phone, result.message_id) for result in found} == {
        (f"+{m.phone}", m.id) for m in smsc.messages
    }


async def test_one_text_goes_by_phones() -> None:
    """One text to many is one text on the wire."""
    smsc = Smsc()

    await smsc.send_many([Outgoing(f"+7999{n:07}", "Hello") for n in range(250)], size=200)

    assert [form["mes"] for form in smsc.sends] == ["Hello", "Hello"]
    assert [form["phones"].count(",") + 1 for form in smsc.sends] == [200, 50]


async def test_async_source_options_and_sender() -> None:
    """An async source does as well; options are for all, and a message's own sender goes first."""
    smsc = Smsc()

    async def source() -> AsyncIterator[Outgoing]:
        yield Outgoing("+79990000001", "One")
        await anyio.lowlevel.checkpoint()
        yield Outgoing("+79990000002", "Two", sender="Shop")

    report = await smsc.send_many(source(), sender="Alex", translit=1)

    assert {(m.phone, m.sender) for m in smsc.messages} == {
        ("79990000001", "Alex"),
        ("79990000002", "Shop"),
    }
    assert {form["translit"] for form in smsc.sends} == {"1"}
    assert report.left == 0


async def test_contents_go_as_what_they_are() -> None:
    """Other contents than texts are sent, too, equal ones together."""
    smsc = Smsc()
    viber = Viber("Hello")

    report = await smsc.send_many([Outgoing(f"+7999000000{n}", viber) for n in range(3)])

    assert report.accepted == 3
    assert {m.channel for m in smsc.messages} == {"viber"}
    assert len(smsc.sends) == 1


async def test_refused_recipients_fail_nobody() -> None:
    """Of a pack with a wrong number all others are sent, and the wrong one is refused by name."""
    smsc = Smsc()
    source = [*people(50), Outgoing("+79995550007", "Hello"), *people(10, first=50)]

    report = await smsc.send_many(source)

    assert report.accepted == len(smsc.messages) == 60
    assert report.refused == {"WRONG_NUMBER 249": 1}
    assert (await results(report))[50] == BulkResult(
        50, "+79995550007", (await results(report))[49].message_id, "refused", "WRONG_NUMBER 249"
    )


async def test_what_nobody_could_send_is_refused_here() -> None:
    """Messages that break a rule are refused without a request, each with its reason."""
    smsc = Smsc()
    bad = [
        Outgoing("nobody", "Hello"),
        Outgoing("+79990000001", ""),
        Outgoing("G12", "Hello"),
        Outgoing("G12", Viber("Hello")),
        Outgoing("+79990000001", "Hello", sender="much too long a name"),
        Outgoing("+79990000001", 5),  # type: ignore[arg-type]
        Outgoing(5, "Hello"),  # type: ignore[arg-type]
    ]

    report = await smsc.send_many(bad)

    fields: Counter[str] = Counter()
    for reason, count in report.refused.items():
        fields[reason.split(": ")[1]] += count
    assert fields == {"to": 4, "text": 1, "sender": 1, "content": 1}
    assert report.refused["InvalidRequest: text: is empty"] == 1
    assert [one.number for one in report.first_refused] == [0, 1, 2, 3, 4]
    assert "phone number" in str(report.first_refused[0].reason)
    assert smsc.exchange.forms == []
    assert report.complete
    assert [result.message_id for result in await results(report)] == [None] * 7


async def test_a_forbidden_text_is_found_by_halving() -> None:
    """A pack that is refused for one of its texts is halved until that one is alone."""
    smsc = Smsc()
    source = [*people(60), Outgoing("+79998888888", "A forbidden text"), *people(39, first=60)]

    report = await smsc.send_many(source)

    assert report.accepted == len(smsc.messages) == 99
    assert report.refused == {"MessageForbidden": 1}
    assert len({m.phone for m in smsc.messages}) == 99
    assert len(smsc.sends) == 15


async def test_fifty_refusals_in_a_row_stop_the_run() -> None:
    """When nothing is taken at all the run ends before the service would block the address."""
    smsc = Smsc()

    report = await smsc.send_many([Outgoing(f"+7999{n:07}", f"forbidden {n}") for n in range(5000)])

    assert type(report.stopped_by).__name__ == "MessageForbidden"
    assert 50 <= len(smsc.sends) <= 62
    assert report.left is not None
    assert report.left + report.refused["MessageForbidden"] == 5000


async def test_refusals_with_successes_between_stop_nothing() -> None:
    """However many are refused in all, only those in a row end a run."""
    smsc = Smsc()
    source = [
        Outgoing(f"+7999{n:07}", f"forbidden {n}" if n % 10 == 0 else f"Hello {n}")
        for n in range(400)
    ]

    report = await smsc.send_many(source, size=10)

    assert (report.accepted, report.refused) == (360, {"MessageForbidden": 40})
    assert report.stopped_by is None
    assert len(smsc.sends) - report.accepted // 10 > 50


async def test_no_money_stops_the_run() -> None:
    """When the money is gone the run ends, and says how many messages are left."""
    smsc = Smsc(balance="45")

    report = await smsc.send_many(list(people(1000)))

    assert isinstance(report.stopped_by, InsufficientFunds)
    assert report.accepted == len(smsc.messages) == 300
    assert report.left == 700
    assert not report.complete


@pytest.mark.parametrize(
    ("code", "kind"), [(2, AuthenticationFailed), (4, IpBlocked), (5, BadDate)]
)
async def test_what_all_would_hear_stops_the_run(code: int, kind: type[SmscError]) -> None:
    """A bad password, a blocked address or a bad time is said once, and not tried again."""
    smsc = Smsc()
    smsc.exchange.instead = b'{"error": "no", "error_code": %d}' % code

    report = await smsc.send_many(iter(people(1000)))

    assert isinstance(report.stopped_by, kind)
    assert len(smsc.sends) <= 12
    assert (report.accepted, report.left) == (0, None)


async def test_an_outage_is_waited_for() -> None:
    """While the service cannot be reached packs wait, and nothing is lost."""
    smsc = Smsc()
    smsc.exchange.choose = lambda _, number: (False, Sent.NO) if number < 15 else None

    report = await smsc.send_many(people(500))

    assert report.accepted == len(smsc.messages) == 500


async def test_a_long_outage_stops_the_run() -> None:
    """After ten minutes without the service the run ends."""
    smsc = Smsc()
    smsc.exchange.choose = lambda *_: (False, Sent.NO)

    report = await smsc.send_many(list(people(500)))

    assert type(report.stopped_by).__name__ == "NotSent"
    assert report.left == 500


async def test_the_callbacks_hear_of_everything() -> None:
    """`on_result` hears of each message once, `on_progress` of each pack; both may be async."""
    smsc = Smsc()
    heard: list[int] = []
    progress: list[BulkProgress] = []

    async def on_result(result: BulkResult) -> None:
        await anyio.lowlevel.checkpoint()
        heard.append(result.number)

    await smsc.send_many(people(300), on_result=on_result, on_progress=progress.append)

    assert sorted(heard) == list(range(300))
    assert len(progress) == 3
    assert progress[-1].done == 300
    assert progress[-1].cost == Decimal(45)
    assert progress[-1].requests == 3


async def test_a_slow_callback_slows_the_run() -> None:
    """While a callback is busy no more is read than twice what may be in flight."""
    smsc = Smsc(concurrency=2)
    read: list[int] = []
    gate = anyio.Event()

    def source() -> AsyncIterator[Outgoing]:
        async def generate() -> AsyncIterator[Outgoing]:
            for message in people(2000):
                read.append(1)
                yield message

        return generate()

    async def on_result(result: BulkResult) -> None:
        await gate.wait()

    async with anyio.create_task_group() as group:
        group.start_soon(lambda: smsc.send_many(source(), on_result=on_result))
        await anyio.wait_all_tasks_blocked()
        seen = len(read)
        gate.set()

    assert seen == 400
    assert len(smsc.messages) == 2000


@pytest.mark.parametrize("where", ["source", "on_result", "on_progress"])
async def test_what_a_callback_raises_ends_the_run(where: str) -> None:
    """What the source or a callback raises is raised as it is."""
    smsc = Smsc()

    def fail(_: object = None) -> None:
        raise ZeroDivisionError

    def source() -> object:
        yield from people(250)
        if where == "source":
            fail()

    with pytest.raises(ZeroDivisionError):
        await smsc.send_many(
            source(),  # type: ignore[arg-type]
            on_result=fail if where == "on_result" else None,
            on_progress=fail if where == "on_progress" else None,
        )


async def test_max_cost_is_never_exceeded() -> None:
    """Each pack is quoted before it is sent; the run ends before it would cost too much."""
    smsc = Smsc()

    report = await smsc.send_many(list(people(1000)), max_cost="100")

    assert report.cost <= 100
    assert report.accepted == len(smsc.messages) == 600
    assert isinstance(report.stopped_by, CostLimitReached)
    assert report.left == 400


async def test_max_cost_that_is_enough() -> None:
    """What may cost more than it does is sent."""
    smsc = Smsc()

    report = await smsc.send_many(people(1000), max_cost=150)

    assert (report.accepted, report.stopped_by) == (1000, None)


async def test_dry_run_sends_nothing() -> None:
    """A dry run says what it would cost, and who would be refused."""
    smsc = Smsc()
    source = [*people(50), Outgoing("+79995550007", "Hello"), Outgoing("x", "Hello")]
    smsc.exchange.choose = lambda _, number: (True, Sent.UNKNOWN) if number == 0 else None

    report = await smsc.send_many(source, dry_run=True)

    assert smsc.messages == []
    assert (report.accepted, report.cost, report.units) == (50, Decimal("7.5"), 50)
    rule = "InvalidRequest: to: is not an international phone number of 5 to 15 digits"
    assert report.refused == {"WRONG_NUMBER 249": 1, rule: 1}
    assert [(one.number, one.reason) for one in report.first_refused] == [
        (50, "WRONG_NUMBER 249"),
        (51, rule),
    ]


async def test_a_file_has_no_outbox(tmp_path: Path) -> None:
    """Nobody could put anything into a file, so waiting for it is refused."""
    with pytest.raises(InvalidRequest, match="journal: has to be postgresql"):
        await Smsc().send_outbox(str(tmp_path / "june.db"), stop=anyio.Event())


async def test_stop_ends_the_run_cleanly() -> None:
    """Once told to stop, the run ends what is in flight, and begins nothing."""
    smsc = Smsc(concurrency=2)
    stop = anyio.Event()

    def on_progress(progress: BulkProgress) -> None:
        if progress.done >= 500:
            stop.set()

    report = await smsc.send_many(list(people(5000)), stop=stop, on_progress=on_progress)

    assert report.stopped_by is None
    assert 500 <= report.accepted == len(smsc.messages) < 1500
    assert report.left == 5000 - report.accepted


class Held(Breaking):
    """Answers the first, who goes alone, and nobody else before its gate is opened."""

    def __init__(self, clock: InstantClock) -> None:
        super().__init__(clock)
        self.gate = anyio.Event()
        self.waiting = -1

    async def __call__(self, path: str, form: bytes | Body, **rest: Any) -> Reply:
        self.waiting += 1
        if self.waiting:
            await self.gate.wait()
        return await super().__call__(path, form, **rest)


async def test_what_waits_for_a_slot_is_claimed_and_given_back(tmp_path: Path) -> None:
    """As many packs as are in flight are claimed meanwhile; a run that ends sends none of them."""
    exchange = Held(Clock())
    smsc = Smsc(exchange, concurrency=2)
    journal, stop = SqliteJournal(tmp_path / "june.db"), anyio.Event()
    reports: list[BulkReport] = []

    async def run() -> None:
        source = list(people(1000))
        reports.append(await smsc.send_many(source, journal=str(tmp_path / "june.db"), stop=stop))

    async with anyio.create_task_group() as group:
        group.start_soon(run)
        with anyio.fail_after(10):
            while exchange.waiting < 2 or (claimed := (await journal.totals()).in_doubt) < 400:
                await anyio.sleep(0.01)
        waiting = exchange.waiting
        stop.set()
        await anyio.wait_all_tasks_blocked()
        exchange.gate.set()
    [report] = reports
    totals = await journal.totals()

    assert (waiting, claimed) == (2, 400)
    assert report.accepted == len(smsc.messages) == 300
    assert (totals.left, totals.in_doubt, report.left) == (200, 0, 700)


async def test_stop_wakes_one_who_waits_for_the_source() -> None:
    """A source that has nothing to say for now does not keep the run from ending."""
    smsc = Smsc()
    stop = anyio.Event()

    async def source() -> AsyncIterator[Outgoing]:
        for message in people(100):
            yield message
        await anyio.sleep_forever()

    report = await smsc.send_many(source(), stop=stop, on_progress=lambda _: stop.set())

    assert (report.accepted, report.left) == (100, None)


async def test_many_messages_to_one_phone() -> None:
    """A phone stands in a pack only once, and the fifty-first of a streak waits for its minute."""
    smsc = Smsc(concurrency=4)

    report = await smsc.send_many(
        [Outgoing("+79990000001", f"Number {number}") for number in range(70)]
    )

    assert report.accepted == 70
    assert smsc.exchange.account.refusals == []
    assert {m.steps[0].status for m in smsc.messages} == {-1}


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"id": "mine"}, "id"),
        ({"size": 0}, "size"),
        ({"size": 1001}, "size"),
        ({"max_cost": "much"}, "max_cost"),
        ({"max_cost": -1}, "max_cost"),
        ({"translit": 7}, "translit"),
    ],
)
async def test_bad_options_are_refused(options: dict[str, object], field: str) -> None:
    """What an option cannot be is refused before anything is read."""
    with pytest.raises(InvalidRequest) as caught:
        await Smsc().send_many(people(1), **options)  # type: ignore[arg-type]

    assert caught.value.field == field


async def test_there_has_to_be_something_to_send() -> None:
    """Without a source and without a journal there is nothing."""
    with pytest.raises(InvalidRequest, match="where there is no journal"):
        await Smsc().send_many(None)


@pytest.mark.parametrize("source", [5, [5], [None], "+79991234567"])
async def test_bad_sources_are_refused(source: object) -> None:
    """What is no source of messages is refused."""
    with pytest.raises(InvalidRequest) as caught:
        await Smsc().send_many(source)  # type: ignore[arg-type]

    assert caught.value.field == "messages"


async def test_a_lost_answer_is_looked_up() -> None:
    """A pack whose answer was lost is found by its status, and not sent again."""
    smsc = Smsc()

    def lose(path: str, number: int) -> Break | None:
        return (True, Sent.UNKNOWN) if path.endswith("send.php") and number % 3 == 0 else None

    smsc.exchange.choose = lose
    source = [Outgoing("+79995550007", "Hello"), *people(1000)]
    report = await smsc.send_many(source)

    assert len(smsc.messages) == 1000
    assert report.accepted == 1000
    assert report.refused == {"not found": 1}
    assert report.in_doubt == 0
    assert report.cost == Decimal(150)
    assert smsc._call.doubts.open() == ()


async def test_a_lost_request_is_sent_again() -> None:
    """A pack that never came is sent again after its minute, under the same id."""
    smsc = Smsc()
    smsc.exchange.choose = lambda _, number: (False, Sent.UNKNOWN) if number in {1, 2} else None

    report = await smsc.send_many(people(1000))

    assert report.accepted == len(smsc.messages) == 1000
    assert len(smsc.sends) == 12
    assert len({form["id"] for form in smsc.sends}) == 10


async def test_what_cannot_be_settled_is_in_doubt() -> None:
    """When the service cannot be asked the pack is named in doubt, and not sent again."""
    smsc = Smsc()

    def lose(path: str, number: int) -> Break | None:
        return (True, Sent.UNKNOWN) if path.endswith("status.php") or number == 1 else None

    smsc.exchange.choose = lose
    report = await smsc.send_many(people(1000))

    assert (report.accepted, report.in_doubt, report.left) == (900, 100, 0)
    assert len(smsc.sends) == 10
    doubtful = [result for result in await results(report) if result.outcome == "in doubt"]
    assert {result.message_id for result in doubtful} == {smsc.sends[1]["id"]}
    [doubt] = smsc._call.doubts.open()
    assert len(doubt.phones) == 100


async def test_numbers_that_may_be_corrected_are_not_sent_again() -> None:
    """A number in national form may be kept differently, so that not finding it says nothing."""
    smsc = Smsc()
    smsc.exchange.choose = lambda _, number: (False, Sent.UNKNOWN) if number == 0 else None

    report = await smsc.send_many([Outgoing("89991234567", "Hello")])

    assert (report.in_doubt, len(smsc.sends)) == (1, 1)


async def test_a_pack_that_is_lost_again_and_again_is_in_doubt() -> None:
    """A pack is sent up to three times more; what is not known then is in doubt."""
    smsc = Smsc()
    smsc.exchange.choose = lambda path, _: (
        (False, Sent.UNKNOWN) if path.endswith("send.php") else None
    )

    report = await smsc.send_many(people(10))

    assert report.in_doubt == 10
    assert len(smsc.sends) == 4


async def test_a_resend_that_is_called_a_duplicate_is_looked_up() -> None:
    """Error 9 on a pack that is sent again may mean the pack itself: it is looked for."""
    smsc = Smsc()
    duplicate = b'{"error": "duplicate request, wait a minute", "error_code": 9}'

    def lose(path: str, _: int) -> Break | None:
        sends = len(smsc.sends)
        if not path.endswith("send.php") or sends > 2:
            return None
        return (False, Sent.UNKNOWN) if sends == 1 else duplicate

    smsc.exchange.choose = lose
    report = await smsc.send_many(people(10))

    assert report.accepted == len(smsc.messages) == 10
    paths = [path.rpartition("/")[2] for path, _ in smsc.exchange.forms]
    again, last = [at for at, path in enumerate(paths) if path == "send.php"][1:]
    assert "status.php" in paths[again:last]


async def test_a_quote_may_end_the_run() -> None:
    """What is said to a quote is said to all; one that cannot be had for long ends it, too."""
    smsc = Smsc()
    smsc.exchange.instead = b'{"error": "authorise error", "error_code": 2}'
    refused = await smsc.send_many(list(people(500)), max_cost=100)
    smsc.exchange.instead = b"<html>"
    unreadable = await smsc.send_many(list(people(500)), max_cost=100)

    assert isinstance(refused.stopped_by, AuthenticationFailed)
    assert type(unreadable.stopped_by).__name__ == "BadReply"
    assert (refused.left, unreadable.left) == (500, 500)


async def test_what_is_quoted_in_vain_is_quoted_again() -> None:
    """A short trouble costs a dry run nothing but time."""
    smsc = Smsc()
    smsc.exchange.choose = lambda _, number: b"<html>" if number < 8 else None

    report = await smsc.send_many(people(500), dry_run=True)

    assert report.accepted == 500


def doubtful(smsc: Smsc) -> list[int]:
    """About how many messages each question was."""
    return [
        form["id"].count(",") + 1
        for path, form in smsc.exchange.forms
        if path.endswith("status.php")
    ]


async def test_more_doubts_than_one_question_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many messages in doubt are asked about in as many questions as it takes."""
    monkeypatch.setattr(settle, "_MOST", 500)
    smsc = Smsc()
    smsc.exchange.choose = lambda path, _: (
        (True, Sent.UNKNOWN) if path.endswith("send.php") else None
    )

    report = await smsc.send_many(people(1050), size=50)

    assert (report.accepted, len(smsc.messages)) == (1050, 1050)
    assert len(doubtful(smsc)) >= 3
    assert max(doubtful(smsc)) <= 500


async def test_a_limit_of_questions_is_learned() -> None:
    """When the service answers for fewer than were asked about, no more are asked about at once."""
    smsc = Smsc()

    def lose(path: str, _: int) -> Break | None:
        if path.endswith("send.php"):
            return (True, Sent.UNKNOWN)
        form = smsc.exchange.forms[-1][1]
        items = zip(form["id"].split(","), form["phone"].split(","), strict=True)
        named = [{"id": one, "phone": to, "status": 1} for one, to in list(items)[:150]]
        return json.dumps(named).encode()

    smsc.exchange.choose = lose
    report = await smsc.send_many(people(900), size=50)

    assert report.accepted == 900
    assert max(doubtful(smsc)[2:]) == 150


async def test_who_is_missing_at_first_may_still_appear() -> None:
    """Of a pack that is found nobody is called refused before its minute is over."""
    smsc = Smsc()

    def lose(path: str, _: int) -> Break | None:
        if path.endswith("send.php"):
            return (True, Sent.UNKNOWN)
        its_id = smsc.sends[0]["id"]
        items = [{"id": its_id, "phone": f"7999000000{n}", "status": 1} for n in range(3)]
        if len(doubtful(smsc)) == 1:
            items[1]["status"] = -3
        return json.dumps(items).encode()

    smsc.exchange.choose = lose
    report = await smsc.send_many(people(3))

    assert (report.accepted, report.refused, len(doubtful(smsc))) == (3, {}, 2)


async def test_a_status_that_says_half() -> None:
    """Of a pack that is found, who is not named in the answer is in doubt."""
    smsc = Smsc()

    def lose(path: str, number: int) -> Break | None:
        if path.endswith("send.php"):
            return (True, Sent.UNKNOWN)
        its_id = smsc.sends[0]["id"]
        return b'[{"id": "%s", "phone": "79990000001", "status": 1}, 5]' % its_id.encode()

    smsc.exchange.choose = lose
    report = await smsc.send_many(people(3))

    assert (report.accepted, report.in_doubt) == (1, 2)


@pytest.mark.parametrize(
    "answer",
    [
        b"[]",
        b'{"id": "m1"}',
        b'{"id": "m1", "cnt": 1, "phones": "no"}',
        b'{"id": "m1", "cnt": 1, "phones": [5]}',
    ],
)
async def test_an_answer_that_is_none_leaves_a_doubt(answer: bytes) -> None:
    """What cannot be read as the answer to a pack is looked up."""
    smsc = Smsc()
    smsc.exchange.choose = lambda path, _: answer if path.endswith("send.php") else None

    report = await smsc.send_many(people(3))

    assert report.in_doubt == 3


@pytest.mark.parametrize(
    ("phones", "accepted"),
    [
        ("[]", 3),
        ('[{"phone": "79990000001", "error": "249", "status": "22"}]', 2),
        ('[{"phone": "x"}, {"phone": "y", "error": 1, "status": "?"}, {"phone": "z"}]', 2),
        ('[{"phone": "79990000001", "cost": "?", "error": ""}]', 3),
    ],
)
async def test_who_is_named_in_an_answer(phones: str, accepted: int) -> None:
    """Recipients are known by their phones, else by their places; an unnamed one was accepted."""
    smsc = Smsc()
    smsc.exchange.choose = lambda *_: (
        b'{"id": "m1", "cnt": "x", "cost": "NaN", "phones": %s}' % (phones.encode())
    )

    report = await smsc.send_many(people(3))

    assert report.accepted == accepted
    assert sum(report.refused.values()) == 3 - accepted


async def test_a_lease_is_renewed() -> None:
    """A run tells a journal with leases that it lives, and adopts claims of those who do not."""
    smsc = Smsc()
    renewed: list[float] = []

    class Leased(MemoryJournal):
        @property
        def lease(self) -> float:
            return 30.0

        async def renew(self) -> None:
            renewed.append(smsc.clock.now())
            if len(renewed) == 3:
                gate.set()
            await anyio.lowlevel.checkpoint()

        async def adopt(self) -> Sequence[Adopted]:
            if len(renewed) != 2:
                return ()
            [message] = people(1, first=5)
            pieces = ((5, message.to),)
            return (Adopted(Pack("m5", {}, (("Hello", pieces),)), time.time()),)

    gate = anyio.Event()

    async def on_progress(_: BulkProgress) -> None:
        await gate.wait()

    report = await smsc.send_many(people(3), journal=Leased(), on_progress=on_progress)

    assert report.accepted == len(smsc.messages) == 4
    assert len(renewed) >= 3
