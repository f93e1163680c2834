"""`rushes stats`."""

from __future__ import annotations

import re
from pathlib import Path

import click
from click.core import ParameterSource

from rushes.app.project import Project
from rushes.app.stats import stats as count_all
from rushes.cli.session import Session, common, session

_DEFAULT = ParameterSource.DEFAULT
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}


def _since(context: click.Context, parameter: click.Parameter, given: str) -> float | None:
    """Seconds; None for `all`."""
    if given == "all":
        return None
    found = re.fullmatch(r"(\d{1,6})([smhdw])", given)
    if found is None:
        raise click.BadParameter(f"{given!r} is no length of time, such as 90m, 24h, 7d or all", context, parameter)
    return int(found[1]) * _UNITS[found[2]]


def _refuse_others(now: Session) -> None:
    """Metrics are sums over all there is, in a form of their own: nothing else is silently left out."""
    context = click.get_current_context()
    given = [name for name in ("since", "provider", "model") if context.get_parameter_source(name) is not _DEFAULT]
    if now.json or given:
        name = given[0] if given else "json"
        raise click.UsageError(f"--prometheus prints all there is, in its own form: leave --{name} out")


@click.command()
@click.option("--since", callback=_since, default="7d", show_default=True, metavar="TIME", help="7d, 24h, 90m or all.")
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
        found = count_all(project, seconds=since, provider=provider, model=model)
    now.result(found.plain())
    if now.for_people:
        from rushes.cli.stats_tables import show_stats  # rich costs a tenth of a second, and a script needs none

        show_stats(found)
