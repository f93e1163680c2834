"""`rushes plan`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import click

from rushes.app.ceiling import foresee
from rushes.app.plan import prepare
from rushes.app.planned import Action, Plan
from rushes.app.project import Project
from rushes.cli.options import options_from, project_flags, running, selection, workflow_file
from rushes.cli.say import clean, count, problem_lines
from rushes.cli.session import KEPT, common, session


@click.command()
@click.argument("file", type=workflow_file)
@selection
@running
@click.option("--all", "every", is_flag=True, help="One line for every node, however many there are.")
@common
def plan(file: Path, every: bool, **given: Any) -> None:
    """Show what a run of FILE would do, and why: per node run, reuse or blocked; calls, money, time.

    Nothing is bought. The fingerprint at the end binds a run to this plan: rushes run FILE --plan FINGERPRINT.
    """
    now = session()
    options = options_from(given)
    with Project.open(file.absolute().parent, **project_flags(options, now.home)) as project:
        prepared = foresee(project, asyncio.run(prepare(project, file, options)))
        KEPT.append(prepared)
    now.result(prepared.plan.plain() if now.json else None, problems=prepared.problems)
    if now.for_people:
        for line in problem_lines(prepared.problems):
            now.talk(line)
        _show(prepared.plan, prepared.workflow.name, every)


def _show(plan: Plan, name: str, every: bool) -> None:
    if plan.idle and not plan.warnings and not every:
        click.secho(
            f"nothing to do for {clean(name)}: {count(plan.counts[Action.REUSE], 'node')} here already", fg="green"
        )
        click.echo(f"plan      {plan.fingerprint}")
        return
    # only now: a plan with nothing in it never pays for the tables
    from rushes.cli.tables import out, show_plan

    show_plan(plan, name, out(), every=every)
