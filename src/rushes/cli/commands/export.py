"""`rushes export`."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from rushes.app.again import export_run
from rushes.app.expanded import expanded
from rushes.app.project import Project
from rushes.cli.options import newest
from rushes.cli.session import common, session


@click.command()
@click.argument("run_id", metavar="[RUN]", required=False, callback=newest)
@click.option("--output-dir", metavar="DIR", help="Write here, not where the run wrote.")
@common
def export(run_id: str | None, output_dir: str | None) -> None:
    """Write the files of RUN (or of the newest) and its report again. What is right already is not touched."""
    now = session()
    target = str(expanded(output_dir).absolute()) if output_dir else None
    with Project.open(Path.cwd(), home=now.home) as project:
        summary = asyncio.run(export_run(project, run_id, target))
    now.result(summary.plain())
    if now.for_people:
        for path in summary.exported:
            click.echo(path)
        if not summary.exported:
            now.talk(f"run {summary.run} has nothing to export yet")
