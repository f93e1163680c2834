"""The live panel: one aggregate picture of a run, redrawn in place a few times a second.

It never draws a line per node, so ten thousand nodes cost what ten cost. Failures and questions scroll by above it
and stay.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from rich.console import Console
from rich.live import Live
from rich.text import Text

from rushes.app.planned import Plan
from rushes.app.waiting import waiting_lines
from rushes.cli.progress import Now, Progress
from rushes.cli.say import STOPPING, clean, count, told_line
from rushes.model.event import CellFailed, Event, Resolved, Slow, Told, Unknown, Waiting
from rushes.model.money import show_usd
from rushes.model.size import show_seconds
from rushes.model.wait import Wait

ROWS = 8
"""How many of the longest-running requests are shown."""

LIMITS = 3
"""How many of the limits that something waits for are shown."""

_PRINTED = 40  # lines above the panel before they are only counted


class LiveView:
    """A run on a terminal. `tick` draws; the command's loop calls it a few times a second."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.progress = Progress(time.monotonic())
        self._live = Live(console=console, auto_refresh=False, transient=True, redirect_stdout=False)
        self._printed = 0
        self._drawing = False

    def open(self) -> None:
        """Begin to draw."""
        self._drawing = True
        self._live.start()

    def close(self) -> None:
        """Leave the terminal as it was."""
        self._drawing = False
        self._live.stop()

    def planned(self, plan: Plan) -> None:
        """The plan is known."""
        self.progress.planned(plan)

    def gauge(self, ask: Callable[[], Mapping[str, Wait]]) -> None:
        """The run can be asked why its requests wait."""
        self.progress.gauge(ask)

    def watch(self, event: Event) -> None:
        """One event; draws nothing by itself."""
        self.progress.feed(event, time.monotonic())
        if isinstance(event, CellFailed) and event.blocked_by is None:
            self._print(f"failed  {self._name(event)}: {clean(event.says)}", "red")
        elif isinstance(event, Waiting):
            self._print(f"waits   {self._name(event)}: choose one of {len(event.shown)} candidates", "yellow")
        elif isinstance(event, Unknown):
            self._print(f"doubt   {self._name(event)}: {clean(event.says)} ({event.attempt})", "red")
        elif isinstance(event, Slow):
            self._print(f"slow    {self._name(event)}: {clean(event.says)}", "yellow")
        elif isinstance(event, Told):
            self._print(told_line(event), "yellow")
        elif isinstance(event, Resolved):
            self._print(f"doubt   {event.attempt}: {clean(event.note)}", "yellow")

    def stopping(self) -> None:
        """The person asked the run to stop."""
        self.progress.stopping = True

    def tick(self) -> None:
        """Draw."""
        if self._drawing:
            self._live.update(picture(self.progress, time.monotonic(), self.console.width), refresh=True)

    def _name(self, event: CellFailed | Waiting | Unknown | Slow) -> str:
        return f"{clean(self.progress.title(event.place.node))} row {event.place.row + 1}"

    def _print(self, text: str, style: str) -> None:
        self._printed += 1
        if self._printed <= _PRINTED:
            self.console.print(Text(text, style=style, overflow="ellipsis", no_wrap=True))
        elif self._printed == _PRINTED + 1:
            self.console.print(Text("... and more; all of them are in the summary", style="dim"))


def picture(progress: Progress, now: float, width: int) -> Text:
    """The panel as a text of at most 6 + LIMITS + ROWS lines, none longer than `width`."""
    lines = [_bar(progress, now, width), _counts(progress), *_waits(progress)]
    lines += [_row(one, progress, now) for one in progress.longest(ROWS)]
    more = progress.running - ROWS
    if more > 0:
        lines.append(Text(f"    and {more:,} more", style="dim"))
    if progress.stopping:
        lines.append(Text(STOPPING, style="yellow"))
    elif progress.paused_by:
        lines.append(Text(clean(progress.pause), style="yellow"))
    kept = [line for line in lines if line.plain]
    for line in kept:
        line.truncate(max(20, width - 1), overflow="ellipsis")
    return Text("\n").join(kept)


def _bar(progress: Progress, now: float, width: int) -> Text:
    share = progress.share
    cells = max(8, min(40, width - 44))
    full = int(share * cells)
    bar = Text("━" * full, style="green") + Text("━" * (cells - full), style="bright_black")
    left = progress.left(now)
    tail = f" {share:4.0%}  {show_seconds(now - progress.began)}"
    tail += f", about {show_seconds(left)} left" if left is not None else ""
    return bar + Text(tail)


def _counts(progress: Progress) -> Text:
    money = show_usd(progress.spent) + (" +?" if progress.unpriced else "")
    if progress.expected is not None and progress.expected:
        money += f" of at most {show_usd(progress.expected)}"
    line = Text()
    done = f"{progress.bought:,} of {progress.requests:,} made" if progress.requests else "nothing to make"
    for text, style in (
        (done, "green" if progress.bought else ""),
        (f"{progress.running:,} running" if progress.running else "", "cyan"),
        (f"{progress.reused:,} rows from earlier" if progress.reused else "", ""),
        (f"{progress.failed:,} failed" if progress.failed else "", "bold red"),
        (f"{progress.blocked:,} blocked" if progress.blocked else "", "red"),
        (money, ""),
    ):
        if text:
            line.append("  " if line.plain else "")
            line.append(text, style=style)
    return line


def _waits(progress: Progress) -> list[Text]:
    """What does not move; of what waits for a limit a line each, counted down."""
    waits = progress.waits
    said = [
        f"{number:,} {why}"
        for number, why in (
            (waits.approval, "for your approval"),
            (0 if waits.limits or progress.paused_by else waits.limit, "for a free slot"),
            (waits.inputs, "for what comes before"),
            (waits.retry, "to be tried again"),
        )
        if number
    ]
    limits = waiting_lines(progress.held_up, time.time())
    more = [f"    and for {count(len(limits) - LIMITS, 'more limit')}"] if len(limits) > LIMITS else []
    line = Text("waiting: " + ", ".join(said) if said else "", style="yellow" if waits.approval else "dim")
    return [line, *(Text(f"  waiting: {clean(one)}", style="dim") for one in limits[:LIMITS]), *map(Text, more)]


def _row(one: Now, progress: Progress, now: float) -> Text:
    place = one.place
    line = Text(f"  {show_seconds(now - one.since):>8}  ", style="cyan")
    line.append(clean(progress.title(place.node)))
    line.append(f" row {place.row + 1} candidate {place.candidate + 1}", style="dim")
    line.append(f"  {clean(one.model)}  {clean(one.says)}", style="dim")
    return line
