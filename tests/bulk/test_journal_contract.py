"""What every journal does, whatever keeps it: a file or PostgreSQL."""

from __future__ import annotations

from decimal import Decimal

import pytest

from smsc_async import BulkResult, DeliveryStatus, JournalError
from smsc_async.bulk import Delivered, Mark, Pack, SourceMark, Totals
from smsc_async.bulk.outgoing import ResultOutcome

from .house import Smsc, people
from .journals import Engine

pytestmark = pytest.mark.anyio


def pack(name: str, *places: int) -> Pack:
    return Pack(name, {}, (("Hello", tuple((at, f"+7999{at:07}") for at in places)),))


def marked(one: Pack, *outcomes: ResultOutcome) -> Mark:
    """Say what became of each message of a pack; of all of them the same, if only one is given."""
    each = outcomes if len(outcomes) > 1 else outcomes * len(one)
    results = [
        BulkResult(
            *(at, phone, None if outcome == "refused" else one.id, outcome),
            "WRONG_NUMBER 249" if outcome == "refused" else None,
            Decimal("0.10") if outcome == "accepted" else None,
        )
        for (at, phone), outcome in zip(one.pieces, each, strict=True)
    ]
    return Mark(one, results, 2 * len(one), Decimal("0.10") * each.count("accepted"))


async def test_nobody_makes_a_journal_by_looking(engine: Engine) -> None:
    """Whatever is asked of a journal that is not there says so, and makes none."""
    journal = engine.journal()

    for _ in range(2):
        with pytest.raises(JournalError, match="there is no journal"):
            await journal.totals()
        with pytest.raises(JournalError, match="there is no journal"):
            [_ async for _ in journal.results()]


async def test_a_journal_of_another_version(engine: Engine) -> None:
    """One that a later program has made is left alone, and its reader is told why."""
    smsc = Smsc()
    await smsc.send_many(people(10), journal=engine.where)
    engine.of_another_version()

    with pytest.raises(JournalError, match="another version"):
        await smsc.send_many(people(20), journal=engine.where)
    with pytest.raises(JournalError, match="another version"):
        await engine.journal().totals()

    assert len(smsc.messages) == 10


async def test_a_new_journal_knows_nothing(engine: Engine) -> None:
    """There is nothing to adopt, to take, or to tell, and nothing of the source is known."""
    journal = engine.journal()

    known = await journal.open("a")

    assert (known.mark, 0 in known.covers) == (SourceMark(), False)
    assert (list(await journal.adopt()), await journal.take()) == ([], None)
    assert await journal.totals() == Totals()
    assert [one async for one in journal.results()] == []
    assert (await journal.undelivered(-1, 10), await journal.deliveries()) == ([], {})
    await journal.renew()
    await journal.aclose()


async def test_a_claim_is_in_doubt_until_it_is_marked(engine: Engine) -> None:
    """It counts as that, is named with its results, and what is known of it then is counted."""
    journal, one = engine.journal(), pack("m1", 0, 1, 2)
    await journal.open("a")
    await journal.claim((one,), source=SourceMark(3, "x"))

    claimed = await journal.totals()
    named = [(r.number, r.message_id, r.outcome) async for r in journal.results()]
    await journal.mark(marked(one, "accepted", "refused", "accepted"))
    done = await journal.totals()
    results = [one async for one in journal.results()]
    await journal.aclose()

    assert claimed == Totals(in_doubt=3)
    assert named == [(at, "m1", "in doubt") for at in range(3)]
    assert (done.accepted, done.in_doubt, done.units) == (2, 0, 6)
    assert (done.refused, done.cost) == ({"WRONG_NUMBER 249": 1}, Decimal("0.20"))
    assert [r.outcome for r in results] == ["accepted", "refused", "accepted"]
    assert [r.cost for r in results] == [Decimal("0.10"), None, Decimal("0.10")]
    assert [r.phone for r in results] == [phone for _, phone in one.pieces]


