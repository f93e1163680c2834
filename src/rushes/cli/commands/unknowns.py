"""`rushes unknowns`, `rushes resolve`."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from rushes.app.project import Project
from rushes.app.unknowns import Outcome, UnknownAttempt
from rushes.app.unknowns import resolve as resolve_attempt
from rushes.app.unknowns import unknowns as all_unknowns
from rushes.cli.say import clean, count
from rushes.cli.session import common, session
from rushes.model.money import ZERO, show_usd


@click.command()
@common
def unknowns() -> None:
    """List the requests, of all runs, of which nobody can say whether they were accepted and charged."""
    now = session()
    with Project.open(Path.cwd(), home=now.home) as project:
        found = all_unknowns(project)
    now.result([one.plain() for one in found])
    if now.for_people:
        for one in found:
            _show(one)
        worst = sum((one.worst or ZERO for one in found), ZERO)
        unpriced = " and some of unknown price" if any(one.worst is None for one in found) else ""
        total = f"{count(len(found), 'request')} in doubt, at most {show_usd(worst)}{unpriced}"
        click.echo(total if found else "nothing is in doubt")


def _show(one: UnknownAttempt) -> None:
    where = f"{clean(one.node)} row {one.row + 1} candidate {one.candidate + 1}"
    click.secho(f"{one.attempt}  {where}  at most {show_usd(one.worst)}", bold=True)
    click.echo(f"  {clean(one.says)}")
    click.echo(f"  look for {clean(one.look_for)}")
    if one.asked:
        click.echo(f"  then: rushes resolve {one.attempt} --as paid|lost|adopt")


@click.command()
@click.argument("attempt")
@click.argument("remote", metavar="[ID-OR-URL]", required=False)
@click.option(
    "--as",
    "outcome",
    type=click.Choice([str(one) for one in Outcome]),
    required=True,
    help="paid: charged, no result; lost: never accepted; adopt: here it is.",
)
@click.option("--note", default="", metavar="TEXT", help="Why; kept with the decision.")
@click.option("--by", metavar="NAME", help="Who decides (else the user of this machine).")
@common
def resolve(attempt: str, remote: str | None, outcome: str, note: str, by: str | None) -> None:
    """Say what became of ATTEMPT, a request in doubt, as you found it at the provider.

    With `--as adopt` name the job's id there, or the URL of its result; the next resume takes it in.
    """
    now = session()
    with Project.open(Path.cwd(), home=now.home) as project:
        done = asyncio.run(resolve_attempt(project, attempt, Outcome(outcome), remote, by=by, note=note))
    now.result({**done._asdict(), "outcome": str(done.outcome)})
    if now.for_people:
        said = {"paid": "counts as paid", "lost": "was never accepted: its money is free", "adopt": "is adopted"}
        click.echo(f"{done.attempt} {said[done.outcome]}" + (" (said before)" if done.before else ""))
        click.echo(f"go on with: rushes resume {done.run}")
