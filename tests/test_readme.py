"""What the README and the pages of `docs` show: their Python runs, and prints what they say."""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from smsc_async import AsyncSmsc
from smsc_async.cli import app as smsc_command
from smsc_async.sandbox import Sandbox
from smsc_async.testing import LocalSandbox

ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
WITH_PYTHON = [page for page in PAGES if "```python" in page.read_text(encoding="utf-8")]

BLOCK = re.compile(r"(<!-- not run.*-->\n)?```python\n(.*?)```", re.DOTALL)
PRINTED = re.compile(r"print\(.*\)  # (.+)")
TYPED = re.compile(r"^\$ smsc (.*)", re.MULTILINE)
TABLE = re.compile(r"```csv\n(.*?)```", re.DOTALL)
FOREVER = {"sandbox", "worker"}
LINK = re.compile(r"\]\(([^)#]+)(#[^)]*)?\)")


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> LocalSandbox:
    """The service that `AsyncSmsc.from_env()` finds, in an empty directory."""
    service = LocalSandbox()
    monkeypatch.setattr(AsyncSmsc, "from_env", service.client)
    monkeypatch.chdir(tmp_path)
    return service


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    """What runs the coroutines of a page, all in one loop."""
    with asyncio.Runner() as loops:
        yield loops


@pytest.mark.parametrize("page", WITH_PYTHON, ids=lambda page: page.name)
def test_each_block_runs(
    page: Path,
    sandbox: LocalSandbox,
    runner: asyncio.Runner,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The blocks of a page run one after the other, and print what stands behind them."""
    smsc = sandbox.client()
    runner.run(smsc.__aenter__())
    names: dict[str, Any] = {"__name__": "__main__"}

    for skipped, block in BLOCK.findall(page.read_text(encoding="utf-8")):
        if not skipped:
            # A page says so where its blocks are inside `async with … as smsc`.
            names["smsc"] = smsc
            run(block, names, runner)
            printed = capsys.readouterr().out.splitlines()
            assert [line for line in PRINTED.findall(block) if line not in printed] == []

    runner.run(smsc.aclose())


def run(block: str, names: dict[str, Any], runner: asyncio.Runner) -> None:
    """Run a block, and the tests that it defines."""
    code = compile(block, "a block", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    if code.co_flags & inspect.CO_COROUTINE:
        runner.run(eval(code, names))  # noqa: S307 - it is ours
    else:
        exec(code, names)  # noqa: S102 - it is ours
    for test in [value for name, value in names.items() if name.startswith("test_")]:
        del names[test.__name__]
        try_out(test, runner)


def try_out(test: Any, runner: asyncio.Runner) -> None:
    """Do what pytest does with a test of the page's."""
    options = {
        name: value
        for mark in getattr(test, "pytestmark", ())
        for name, value in mark.kwargs.items()
    }
    if "smsc_sandbox" in inspect.signature(test).parameters:
        runner.run(test(LocalSandbox(**options)))
        return
    with Sandbox(**options) as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr(AsyncSmsc, "from_env", server.client)
        runner.run(test(server))


@pytest.mark.smsc_sandbox(delivery=(0.0, 0.0))
def test_each_command_runs(
    smsc_sandbox_server: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The commands that are shown are typed as shown, with the table that is shown."""
    monkeypatch.chdir(tmp_path)
    [table] = TABLE.findall((ROOT / "docs" / "bulk.md").read_text(encoding="utf-8"))
    Path("people.csv").write_text(table, encoding="utf-8")
    lines = [line for page in PAGES for line in TYPED.findall(page.read_text(encoding="utf-8"))]

    for words in map(shlex.split, dict.fromkeys(lines)):
        if words[0] not in FOREVER:
            result = CliRunner().invoke(smsc_command, words)
            assert result.exit_code == 0, f"smsc {words}: {result.output}"

    assert [message.text for message in smsc_sandbox_server.messages] == [
        "Hello Anna",
        "Hello Ivan",
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """What a page links to in the project is there."""
    links = [link for link, _ in LINK.findall(page.read_text(encoding="utf-8"))]

    assert [
        link
        for link in links
        if not link.startswith("https://") and not (page.parent / link).exists()
    ] == []


def test_the_first_example_stands_alone(sandbox: LocalSandbox) -> None:
    """The README's first block is a whole program."""
    first = BLOCK.search((ROOT / "README.md").read_text(encoding="utf-8"))
    assert first is not None

    exec(compile(first[2], "the first block", "exec"), {"__name__": "__main__"})  # noqa: S102

    assert [message.text for message in sandbox.messages] == ["Your code is 1234"]
