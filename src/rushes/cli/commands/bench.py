"""`rushes bench`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click

from rushes.app.benchmark import benchmark
from rushes.app.benchmarked import Benchmark, Round
from rushes.app.project import Project
from rushes.cli.driving import driven
from rushes.cli.exits import Exit, exit_of_state
from rushes.cli.options import agreed, options_from, project_flags, running, selection, workflow_file
from rushes.cli.plain import QuietView
from rushes.cli.say import clean, count
from rushes.cli.session import common, session
from rushes.model.money import Estimate, show_usd
from rushes.model.problem import Problem, Severity


@click.command()
@click.argument("file", type=workflow_file)
@click.option("-n", "times", type=click.IntRange(1, 1000), default=5, show_default=True, metavar="N", help="N runs.")
@click.option("--warm", is_flag=True, help="Use what is here: what running it again takes.")
@selection
@running
@agreed
@common
def bench(file: Path, times: int, warm: bool, yes: bool, **given: Any) -> int:
    """Run FILE N times, and show how long it takes, where the time goes, and what it costs.

    Everything is really made and paid for, N times; --budget is the ceiling of all runs together. What was made and
    approved before stays what it is. With --warm what is here is used, and only what is missing is made, once.
    """
    now = session()
    options = options_from(given)
    opened = partial(Project.open, file.absolute().parent, **project_flags(options, now.home))

    def tell(number: int, one: Round) -> None:
        now.talk(f"run {number} of {times}: {one.seconds:.3g} s, {show_usd(one.spent)}{_why(one)}")

    def quoted(money: Estimate) -> None:
        unknown = f", and {money.unknown} requests have no known price" if money.unknown else ""
        what = "to make what is missing" if warm else f"{count(times, 'run')}, each making everything anew"
        now.talk(f"{what}: {show_usd(money.high)} in all{unknown}")

    found = driven(
        now,
        lambda hooks: benchmark(opened, file, options, times=times, warm=warm, hooks=hooks, tell=tell, quoted=quoted),
        yes=yes,
        view=QuietView(),
    )
    now.result(found.plain(), ok=found.good, problems=_problems(found))
    if now.for_people:
        from rushes.cli.measured import show_benchmark  # tables cost more than the rest of a short command

        show_benchmark(found)
    if found.why:
        return Exit.REFUSED
    return Exit.OK if found.good else exit_of_state(found.rounds[-1].state)


def _why(one: Round) -> str:
    return f": {clean(one.why)}" if one.why else ""


def _problems(found: Benchmark) -> list[Problem]:
    again = "measure fewer runs with -n, or raise the ceiling"
    ended = [Problem(code="refused", severity=Severity.ERROR, says=found.why, try_=again)] if found.why else []
    return ended + [
        Problem(
            code="run-failed",
            severity=Severity.ERROR,
            says=one.why,
            try_=f"look at it with: rushes status {one.run}",
        )
        for one in found.rounds
        if one.why
    ]
