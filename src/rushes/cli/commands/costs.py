"""`rushes costs`."""

from __future__ import annotations

from pathlib import Path

import click

from rushes.app.costs import Costs, costs_csv
from rushes.app.costs import costs as add_up
from rushes.app.costs_groups import GROUPS
from rushes.app.project import Project
from rushes.cli.options import assignments
from rushes.cli.period import moment
from rushes.cli.session import common, session


@click.command()
@click.option("--by", type=click.Choice(GROUPS), default="model", show_default=True, help="What costs are added up by.")
@click.option("--since", callback=moment(), metavar="TIME", help="From then on: 7d, 12h, 2026-11-01 or all.")
@click.option("--until", callback=moment(end=True), metavar="TIME", help="Until then, or to the end of that day.")
@click.option("--simulated", is_flag=True, help="What simulators charged, instead of real money.")
@click.option("--csv", "as_csv", is_flag=True, help="The groups as CSV on stdout.")
@click.option(
    "--usage",
    "export",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Hold a provider's usage export (CSV, JSON) against the books.",
)
@click.option("--provider", metavar="NAME", help="Whose export it is, where its name does not say so.")
@click.option(
    "--map",
    "names",
    callback=assignments,
    multiple=True,
    metavar="WHAT=COLUMN",
    help="Which column is the date, amount, id, model or currency.",
)
@common
def costs(
    by: str,
    since: float | None,
    until: float | None,
    simulated: bool,
    as_csv: bool,
    export: Path | None,
    provider: str | None,
    names: dict[str, str],
) -> None:
    """Say what was bought, for how much, and what of it came to nothing.

    Every cent is in exactly one group. What is unknown is shown beside the sums, and simulated money never in them.
    """
    now = session()
    if since is not None and until is not None and since >= until:
        raise click.UsageError("--since is later than --until: nothing lies between them")
    if export is None and (provider or names):
        raise click.UsageError("--provider and --map are for --usage FILE")
    if export is not None:
        if simulated or as_csv:
            raise click.UsageError("--usage is about real money, and a comparison has no CSV")
        _usage(export, provider, names, since, until)
        return
    with Project.open(Path.cwd(), home=now.home) as project:
        found = add_up(project, by=by, since=since, until=until, simulated=simulated)
    now.result({"costs": found.plain(), "usage": None})
    if as_csv and now.for_people:
        click.echo(costs_csv(found), nl=False)
    elif now.for_people:
        _show(found)


def _show(found: Costs) -> None:
    from rushes.cli.costs_tables import show_costs  # rich costs a tenth of a second, and a script needs none

    show_costs(found)


def _usage(export: Path, provider: str | None, names: dict[str, str], since: float | None, until: float | None) -> None:
    from rushes.app.usage import provider_of, usage  # what few need
    from rushes.app.usage_lines import COLUMNS

    now = session()
    unknown = [what for what in names if what not in COLUMNS]
    if unknown:
        raise click.BadParameter(f"{unknown[0]!r} is none of {', '.join(COLUMNS)}", param_hint="--map")
    with Project.open(Path.cwd(), home=now.home) as project:
        found = usage(project, export, provider_of(export, provider), since=since, until=until, names=names)
    now.result({"costs": None, "usage": found.plain()})
    if now.for_people:
        from rushes.cli.costs_tables import show_usage

        show_usage(found)
