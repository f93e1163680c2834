"""`rushes stats`."""

from __future__ import annotations

from pathlib import Path

import click
from click.core import ParameterSource

from rushes.app.project import Project
from rushes.app.stats import stats as count_all
from rushes.cli.period import moment
from rushes.cli.session import Session, common, session

_DEFAULT = ParameterSource.DEFAULT


def _refuse_others(now: Session) -> None:
    """Metrics are sums over all there is, in a form of their own: nothing else is silently left out."""
    context = click.get_current_context()
    given = [name for name in ("since", "provider", "model") if context.get_parameter_source(name) is not _DEFAULT]
    if now.json or given:
        name = given[0] if given else "json"
        raise click.UsageError(f"--prometheus prints all there is, in its own form: leave --{name} out")


@click.command()
@click.option(
    "--since",
    callback=moment(),
    default="7d",
    show_default=True,
    metavar="TIME",
    help="From then on: 7d, 12h, 2026-11-01 or all.",
)
@click.option("--provider", metavar="NAME", help="Only requests to this provider.")
@click.option("--model", metavar="NAME", help="Only requests for this model.")
@click.option("--prometheus", is_flag=True, help="Print the metrics of `run --metrics`, of all that the ledger knows.")
@common
def stats(since: float | None, provider: str | None, model: str | None, prometheus: bool) -> None:
    """Say how fast each model was, how requests ended, what was refused, reused and picked.

    Simulated requests are counted apart from real ones.
    """
    now = session()
    if prometheus:
        _refuse_others(now)
    with Project.open(Path.cwd(), home=now.home) as project:
        if prometheus:
            from rushes.app.metrics import metrics_text  # a library that few have, and that this is for

            click.echo(metrics_text(project), nl=False)
            return
        found = count_all(project, since=since, provider=provider, model=model)
    now.result(found.plain())
    if now.for_people:
        from rushes.cli.stats_tables import show_stats  # rich costs a tenth of a second, and a script needs none

        show_stats(found)
