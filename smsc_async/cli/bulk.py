"""Sending to everybody in a file, and looking at what became of it."""

from __future__ import annotations

import shlex
import signal
import sys
from collections import Counter
from contextlib import asynccontextmanager
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Self

import anyio
import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from .._money import money
from ..bulk import DeliveryReport, export_csv
from ..bulk.address import journal_at
from ..errors import InvalidRequest, SmscError
from .base import app, err, fail, out, run, show, with_client
from .people import People, Template

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from ..bulk import BulkProgress, BulkReport
    from ..client import AsyncSmsc

__all__ = ["export", "follow", "send_many", "show_journal", "worker"]

_INTERRUPTED: Final = 130
_REASONS: Final = 8
"""Reasons of refusals that are shown; a text that is too long makes one of each length."""

journal_app: Final = typer.Typer(
    no_args_is_help=True, help="Show, follow or export what became of a run."
)
app.add_typer(journal_app, name="journal")

JournalName = Annotated[str, typer.Argument(help="The journal of a run: a file, or a URL.")]
CsvFile = Annotated[Path, typer.Argument(help="A CSV file with a header, UTF-8 or windows-1251.")]
Text = Annotated[
    str, typer.Option("--text", "-t", help='The text; {name} is what is in the column "name".')
]
NewJournal = Annotated[
    str | None,
    typer.Option(
        "--journal",
        "-j",
        help="The file, or URL, in which to write down what is done: for resuming.",
    ),
]
Sender = Annotated[str | None, typer.Option(help="The sender name.")]
PhoneColumn = Annotated[str | None, typer.Option(help="The column of the phones.")]
Encoding = Annotated[str | None, typer.Option(help="The file's, if it is not recognised.")]
Delimiter = Annotated[str | None, typer.Option(help="The same of what is between cells.")]
Size = Annotated[int, typer.Option(min=1, max=1000, help="Messages in a request.")]
MaxCost = Annotated[str | None, typer.Option(help="Stop before it costs more than this.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Only say what it would cost, and who would be refused.")
]


@app.command("send-many")
def send_many(
    file: CsvFile,
    *,
    text: Text,
    journal: NewJournal = None,
    sender: Sender = None,
    phone_column: PhoneColumn = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    size: Size = 100,
    max_cost: MaxCost = None,
    dry_run: DryRun = False,
) -> None:
    """Send a text to everybody in a CSV file, each once; with a journal it can be resumed."""
    reports: list[tuple[People, BulkReport]] = []

    async def action(smsc: AsyncSmsc) -> None:
        people = People.of(
            file,
            Template(text),
            phone_column=phone_column,
            encoding=encoding,
            delimiter=delimiter,
        )
        limit = _amount(max_cost)
        with _Bar(len(people), dry_run=dry_run) as bar:
            async with _until_interrupted() as stop:
                report = await smsc.send_many(
                    people,
                    journal=journal,
                    size=size,
                    max_cost=limit,
                    dry_run=dry_run,
                    stop=stop,
                    on_progress=bar.update,
                )
                reports.append((people, report))

    with_client(action, sender)
    if not reports:
        _tell_how_to_go_on(journal)
        raise typer.Exit(_INTERRUPTED)
    [(people, report)] = reports
    _show_report(report, dry_run=dry_run)
    _show_first_refused(people, report)
    _leave(report, journal, unfinished=bool(report.left and not dry_run))


@app.command()
def worker(
    journal: Annotated[
        str, typer.Option("--journal", "-j", help="postgresql://…?run=name, and libpq's options.")
    ],
    *,
    sender: Sender = None,
    size: Size = 100,
) -> None:
    """Send what an application puts into a PostgreSQL journal's outbox, until Ctrl-C."""
    reports: list[BulkReport] = []

    async def action(smsc: AsyncSmsc) -> None:
        async with _until_interrupted() as stop:
            reports.append(await smsc.send_outbox(journal, stop=stop, size=size))

    with_client(action, sender)
    if not reports:
        raise typer.Exit(_INTERRUPTED)
    [report] = reports
    _show_report(report, dry_run=False)
    _fail_if_stopped(report)


@journal_app.command("show")
def show_journal(journal: JournalName) -> None:
    """Show what became of a run so far; also while it goes on."""

    async def session() -> None:
        book = journal_at(journal)
        totals = await book.totals()
        delivery = DeliveryReport.of(await book.deliveries())
        show(
            {
                "accepted": totals.accepted,
                **_refusals(totals.refused),
                "in doubt": totals.in_doubt,
                "to be sent": totals.left,
                "units": totals.units,
                "cost": money(totals.cost),
                **_delivery(delivery),
            }
        )

    run(session)


@journal_app.command()
def export(
    journal: JournalName,
    target: Annotated[Path, typer.Argument(help="The CSV file to write.")],
    encoding: Annotated[str, typer.Option(help="Its encoding.")] = "utf-8",
) -> None:
    """Write what became of each message into a CSV file."""

    async def session() -> None:
        try:
            count = await export_csv(journal_at(journal).results(), target, encoding=encoding)
        except (OSError, LookupError) as error:
            raise InvalidRequest("target", f"cannot be written: {error}") from None
        out.print(f"{count} results written.", highlight=False)

    run(session)


