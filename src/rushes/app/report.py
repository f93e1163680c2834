"""Use case: one self-contained HTML file that shows what a run made, to people who will never open a terminal."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rushes.app.export import write_pieces
from rushes.app.export_layout import OutFile
from rushes.app.picks import Shown, shown
from rushes.app.report_html import Bytes, esc
from rushes.app.report_page import page
from rushes.app.report_scenes import Sheet, shown_pictures
from rushes.app.report_tables import Costs, failures, nodes, notes, waiting
from rushes.app.report_timeline import Bars
from rushes.app.report_words import Recipe, shown_of
from rushes.app.summary import RunSummary
from rushes.graph.grid import Grid
from rushes.graph.value import NOT_SELECTED, Outcome
from rushes.ledger.entry import Entry
from rushes.model.collector import collector_off
from rushes.model.event import Stored
from rushes.model.ids import BaseKey
from rushes.model.money import show_usd
from rushes.model.run import RunState
from rushes.model.size import show_seconds

EMBEDDED = 400
"""Pictures inside the file; more are linked to the exported files beside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What a report tells. `files` and `version` are what `export` wrote; `reasons` are the plan's, by node.

    `recipes` are for results of earlier runs; those of this run are in its entries, which are walked over once.
    """

    summary: RunSummary
    grid: Grid
    outcomes: Sequence[Outcome | None]
    entries: Iterable[Entry] = ()
    files: Sequence[OutFile] = ()
    version: int | None = None
    reasons: Mapping[str, str] = field(default_factory=dict)
    recipes: Mapping[BaseKey, Recipe] = field(default_factory=dict)


def write_report(story: Story, store: Bytes, folder: Path) -> Path:
    """Write `report-{run}.html` into the folder that holds the exported ones, whole or not at all. StoreError."""
    target = folder / f"report-{story.summary.run}.html"
    write_pieces(target, report(story, store))
    return target


def report(story: Story, store: Bytes) -> Iterator[str]:
    """The file in pieces; its size and the time it takes grow linearly with the results."""
    rows = list(shown(story.grid, story.outcomes))
    summary = story.summary
    title = f"{summary.workflow}{_label(summary)} – Rushes"
    yield from page(title, _head(summary), _body(story, rows, store), _foot(summary))


def _label(summary: RunSummary) -> str:
    return "" if summary.profile is None else f" ({summary.profile})"


def _head(summary: RunSummary) -> Iterator[str]:
    when = time.strftime("%d %B %Y, %H:%M", time.localtime(summary.created)).lstrip("0")
    yield f"<h1>{esc(summary.workflow + _label(summary))}</h1>"
    yield f'<p class="sub">{esc(when)} · run {esc(summary.run)} '
    state = str(summary.state)
    if summary.profile is not None:
        yield f'<span class="state parked">{esc(summary.profile)}: made with other means, not the final</span> '
    if summary.simulator is not None:
        yield '<span class="state parked">simulated: nothing was really bought</span> '
    yield f'<span class="state {esc(state)}">{esc(_STATES.get(state, state))}{_as_far(summary)}</span></p>'
    counts = summary.counts
    unpriced = " +?" if summary.unpriced else ""
    tiles = [
        ("made in this run", f"{counts.bought:,}"),
        ("rows from earlier", f"{counts.reused:,}"),
        ("failed", f"{counts.failed + counts.blocked:,}" if counts.failed or counts.blocked else ""),
        ("waiting for you", f"{counts.waiting:,}" if counts.waiting else ""),
        ("cost", show_usd(summary.spent) + unpriced),
        ("time", show_seconds(summary.seconds)),
    ]
    yield '<dl class="tiles">'
    yield "".join(f"<div><dt>{name}</dt><dd>{esc(value)}</dd></div>" for name, value in tiles if value)
    yield "</dl>"


def _as_far(summary: RunSummary) -> str:
    partly = summary.state is RunState.DONE and any(one.says.startswith(NOT_SELECTED) for one in summary.nodes)
    return " as far as it was selected" if partly else ""


_STATES = {"done": "complete", "parked": "waiting for your choice", "failed": "some results are missing"}


def _body(story: Story, rows: Sequence[Shown], store: Bytes) -> Iterator[str]:
    # PIL and PyAV cost more to load than a run that has nothing to do may take
    from rushes.app.report_pictures import thumbs

    summary = story.summary
    picture, costs, asked = _told(story)
    yield _nav(rows, picture)
    yield failures(summary)
    yield waiting(summary)
    yield notes(summary)
    yield '<h2 id="sheet">Contact sheet</h2>'
    small = thumbs(shown_pictures(rows), store, EMBEDDED)
    yield from Sheet(small, _links(story), asked, story.recipes, _bases(story, rows)).html(rows)
    if picture:
        yield f'<h2 id="timeline">Timeline</h2>{picture}'
    yield '<h2 id="numbers">Numbers</h2>'
    yield costs
    yield from nodes(summary, story.reasons)


def _told(story: Story) -> tuple[str, str, dict[BaseKey, Recipe]]:
    """What the entries tell, in one walk: the timeline, the table of costs, the words that were asked."""
    bars, costs = Bars({one.node: one.title for one in story.summary.nodes}), Costs()
    asked: dict[BaseKey, Recipe] = {}
    with collector_off():
        for entry in story.entries:
            bars.take(entry)
            costs.take(entry)
            if isinstance(entry.event, Stored):
                asked[entry.event.base] = shown_of(entry.event.recipe)
    return bars.picture(), costs.table(), asked


def _nav(rows: Sequence[Shown], picture: str) -> str:
    tabs = list(dict.fromkeys(one.node.tab for one in rows))
    links = [(f"#tab-{number}", tab) for number, tab in enumerate(tabs)] if len(tabs) > 1 else [("#sheet", "Pictures")]
    links += [("#timeline", "Timeline")] if picture else []
    links.append(("#numbers", "Numbers"))
    return "<nav>" + "".join(f'<a href="{where}">{esc(name)}</a>' for where, name in links) + "</nav>"


def _links(story: Story) -> dict[str, str]:
    links: dict[str, str] = {}
    for one in story.files:
        # the pick is the same file as one of the candidates; either link serves
        links.setdefault(one.digest, f"{one.folder}/v0-{story.version}/{one.path}")
    return links


def _bases(story: Story, rows: Sequence[Shown]) -> dict[int, BaseKey | None]:
    bases: dict[int, BaseKey | None] = {}
    for one in rows:
        outcome = story.outcomes[one.cell]
        bases[one.cell] = outcome.base if outcome is not None else None
    return bases


def _foot(summary: RunSummary) -> str:
    name = Path(summary.file).name
    return f"Made by Rushes from {esc(name)}. Everything in this file is inside it; films and full sizes lie beside it."
