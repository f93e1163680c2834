"""`rushes limits`, `rushes limits set`, `rushes limits forget`."""

from __future__ import annotations

from pathlib import Path

import click

from rushes.app.limits_shown import LimitLine, clear_limit, forget_limit, set_limit
from rushes.app.limits_shown import limits as limits_of
from rushes.app.project import Project
from rushes.app.rates import HOW, parse_rate
from rushes.cli.exits import Exit
from rushes.cli.say import clean
from rushes.cli.session import Session, common, session
from rushes.model.limit import Rate


def _rates(context: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> tuple[Rate, ...]:
    """A callback: every rate as it is written."""
    found = []
    for text in given:
        rate = parse_rate(text)
        if rate is None:
            raise click.BadParameter(f"{clean(text)!r} is no rate: {HOW}", context, parameter)
        found.append(rate)
    return tuple(found)


@click.group(invoke_without_command=True, subcommand_metavar="[set|forget]")
@click.option("--provider", metavar="NAME", help="Only limits at this provider.")
@common
@click.pass_context
def limits(context: click.Context, provider: str | None) -> int | None:
    """Say what each account may be asked at once and in a time, who says so, and who waits for it."""
    if context.invoked_subcommand is not None:
        return None
    now = session()
    with Project.open(Path.cwd(), home=now.home) as project:
        found = limits_of(project, provider)
    now.result([one.plain() for one in found])
    if now.for_people:
        _show(found)
    return Exit.OK


@limits.command("set")
@click.argument("name")
@click.argument("at_once", metavar="[N]", type=click.IntRange(min=1), required=False)
@click.option(
    "--rate", "rates", metavar="RATE", multiple=True, callback=_rates, help="At most so much in a time: 60/min."
)
@click.option("--clear", is_flag=True, help="Take back what was set.")
@common
def set_(name: str, at_once: int | None, rates: tuple[Rate, ...], clear: bool) -> int:
    """Let no process have more than N requests in flight at NAME, a provider such as fal or a model: fal/flux_dev.

    Runs under way follow within a second. What finds itself stays below it.
    """
    if clear == (at_once is not None or bool(rates)):
        says = "--clear takes all of it back: leave the rest out" if clear else "say what to set: N, --rate or --clear"
        raise click.UsageError(says)
    now = session()
    with Project.open(Path.cwd(), home=now.home) as project:
        line = clear_limit(project, name) if clear else set_limit(project, name, at_once, rates)
    return _told(now, line)


@limits.command()
@click.argument("name")
@common
def forget(name: str) -> int:
    """Forget what was found of NAME: the next run finds it anew. What was set stays."""
    now = session()
    with Project.open(Path.cwd(), home=now.home) as project:
        line = forget_limit(project, name)
    _told(now, line)
    if line.processes:
        now.talk("a process uses it now, and goes on from what it knows")
    return Exit.OK


def _told(now: Session, line: LimitLine) -> int:
    now.result(line.plain())
    if now.for_people:
        _show([line])
    return Exit.OK


def _show(found: list[LimitLine]) -> None:
    from rushes.cli.limits_table import show_limits  # rich costs a tenth of a second, and a script needs none

    show_limits(found)