async def test_a_doubt_about_some_is_written_down(engine: Engine) -> None:
    """What is known of the others stays known; a doubt about all leaves the claim open."""
    journal, some, all_ = engine.journal(), pack("m1", 0, 1), pack("m2", 2, 3)
    await journal.open("a")
    await journal.claim((some, all_), source=SourceMark(4, "x"))

    await journal.mark(marked(some, "accepted", "in doubt"))
    await journal.mark(marked(all_, "in doubt"))
    totals = await journal.totals()
    await journal.aclose()
    await journal.open("b")
    adopted = await journal.adopt()
    await journal.aclose()

    assert (totals.accepted, totals.in_doubt) == (1, 3)
    assert [one.pack for one in adopted] == [all_]


async def test_what_the_dead_have_claimed_is_adopted_once(engine: Engine) -> None:
    """With the pack as it was and the moment of its claim; by the next one, and nobody else."""
    journal, one = engine.journal(), pack("m1", 0)
    await journal.open("a")
    await journal.claim((one,), source=SourceMark(1, "x"))
    its_own = await journal.adopt()
    await journal.aclose()
    engine.age(600.0)

    await journal.open("b")
    adopted = await journal.adopt()
    again = await journal.adopt()
    await journal.mark(marked(one, "accepted"))
    totals = await journal.totals()
    await journal.aclose()

    assert (list(its_own), list(again)) == ([], [])
    [found] = adopted
    assert found.pack == one
    assert (totals.accepted, totals.in_doubt) == (1, 0)


async def test_what_is_given_back_is_taken_once(engine: Engine) -> None:
    """Meanwhile it is left, not in doubt; and it makes the same request as before."""
    lines = (("One\nline", ((0, "+7999"),)), ("Two", ((5, "8999"),)))
    journal, one = engine.journal(), Pack("m1", {"sender": "Shop"}, lines)
    await journal.open("a")
    await journal.claim((one,), source=None)

    await journal.release(one)
    left = await journal.totals()
    taken = await journal.take()
    nothing = await journal.take()
    claimed = await journal.totals()
    await journal.aclose()

    assert (left.left, left.in_doubt, claimed.left, claimed.in_doubt) == (2, 0, 0, 2)
    assert nothing is None
    assert taken == one
    assert taken.params() == one.params()
    assert one.params()["list"] == "+7999:One\\nline\n8999:Two"


async def test_parts_take_the_place_of_their_pack(engine: Engine) -> None:
    """What was split is gone: its messages are those of the parts, and no others."""
    journal, whole, parts = engine.journal(), pack("m1", 0, 1), (pack("m2", 0), pack("m3", 1))
    await journal.open("a")
    await journal.claim((whole,), source=SourceMark(2, "x"))

    await journal.claim(parts, source=None, instead_of=whole)
    claimed = await journal.totals()
    await journal.mark(marked(parts[0], "accepted"))
    await journal.mark(marked(parts[1], "refused"))
    results = [(one.number, one.outcome) async for one in journal.results()]
    await journal.aclose()
    known = await journal.open("b")
    adopted = await journal.adopt()
    await journal.aclose()

    assert claimed == Totals(in_doubt=2)
    assert results == [(0, "accepted"), (1, "refused")]
    assert ([at in known.covers for at in range(3)], list(adopted)) == ([True, True, False], [])


async def test_the_source_was_read_as_far_as_anybody_has_read_it(engine: Engine) -> None:
    """A claim that is committed after a later one takes nothing back; refusals count, too."""
    journal = engine.journal()
    await journal.open("a")
    await journal.claim((pack("m0", 0),), source=SourceMark(200, "200"))
    await journal.claim((pack("m1", 1),), source=SourceMark(100, "100"))
    refused = [BulkResult(3, "nobody", None, "refused", "InvalidRequest: to")]
    await journal.refuse(refused, source=SourceMark(150, "150"))
    await journal.aclose()

    known = await journal.open("b")
    totals = await journal.totals()
    await journal.aclose()

    assert known.mark == SourceMark(200, "200")
    assert [number in known.covers for number in range(5)] == [True, True, False, True, False]
    assert totals.refused == {"InvalidRequest: to": 1}


async def test_texts_are_forgotten(engine: Engine) -> None:
    """The texts of packs are gone once it is known what became of them."""
    journal, one, other = engine.journal(), pack("m1", 0), pack("m2", 1)
    await journal.open("a")
    await journal.claim((one, other), source=SourceMark(2, "x"))
    before = engine.texts()

    await journal.mark(marked(one, "accepted"))
    await journal.claim((pack("m3", 1),), source=None, instead_of=other)
    await journal.mark(marked(pack("m3", 1), "refused"))
    await journal.aclose()

    assert ["Hello" in text for text in before] == [True, True]
    assert engine.texts() == []


