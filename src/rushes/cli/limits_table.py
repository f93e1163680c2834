"""Limits as a table that fits 80 columns: what may be asked of whom, who says so, and who waits."""

from __future__ import annotations

import time
from collections.abc import Sequence

from rich.text import Text

from rushes.app.limits_shown import By, LimitLine
from rushes.app.rates import show_rate
from rushes.cli.say import clean
from rushes.cli.tables import bare, out
from rushes.model.limit import Rate
from rushes.model.size import show_seconds

_SAYS = {By.SET: "set", By.PROJECT: "rushes.toml", By.DECLARED: "declared", By.FOUND: "found"}
_NAME = 30
_SPANS = ((86400, "d"), (3600, "h"), (60, "min"))


def show_limits(limits: Sequence[LimitLine]) -> None:
    """A line for each; what sends nothing for a while says so below."""
    console = out()
    if not limits:
        console.print("no account was asked yet: limits are found when a run asks, or set:  rushes limits set fal 8")
        return
    table = bare()
    table.add_column("account and model", max_width=_NAME, overflow="fold")
    table.add_column("in flight", min_width=9)
    table.add_column("waiting", justify="right", no_wrap=True)
    table.add_column("in a time", min_width=9)
    table.add_column("asked", no_wrap=True)
    for one in limits:
        cells = (_in_flight(one), f"{one.waiting:,}" if one.waiting else "", _in_a_time(one), _asked(one))
        table.add_row(Text(clean(one.name)), *map(Text, cells))
    console.print(table)
    for one in limits:
        if one.paused is not None:
            why = "it said to wait so long" if one.told else "it refuses, and did not say for how long"
            text = f"{clean(one.name)} is sent nothing for {show_seconds(one.paused)} more: {why}"
            console.print(Text(text, style="yellow"))


def _in_flight(one: LimitLine) -> str:
    """How many of how many, and who says so."""
    if one.most is None or one.most_by is None:
        return f"{one.in_flight:,}" if one.model else f"{one.in_flight:,}, not known yet"
    open_end = one.most_by is By.FOUND and one.found is not None and not one.found.refused
    return f"{one.in_flight:,} of {one.most:,} {'so far' if open_end else _SAYS[one.most_by]}"


def _in_a_time(one: LimitLine) -> str:
    """One rate to a line; who says so behind the last."""
    said = [show_rate(rate) for rate in one.rates]
    if one.rates_by is not None:
        said[-1] += f" {_SAYS[one.rates_by]}"
    pace = one.found.pace if one.found is not None else None
    return "\n".join([*said, *([f"{_brief(pace)} found"] if pace else [])])


def _brief(pace: float) -> str:
    """In the shortest time in which it is one or more, with three digits."""
    per = next((seconds for seconds in (1.0, 60.0, 3600.0) if pace * seconds >= 1), 86400.0)
    most = float(f"{pace * per:.3g}")
    return show_rate(Rate(most, per))


def _asked(one: LimitLine) -> str:
    if one.processes:
        return "now" if one.processes == 1 else f"now by {one.processes:,}"
    if one.seen is None:
        return "never"
    ago = max(0.0, time.time() - one.seen)
    return next((f"{ago // each:.0f} {name} ago" for each, name in _SPANS if ago >= each), f"{ago:.0f} s ago")
