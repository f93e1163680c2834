"""A comparison as a table of at most 80 columns."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table
from rich.text import Text

from rushes.app.compared import Comparison, Contender
from rushes.cli.say import clean, count
from rushes.cli.tables import bare, out
from rushes.model.money import show_usd


def show_comparison(found: Comparison) -> None:
    """A line for each model, then who failed and why, then where everything is."""
    console = out()
    simulated = " (simulated)" if found.simulated else ""
    console.print(Text(f"{str(found.op).replace('_', ' ')}{simulated}: {clean(found.prompt)}", style="bold"))
    console.print(_models(found))
    for one in found.contenders:
        if one.why:
            console.print(Text(f"failed: {clean(one.model)}: {clean(one.why)}", style="red"), soft_wrap=True)
    for line in _notes(found):
        console.print(Text(line, style="dim"))
    unpriced = f" + {found.unpriced} unpriced" if found.unpriced else ""
    console.print(f"paid {show_usd(found.spent)}{unpriced} for this comparison (run {found.run})")
    for path in _paths(found):
        console.print(Text(f"  {path}"), soft_wrap=True)


def numbers(*titles: str, name: str) -> Table:
    """An empty table: a name, then numbers."""
    table = bare()
    table.add_column(name, no_wrap=True, overflow="ellipsis", max_width=20)
    for title in titles:
        table.add_column(title, justify="right", no_wrap=True)
    return table


def _models(found: Comparison) -> Table:
    table = numbers("made", "time", "spread", "each", "paid", "size", "QA", name="model")
    for one in found.contenders:
        style = "red" if not one.taken else ""
        table.add_row(
            Text(clean(one.model), style=style),
            f"{len(one.taken)}/{one.wanted}",
            _time(one.median),
            f"{_time(one.seconds[0])}-{_time(one.seconds[-1])}" if len(one.seconds) > 1 else "",
            show_usd(one.each) if one.taken else "",
            show_usd(one.spent),
            _size(one),
            _quality(one),
        )
    return table


def _time(seconds: float | None) -> str:
    """Short enough for a column: `0.4s`, `12s`, `3m05`."""
    if seconds is None:
        return ""
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    return f"{whole}s" if whole < 100 else f"{whole // 60}m{whole % 60:02}"


def _size(one: Contender) -> str:
    size = "" if one.bytes is None else f"{one.bytes / 1e6:.1f}MB" if one.bytes >= 1e6 else f"{one.bytes / 1e3:.0f}kB"
    return " ".join(part for part in (one.pixels[0] if one.pixels else "", size) if part)


def _quality(one: Contender) -> str:
    if not one.judged or one.score is None:
        return ""
    return f"{f'{one.flagged} flagged' if one.flagged else 'clean'} {one.score:.2f}"


def _notes(found: Comparison) -> Iterator[str]:
    reused = sum(one.reused for one in found.contenders)
    if reused:
        results = count(reused, "result was", "results were")
        yield f"{results} here before: cost nothing now, time and price as recorded then (--fresh asks anew)"
    if found.taken and found.sketched:
        yield "all of it drawn by the offline painter; --provider auto asks the models"
    yield from map(clean, found.notes)


def _paths(found: Comparison) -> Iterator[str]:
    yield from (str(one.made.path) for one in found.taken if one.made.path is not None)
    yield from (str(path) for path in (found.sheet, found.page) if path is not None)