async def test_statuses_are_written_down(engine: Engine) -> None:
    """A status never takes a final one's place but a final one; others are left alone."""
    journal, one = engine.journal(), pack("m1", 0, 1, 2)
    await journal.open("a")
    await journal.claim((one,), source=SourceMark(3, "x"))
    await journal.mark(marked(one, "accepted"))
    await journal.aclose()

    def status(code: int, at: int | None, phone: str = "79990000001") -> Delivered:
        return Delivered("m1", phone, code, 0, at)

    known = [
        await journal.deliver([one])
        for one in (status(0, 100), status(1, 200), status(0, 300), status(4, None))
    ]
    strangers = [Delivered("nobody", "79990000001", 1), status(1, 1, "+79991111111")]
    unknown = await journal.deliver(strangers)
    several = await journal.deliver([status(0, 5, "+79990000002"), status(20, 6, "+79990000000")])

    assert (known, unknown, several, await journal.deliver([])) == ([1, 1, 0, 1], 0, 2, 0)
    found = {r.number: (r.status, r.changed_at) async for r in journal.results()}
    status_of_one, changed_at = found[1]
    assert status_of_one is DeliveryStatus.LINK_CLICKED
    assert changed_at is not None
    assert changed_at.timestamp() == 200
    assert await journal.deliveries() == {20: 1, 4: 1, 0: 1}
    assert [r.number for r in await journal.undelivered(-1, 10)] == [2]
    assert await journal.undelivered(2, 10) == []


async def test_what_was_never_claimed_is_not_marked(engine: Engine) -> None:
    """Nor is anything marked twice; and what was written first stays."""
    journal, one, other = engine.journal(), pack("m1", 0), pack("m2", 1)
    await journal.open("a")
    await journal.claim((one,), source=SourceMark(2, "x"))
    await journal.mark(marked(one, "accepted"))

    for twice in (marked(one, "refused"), marked(other, "accepted")):
        with pytest.raises(JournalError):
            await journal.mark(twice)
    totals = await journal.totals()
    await journal.aclose()

    assert (totals.accepted, totals.refused) == (1, {})


async def test_results_come_by_number(engine: Engine) -> None:
    """Whichever packs they were in, and in whatever order those were marked."""
    journal = engine.journal()
    await journal.open("a")
    wide, refused = pack("wide", 2, 70, 99), BulkResult(71, "no", None, "refused", "InvalidRequest")
    places = sorted({*range(100)} - {2, 70, 71, 99})
    packs = [pack(f"m{at}", *places[at::32]) for at in range(32)]
    await journal.claim((wide, *packs), source=SourceMark(100, "x"))
    for one in reversed(packs):
        await journal.mark(marked(one, "accepted"))
    await journal.mark(marked(wide, "accepted", "in doubt", "accepted"))
    await journal.refuse([refused], source=None)
    await journal.aclose()

    results = [result async for result in journal.results()]
    pages = [await journal.undelivered(after, 40) for after in (-1, 39, 81, 98, 99)]

    assert [result.number for result in results] == list(range(100))
    assert {result.number: result.message_id for result in results if result.number in {2, 71}} == {
        2: "wide",
        71: None,
    }
    assert [[result.number for result in page] for page in pages] == [
        [*range(40)],
        [*range(40, 70), *range(72, 82)],
        [*range(82, 100)],
        [99],
        [],
    ]


async def test_pages_of_the_undelivered(engine: Engine) -> None:
    """They come by number, from behind the last one, as many as were asked for."""
    journal, one = engine.journal(), pack("m1", *range(5))
    await journal.open("a")
    await journal.claim((one,), source=SourceMark(5, "x"))
    await journal.mark(marked(one, "accepted", "accepted", "refused", "accepted", "accepted"))
    await journal.aclose()

    first = await journal.undelivered(-1, 2)
    second = await journal.undelivered(first[-1].number, 3)

    assert [[one.number for one in page] for page in (first, second)] == [[0, 1], [3, 4]]
    assert {one.message_id for one in (*first, *second)} == {"m1"}
