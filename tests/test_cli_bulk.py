"""Sending to everybody in a file from the command line, and looking at the journal."""

from __future__ import annotations

import csv
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from smsc_async import InvalidRequest
from smsc_async.cli import app
from smsc_async.cli.people import People, Template
from smsc_async.sandbox import Sandbox


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A sandbox that the environment points at."""
    with Sandbox(delivery=(0.0, 0.0), balance="100000") as service:
        monkeypatch.setenv("SMSC_LOGIN", service.login)
        monkeypatch.setenv("SMSC_PASSWORD", service.password)
        monkeypatch.setenv("SMSC_HOSTS", ",".join(service.urls))
        monkeypatch.setenv("SMSC_CA", service.ca)
        yield service


def smsc(*words: object, code: int = 0) -> str:
    """Run a command and return what it prints."""
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, result.output
    return re.sub(r" +", " ", result.output)


def table(path: Path, rows: int, *, encoding: str = "utf-8", delimiter: str = ",") -> Path:
    """Write a file of people."""
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(["name", "phone", "order"])
        for number in range(rows):
            writer.writerow([f"Иван, {number}-й", f"+7999{number:07}", number])
    return path


@pytest.mark.parametrize(
    ("encoding", "delimiter"),
    [("utf-8", ","), ("utf-8-sig", ";"), ("windows-1251", ";"), ("utf-8", "\t")],
)
def test_everybody_gets_a_text_of_his_own(
    sandbox: Sandbox, tmp_path: Path, encoding: str, delimiter: str
) -> None:
    """Encoding, delimiter and the column of phones are found; the text is filled in."""
    people = table(tmp_path / "people.csv", 250, encoding=encoding, delimiter=delimiter)

    shown = smsc("send-many", people, "-t", "Привет, {name}! Заказ {order}.", "--sender", "Shop")

    assert "sent 250" in shown
    assert {(m.phone, m.text, m.sender) for m in sandbox.messages} == {
        (f"7999{n:07}", f"Привет, Иван, {n}-й! Заказ {n}.", "Shop") for n in range(250)
    }
    assert sandbox.requests(script="send.php") == 3


def test_a_journal_is_gone_on_with(sandbox: Sandbox, tmp_path: Path) -> None:
    """The same command again sends nothing twice; the journal can be shown and exported."""
    people, journal = table(tmp_path / "people.csv", 120), tmp_path / "june.db"
    with people.open("a", encoding="utf-8") as file:
        file.write("Nobody,x,5\n")
    words = ("send-many", people, "-t", "Hello {name}", "-j", journal)
    smsc(*words)

    shown = smsc(*words)
    journaled = smsc("journal", "show", journal)
    target = tmp_path / "june.csv"
    exported = smsc("journal", "export", journal, target)

    assert len(sandbox.messages) == 120
    assert "sent 120" in shown
    assert "accepted 120" in journaled
    assert "refused: to: is not an international phone" in journaled
    assert "121 results" in exported
    rows = list(csv.DictReader(target.read_text(encoding="utf-8").splitlines()))
    assert [row["outcome"] for row in rows] == ["accepted"] * 120 + ["refused"]
    assert rows[5]["phone"] == "+79990000005"


def test_follow_writes_the_statuses_down(sandbox: Sandbox, tmp_path: Path) -> None:
    """The statuses of a finished run are asked for and kept."""
    people, journal = table(tmp_path / "people.csv", 30), tmp_path / "june.db"
    smsc("send-many", people, "-t", "Hello {name}", "-j", journal)

    followed = smsc("journal", "follow", journal)

    assert "delivered 30" in followed
    assert "on their way 0" in smsc("journal", "show", journal)


def test_dry_run_says_what_it_would_cost(sandbox: Sandbox, tmp_path: Path) -> None:
    """A dry run shows units and cost, and sends nothing."""
    people = table(tmp_path / "people.csv", 200)

    shown = smsc("send-many", people, "-t", "Hello {order}", "--dry-run")

    assert "would be sent 200" in shown
    assert "units 200" in shown
    assert "cost 30.00" in shown
    assert sandbox.messages == ()


def test_dry_run_says_what_is_wrong_and_where(sandbox: Sandbox, tmp_path: Path) -> None:
    """The first few who would be refused are named by line, field and rule, or the status."""
    people = tmp_path / "people.csv"
    people.write_text(
        'phone,text\n+79990000001,"two\nlines"\n\n12,Hello\n+79990000002,\n+79995550007,Hello\n',
        encoding="utf-8",
    )

    shown = smsc("send-many", people, "-t", "{text}", "--dry-run")

    assert "would be sent 1" in shown
    assert "line 5: to: is not an international phone number" in shown
    assert "line 6: text: is empty" in shown
    assert "line 7: WRONG_NUMBER 249" in shown
    assert "+7999" not in shown


def test_many_kinds_of_refusals_are_summed_up(sandbox: Sandbox, tmp_path: Path) -> None:
    """Reasons are shown by name as far as there are few, and the rest is counted."""
    people = tmp_path / "people.csv"
    rows = [f"+7999000{n:04},{'x' * (1001 + n)}" for n in range(10)]
    people.write_text("\n".join(["phone,text", *rows]), encoding="utf-8")

    shown = smsc("send-many", people, "-t", "{text}", "--dry-run")

    assert "has 1001 characters" in shown
    assert "refused: other reasons 2" in shown


def test_max_cost_stops_it(sandbox: Sandbox, tmp_path: Path) -> None:
    """What would cost too much is not sent, and it is said how to go on."""
    people, journal = table(tmp_path / "people.csv", 300), tmp_path / "june.db"

    shown = smsc(
        "send-many", people, "-t", "Hi {order}", "-j", journal, "--max-cost", "20,5", code=1
    )

    assert "CostLimitReached" in shown
    assert "left 200" in shown
    assert "goes on where it was" in shown
    assert len(sandbox.messages) == 100


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-t", "Hello {nobody}"], "needs nobody, and there is only name, phone, order"),
        (["-t", "Hello {}"], "names of columns"),
        (["-t", "Hello {name!r}"], "names of columns"),
        (["-t", "Hello {name"], "is no template"),
        (["-t", "Hello", "--phone-column", "tel"], "there is name, phone, order"),
        (["-t", "Hello", "--encoding", "ascii"], "is not ascii"),
        (["-t", "Hello", "--encoding", "none"], "is not none"),
        (["-t", "Hello", "--delimiter", ";"], "phone-column"),
        (["-t", "Hello", "--max-cost", "much"], "max-cost"),
    ],
)
def test_mistakes_are_found_before_anything_is_sent(
    sandbox: Sandbox, tmp_path: Path, words: list[str], said: str
) -> None:
    """A text that does not fit the columns, or a wrong option, is one line, and nothing is sent."""
    people = table(tmp_path / "people.csv", 5)

    shown = smsc("send-many", people, *words, code=1)

    assert said in shown
    assert shown.startswith("InvalidRequest: ")
    assert sandbox.requests() == 0


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "row of different names"),
        (b"phone,phone\n1,2\n", "row of different names"),
        (b"phone,name\n+79991234567\n", "row 2 has 1 cells"),
        (b'phone,name\n+79991234567,"x\n', "is no CSV"),
        (b"phone\n\x98\n", "neither utf-8 nor windows-1251"),
        (b"who\nIvan\n", "has to be given"),
    ],
)
def test_files_that_are_refused(tmp_path: Path, content: bytes, said: str) -> None:
    """A file of which no messages could be made is refused as a whole."""
    path = tmp_path / "people.csv"
    path.write_bytes(content)

    with pytest.raises(InvalidRequest, match=said):
        People.of(path, Template("Hello"))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """A file that cannot be read is named."""
    with pytest.raises(InvalidRequest, match="No such file"):
        People.of(tmp_path / "people.csv", Template("Hello"))
    with pytest.raises(InvalidRequest, match="No such file"):
        People.of(tmp_path / "people.csv", Template("Hello"), encoding="utf-8")


def test_braces_and_empty_lines(tmp_path: Path) -> None:
    """A doubled brace is one; empty lines are nobody."""
    path = tmp_path / "people.csv"
    path.write_text("Телефон;имя\n\n 79991234567;Анна\n\n", encoding="utf-8")

    [message] = People.of(path, Template("{{x}} {имя}"))

    assert (message.to, message.text) == ("79991234567", "{x} Анна")


def test_an_export_that_cannot_be_written(sandbox: Sandbox, tmp_path: Path) -> None:
    """A target that cannot be written, or a journal that is not there, is one line."""
    people, journal = table(tmp_path / "people.csv", 3), tmp_path / "june.db"
    smsc("send-many", people, "-t", "Hello {name}", "-j", journal)

    assert "cannot be written" in smsc("journal", "export", journal, tmp_path, code=1)
    assert "there is no journal" in smsc("journal", "show", tmp_path / "july.db", code=1)


def test_a_source_that_has_changed(sandbox: Sandbox, tmp_path: Path) -> None:
    """Another text with the same journal is one line of error, and nothing is sent."""
    people, journal = table(tmp_path / "people.csv", 3), tmp_path / "june.db"
    smsc("send-many", people, "-t", "Hello {name}", "-j", journal)

    shown = smsc("send-many", people, "-t", "Hi {name}", "-j", journal, code=1)

    assert "JournalError: the journal is of another source" in shown
    assert len(sandbox.messages) == 3


@pytest.mark.parametrize("journal", [True, False])
def test_interrupted_it_ends_cleanly(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, journal: bool
) -> None:
    """Ctrl-C waits for what is in flight, and says how to go on; going on sends the rest."""
    people, book = table(tmp_path / "people.csv", 600), tmp_path / "june.db"
    pause = 0.3
    with Sandbox(latency=lambda: pause, balance="100000") as service:
        for name, value in service.environment.items():
            monkeypatch.setenv(name, value)
        words = ["send-many", str(people), "-t", "Hello {name}", "--size", "10"]
        words += ["-j", str(book)] * journal
        command = [sys.executable, "-m", "smsc_async.cli", *words]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            while len(service.messages) < 100:
                time.sleep(0.01)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=30)
        sent = len(service.messages)
        pause = 0.0

        assert process.returncode == 130
        assert 100 <= sent < 600
        assert ("goes on where it was" in said) is journal
        if journal:
            smsc(*words)
            assert len({message.phone for message in service.messages}) == 600
            assert len(service.messages) == 600
