"""Every store answers as the pure core does, whatever happens."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, cast

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from smsc_async.governor.base import Need, Notice, Outcome
from smsc_async.governor.core import Place, join
from smsc_async.governor.redis import RedisStore
from smsc_async.governor.redis_connection import RedisConnection
from smsc_async.governor.rows import RowCore
from smsc_async.governor.sqlite import SqliteStore, _Step
from smsc_async.governor.store import Granted, Refused, Store

from .plain_redis import PlainLink, at_once

WINDOW = Need("window", 2, 62.0, "window")
STREAK = Need("streak", 3, 62.0, "streak", streak=True)
SLOT = Need("slots", 3, 0.0, "slots")
STRICT = Need("slots", 2, 0.0, "slots")
NEEDS: list[tuple[Need, ...]] = [
    (WINDOW, SLOT),
    (STREAK, SLOT),
    (WINDOW, STREAK, STRICT),
    (SLOT, STRICT),
    (SLOT,),
]
PAUSES = [0.0, 0.1, 0.3, 0.5, 7.25, 30.0, 61.75, 62.0]
GOVERNORS = [1, 2, 3]


class PureStore:
    """The store that the others are measured by: the core and nothing else."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._core = RowCore()

    async def take(self, number: int, needs: Any, *, lease: float, waits: bool) -> Any:
        return self._core.ask_all(self._now(), number, needs, lease, waits=waits)

    async def settle(self, number: int, needs: Any, outcome: Outcome) -> None:
        self._core.settle(self._now(), number, needs, outcome)

    async def fill(self, name: int, need: Need, seconds: float, leave: int) -> None:
        self._core.fill_for(self._now(), name, need, seconds, leave)

    async def restore(self, name: int, places: Any) -> None:
        for key, mine in places.items():
            self._core.restore(self._now(), name, key, mine)

    async def notice(self, key: str) -> Notice | None:
        return self._core.board.read(key, self._now())

    async def post(self, key: str, text: str, seconds: float, *, instead_of: str) -> bool:
        return self._core.board.post(key, text, seconds, instead_of, self._now())

    async def aclose(self) -> None:
        """Do nothing."""


class SteppingStore(SqliteStore):
    """The store on a file, without its thread."""

    async def _do(self, keys: Any, work: Any) -> Any:
        results: list[Any] = []
        row = _Step(keys, lambda core, now: results.append(work(core, now)))
        self._file.make([row])
        assert row.error is None
        return results[0]

    def begin(self, now: Callable[[], float]) -> None:
        """Begin anew, with nothing in the file."""
        self._file._now = now
        self._file._sweep_at = 0.0
        if self._file._connection is not None:
            self._file._connection.execute("DELETE FROM governor_keys")

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def plain(answer: object) -> object:
    """Return an answer without what may differ: the order of equal moments."""
    match answer:
        case Granted(rooms, notice):
            return rooms, notice
        case Refused(lacks):
            return [(lack.index, lack.wait, sorted(lack.others)) for lack in lacks]
    return answer


class StoresMachine(RuleBasedStateMachine):
    """Everything that can be asked of a store, asked of all of them."""

    stores: ClassVar[Callable[[Callable[[], float]], list[Store]]]

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0
        self.turn = 0
        self.permits: list[tuple[int, tuple[Need, ...]]] = []
        self.all = type(self).stores(lambda: self.now)

    def ask(self, question: Callable[[Store], Any]) -> Any:
        """Ask all, and return the answer that they agree on."""
        answers = [at_once(question(store)) for store in self.all]
        for answer in answers[1:]:
            assert plain(answer) == plain(answers[0])
        return answers[0]

    @rule(seconds=st.sampled_from(PAUSES))
    def tick(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds

    @rule(
        name=st.sampled_from(GOVERNORS),
        needs=st.sampled_from(NEEDS),
        lease=st.sampled_from([5.0, 30.0]),
        waits=st.booleans(),
    )
    def take(self, name: int, needs: tuple[Need, ...], lease: float, *, waits: bool) -> None:
        """Ask for a permit."""
        self.turn += 1
        number = join(name, self.turn)
        answer = self.ask(lambda store: store.take(number, needs, lease=lease, waits=waits))
        if isinstance(answer, Granted):
            self.permits.append((number, needs))

    @rule(data=st.data(), outcome=st.sampled_from(Outcome))
    def settle(self, data: st.DataObject, outcome: Outcome) -> None:
        """Settle any permit, old or new."""
        if self.permits:
            number, needs = data.draw(st.sampled_from(self.permits[-6:]))
            self.ask(lambda store: store.settle(number, needs, outcome))

    @rule(
        name=st.sampled_from(GOVERNORS),
        need=st.sampled_from([WINDOW, SLOT, STREAK]),
        seconds=st.sampled_from([7.5, 60.0]),
        leave=st.integers(0, 3),
    )
    def fill(self, name: int, need: Need, seconds: float, leave: int) -> None:
        """Somebody outside has used places."""
        self.ask(lambda store: store.fill(name, need, seconds, leave))

    @rule(
        name=st.sampled_from(GOVERNORS),
        waits=st.lists(st.floats(0.5, 70.0), max_size=2),
        kept=st.booleans(),
    )
    def restore(self, name: int, waits: list[float], *, kept: bool) -> None:
        """A governor that was away says what it holds."""
        self.turn += 2
        signs = (1, -1) if kept else (-1, -1)
        mine: list[Place] = [
            (wait, sign * join(name, self.turn - index))
            for index, (wait, sign) in enumerate(zip(waits, signs, strict=False))
        ]
        mine.append((3.0, -join(name, 0)))
        self.ask(lambda store: store.restore(name, {WINDOW.key: mine, SLOT.key: []}))

    @rule(text=st.sampled_from(["", "closed", "a b\nc"]), seconds=st.sampled_from([0.4, 62.0]))
    def post(self, text: str, seconds: float) -> None:
        """Post something instead of what is there."""
        there = self.ask(lambda store: store.notice(SLOT.key))
        seen = there.text if there else ""
        assert self.ask(lambda store: store.post(SLOT.key, text, seconds, instead_of=seen))
        assert not self.ask(lambda store: store.post(SLOT.key, "?", 9.0, instead_of="no such"))

    @invariant()
    def all_know_the_same(self) -> None:
        """Whatever was done, the next answer is the same, too."""
        self.ask(lambda store: store.notice(SLOT.key))


def test_all_stores_answer_alike(redis_url: str, tmp_path: Path) -> None:
    """The file and Redis grant, refuse, count and keep turns exactly as the core does."""
    file = SteppingStore(str(tmp_path / "governor.db"), now=float, timeout=5.0)
    link = PlainLink(redis_url)

    def stores(now: Callable[[], float]) -> list[Store]:
        file.begin(now)
        redis = RedisStore(redis_url, timeout=5.0, prefix=f"t-{secrets.token_hex(8)}", now=now)
        redis._connection = cast("RedisConnection", link)
        return [PureStore(now), file, redis]

    class Machine(StoresMachine):
        """All stores there are."""

    Machine.stores = stores
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=30,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
    file.close()
    at_once(link.aclose())
