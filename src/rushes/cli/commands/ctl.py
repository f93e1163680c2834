"""`rushes ctl`."""

from __future__ import annotations

import time
from pathlib import Path

import click

from rushes.app.control import Answer, tell
from rushes.app.project import Project
from rushes.cli.options import newest
from rushes.cli.say import clean, count
from rushes.cli.session import common, session
from rushes.model.money import show_usd
from rushes.model.run import Knob, Verb

_SHOWN = 20
_NONE = "none"


def _knobs(context: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> dict[Knob, int | None]:
    """A callback: `KEY=VALUE`, with a whole number or `none` for a value."""
    found: dict[Knob, int | None] = {}
    for text in given:
        key, _equals, value = text.partition("=")
        try:
            found[Knob(key)] = None if value == _NONE else int(value)
        except ValueError:
            known = " or ".join(f"{knob}=N" for knob in Knob)
            says = f"{clean(text)!r} is not {known}, with a whole number or {_NONE}"
            raise click.BadParameter(says, context, parameter) from None
    return found


@click.command()
@click.argument("run_id", metavar="RUN", callback=newest)
@click.argument("verb", metavar="ACTION", type=click.Choice([str(verb) for verb in Verb]))
@click.argument("knobs", metavar="[KEY=VALUE...]", nargs=-1, callback=_knobs)
@click.option("--by", metavar="NAME", help="Who says so (else the user of this machine).")
@common
def ctl(run_id: str | None, verb: str, knobs: dict[Knob, int | None], by: str | None) -> None:
    """Tell RUN, which another process drives, to do ACTION: pause, resume, drain, cancel or set.

    Paused it begins nothing that costs, and keeps what its providers are at. Drained it finishes that and stops;
    cancelled it calls that off. KEY is concurrency or priority. RUN may be `last`.
    """
    now = session()
    with Project.open(Path.cwd(), home=now.home) as project:
        answer = tell(project, run_id, Verb(verb), knobs, by=by)
    now.result(answer.plain())
    if now.for_people:
        _show(answer)


def _show(answer: Answer) -> None:
    flying = count(len(answer.in_flight), "request")
    most = show_usd(answer.worst) + (f" and {answer.unpriced} of unknown price" if answer.unpriced else "")
    match answer.verb:
        case Verb.PAUSE:
            click.echo(f"run {answer.run} is paused{_since(answer)}: nothing that costs is begun")
            if answer.in_flight:
                click.echo(f"{flying} at its providers, at most {most}: finished and kept")
            click.echo(f"go on with: rushes ctl {answer.run} resume")
        case Verb.RESUME:
            click.echo(f"run {answer.run} was not paused" if answer.before else f"run {answer.run} goes on")
        case Verb.DRAIN:
            click.echo(f"run {answer.run} begins nothing more{_since(answer)}; it finishes {flying}, at most {most}")
            click.echo(f"when it has stopped, go on with: rushes resume {answer.run}")
        case Verb.CANCEL:
            click.echo(f"run {answer.run} is cancelled: its providers are told to stop {flying}")
            if answer.in_flight:
                click.echo(f"at most {most} may be charged all the same:")
            _show_in_flight(answer)
            click.echo(f"what it made is kept; go on with: rushes resume {answer.run}")
        case Verb.SET:
            turned = ", ".join(f"{knob} is {_NONE if value is None else value}" for knob, value in answer.knobs.items())
            when = "from now on" if answer.driven else f"when it is resumed: rushes resume {answer.run}"
            click.echo(f"run {answer.run}: {turned} {when}")


def _show_in_flight(answer: Answer) -> None:
    for one in answer.in_flight[:_SHOWN]:
        where = f"{clean(one.node)} row {one.row + 1} candidate {one.candidate + 1}"
        click.echo(f"  {one.attempt}  {where}  {clean(one.provider)}/{clean(one.model)}  at most {show_usd(one.worst)}")
    if len(answer.in_flight) > _SHOWN:
        click.echo(f"  ... and {len(answer.in_flight) - _SHOWN:,} more")


def _since(answer: Answer) -> str:
    at = time.strftime("%H:%M:%S", time.localtime(answer.at))
    return f" by {clean(answer.by)} since {at}" if answer.before else ""
