"""The flags that several commands share, and how they become `RunOptions`."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import click

from rushes.app.expanded import expanded
from rushes.cli.session import Session, session
from rushes.model.money import parse_usd
from rushes.model.profile import FINAL
from rushes.model.run import PRIORITIES, STAND_INS, OnUnknown, RunMode, RunOptions
from rushes.model.size import parse_age, parse_bytes
from rushes.model.workflow import Pick

F = TypeVar("F", bound=Callable[..., Any])


class Number(click.FloatRange):
    """A number within bounds; what is no number (`nan`), or has no end (`inf`), is within none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number."""
        found = super().convert(value, param, ctx)
        if not math.isfinite(found):
            self.fail(f"{value!r} is no number.", param, ctx)
        return found


def names(context: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    """A callback: a flag that may be repeated, and whose values may hold several names with commas between."""
    found = tuple(part.strip() for value in given for part in value.split(",") if part.strip())
    if given and not found:
        raise click.BadParameter("give at least one name", context, parameter)
    return found


def assignments(context: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    """A callback: `NAME=VALUE`, any number of times."""
    found: dict[str, str] = {}
    for value in given:
        name, equals, rest = value.partition("=")
        if not equals or not name.strip():
            raise click.BadParameter(f"{value!r} is not NAME=VALUE", context, parameter)
        found[name.strip()] = rest
    return found


def dollars(context: click.Context, parameter: click.Parameter, given: str | None) -> Decimal | None:
    """A callback: an amount in USD."""
    if given is None:
        return None
    amount = parse_usd(given)
    if amount is None:
        raise click.BadParameter(f"{given!r} is no amount in USD, such as 5.00", context, parameter)
    return amount


def size(context: click.Context, parameter: click.Parameter, given: str | None) -> int | None:
    """A callback: a number of bytes."""
    found = None if given is None else parse_bytes(given)
    if given is not None and found is None:
        raise click.BadParameter(f"{given!r} is no size, such as 20GB or 500MB", context, parameter)
    return found


def age(context: click.Context, parameter: click.Parameter, given: str | None) -> float | None:
    """A callback: a span of time in seconds."""
    found = None if given is None else parse_age(given)
    if given is not None and found is None:
        raise click.BadParameter(f"{given!r} is no span of time, such as 7d or 12h", context, parameter)
    return found


workflow_file = click.Path(exists=True, dir_okay=False, path_type=Path)
"""A file that is there."""


def newest(_context: click.Context, _parameter: click.Parameter, given: str | None) -> str | None:
    """The newest run, however it is asked for: by `last`, or by no name at all."""
    return None if given == "last" else given


def agreed(command: F) -> F:
    """Whoever asks agrees to what it costs."""
    return click.option("-y", "--yes", is_flag=True, help="Buy without asking.")(command)


def whom(command: F) -> F:
    """Who is asked, and for how much at once."""
    auto = "Ask this provider for everything, or each model's own: auto."
    flags: tuple[Callable[[F], F], ...] = (
        click.option("--provider", metavar="NAME", help=auto),
        click.option("--sim", metavar="URL", help="A simulator stands in for every remote provider."),
        click.option("--concurrency", type=click.IntRange(min=1), metavar="N", help="At most N requests at once."),
    )
    for flag in reversed(flags):
        command = flag(command)
    return command


def budget(command: F) -> F:
    """The ceiling of one run."""
    says = "Spend at most USD in this run."
    return click.option("--budget", callback=dollars, metavar="USD", help=says)(command)


def _min_free(context: click.Context, parameter: click.Parameter, given: str | None) -> None:
    context.ensure_object(Session).min_free = size(context, parameter, given)


def min_free(command: F) -> F:
    """What must stay free on every disk; it is of this machine, and not kept with the run."""
    says = "Begin nothing when less than this would stay free on a disk (else 1GB)."
    flag = click.option("--min-free", expose_value=False, callback=_min_free, metavar="SIZE", help=says)
    return flag(command)


def on_unknown(command: F) -> F:
    """What to do about requests in doubt."""
    return click.option(
        "--on-unknown",
        type=click.Choice([str(one) for one in OnUnknown]),
        help="A request in doubt: ask me, resubmit it (its worst case counts as spent), or fail its step.",
    )(command)


def stand_ins(command: F) -> F:
    """Who may stand in for models that are not to be had."""
    auto = "Let declared equivalents stand in for models that are retired or out."
    named = "Let NEW, a declared equivalent, stand in for OLD."
    pairs = click.option("--stand-in", "pairs", multiple=True, metavar="OLD=NEW", help=named)
    return click.option("--substitute", is_flag=True, help=auto)(pairs(command))


def stand_ins_from(given: dict[str, Any]) -> tuple[str, ...]:
    """What both flags say, for `RunOptions.substitute`."""
    return (*([STAND_INS] if given["substitute"] else []), *given["pairs"])


SHOW = "show"
"""What `--similar` without a score means to a plan: show what there is, and take nothing."""

_DIGEST = re.compile("[0-9a-f]{8,64}")
_ROW = re.compile(r"(.+):([1-9][0-9]{0,8})", re.DOTALL)


def score(context: click.Context, parameter: click.Parameter, given: str | None) -> float | str | None:
    """A callback: how alike two prompts must be, from 0 to 1; a plan may be asked without a score."""
    if given is None or (given == SHOW and context.command.name == "plan"):
        return given
    try:
        value = float(given)
    except ValueError:
        value = -1.0
    if not 0 < value <= 1:
        why = "it needs a score" if given == SHOW else f"{given!r} is no score"
        says = f"{why} above 0 and up to 1, such as 0.95; what there is shows: rushes plan FILE --similar"
        raise click.BadParameter(says, context, parameter)
    return value


def choices(
    context: click.Context, parameter: click.Parameter, given: tuple[str, ...]
) -> tuple[tuple[str, int | None, str], ...]:
    """A callback: `NODE=DIGEST` or `NODE:ROW=DIGEST`, rows from 1; what comes of it counts rows from 0."""
    found = []
    for value in given:
        name, equals, digest = value.rpartition("=")
        if not equals or not name.strip() or not _DIGEST.fullmatch(digest.strip()):
            says = f"{value!r} is not NODE:ROW=DIGEST, with at least 8 signs of the digest"
            raise click.BadParameter(says, context, parameter)
        row = _ROW.fullmatch(name.strip())
        found.append((row[1], int(row[2]) - 1, digest.strip()) if row else (name.strip(), None, digest.strip()))
    return tuple(found)


def borrowing(command: F) -> F:
    """What was made for other words may be taken instead of bought."""
    least = "Take what was made for a prompt this much alike (0 to 1); a plan shows it without SCORE."
    chosen = "Take this result of another prompt for a row, instead of buying."
    take = click.option("--take", "takes", multiple=True, callback=choices, metavar="NODE:ROW=DIGEST", help=chosen)
    return click.option("--similar", callback=score, is_flag=False, flag_value=SHOW, metavar="SCORE", help=least)(
        take(command)
    )


def _names(flag: str, attribute: str, says: str) -> Callable[[F], F]:
    return click.option(flag, attribute, callback=names, multiple=True, metavar="NAME,...", help=says)


def selection(command: F) -> F:
    """Which part of the workflow."""
    flags: tuple[Callable[[F], F], ...] = (
        click.option(
            "--mode",
            type=click.Choice([str(one) for one in RunMode]),
            default="full",
            help="Stills, films from the stills there are, or all.",
        ),
        _names("--only", "only", "These nodes and nothing else."),
        _names("--from", "start", "These nodes and all that follows from them."),
        _names("--until", "until", "These nodes and all that they need."),
        _names("--except", "without", "All but these nodes."),
        _names("--tab", "tabs", "These tabs only."),
        click.option("--failed", is_flag=True, help="Only what failed the last time."),
        click.option("--stale", is_flag=True, help="Only what was asked something else the last time."),
    )
    for flag in reversed(flags):
        command = flag(command)
    return command


def priority(command: F) -> F:
    """Which run is served first."""
    says = "Of runs that want the same account, the highest N is served first (-100 to 100, else 0)."
    return click.option("--priority", type=click.IntRange(*PRIORITIES), metavar="N", help=says)(command)


def running(command: F) -> F:
    """How to run it."""
    least = click.IntRange(min=1)
    flags: tuple[Callable[[F], F], ...] = (
        whom,
        priority,
        click.option("--attempts", type=least, metavar="N", help="At most N results for a flagged candidate."),
        click.option(
            "--candidates",
            type=click.IntRange(1, 100),  # as many as a file may ask for
            metavar="N",
            help="N candidates where the file wants several.",
        ),
        click.option("--pick", type=click.Choice([str(one) for one in Pick]), help="Who decides at gates."),
        click.option(
            "--set",
            "variables",
            callback=assignments,
            multiple=True,
            metavar="NAME=VALUE",
            help="Set a variable of the file.",
        ),
        click.option("--input", "text", metavar="TEXT", help="The text of {{input}}."),
        click.option("--fail-fast", is_flag=True, help="Begin nothing new after the first failure."),
        click.option("--timeout", type=Number(min=0, min_open=True), metavar="SECONDS", help="Time for one attempt."),
        budget,
        on_unknown,
        min_free,
        stand_ins,
        borrowing,
        click.option("--profile", metavar="NAME", help="Other means: draft, final, or one of rushes.toml."),
        click.option("--output-dir", metavar="DIR", help="Write outputs here, not beside the file."),
    )
    for flag in reversed(flags):
        command = flag(command)
    return command


def options_from(given: dict[str, Any]) -> RunOptions:
    """The flags of `selection` and `running` as `RunOptions`."""
    variables = dict(given["variables"])
    if given["text"] is not None:
        variables["input"] = given["text"]
    output_dir = given["output_dir"]
    return RunOptions(
        provider=given["provider"],
        mode=RunMode(given["mode"]),
        only=given["only"],
        start=given["start"],
        until=given["until"],
        without=given["without"],
        tabs=given["tabs"],
        failed=given["failed"],
        stale=given["stale"],
        concurrency=given["concurrency"],
        priority=given["priority"] or 0,
        attempts=given["attempts"],
        candidates=given["candidates"],
        pick=Pick(given["pick"]) if given["pick"] else None,
        fail_fast=given["fail_fast"],
        timeout=given["timeout"],
        budget=given["budget"],
        on_unknown=OnUnknown(given["on_unknown"]) if given["on_unknown"] else None,
        substitute=stand_ins_from(given),
        similar=None if given["similar"] == SHOW else given["similar"],
        takes=given["takes"],
        profile=None if given["profile"] == FINAL else given["profile"],
        variables=variables,
        # a resume from another folder must write to the same place
        output_dir=str(expanded(output_dir).absolute()) if output_dir else None,
        sim=given["sim"],
    )


def project_flags(options: RunOptions, home: str | None) -> dict[str, object]:
    """What `Project.open` takes from the command line."""
    return {
        "home": home,
        "provider": options.provider,
        "concurrency": options.concurrency,
        "attempts": options.attempts,
        "pick": str(options.pick) if options.pick else None,
        "output_dir": options.output_dir,
        "sim": options.sim,
        "min_free": session().min_free,
    }
