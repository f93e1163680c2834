"""`rushes run`, `rushes rerun`, `rushes resume`."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import click

from rushes.app.hooks import Hooks
from rushes.app.planned import Plan
from rushes.app.project import Project
from rushes.app.run import rerun_file, run_file
from rushes.app.run import resume as resume_run
from rushes.cli.driving import drive
from rushes.cli.options import (
    agreed,
    budget,
    min_free,
    newest,
    on_unknown,
    options_from,
    priority,
    project_flags,
    running,
    selection,
    stand_ins,
    stand_ins_from,
    workflow_file,
)
from rushes.cli.options import names as node_names
from rushes.cli.say import clean, fitted
from rushes.cli.session import Session, common, metrics, session
from rushes.model.run import OnUnknown, RunOptions

F = TypeVar("F", bound=Callable[..., Any])


def _stream(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value:
        context.ensure_object(Session).stream = True


def _webhooks(context: click.Context, _parameter: click.Parameter, value: str | None) -> None:
    context.ensure_object(Session).webhooks = value


def _driving(command: F) -> F:
    command = metrics(command)
    command = click.option(
        "--webhooks",
        metavar="URL[,listen=HOST:PORT]",
        expose_value=False,
        callback=_webhooks,
        help="Let providers call at this public address when a job is done.",
    )(command)
    command = click.option(
        "--stream", is_flag=True, expose_value=False, callback=_stream, help="Every event as a line of JSON on stdout."
    )(command)
    command = agreed(command)
    return click.option("--all", "every", is_flag=True, help="One line for every node at the end.")(command)


@click.command()
@click.argument("file", type=workflow_file)
@selection
@running
@click.option("--plan", "bound_to", metavar="FINGERPRINT", help="Refuse if the plan is not this one.")
@_driving
@common
def run(file: Path, bound_to: str | None, every: bool, yes: bool, **given: Any) -> int:
    """Run FILE: buy what is missing, in parallel, and keep every result by its content.

    What is here already is used again, whichever run or project made it. Ctrl-C stops cleanly: nothing new is begun,
    and `rushes resume` goes on.
    """
    now = session()
    options = options_from(given)
    with _project(file, options, now) as project:
        return drive(
            now,
            lambda hooks: run_file(project, file, options, bound_to=bound_to, hooks=_warned(hooks, now)),
            yes=yes,
            every=every,
        )


@click.command()
@click.argument("file", type=workflow_file)
@click.argument("nodes", nargs=-1, required=True, callback=node_names)
@click.option("--fresh-seed", is_flag=True, help="Take another seed even where the file pins one.")
@click.option("--prompt", metavar="TEXT", help="Use this prompt for the nodes, this time.")
@selection
@running
@_driving
@common
def rerun(
    file: Path,
    nodes: tuple[str, ...],
    fresh_seed: bool,
    prompt: str | None,
    every: bool,
    yes: bool,
    **given: Any,
) -> int:
    """Ask again for NODES of FILE (ids or titles), and for nothing else. Earlier results stay in the store."""
    now = session()
    options = dataclasses.replace(options_from(given), rerun=nodes, fresh_seed=fresh_seed, prompt=prompt)
    with _project(file, options, now) as project:
        return drive(
            now, lambda hooks: rerun_file(project, file, options, hooks=_warned(hooks, now)), yes=yes, every=every
        )


@click.command()
@click.argument("run_id", metavar="[RUN]", required=False, callback=newest)
@budget
@priority
@on_unknown
@min_free
@stand_ins
@_driving
@common
def resume(run_id: str | None, every: bool, yes: bool, **given: Any) -> int:
    """Go on with RUN, or with the newest run that is not over. What is finished is never done again."""
    now = session()
    most: Decimal | None = given["budget"]
    doubt = OnUnknown(given["on_unknown"]) if given["on_unknown"] else None
    others = stand_ins_from(given)
    with Project.open(Path.cwd(), home=now.home, min_free=now.min_free) as project:
        return drive(
            now,
            lambda hooks: resume_run(
                project,
                run_id,
                budget=most,
                priority=given["priority"],
                on_unknown=doubt,
                substitute=others,
                hooks=_warned(hooks, now),
            ),
            yes=yes,
            every=every,
        )


def _warned(hooks: Hooks, now: Session) -> Hooks:
    """What the plan warns of is said here too: not everybody looks at it first."""

    def planned(plan: Plan) -> None:
        hooks.planned(plan)
        for one in plan.warnings:
            now.talk(fitted(f"warning: {clean(one)}", sys.stderr))

    return hooks._replace(planned=planned)


def _project(file: Path, options: RunOptions, now: Session) -> Project:
    return Project.open(file.absolute().parent, **project_flags(options, now.home))
