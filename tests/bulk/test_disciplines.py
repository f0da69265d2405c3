"""In which order a run has to write down what it does: what each order costs when it is killed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from random import Random

import anyio
import anyio.lowlevel
import pytest

from smsc_async import JournalError, SqliteJournal
from smsc_async.bulk import Adopted, BulkResult, Mark, Pack, SourceMark
from smsc_async.transport import Reply

from .house import Breaking, Smsc, people

pytestmark = pytest.mark.anyio

COUNT = 600
SIZE = 4
KILLS = 12


class SendThenMark(SqliteJournal):
    """Writes nothing down before it is sent."""

    async def claim(
        self, packs: Sequence[Pack], *, source: SourceMark | None, instead_of: Pack | None = None
    ) -> None:
        await super().claim((), source=source)

    async def mark(self, mark: Mark) -> None:
        if any(result.outcome != "in doubt" for result in mark.results):
            # The end may have come between the two.
            with suppress(JournalError):
                await super().claim((mark.pack,), source=None)
            await super().mark(mark)


class MarkThenSend(SqliteJournal):
    """Writes down as sent what is going to be sent."""

    async def claim(
        self, packs: Sequence[Pack], *, source: SourceMark | None, instead_of: Pack | None = None
    ) -> None:
        await super().claim(packs, source=source)
        for pack in packs:
            results = [BulkResult(number, to, pack.id, "accepted") for number, to in pack.pieces]
            await super().mark(Mark(pack, results))

    async def mark(self, mark: Mark) -> None:
        pass


class ResetClaims(SqliteJournal):
    """Claims, sends and marks, and sends again what was claimed and not marked."""

    async def adopt(self) -> Sequence[Adopted]:
        for one in await super().adopt():
            await self.release(one.pack)
        return ()


class Deadly(Breaking):
    """Kills whoever asks, at some request, before it is processed or before it is answered."""

    scope: anyio.CancelScope | None = None
    left = 0
    early = False

    async def __call__(self, path: str, form: object, **rest: object) -> Reply:
        self.left -= 1
        if self.left == 0 and self.scope is not None:
            if self.early:
                self.scope.cancel()
                await anyio.lowlevel.checkpoint()
            reply = await super().__call__(path, form, **rest)  # type: ignore[arg-type]
            self.scope.cancel()
            await anyio.lowlevel.checkpoint()
            return reply
        reply = await super().__call__(path, form, **rest)  # type: ignore[arg-type]
        for _ in range(3):
            await anyio.lowlevel.checkpoint()
        return reply


async def crash_course(journal: type[SqliteJournal], path: Path) -> tuple[int, int, int]:
    """Kill a run again and again until it is done; return who got one, two and none, unnamed."""
    random = Random(5)
    smsc = Smsc()
    exchange = Deadly(smsc.clock, balance=smsc.exchange.account.balance)
    kills = 0
    doubtful: set[str] = set()
    while True:
        one = Smsc(exchange, random=100 + kills)
        one.use(smsc.clock)
        with anyio.CancelScope() as scope:
            exchange.scope = scope if kills < KILLS else None
            exchange.left = random.randrange(3, 2 * COUNT // SIZE // KILLS)
            exchange.early = random.random() < 0.3
            report = await one.send_many(people(COUNT), journal=journal(path), size=SIZE)
            doubtful = {r.phone.lstrip("+") async for r in report if r.outcome == "in doubt"}
            break
        kills += 1
    # What is lost need not be sent: an order that loses much is through after a few.
    assert kills >= KILLS / 4
    taken = Counter(message.phone for message in exchange.account.messages)
    lost = {f"7999{number:07}" for number in range(COUNT)} - taken.keys() - doubtful
    counts = Counter(taken.values())
    return counts[1], sum(counts.values()) - counts[1], len(lost)


@pytest.mark.parametrize(
    ("journal", "repeats", "loses"),
    [
        (SendThenMark, True, False),
        (MarkThenSend, False, True),
        (ResetClaims, True, False),
        (SqliteJournal, False, False),
    ],
)
async def test_what_a_discipline_costs(
    tmp_path: Path, journal: type[SqliteJournal], *, repeats: bool, loses: bool
) -> None:
    """Every order but claim, send, mark and then asking about claims loses messages or repeats."""
    once, twice, lost = await crash_course(journal, tmp_path / "june.db")

    assert (twice > 0, lost > 0) == (repeats, loses)
    if not repeats and not loses:
        assert once == COUNT