@journal_app.command()
def follow(
    journal: JournalName,
    timeout: Annotated[float, typer.Option(help="For how many minutes, at most.")] = 60.0,
) -> None:
    """Ask for the statuses of a run's messages until all are final, within the limits."""

    async def action(smsc: AsyncSmsc) -> None:
        def tell(report: DeliveryReport) -> None:
            err.print(f"{report.waiting} on their way", highlight=False)

        report = await smsc.follow_many(journal, timeout=60.0 * timeout, on_progress=tell)
        show(_delivery(report))

    with_client(action)


class _Bar:
    """Shows how far a run is."""

    def __init__(self, total: int, *, dry_run: bool) -> None:
        self._progress = Progress(
            BarColumn(),
            TextColumn("{task.completed}/{task.total}"),
            TextColumn("{task.fields[facts]}"),
            TimeRemainingColumn(),
            console=err,
        )
        self._task = self._progress.add_task("sent", total=total, facts="")
        self._verb = "would be sent" if dry_run else "sent"

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def update(self, progress: BulkProgress) -> None:
        """Show this."""
        facts = [f"{self._verb} {progress.accepted}", f"refused {progress.refused}"]
        facts += [f"in doubt {progress.in_doubt + progress.settling}"]
        facts += [f"{progress.rate:.0f}/s", f"cost {money(progress.cost)}"]
        self._progress.update(self._task, completed=progress.done, facts="  ".join(facts))


@asynccontextmanager
async def _until_interrupted() -> AsyncGenerator[anyio.Event]:
    """Give an event that the first Ctrl-C sets; the second gives up what is inside."""
    stop = anyio.Event()
    failure: SmscError | None = None

    async def listen() -> None:
        with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            async for _ in signals:
                if stop.is_set():
                    group.cancel_scope.cancel()
                stop.set()
                err.print("Stopping: what is in flight is waited for. Once more gives up at once.")

    async with anyio.create_task_group() as group:
        group.start_soon(listen)
        try:
            yield stop
        except SmscError as error:
            # Raised in here it would come out in a group.
            failure = error
        group.cancel_scope.cancel()
    if failure is not None:
        raise failure


def _show_report(report: BulkReport, *, dry_run: bool) -> None:
    seconds = max(report.duration, 0.001)
    show(
        {
            "would be sent" if dry_run else "sent": report.accepted,
            **_refusals(report.refused),
            "in doubt": report.in_doubt or None,
            "left": report.left or None,
            "units": report.units,
            "cost": money(report.cost),
            "requests": report.requests,
            "seconds": f"{seconds:.1f}",
        }
    )


def _show_first_refused(people: People, report: BulkReport) -> None:
    """Say of the first few in which line of the file they stand, and what is wrong with them."""
    if not report.first_refused:
        return
    out.print("The first that are refused:" if sum(report.refused.values()) > 1 else "Refused:")
    lines = people.lines([one.number for one in report.first_refused])
    for one in report.first_refused:
        why = _short(str(one.reason))
        out.print(
            f"  line {lines[one.number]}: {why}", highlight=False, markup=False, soft_wrap=True
        )


def _refusals(refused: Mapping[str, int]) -> dict[str, object]:
    """Return the reasons, the most frequent ones by name."""
    known = Counter(refused)
    shown: dict[str, object] = {
        f"refused: {_short(reason)}": count for reason, count in known.most_common(_REASONS)
    }
    others = known.total() - sum(count for _, count in known.most_common(_REASONS))
    return shown | {"refused: other reasons": others or None}


def _short(reason: str) -> str:
    """Return what is wrong; that it was found here, and not by the service, changes nothing."""
    return reason.removeprefix("InvalidRequest: ")


def _fail_if_stopped(report: BulkReport) -> None:
    if report.stopped_by is not None:
        fail(f"Stopped: {type(report.stopped_by).__name__}: {report.stopped_by}")


def _leave(report: BulkReport, journal: str | None, *, unfinished: bool) -> None:
    """Say what is left to do; the exit code says whether anything is."""
    if unfinished:
        _tell_how_to_go_on(journal)
    _fail_if_stopped(report)
    if unfinished:
        raise typer.Exit(_INTERRUPTED)
    if report.in_doubt:
        fail(f"{report.in_doubt} messages are in doubt: going on asks about them again")


def _tell_how_to_go_on(journal: str | None) -> None:
    if journal is None:
        err.print("Without a journal the run cannot be resumed.")
        return
    err.print("The same command goes on where it was:", highlight=False)
    command = ["smsc", *sys.argv[1:]]
    err.print(f"  {shlex.join(command)}", highlight=False, markup=False, soft_wrap=True)


def _delivery(report: DeliveryReport) -> dict[str, object]:
    failed = {f"failed: {status}": count for status, count in report.failed.items()}
    return {"delivered": report.delivered, **failed, "on their way": report.waiting}


def _amount(value: str | None) -> Decimal | None:
    try:
        return None if value is None else Decimal(value.replace(",", "."))
    except InvalidOperation:
        raise InvalidRequest("max-cost", "has to be an amount of money") from None
