"""A batch while it goes on: one line that is redrawn on a terminal, else a line now and then, JSON lines or silence."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import TextIO

from rushes.app.batch_canary import Canary
from rushes.app.batch_lines import BAD, FAILED, Line
from rushes.app.batch_told import Forecast, Told, Totals
from rushes.app.planned import Plan
from rushes.app.tally import Books
from rushes.app.waiting import waiting_lines
from rushes.cli.plain import WaitsStream
from rushes.cli.say import STOPPING, clean, count, fitted
from rushes.cli.session import Session, print_json
from rushes.cli.views import live_wanted
from rushes.model.event import CellDone, CellFailed, CellSkipped, Event, RunStarted
from rushes.model.money import show_usd
from rushes.model.size import show_seconds
from rushes.model.wait import Wait

_EVERY = 10.0  # seconds between two lines of a log
_REDRAW = 0.25
_WIDTH = 79
_NAMED = 5  # pictures and bad rows that are named one by one


class BatchView:
    """Rows done, failed and bad, money, pace and time left. Draws on stderr; `go_on` is asked after a canary."""

    def __init__(self, session: Session, go_on: Callable[[Canary], bool], out: TextIO | None = None) -> None:
        self._out = out or sys.stderr
        self._silent = session.quiet or session.stream
        self._stream = session.stream
        self._go_on = go_on
        self._redraws = live_wanted(session, os.environ, self._out.isatty())
        self._totals = Totals(0)
        self._before = 0  # rows that were settled when it began
        self._began = self._next = time.monotonic()
        self._books = Books()
        self._part = (0, 1)  # rows of the part that runs, and their steps
        self._steps = 0
        self._drawn = False
        self._ask: Callable[[], Mapping[str, Wait]] = dict
        self._waits = WaitsStream()

    @property
    def told(self) -> Told:
        """Where the batch tells what it does."""
        return Told(self._begins, self._forecast, self._running, self._ended, self._canary)

    # what the batch tells

    def _begins(self, totals: Totals) -> None:
        self._totals, self._before = totals, _settled(totals)
        if self._before:
            self._say(f"{self._before:,} of {count(totals.rows, 'row')} are done already")

    def _forecast(self, plan: Forecast) -> None:
        if self._stream:
            print_json({"type": "forecast", "forecast": plan.plain()})
        for line in forecast_lines(plan):
            self._say(line)

    def _running(self, rows: int, cells: int) -> None:
        self._part, self._steps = (rows, max(1, cells)), 0

    def _ended(self, lines: Sequence[Line], totals: Totals) -> None:
        self._part, self._steps = (0, 1), 0
        self._totals = totals
        for one in lines:
            if self._stream:
                print_json({"type": "row", **one.plain()})
            elif one.state in (BAD, FAILED):
                self._say(f"{one.state:<7} row {one.row} (line {one.line}): {clean(one.problem)}")

    def _canary(self, canary: Canary) -> bool:
        if self._stream:
            print_json({"type": "canary", "canary": canary.plain()})
        for line in canary_lines(canary):
            self._say(line)
        return self._go_on(canary)

    # what a run tells

    def open(self) -> None:
        """Nothing to begin."""

    def planned(self, plan: Plan) -> None:
        """A part is planned: told for the whole batch."""

    def gauge(self, ask: Callable[[], Mapping[str, Wait]]) -> None:
        """The part that runs can be asked why its requests wait."""
        self._ask = ask
        self._waits.gauge(ask)

    def watch(self, event: Event) -> None:
        """One event."""
        self._books.take(event)
        if isinstance(event, RunStarted):
            self._steps = 0
        elif isinstance(event, CellDone | CellFailed | CellSkipped):
            self._steps += 1

    def stopping(self) -> None:
        """The person asked the batch to stop."""
        self._say(STOPPING)

    def tick(self) -> None:
        """Draw, when its time has come."""
        now = time.monotonic()
        if self._stream:
            self._waits.tick()
        if self._silent or now < self._next or not self._totals.rows:
            return
        self._next = now + (_REDRAW if self._redraws else _EVERY)
        if self._redraws:
            text = "  ".join([self.line(now), *self._waiting()[:1]])
            self._out.write("\r" + text[:_WIDTH].ljust(_WIDTH))
            self._drawn = True
        elif now - self._began >= _EVERY:
            self._out.write("\n".join([self.line(now), *(f"  waiting: {one}" for one in self._waiting())]) + "\n")
        self._out.flush()

    def close(self) -> None:
        """Take the line away."""
        if self._drawn:
            self._out.write("\r" + " " * _WIDTH + "\r")
            self._out.flush()
            self._drawn = False

    def line(self, now: float) -> str:
        """How far it is."""
        totals, (rows, cells) = self._totals, self._part
        here = _settled(totals) + int(rows * min(1.0, self._steps / cells))
        spent: Decimal = self._books.balance.spent
        took = now - self._began
        pace = (here - self._before) / took if took > 0 else 0.0
        parts = [f"{here:,} of {totals.rows:,} rows", f"{totals.failed:,} failed", f"{totals.bad:,} bad"]
        parts.append(show_usd(spent))
        if pace:
            parts += [f"{pace:.3g} rows/s", f"about {show_seconds((totals.rows - here) / pace)} left"]
        return "  ".join(parts)

    def _waiting(self) -> list[str]:
        return [clean(one) for one in waiting_lines(self._ask(), time.time())]

    def _say(self, text: str) -> None:
        if not self._silent:
            self.close()
            self._out.write(fitted(text, self._out) + "\n")
            self._out.flush()


def _settled(totals: Totals) -> int:
    return totals.done + totals.failed + totals.bad + totals.waiting


def forecast_lines(plan: Forecast) -> list[str]:
    """The plan of a batch, for people."""
    bad = f", {plan.bad:,} of them bad" if plan.bad else ""
    lines = [f"{count(plan.rows, 'row')}{bad}; {count(plan.left, 'row')} to run"]
    about = "" if plan.exact else f" (as the first {plan.planned:,} rows, times what there is)"
    low, high = show_usd(plan.money.low), show_usd(plan.money.high)
    money = low if low == high else f"{low} to {high}"
    unknown = f", and {count(plan.money.unknown, 'request')} without a price" if plan.money.unknown else ""
    seconds = f", about {show_seconds(plan.seconds)}" if plan.seconds else ""
    lines.append(f"{count(plan.calls, 'request')}, {money}{unknown}{seconds}{about}")
    lines += [f"warning: {clean(one)}" for one in plan.warnings]
    return lines


def canary_lines(canary: Canary) -> list[str]:
    """What the canary came to, for people."""
    lines = [f"canary: {canary.accepted} of {count(canary.decided, 'row')} came out well"]
    if canary.share is not None:
        lines[0] += f": {canary.share.value:.0%}, between {canary.share.low:.0%} and {canary.share.high:.0%}"
    if canary.waiting:
        lines.append(f"  {count(canary.waiting, 'row')} wait for somebody to choose")
    if canary.cost is not None:
        usd, low, high = map(show_usd, canary.cost)
        about = f"{usd}, between {low} and {high}" if low != high else f"{usd}: each of these cost the same"
        lines.append(f"  the other {canary.rest:,} rows will cost about {about}")
    else:
        lines.append(f"  what the other {canary.rest:,} rows will cost cannot be said from these")
    lines += [f"  {clean(path)}" for path in canary.paths[:_NAMED]]
    if len(canary.paths) > _NAMED:
        lines.append(f"  and {len(canary.paths) - _NAMED} more")
    return lines
