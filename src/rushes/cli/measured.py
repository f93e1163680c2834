"""A benchmark as a few lines: how long, where the time goes, for how much, and what it was before."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table
from rich.text import Text

from rushes.app.benchmarked import Benchmark
from rushes.cli.say import clean, count, moment
from rushes.cli.tables import bare, out
from rushes.model.money import show_estimate, show_usd

_PARTS = {
    "queue": "waiting for a slot, or to try again",
    "provider": "from asking to the answer",
    "download": "fetching, storing, looking at it",
    "ours": "planning, deciding, writing files",
}


def show_benchmark(found: Benchmark) -> None:
    """What it came to; nothing is measured where no run came to its end."""
    console = out()
    how = "with what is here" if found.warm else "everything made anew"
    simulated = ", simulated" if found.simulated else ""
    runs = count(len(found.measured), "run")
    console.print(Text(f"Benchmark of {clean(found.workflow)}  ({runs}, {how}{simulated})", style="bold"))
    if found.measured:
        console.print(_times(found))
        console.print(_shares(found))
    for line in _lines(found):
        console.print(Text(line), soft_wrap=True)
    if found.why:
        console.print(Text(clean(found.why), style="red"), soft_wrap=True)
    for one in found.rounds:
        if one.why:
            console.print(Text(f"failed: {clean(one.why)} (run {one.run})", style="red"), soft_wrap=True)


def _times(found: Benchmark) -> Table:
    table = _table(*found.times)
    table.add_row(*(_seconds(value) for value in found.times.values()))
    return table


def _table(*titles: str) -> Table:
    table = bare()
    for title in titles:
        table.add_column(title, justify="right", no_wrap=True)
    return table


def _shares(found: Benchmark) -> Table:
    table = bare(head=False)
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(style="dim", no_wrap=True)
    whole = sum(found.shares.values()) or 1.0
    for part, seconds in found.shares.items():
        table.add_row(str(part), _seconds(seconds), f"{seconds / whole:.0%}", _PARTS[str(part)])
    return table


def _lines(found: Benchmark) -> Iterator[str]:
    path, times = found.path
    if path:
        names = [clean(name) for name in (path if len(path) <= 6 else (*path[:3], "...", *path[-2:]))]
        yield f"longest   {' > '.join(names)} (in {times} of {count(len(found.measured), 'run')})"
    each = "" if found.each is None else f", {show_usd(found.each)} for each run"
    yield f"money     {show_usd(found.spent)}{each}; {show_estimate(found.quoted)} quoted for all"
    change = found.change
    if found.before is None or change is None:
        return
    said = {True: "more than chance", False: "within the noise", None: "too few runs to tell from noise"}
    way = "faster" if change < 1 else "slower"
    yield f"before    {abs(1 - change):.0%} {way} than on {moment(found.before.at)}: {said[found.beyond_noise]}"


def _seconds(value: float) -> str:
    """Three figures that count: `0.0421 s`, `12.3 s`, `185 s`."""
    return f"{value:.3g} s" if value < 100 else f"{value:.0f} s"
