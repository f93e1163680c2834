"""From one of the suite's commands to a run and back: the loop, its events as lines, the exit code."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from rushes.app.chain import SILENT, Chain, StepTold, chain_of
from rushes.app.export import write_whole
from rushes.app.hooks import Hooks
from rushes.app.made import Made
from rushes.app.one_off import Question, ask
from rushes.app.planned import Plan
from rushes.app.project import Project
from rushes.app.summary import RunSummary
from rushes.cli.driving import Drive, driven
from rushes.cli.say import clean, count
from rushes.cli.suite.session import Exit, Suite
from rushes.model.event import CellDone, CellFailed, Event, Reserved
from rushes.model.money import show_usd
from rushes.model.run import RunOptions
from rushes.model.size import show_seconds
from rushes.model.wait import Wait

OWN = "auto"
"""Each model is asked for at its own provider, unless somebody says who is asked: these commands mean real models."""

_PARALLEL = "PIPELINE_PARALLEL_ENABLED"
_NO = ("false", "0", "no", "off")


def project_at(folder: Path, now: Suite, *, provider: str | None = None, sim: str | None = None) -> Project:
    """The project of a folder. Where no flag, no setting and no file names a provider, each model's own is asked."""
    project = Project.open(folder, home=now.home, provider=provider, sim=sim)
    project.usual = OWN
    return project


def options_for(project: Project, *, parallel: bool = False, **more: Any) -> RunOptions:
    """The options of a run. Parallel is the default; the suite's own switch turns it off, and --parallel on again."""
    one_at_a_time = not parallel and os.environ.get(_PARALLEL, "").strip().lower() in _NO
    flag = project.config.provider
    return RunOptions(
        provider=flag.value if flag.source == "--provider" else None,
        concurrency=1 if one_at_a_time else None,
        sim=project.config.sim.value,
        **more,
    )


def asked(
    now: Suite, project: Project, name: str, questions: Sequence[Question], options: RunOptions, **how: Any
) -> int:
    """Run questions that no file holds, and tell what they came to. Failures are their provider's."""

    async def work(hooks: Hooks) -> RunSummary:
        return (await ask(project, name, questions, options, folder=now.folder, hooks=hooks)).summary

    return carried_out(now, work, wrong=Exit.PROVIDER, **how)


def carried_out(now: Suite, work: Drive, *, yes: bool, save: str | None = None, wrong: Exit = Exit.PIPELINE) -> int:
    """Run `work`, tell what it came to, and return the exit code: `wrong` where it has not all its results."""
    chain = chain_from(now, work, yes=yes)
    if save is not None:
        write_whole(Path(save).absolute(), json.dumps(chain.plain(), indent=2, ensure_ascii=False) + "\n")
    now.tell(chain.plain())
    if now.for_people:
        show(chain)
    return exit_of_chain(chain, wrong)


def exit_of_chain(chain: Chain, wrong: Exit) -> Exit:
    """The exit code of a chain that ended."""
    if chain.success:
        return Exit.OK
    return Exit.INTERRUPTED if chain.stopped else wrong


def chain_from(now: Suite, work: Drive, *, yes: bool) -> Chain:
    """Run `work` with a display. Raises RefusedError: nobody agreed to what it costs."""
    made: list[Made] = []

    def keep(results: Sequence[Made]) -> None:
        made[:] = results

    lines = Lines() if now.stream else None
    summary = driven(now, lambda hooks: work(hooks._replace(made=keep)), yes=yes, view=lines)
    chain = chain_of(summary, made)
    if lines is not None:
        lines.complete(chain, to_stdout=not now.json)
    return chain


def show(chain: Chain, *, quiet: bool = False) -> None:
    """A line for each step and for each of its outputs; `quiet` leaves out what went well."""
    simulated = " (simulated)" if chain.simulated else ""
    for one in () if quiet else chain.steps:
        click.echo(f"{_mark(one)} {clean(one.name)}  {show_usd(one.cost)}  {show_seconds(one.seconds)}")
        for output in one.outputs:
            click.echo(f"       {clean(output)}")
        if one.error:
            click.echo(f"       {clean(one.error)}")
    if quiet:
        return
    steps = f"{chain.completed} of {count(len(chain.steps), 'step')}"
    click.echo(f"{steps}, {show_usd(chain.cost)}, {show_seconds(chain.seconds)}{simulated}")
    if chain.error:
        click.echo(clean(chain.error), err=True)


def _mark(one: StepTold) -> str:
    if one.skipped:
        return click.style("skipped", dim=True)
    return click.style("done   ", fg="green") if one.success else click.style("failed ", fg="red")


class Lines:
    """`--stream`: one line of JSON on stderr for each step that starts, is complete or has failed."""

    def __init__(self) -> None:
        self._steps: dict[str, str] = {}
        self._rows: dict[str, int] = {}
        self._begun: set[str] = set()

    def planned(self, plan: Plan) -> None:
        """The pipeline starts."""
        told = [one for one in plan.nodes if str(one.op) not in SILENT]
        self._steps = {str(one.node): str(one.op) for one in told}
        self._rows = {str(one.node): one.rows for one in told}
        self._print("pipeline_start", total_steps=len(self._steps), estimated_cost=float(plan.money.high))

    def watch(self, event: Event) -> None:
        """One event: of a step with several rows the first starts it, and the last completes it."""
        if not isinstance(event, Reserved | CellDone | CellFailed):
            return
        step = str(event.place.node)
        if step not in self._steps:
            return
        self._start(step)
        if isinstance(event, CellFailed):
            self._print("step_error", step=step, type=self._steps[step], row=event.place.row + 1, error=event.says)
        elif isinstance(event, CellDone):
            self._rows[step] -= 1
            if not self._rows[step]:
                self._print("step_complete", step=step, type=self._steps[step], cached=event.reused)

    def complete(self, chain: Chain, *, to_stdout: bool) -> None:
        """The pipeline is over."""
        self._print("pipeline_complete", to=sys.stdout if to_stdout else sys.stderr, **chain.plain())

    def _start(self, step: str) -> None:
        if step not in self._begun:
            self._begun.add(step)
            self._print("step_start", step=step, type=self._steps[step])

    def _print(self, event: str, *, to: Any = None, **more: Any) -> None:
        out = to or sys.stderr
        out.write(json.dumps({"event": event, **more}, default=str) + "\n")
        out.flush()

    def open(self) -> None:
        """Nothing to begin."""

    def close(self) -> None:
        """Nothing to end."""

    def gauge(self, ask: Callable[[], Mapping[str, Wait]]) -> None:
        """Not asked."""

    def stopping(self) -> None:
        """The person asked the run to stop."""
        self._print("pipeline_stopping")

    def tick(self) -> None:
        """Nothing to draw."""
