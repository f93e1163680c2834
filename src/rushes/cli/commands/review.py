"""`rushes approve`, `rushes reject`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from rushes.app.project import Project
from rushes.app.review import decide
from rushes.cli.options import newest
from rushes.cli.say import clean, count
from rushes.cli.session import common, session
from rushes.model.verdict import Choice

F = TypeVar("F", bound=Callable[..., Any])


def _arguments(command: F) -> F:
    for one in (
        common,
        click.option("--note", default="", metavar="TEXT", help="Why; kept with the decision."),
        click.option("--by", metavar="NAME", help="Who decides (else the user of this machine)."),
        click.option("--row", type=click.IntRange(min=1), metavar="N", help="Which row, when several wait."),
        click.argument("candidate", type=click.IntRange(min=1)),
        click.argument("node"),
        click.argument("run_id", metavar="RUN", callback=newest),
    ):
        command = one(command)
    return command


@click.command()
@_arguments
def approve(**given: Any) -> None:
    """Let CANDIDATE (a number from 1) of NODE in RUN through its gate. Bound to its bytes, for good.

    RUN may be `last`. NODE is the gate, or the step in front of it.
    """
    _decide(Choice.APPROVED, **given)


@click.command()
@_arguments
def reject(**given: Any) -> None:
    """Turn CANDIDATE (a number from 1) of NODE in RUN down: no policy will pick it."""
    _decide(Choice.REJECTED, **given)


def _decide(
    choice: Choice, run_id: str | None, node: str, candidate: int, row: int | None, by: str | None, note: str
) -> None:
    now = session()
    with Project.open(Path.cwd(), home=now.home) as project:
        ruling = asyncio.run(decide(project, run_id, node, candidate, choice, row=row, by=by, note=note))
    now.result(ruling._asdict())
    if now.for_people:
        click.echo(f"{choice}: candidate {ruling.candidate} of {clean(ruling.node)} row {ruling.row}")
        if ruling.left:
            click.echo(f"{count(ruling.left, 'row still waits', 'rows still wait')}: rushes status {ruling.run}")
        if ruling.parked:
            click.echo(f"go on with: rushes resume {ruling.run}")
