"""What a run says where nothing can be redrawn: a log of plain lines, JSON lines, or nothing."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, TextIO

from rushes.app.planned import Plan
from rushes.app.waiting import News, waiting_lines
from rushes.cli.progress import Progress
from rushes.cli.say import STOPPING, clean, count, told_line
from rushes.cli.session import print_json
from rushes.model.event import CellDone, CellFailed, Event, Resolved, Slow, Told, Unknown, Waiting, to_plain
from rushes.model.money import show_usd
from rushes.model.size import show_seconds
from rushes.model.wait import Wait

_LOOK_EVERY = 1.0  # seconds between two looks at what waits

SUMMARY_EVERY = 10.0
"""Seconds between two summary lines of the log."""

LINES_PER_SECOND = 20
"""Lines about single rows; what is beyond is in the summary lines."""


class LogView:
    """One line per finished or failed row, and a summary now and then."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stderr
        self.progress = Progress(time.monotonic())
        self._summary_at = self.progress.began + SUMMARY_EVERY
        self._look_at = self.progress.began + _LOOK_EVERY
        self._news = News()
        self._second = 0
        self._lines = 0
        self._unsaid = 0

    def open(self) -> None:
        """Nothing to begin."""

    def close(self) -> None:
        """Say what was left out."""
        self._say_unsaid()

    def planned(self, plan: Plan) -> None:
        """The plan is known."""
        self.progress.planned(plan)
        if plan.most:
            about = f", about {show_seconds(plan.seconds)}" if plan.seconds else ""
            self._say(f"plan {plan.fingerprint}: {count(plan.most, 'request')} to make{about}")

    def gauge(self, ask: Callable[[], Mapping[str, Wait]]) -> None:
        """The run can be asked why its requests wait."""
        self.progress.gauge(ask)

    def watch(self, event: Event) -> None:
        """One event."""
        now = time.monotonic()
        self.progress.feed(event, now)
        text = self._line(event)
        if text:
            self._rated(text, int(now))

    def stopping(self) -> None:
        """The person asked the run to stop."""
        self.progress.stopping = True
        self._say(STOPPING)

    def _say(self, text: str) -> None:
        self._out.write(text + "\n")
        self._out.flush()

    def tick(self) -> None:
        """What waits for another reason than before, and a summary when its time has come."""
        now = time.monotonic()
        if now >= self._look_at:
            self._look_at = now + _LOOK_EVERY
            for line in waiting_lines(self._news.of(self.progress.held_up, now), time.time()):
                self._say(f"waits   {clean(line)}")
        if now >= self._summary_at and not self.progress.ended:
            self._summary_at = now + SUMMARY_EVERY
            self._say_unsaid()
            self._say(self._summary(now))

    def _line(self, event: Event) -> str:
        if isinstance(event, CellDone):
            return "" if event.reused else f"done    {self._name(event)}"
        if isinstance(event, CellFailed):
            word = "failed" if event.blocked_by is None else "blocked"
            return f"{word:<7} {self._name(event)}: {clean(event.says)}"
        if isinstance(event, Waiting):
            return f"waits   {self._name(event)}: choose one of {len(event.shown)} candidates"
        if isinstance(event, Unknown):
            return f"doubt   {self._name(event)}: {clean(event.says)} ({event.attempt})"
        if isinstance(event, Slow):
            return f"slow    {self._name(event)}: {clean(event.says)}"
        if isinstance(event, Told):
            return told_line(event)
        if isinstance(event, Resolved):
            return f"doubt   {event.attempt}: {clean(event.note)}"
        return ""

    def _name(self, event: CellDone | CellFailed | Waiting | Unknown | Slow) -> str:
        return f"{clean(self.progress.title(event.place.node))} row {event.place.row + 1}"

    def _rated(self, text: str, second: int) -> None:
        if second != self._second:
            self._second, self._lines = second, 0
        self._lines += 1
        if self._lines <= LINES_PER_SECOND or text.startswith(("failed", "doubt", "told")):
            self._say(text)
        else:
            self._unsaid += 1

    def _say_unsaid(self) -> None:
        if self._unsaid:
            self._say(f"... and {count(self._unsaid, 'more row')}")
            self._unsaid = 0

    def _summary(self, now: float) -> str:
        progress, waits = self.progress, self.progress.waits
        left = progress.left(now)
        parts = [
            f"{progress.share:.0%}",
            f"{progress.bought:,} of {progress.requests:,} made",
            f"{progress.running:,} running",
            f"waiting: {waits.limit:,} slot, {waits.inputs:,} inputs, {waits.retry:,} retry, {waits.approval:,} person",
            f"{progress.failed:,} failed",
            show_usd(progress.spent),
            f"{show_seconds(now - progress.began)}",
        ]
        told = "  ".join(parts) + (f", about {show_seconds(left)} left" if left is not None else "")
        below = [f"  waiting: {line}" for line in waiting_lines(progress.held_up, time.time())]
        return "\n".join([told, *map(clean, [progress.pause] if progress.paused_by else below)])


class StreamView:
    """Every event as one line of JSON on stdout, while it happens: `{"type": "event", "event": "Stored", ...}`.

    Between them what waits for a limit, when the reason is new: `{"type": "waits", ...}`.
    """

    def __init__(self) -> None:
        self._waits = WaitsStream()

    def open(self) -> None:
        """Nothing to begin."""

    def close(self) -> None:
        """Nothing to end."""

    def planned(self, plan: Plan) -> None:
        """The plan, without its units: they come as events."""
        raw: dict[str, Any] = plan.plain()
        raw.pop("units", None)
        print_json({"type": "plan", "plan": raw})

    def gauge(self, ask: Callable[[], Mapping[str, Wait]]) -> None:
        """The run can be asked why its requests wait: no event says it."""
        self._waits.gauge(ask)

    def watch(self, event: Event) -> None:
        """One event."""
        print_json({"type": "event", "at": round(time.time(), 3), "event": type(event).__name__, **to_plain(event)})

    def stopping(self) -> None:
        """The person asked the run to stop."""
        print_json({"type": "stopping"})

    def tick(self) -> None:
        """What waits, when that is news."""
        self._waits.tick()


class WaitsStream:
    """What waits for a limit as lines of JSON, whenever something waits for another reason than before."""

    def __init__(self) -> None:
        self._ask: Callable[[], Mapping[str, Wait]] = dict
        self._news = News()
        self._look_at = time.monotonic() + _LOOK_EVERY

    def gauge(self, ask: Callable[[], Mapping[str, Wait]]) -> None:
        """A run can be asked why its requests wait."""
        self._ask = ask

    def tick(self) -> None:
        """Look, when it is time."""
        now = time.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + _LOOK_EVERY
        waits = self._ask()
        if self._news.of(waits, now):
            told = [{"limit": name, **one._asdict()} for name, one in waits.items()]
            print_json({"type": "waits", "at": round(time.time(), 3), "waits": told})


class QuietView:
    """Says nothing."""

    def open(self) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""

    def planned(self, plan: Plan) -> None:
        """Nothing."""

    def gauge(self, ask: Callable[[], Mapping[str, Wait]]) -> None:
        """Nothing."""

    def watch(self, event: Event) -> None:
        """Nothing."""

    def stopping(self) -> None:
        """Nothing."""

    def tick(self) -> None:
        """Nothing."""
