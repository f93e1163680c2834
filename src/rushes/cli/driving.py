"""From a command to a driven run and back: the loop, the display beside it, and Ctrl-C."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from types import FrameType
from typing import TypeVar

import click

from rushes.app.consent import Answer, Spending, given
from rushes.app.hooks import Hooks
from rushes.app.planned import Plan
from rushes.app.stopping import Stop
from rushes.app.summary import RunSummary
from rushes.cli.exits import Exit, exit_of_state
from rushes.cli.pipes import let_go_of_closed
from rushes.cli.say import clean, count, nothing_to_do, problem_lines
from rushes.cli.session import KEPT, Session, print_json
from rushes.cli.views import View, view_for
from rushes.model.problem import Problem, Severity
from rushes.model.run import RunState

_TICK = 1 / 8

T = TypeVar("T")
Drive = Callable[[Hooks], Awaitable[RunSummary]]


def drive(session: Session, work: Drive, *, yes: bool = False, every: bool = False) -> Exit:
    """Run `work` with a display, show what it came to, and return the exit code. Raises RefusedError: no consent."""
    summary = driven(session, work, yes=yes)
    KEPT.append(summary)
    try:
        _show(session, summary, every)
    except BrokenPipeError:  # what the run came to is in the ledger, and in the exit code
        let_go_of_closed()
    return exit_of_state(summary.state)


def driven(
    session: Session, work: Callable[[Hooks], Awaitable[T]], *, yes: bool = False, view: View | None = None
) -> T:
    """Do `work` with a display (that of a run, if none is given) and with Ctrl-C, and hand back what it came to."""
    consent = given if yes else somebody()
    if session.metrics is not None:
        from rushes.app.metrics import measured  # a library that few have, for those who asked

        work = measured(session.metrics, work, session.talk)
    return asyncio.run(watched(view or view_for(session), work, consent, session.webhooks))


def _show(session: Session, summary: RunSummary, every: bool) -> None:
    if session.stream:
        print_json({"type": "summary", "summary": summary.plain()})
    elif session.json:
        session.result(summary.plain(), ok=summary.state is RunState.DONE, problems=troubles(summary))
    elif session.quiet:
        for line in problem_lines(troubles(summary)):
            click.echo(line, err=True)
    elif summary.idle and not every:
        _show_idle(summary)
    else:
        # only now: a script, a stream or a run that had nothing to do never pays for the tables
        from rushes.cli.tables import out, show_summary

        show_summary(summary, out(), every=every)
    if summary.state is RunState.INTERRUPTED:
        session.talk(f"stopped; nothing that was paid for is lost. Go on with: rushes resume {summary.run}")


def _show_idle(summary: RunSummary) -> None:
    simulated = "(simulated) " if summary.simulator is not None else ""
    if summary.profile is not None:
        simulated += f"({summary.profile}, not the final) "
    click.secho(simulated + nothing_to_do(summary.counts.done, summary.run), fg="green")
    for path in summary.exported:
        click.echo(f"  {path}")
    for note in summary.notes:
        click.secho(clean(note), dim=True)


def troubles(summary: RunSummary) -> list[Problem]:
    """What keeps a run from being done, as problems: for scripts, and for people who asked for silence."""
    failed = [
        Problem(
            code=one.kind or "failed",
            severity=Severity.ERROR,
            says=f"row {one.row + 1}: {one.message}",
            try_=one.next_step,
            tab=one.tab,
            node=one.node,
        )
        for one in summary.failures
    ]
    waiting = [
        Problem(
            code="waits-for-approval" if one.candidates else "unknown-outcome",
            severity=Severity.WARNING,
            says=f"row {one.row + 1}: {f'choose one of {one.candidates} candidates' if one.candidates else one.says}",
            try_=one.command,
            tab=one.tab,
            node=one.node,
        )
        for one in summary.waiting
    ]
    if summary.state is RunState.INTERRUPTED:
        again = f"rushes resume {summary.run}"
        waiting.append(Problem(code="stopped", severity=Severity.WARNING, says="the run was stopped", try_=again))
    return failed + waiting


def somebody() -> Answer | None:
    """Whoever sits at the terminal, to be asked about money; None where nobody does."""
    # the question is on stderr, so that one value with --json stays one value
    return _asked if sys.stdin.isatty() and sys.stderr.isatty() else None


def _asked(spending: Spending) -> bool:
    before = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:  # nothing has begun that would have to stop in one piece: Ctrl-C at the question just leaves
        return click.confirm(
            f"This makes {count(spending.requests, 'request')} and costs {spending.says}. Go on?", err=True
        )
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


async def watched(
    view: View, work: Callable[[Hooks], Awaitable[T]], consent: Answer | None, webhooks: str | None = None
) -> T:
    """`work` with a display, somebody who may agree to what it costs, and Ctrl-C."""
    stop = Stop()
    loop = asyncio.get_running_loop()

    def say(what: Callable[[], None]) -> None:
        """Whoever reads along has gone: the run stops as it does for a person, in one piece."""
        try:
            what()
        except BrokenPipeError:
            let_go_of_closed()
            loop.call_soon(stop.ask)

    def planned(plan: Plan) -> None:
        say(lambda: view.planned(plan))
        say(view.open)

    hooks = Hooks(
        watch=lambda event: say(partial(view.watch, event)),
        gauge=view.gauge,
        planned=planned,
        stop=stop,
        webhooks=webhooks,
        consent=consent,
    )
    with _interrupts(stop, partial(say, view.stopping), view.close):
        ticking = asyncio.create_task(_tick(partial(say, view.tick)))
        try:
            return await work(hooks)
        finally:
            ticking.cancel()
            with suppress(asyncio.CancelledError):
                await ticking
            say(view.close)


async def _tick(draw: Callable[[], None]) -> None:
    while True:
        await asyncio.sleep(_TICK)
        draw()


@contextmanager
def _interrupts(stop: Stop, stopping: Callable[[], None], leaving: Callable[[], None]) -> Iterator[None]:
    """The first Ctrl-C asks the run to stop, the second has its jobs called off at their providers, the third leaves.

    All leave a state that resumes.
    """
    loop = asyncio.get_running_loop()

    def asked(_number: int, _frame: FrameType | None) -> None:
        asked_before.append(True)
        if len(asked_before) > 2:
            with suppress(OSError):
                leaving()
            # the ledger is whole at every moment, so there is nothing to tidy up that could hang
            os._exit(Exit.INTERRUPTED)
        loop.call_soon_threadsafe(stop.insist if len(asked_before) > 1 else stop.ask)
        loop.call_soon_threadsafe(stopping)

    asked_before: list[bool] = []
    before = {number: signal.signal(number, asked) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
