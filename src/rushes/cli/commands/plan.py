"""`rushes plan`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rushes.app.ceiling import foresee
from rushes.app.consent import foresee_consent
from rushes.app.disk import foresee_room
from rushes.app.plan import Prepared, prepare
from rushes.app.planned import Action
from rushes.app.project import Project
from rushes.app.time_limits import time_limits
from rushes.cli.options import SHOW, options_from, project_flags, running, selection, workflow_file
from rushes.cli.say import clean, count, problem_lines
from rushes.cli.session import KEPT, common, session

if TYPE_CHECKING:
    from rushes.app.hints import Hint


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
        prepared = asyncio.run(prepare(project, file, options))
        prepared = foresee_consent(project, foresee_room(project, foresee(project, prepared)))
        KEPT.append(prepared)
        near = _near(project, prepared) if given["similar"] == SHOW else None
    if now.json:
        more: dict[str, Any] = {"timeouts": [one.plain() for one in time_limits(prepared)]}
        if near is not None:
            more["similar"] = [one.plain() for one in near]
        if prepared.changed is not None:
            more["profile"] = prepared.changed.plain(prepared.plan.money)
        now.result({**prepared.plan.plain(), **more}, problems=prepared.problems)
    if now.for_people:
        for line in problem_lines(prepared.problems):
            now.talk(line)
        _show(prepared, every)
    if now.for_people and near is not None:
        from rushes.cli.similar import show_near

        show_near(near)


def _near(project: Project, prepared: Prepared) -> Sequence[Hint]:
    from rushes.app.hints import hints  # with all prompts of the ledger: for those who ask

    return hints(project, prepared)


def _show(prepared: Prepared, every: bool) -> None:
    plan, name = prepared.plan, prepared.workflow.name
    if plan.idle and not plan.warnings and not every:
        click.secho(
            f"nothing to do for {clean(name)}: {count(plan.counts[Action.REUSE], 'node')} here already", fg="green"
        )
        click.echo(f"plan      {plan.fingerprint}")
        return
    # only now: a plan with nothing in it never pays for the tables
    from rushes.cli.tables import out, show_plan

    show_plan(plan, name, out(), every=every, limits=time_limits(prepared))
