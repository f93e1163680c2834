"""From a command to a driven run and back: the loop, the display beside it, and Ctrl-C."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from rushes.app.run import Hooks
from rushes.app.stopping import Stop
from rushes.app.summary import RunSummary
from rushes.cli.exits import Exit, exit_of_state
from rushes.cli.session import Session, print_json
from rushes.cli.views import View, view_for
from rushes.model.run import RunState

_TICK = 1 / 8

Drive = Callable[[Hooks], Awaitable[RunSummary]]


def drive(session: Session, work: Drive, *, every: bool = False) -> Exit:
    """Run `work` with a display, show what it came to, and return the exit code."""
    view = view_for(session)
    summary = asyncio.run(_watched(view, work))
    if session.stream:
        print_json({"type": "summary", "summary": summary.plain()})
    elif session.json:
        session.result(summary.plain(), ok=summary.state is RunState.DONE)
    elif not session.quiet:
        # only now: a script or a stream never pays for the tables
        from rushes.cli.tables import out, show_summary

        show_summary(summary, out(), every=every)
    if summary.state is RunState.INTERRUPTED:
        session.talk(f"stopped; nothing that was paid for is lost. Go on with: rushes resume {summary.run}")
    return exit_of_state(summary.state)


async def _watched(view: View, work: Drive) -> RunSummary:
    stop = Stop()
    hooks = Hooks(watch=view.watch, planned=view.planned, stop=stop)
    with _interrupts(stop, view):
        view.open()
        ticking = asyncio.create_task(_tick(view))
        try:
            return await work(hooks)
        finally:
            ticking.cancel()
            with suppress(asyncio.CancelledError):
                await ticking
            view.close()


async def _tick(view: View) -> None:
    while True:
        await asyncio.sleep(_TICK)
        view.tick()


@contextmanager
def _interrupts(stop: Stop, view: View) -> Iterator[None]:
    """The first Ctrl-C asks the run to stop, the second leaves at once. Both leave a state that resumes."""
    loop = asyncio.get_running_loop()

    def asked(_number: int, _frame: FrameType | None) -> None:
        if stop.asked or asked_before:
            view.close()
            # the ledger is whole at every moment, so there is nothing to tidy up that could hang
            os._exit(Exit.INTERRUPTED)
        asked_before.append(True)
        loop.call_soon_threadsafe(stop.ask)
        loop.call_soon_threadsafe(view.stopping)

    asked_before: list[bool] = []
    before = {number: signal.signal(number, asked) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
