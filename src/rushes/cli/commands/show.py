"""`rushes status`, `rushes runs`."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from rushes.app import show
from rushes.app.project import Project
from rushes.cli.exits import Exit, exit_of_state
from rushes.cli.options import newest
from rushes.cli.say import clean
from rushes.cli.session import common, session
from rushes.cli.tables import out, show_runs, show_summary
from rushes.model.event import Word
from rushes.model.run import RunRecord


@click.command()
@click.argument("run_id", metavar="[RUN]", required=False, callback=newest)
@click.option("--all", "every", is_flag=True, help="One line for every node.")
@click.option("--exit-code", is_flag=True, help="Exit as the run would: 3 failed, 4 waiting, 130 stopped.")
@common
def status(run_id: str | None, every: bool, exit_code: bool) -> int:
    """Show where RUN (or the newest) stands: what is done, what failed, what waits for whom."""
    now = session()
    with Project.open(Path.cwd(), home=now.home) as project:
        summary = asyncio.run(show.status(project, run_id))
    now.result(summary.plain())
    if now.for_people:
        show_summary(summary, out(), every=every)
    return exit_of_state(summary.state) if exit_code else Exit.OK


@click.command()
@click.option("--file", "file", type=click.Path(path_type=Path), help="Only the runs of this workflow file.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, metavar="N", help="At most N.")
@common
def runs(file: Path | None, limit: int) -> None:
    """List the runs, newest first."""
    now = session()
    with Project.open(Path.cwd(), home=now.home) as project:
        found = show.runs(project, file=file, limit=limit)
        told = {one.id: word for one in found if (word := show.word_to(project, one)) is not None}
    now.result([_plain(one, told.get(one.id)) for one in found])
    if now.for_people:
        show_runs(found, out())
        for one in found:
            if one.id in told:
                click.echo(f"{one.id}: {clean(show.word_says(one, told[one.id]))}")


def _plain(one: RunRecord, word: Word | None) -> dict[str, object]:
    return {
        "run": one.id,
        "workflow": one.workflow,
        "file": one.file,
        "format": one.format,
        "state": str(one.state),
        "mode": str(one.options.mode),
        "created": one.created,
        "updated": one.updated,
        "fingerprint": one.fingerprint,
        "simulated": one.options.sim is not None,
        "told": None if word is None else {"verb": str(word.said.verb), "by": word.said.by, "at": word.at},
    }
