"""A hundred thousand messages through faults, in a process that is killed again and again.

The service is the strict sandbox in a process of its own. Nothing may be lost, nothing may be sent
twice, and what nobody knows has to be named.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any, Final

import anyio
import attrs
import pytest

from smsc_async import SqliteJournal
from smsc_async.bulk import Totals
from smsc_async.bulk.outgoing import ResultOutcome
from smsc_async.sandbox import Sandbox

pytestmark = [pytest.mark.kill]

HOME: Final = Path(__file__).parent
COUNT: Final = 100_000
KILLS: Final = 22
EACH: Final = COUNT // KILLS
"""Messages between two kills, about."""

PATIENT: Final = int(os.environ.get("SMSC_KILLS_IN_REAL_TIME", "6"))
"""Kills in real time; 22 make it a hundred thousand messages."""

FAST: Final = 50.0
"""How many seconds pass in one, but for the command line."""

Start = Callable[[], "subprocess.Popen[str]"]


@attrs.define
class Service:
    """The sandbox in its process."""

    process: subprocess.Popen[str]
    hosts: list[str]
    ca: str

    def ask(self, question: str) -> Any:
        """Ask it something."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(question, file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())


@contextmanager
def service(factor: float, part: float = 1.0) -> Iterator[Service]:
    """Run the service, with a part of the faults; its main host is dead now and then."""
    command = [sys.executable, str(HOME / "kill_service.py"), str(factor), "7", str(part)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        where = json.loads(process.stdout.readline())
        yield Service(process, where["hosts"], where["ca"])
        process.communicate()


def kill_course(start: Start, service: Service, kills: int) -> None:
    """Start it, kill it, and again so often; then let it go on to its end."""
    random = Random(kills)
    while True:
        enough = service.ask("how many") + random.randrange(1, 4 * EACH // 3)
        with start() as process:
            while process.poll() is None:
                if kills and service.ask("how many") >= enough:
                    time.sleep(random.uniform(0.0, 0.02))
                    process.kill()
                    break
                time.sleep(0.005)
            process.wait()
        assert process.returncode == (-9 if kills else 0)
        if not kills:
            return
        kills -= 1


def check(service: Service, journal: Path, wanted: set[str]) -> Totals:
    """Hold what the service has taken against what the journal says."""
    seen = service.ask("all")
    taken = set(seen["phones"])

    async def read() -> tuple[Totals, dict[str, ResultOutcome]]:
        book = SqliteJournal(journal)
        outcomes = {r.phone.lstrip("+"): r.outcome async for r in book.results()}
        return await book.totals(), outcomes

    totals, outcomes = anyio.run(read)
    by_name: dict[str, set[str]] = {"accepted": set(), "refused": set(), "in doubt": set()}
    for phone, outcome in outcomes.items():
        by_name[outcome].add(phone)
    assert seen["twice"] == []
    assert outcomes.keys() == wanted
    assert by_name["accepted"] <= taken
    assert taken - by_name["accepted"] <= by_name["in doubt"]
    assert wanted - taken <= by_name["in doubt"]
    assert by_name["refused"] == set()
    assert len(by_name["in doubt"]) == totals.in_doubt <= len(wanted) / 50
    assert set(seen["refusals"]) <= {"status.mass"}
    assert seen["strikes"]
    return totals


@pytest.mark.parametrize(("backend", "kills"), [("asyncio", KILLS), ("trio", 5)])
def test_killed_and_resumed(tmp_path: Path, backend: str, kills: int) -> None:
    """Each message is accepted exactly once, or named in doubt."""
    journal = tmp_path / "june.db"
    with service(FAST) as running:
        count = EACH * kills
        facts = json.dumps([running.hosts, running.ca, str(journal), count, FAST])
        command = [sys.executable, str(HOME / "kill_worker.py"), facts, backend]
        path = str(HOME.parent / "doubles")
        environment = os.environ | {"PYTHONPATH": path}

        kill_course(lambda: subprocess.Popen(command, env=environment, text=True), running, kills)

        check(running, journal, {f"7999{number:07}" for number in range(count)})


def test_killed_and_resumed_on_the_command_line(tmp_path: Path) -> None:
    """So it is with a CSV file and the command line, in real time."""
    count = EACH * PATIENT
    people, journal = tmp_path / "people.csv", tmp_path / "june.db"
    with people.open("w", encoding="windows-1251", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(["имя", "phone"])
        writer.writerows([f"Иван {number}-й", f"+7999{number:07}"] for number in range(count))
    # What was lost is asked about once a minute: fewer faults are fewer minutes.
    with service(1.0, part=0.3) as running:
        environment = os.environ | {
            "SMSC_LOGIN": Sandbox.login,
            "SMSC_PASSWORD": Sandbox.password,
            "SMSC_HOSTS": ",".join(running.hosts),
            "SMSC_CA": running.ca,
        }
        command = [sys.executable, "-m", "smsc_async.cli", "send-many", str(people)]
        command += ["-t", "Здравствуйте, {имя}! Ваш заказ готов.", "-j", str(journal)]
        # Fewer in flight when it is killed are fewer to ask about, once a minute.
        command += ["--size", "50"]

        def start() -> subprocess.Popen[str]:
            return subprocess.Popen(command, env=environment, text=True, stderr=subprocess.DEVNULL)

        kill_course(start, running, PATIENT)

        check(running, journal, {f"7999{number:07}" for number in range(count)})
