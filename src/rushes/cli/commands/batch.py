"""`rushes batch`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from rushes.app.batch import Ways, run_batch
from rushes.app.batch_canary import Canary
from rushes.app.batch_told import BatchSummary
from rushes.app.project import Project
from rushes.cli.batch_view import BatchView
from rushes.cli.driving import driven
from rushes.cli.exits import Exit
from rushes.cli.options import Number, agreed, options_from, project_flags, running, workflow_file
from rushes.cli.say import clean, count, fitted, problem_lines
from rushes.cli.session import Session, common, metrics, print_json, session
from rushes.model.money import show_usd
from rushes.model.problem import Mark, Problem, Severity
from rushes.model.run import RunMode
from rushes.model.size import show_seconds

_EVERYTHING: dict[str, Any] = {
    **dict.fromkeys(("only", "start", "until", "without", "tabs"), ()),
    **dict.fromkeys(("failed", "stale"), False),
}
"""No part of the workflow is chosen: of a batch rows are."""


@click.command()
@click.argument("file", type=workflow_file)
@click.option("--table", type=workflow_file, required=True, help="The rows: .csv, .tsv, .jsonl, or .txt (one a line).")
@click.option("--canary", type=click.IntRange(1, 1000), metavar="K", help="K rows first; then say yes, or stop.")
@click.option("--failed", is_flag=True, help="Also the rows that failed, or were bad, before.")
@click.option("--chunk-size", type=click.IntRange(1, 10_000), metavar="N", help="Rows that are run as one part.")
@click.option("--delay", type=Number(0, 86_400), default=0, metavar="S", help="Seconds between two parts.")
@click.option(
    "--mode",
    type=click.Choice([str(one) for one in RunMode]),
    default="full",
    help="Stills, films from the stills there are, or all.",
)
@running
@agreed
@click.option("--stream", is_flag=True, help="Every row as a line of JSON on stdout, as it is done.")
@metrics
@common
def batch(
    file: Path,
    table: Path,
    canary: int | None,
    failed: bool,
    chunk_size: int | None,
    delay: float,
    yes: bool,
    stream: bool,
    **given: Any,
) -> int:
    """Run FILE for every row of a table: columns are variables, {{input}} is a line or the column `prompt`.

    The same command again goes on where it was stopped. Bad rows are named and skipped. --budget bounds all of it.
    """
    now = session()
    now.stream = now.stream or stream
    options = options_from({**_EVERYTHING, **given})
    ways = Ways(part_rows=chunk_size, delay=delay, canary=canary, failed=failed)
    view = BatchView(now, lambda found: _goes_on(found, yes))
    with Project.open(file.absolute().parent, **project_flags(options, now.home)) as project:
        summary = driven(
            now,
            lambda hooks: run_batch(project, file, table, options, ways, hooks=hooks, told=view.told),
            yes=yes,
            view=view,
        )
    _show(now, summary)
    return exit_of(summary)


def _goes_on(canary: Canary, yes: bool) -> bool:
    """After the canary somebody says yes: with the flag, or at the terminal."""
    if yes or not sys.stdin.isatty() or not sys.stderr.isatty():
        return yes
    return click.confirm(f"Run the other {count(canary.rest, 'row')}?", err=True)


def exit_of(summary: BatchSummary) -> Exit:
    """The exit code of a batch that came so far."""
    if summary.interrupted:
        return Exit.INTERRUPTED
    if summary.held_back or summary.refused is not None:
        return Exit.REFUSED
    if summary.whole:
        return Exit.OK
    return Exit.WAITING if summary.totals.waiting and not summary.totals.failed else Exit.FAILED


def _show(now: Session, summary: BatchSummary) -> None:
    problems = list(troubles(summary))
    if now.stream:
        print_json({"type": "summary", "summary": summary.plain()})
    elif now.json:
        now.result(summary.plain(), ok=summary.whole, problems=problems)
    elif not now.quiet:
        for line in summary_lines(summary):
            click.echo(fitted(line, sys.stdout))
    if now.for_people:
        for line in problem_lines(problems):
            click.echo(line, err=True)


def summary_lines(summary: BatchSummary) -> Iterator[str]:
    """What a batch came to, for people."""
    totals = summary.totals
    states = ("done", "failed", "waiting", "open", "bad")
    said = ", ".join(f"{number:,} {state}" for state in states if (number := getattr(totals, state)))
    simulated = "(simulated) " if summary.simulator is not None else ""
    yield f"{simulated}{clean(summary.workflow)}: {count(totals.rows, 'row')}: {said}"
    unpriced = f", and {count(totals.unpriced, 'row')} of unknown cost" if totals.unpriced else ""
    yield f"  {show_usd(totals.spent)}{unpriced}, {show_seconds(totals.seconds)} of work"
    if totals.flagged:
        yield f"  {count(totals.flagged, 'row')} have a result that a check finds fault with"
    yield f"  {summary.results}"
    for note in summary.notes:
        yield f"  {clean(note)}"


def troubles(summary: BatchSummary) -> Iterator[Problem]:
    """What keeps a batch from being done, as problems: for scripts and for people."""
    for one in summary.bad:
        yield Problem(
            code="row-bad",
            severity=Severity.ERROR,
            says=f"row {one.number}: {one.says}",
            mark=Mark(summary.table, one.line, 1),
        )
    totals = summary.totals
    if totals.bad > len(summary.bad):
        yield _problem("row-bad", f"{totals.bad - len(summary.bad):,} more bad rows: see {summary.results}", "")
    if totals.failed:
        says = f"{count(totals.failed, 'row')} failed: see {summary.results}"
        yield _problem("rows-failed", says, "the same command with --failed tries them again")
    if totals.waiting:
        says = count(totals.waiting, "row waits for a decision", "rows wait for a decision")
        run = summary.runs[-1] if summary.runs else "RUN"
        try_ = f"rushes status {run} says what to approve, rushes unknowns what is in doubt"
        yield _problem("waits-for-approval", says, try_, Severity.WARNING)
    if summary.refused is not None:
        yield _problem("refused", summary.refused.message, summary.refused.next_step)
    elif summary.held_back:
        yield _problem(
            "canary", "the canary was run, and nothing more", "look at it; the same command with --yes goes on"
        )
    elif totals.open:
        yield _problem(
            "open", f"{count(totals.open, 'row')} are not done yet", "the same command goes on", Severity.WARNING
        )


def _problem(code: str, says: str, try_: str, severity: Severity = Severity.ERROR) -> Problem:
    return Problem(code=code, severity=severity, says=says, try_=try_)
