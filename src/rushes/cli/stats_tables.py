"""Statistics as tables that fit 80 columns: who is fast, where the time goes, how requests ended."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from rushes.app.stats import ModelStats, Stats, World
from rushes.app.stats_series import Series
from rushes.cli.say import clean, count, moment
from rushes.cli.tables import bare, out
from rushes.model.patience import ENOUGH
from rushes.model.size import show_seconds

_NAME = 32
_PARTS = (("slot", "slot"), ("answer", "accepted"), ("work", "provider"), ("keep", "download"))


def show_stats(stats: Stats) -> None:
    """All of it, the real requests first."""
    console = out()
    began = "ever" if stats.since is None else "since " + moment(stats.since)
    console.print(Text(f"{count(stats.runs, 'run')} {began}", style="bold"))
    shown = [world for world in stats.worlds if not world.empty]
    if not shown:
        console.print("nothing was asked for: look further back, or begin with  rushes run FILE")
    for world in shown:
        _show_world(world, console)


def _show_world(world: World, console: Console) -> None:
    if world.simulated:
        console.print(Text("\nsimulated, and counted in nothing above", style="bold yellow"))
    for table in (_speeds, _parts, _ends) if world.models else ():
        console.print()
        console.print(table(world))
    console.print()
    for line in _lines(world):
        console.print(Text(line), soft_wrap=True)


def _table(*columns: str) -> Table:
    table = bare()
    table.add_column(columns[0], no_wrap=True, min_width=_NAME, max_width=_NAME)
    for column in columns[1:]:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def _named(one: ModelStats) -> Text:
    """Provider and version; of a long one the end, which says more than its beginning."""
    text = clean(one.name)
    return Text(text if len(text) <= _NAME else "…" + text[1 - _NAME :])


def _speeds(world: World) -> Table:
    table = _table("from sending to stored", "values", "p50", "p95", "p99", "slow")
    for one in world.models:
        total = one.count.total
        shown = ["-" if value is None else _brief(value) for value in total.percentiles().values()]
        table.add_row(_named(one), f"{total.count:,}", *shown, f"{one.count.slow:,}" if one.count.slow else "")
    return table


def _brief(seconds: float) -> str:
    """Three of them stand beside a name in 80 columns, however slow it is."""
    if seconds < 60:
        return show_seconds(seconds)
    return f"{seconds / 60:.1f} min" if seconds < 3600 else f"{seconds / 3600:,.1f} h"


def _parts(world: World) -> Table:
    table = _table("its parts, p50/p95 in seconds", *(title for _name, title in _PARTS))
    for one in world.models:
        table.add_row(_named(one), *(_pair(getattr(one.count, part)) for part, _title in _PARTS))
    return table


def _pair(series: Series) -> str:
    found = series.percentiles()
    return "/".join(f"{value:.1f}" for value in (found["p50"], found["p95"]) if value is not None) or "-"


def _ends(world: World) -> Table:
    table = _table("how it ended", "sent", "stored", "429", "other", "clean", "picked")
    for one in world.models:
        shares = (one.limited_share, one.other_share, one.clean_share, one.picked_share)
        table.add_row(_named(one), f"{one.count.sent:,}", f"{one.stored:,}", *map(_percent, shares))
    return table


def _lines(world: World) -> Iterator[str]:
    for one in world.models:
        said = ", ".join(f"{times:,} {kind} ({_percent(share)})" for kind, times, share in one.errors)
        if said:
            yield f"{clean(one.name)}: {said}"
        if one.usual is not None and one.usual.known >= ENOUGH:
            yield f"{clean(one.name)}: 99 of 100 of its last {one.usual.known:,} took at most {_brief(one.usual.most)}"
    for limit in world.limits:
        refused = f"; refused more {count(limit.rate_limited, 'time')}" if limit.rate_limited else ""
        takes = f"; found to take {limit.found_at_once:,}" if limit.found_at_once is not None else ""
        pace = f", {limit.found_pace * 60:.3g} a minute" if limit.found_pace is not None else ""
        at_once = f"at most {count(limit.most_at_once, 'request')} at once in a run"
        yield f"{clean(limit.provider)}: {at_once}{refused}{takes}{pace}"
    if world.hit_share is not None:
        yield f"rows: {world.reused:,} from earlier, {world.made:,} made; {_percent(world.hit_share)} cost nothing"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"
