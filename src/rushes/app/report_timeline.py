"""The timeline: every attempt as a bar in a picture that needs no script: waiting, the provider's work, the download.

Attempts share lanes, so the height is the number of requests in flight and not the number of requests. Times in which
nobody worked (a run that waited for a person over night) are cut out.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rushes.app.report_html import esc
from rushes.ledger.entry import Entry
from rushes.model.event import Accepted, Cancelled, Done, Failed, Reserved, Stored, Unknown
from rushes.model.ids import AttemptId
from rushes.model.size import show_seconds

MOST = 3000
"""Attempts that are drawn."""

_WIDTH, _LANE, _TOP = 1000, 14, 6
_GAP = 3.0  # seconds without any attempt that are cut out
_CUT = 1.0  # seconds that a cut takes in the picture


@dataclass(slots=True)
class Bar:
    """One attempt; times in unix seconds, None where it never came so far."""

    what: str
    reserved: float
    accepted: float | None = None
    done: float | None = None
    end: float = 0.0
    fate: str = "open"


class _Span(NamedTuple):
    start: float
    end: float
    shift: float  # what is taken off a time in this span


class Bars:
    """The attempts in the order in which they began, those that are drawn; kept up entry by entry."""

    def __init__(self, titles: Mapping[str, str]) -> None:
        self.attempts = 0
        self._titles = titles
        self._bars: dict[AttemptId, Bar] = {}
        self._last = 0.0

    def take(self, entry: Entry) -> None:
        """One entry; they come oldest first."""
        event, self._last = entry.event, entry.at
        if isinstance(event, Reserved):
            self.attempts += 1
            if self.attempts <= MOST:
                place = event.place
                title = self._titles.get(place.node, place.node)
                what = f"{title}, row {place.row + 1}, candidate {place.candidate + 1}"
                self._bars[event.attempt] = Bar(what, entry.at)
            return
        bar = self._bars.get(getattr(event, "attempt", AttemptId("")))
        if bar is None:
            return
        match event:
            case Accepted():
                bar.accepted = entry.at
            case Done():
                bar.done = entry.at
            case Stored():
                bar.end, bar.fate = entry.at, "stored"
            case Failed() | Cancelled() | Unknown():
                bar.end, bar.fate = entry.at, type(event).__name__.lower()

    def picture(self) -> str:
        """The timeline of what was taken."""
        for bar in self._bars.values():
            bar.end = bar.end or self._last
        return timeline(list(self._bars.values()), self.attempts)


def timeline(bars: Sequence[Bar], attempts: int) -> str:
    """The picture of these of so many attempts, with a line of words for those who cannot see it; `""` of none."""
    if not bars:
        return ""
    drawn = sorted(bars, key=lambda bar: bar.reserved)
    spans = _spans(drawn)
    total = max(0.001, spans[-1].end - spans[-1].shift)
    lanes = _lanes(drawn)
    height = _TOP + (max(lanes) + 1) * _LANE + 6

    def x(at: float) -> float:
        shift = next((span.shift for span in reversed(spans) if at >= span.start), spans[0].shift)
        return (at - shift) / total * _WIDTH

    parts = [
        f'<svg class="time" viewBox="0 0 {_WIDTH} {height}" role="img" preserveAspectRatio="none"'
        f' style="height:{min(height, 900)}px" aria-label="{attempts} attempts over {esc(show_seconds(total))}">'
    ]
    parts += [
        f'<line class="tick" x1="{n * _WIDTH / 5:.0f}" x2="{n * _WIDTH / 5:.0f}" y1="18" y2="{height}"/>'
        for n in range(6)
    ]
    for span in spans[1:]:
        parts.append(f'<line class="cut" x1="{x(span.start):.1f}" x2="{x(span.start):.1f}" y1="18" y2="{height}"/>')
    for bar, lane in zip(drawn, lanes, strict=True):
        parts.append(_bar(bar, _TOP + lane * _LANE, x))
    parts.append("</svg>")
    labels = "".join(f"<span>{esc(show_seconds(total * n / 5))}</span>" for n in range(6))
    more = f"<p>The first {MOST:,} of {attempts:,} attempts.</p>" if attempts > MOST else ""
    cut = "<p>Dashed lines: nobody worked in between, and the time is cut out.</p>" if len(spans) > 1 else ""
    return f'<div class="axis" aria-hidden="true">{labels}</div>{"".join(parts)}{_LEGEND}{cut}{more}'


_LEGEND = (
    '<p class="legend"><span class="k queue"></span>on its way <span class="k work"></span>at the provider '
    '<span class="k fetch"></span>download and checks <span class="k lost"></span>failed or cancelled</p>'
)


def _bar(bar: Bar, y: int, x: Callable[[float], float]) -> str:
    start, end = x(bar.reserved), x(bar.end)
    title = f"<title>{esc(bar.what)}: {esc(show_seconds(bar.end - bar.reserved))}, {esc(bar.fate)}</title>"
    if bar.fate not in ("stored", "open"):
        return f"<g>{title}{_rect('lost', start, end, y)}</g>"
    accepted = x(bar.accepted) if bar.accepted is not None else start
    done = x(bar.done) if bar.done is not None else end
    pieces = [("queue", start, accepted), ("work", accepted, done), ("fetch", done, end)]
    return f"<g>{title}{''.join(_rect(name, a, b, y) for name, a, b in pieces if b > a or name == 'work')}</g>"


def _rect(name: str, start: float, end: float, y: int) -> str:
    return f'<rect class="{name}" x="{start:.1f}" y="{y}" width="{max(1.0, end - start):.1f}" height="{_LANE - 4}"/>'


def _spans(bars: Sequence[Bar]) -> list[_Span]:
    """Times in which somebody worked; `shift` maps them onto one axis from 0."""
    spans = [_Span(bars[0].reserved, bars[0].end, bars[0].reserved)]
    for bar in bars[1:]:
        last = spans[-1]
        if bar.reserved - last.end > _GAP:
            spans.append(_Span(bar.reserved, bar.end, last.shift + bar.reserved - last.end - _CUT))
        elif bar.end > last.end:
            spans[-1] = last._replace(end=bar.end)
    return spans


def _lanes(bars: Sequence[Bar]) -> list[int]:
    """For each bar the lowest lane that is free when it begins."""
    free: list[int] = []
    busy: list[tuple[float, int]] = []
    lanes = []
    for bar in bars:
        while busy and busy[0][0] <= bar.reserved:
            heapq.heappush(free, heapq.heappop(busy)[1])
        lane = heapq.heappop(free) if free else len(busy)
        heapq.heappush(busy, (bar.end, lane))
        lanes.append(lane)
    return lanes
