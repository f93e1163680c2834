"""`rushes compare`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from rushes.app.compare import Wish, compare_models
from rushes.app.compared import Comparison
from rushes.app.expanded import expanded
from rushes.app.project import Project
from rushes.cli.driving import driven
from rushes.cli.exits import exit_of_state
from rushes.cli.options import agreed, assignments, budget, names, project_flags, whom
from rushes.cli.session import common, session
from rushes.model.operation import REMOTE, Operation
from rushes.model.problem import Problem, Severity
from rushes.model.run import RunOptions, RunState


def _params(context: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, Any]:
    """A callback: `NAME=VALUE`; numbers and truth values as JSON writes them, all else as text."""
    return {name: _value(text) for name, text in assignments(context, parameter, given).items()}


def _value(text: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, bool | int | float) else text


@click.command()
@click.argument("prompt", required=False)
@click.option("-m", "--models", callback=names, multiple=True, required=True, metavar="NAME,...", help="Who is asked.")
@click.option("--image", "pictures", multiple=True, metavar="FILE", help="A picture (file or URL) to begin with.")
@click.option(
    "--op",
    type=click.Choice(sorted(map(str, REMOTE))),
    metavar="OPERATION",
    help="What is to be done, if not what most of them can do.",
)
@click.option("-n", "count", type=click.IntRange(1, 100), default=1, metavar="N", help="N results of each model.")
@click.option("-p", "--param", "params", callback=_params, multiple=True, metavar="NAME=VALUE", help="For every model.")
@click.option("--fresh", is_flag=True, help="Ask anew for what is here already.")
@whom
@budget
@click.option("--output-dir", metavar="DIR", help="Write outputs here, not into this folder.")
@agreed
@common
def compare(
    prompt: str | None,
    models: tuple[str, ...],
    pictures: tuple[str, ...],
    op: str | None,
    count: int,
    params: dict[str, Any],
    fresh: bool,
    yes: bool,
    output_dir: str | None,
    **given: Any,
) -> int:
    """Ask several models the same, and show what they made side by side: time, cost, size, quality.

    PROMPT says what to make, --image what to begin with. What is here already costs nothing; its time and its price are
    those of when it was made. Beside the results lies a contact sheet, as a picture and as a page.
    """
    now = session()
    wish = Wish(
        models=models,
        prompt=prompt,
        pictures=pictures,
        op=Operation(op) if op else None,
        count=count,
        params=params,
        fresh=fresh,
    )
    options = RunOptions(
        provider=given["provider"],
        sim=given["sim"],
        concurrency=given["concurrency"],
        budget=given["budget"],
        output_dir=str(expanded(output_dir).absolute()) if output_dir else None,
    )
    folder = Path.cwd()
    with Project.open(folder, **project_flags(options, now.home)) as project:
        found = driven(now, lambda hooks: compare_models(project, wish, options, folder=folder, hooks=hooks), yes=yes)
    now.result(found.plain(), ok=found.state is RunState.DONE, problems=_problems(found))
    if now.for_people:
        from rushes.cli.side_by_side import show_comparison  # tables cost more than the rest of a short command

        show_comparison(found)
    return exit_of_state(found.state)


def _problems(found: Comparison) -> list[Problem]:
    """Who did not deliver."""
    return [
        Problem(
            code="model-failed",
            severity=Severity.ERROR,
            says=f"{one.model}: {one.why}",
            try_="compare again: only what is missing is asked for",
            node=one.model,
        )
        for one in found.contenders
        if one.why
    ]
