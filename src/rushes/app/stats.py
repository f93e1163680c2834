"""Use case: how fast requests were, how they ended, what the cache saved and which candidates were any good.

Everything is counted from the ledger, of every run of this home in which anything happened in the period; nothing else
is kept. What was simulated is counted apart from what was real.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from rushes.app.limits_shown import Found, found_of
from rushes.app.project import Project
from rushes.app.spoken import means
from rushes.app.stats_count import RATE_LIMIT, Counted, ModelCount
from rushes.app.stats_rows import Rows
from rushes.app.stats_series import Series
from rushes.app.timings import Timings, Usual
from rushes.model.collector import collector_off

PHASES = ("total", "slot", "answer", "work", "keep")
"""The measured parts of a request, as fields of `ModelCount`."""

Wanted = Callable[[str, str], bool]
UsualOf = Callable[[str, str], Usual | None]


class Limit(NamedTuple):
    """What is known of a provider's limits: the most requests that it had at once in one run, and its refusals.

    `found_at_once`, and `found_pace` in requests a second, are what its account was found to take (None: nothing was
    found, or any pace).
    """

    provider: str
    most_at_once: int
    rate_limited: int
    found_at_once: int | None = None
    found_pace: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelStats:
    """One model. `offered` results were chosen from, and `picked` of them chosen.

    `usual` is what its recent results took, whatever the period: what time-outs are learned from.
    """

    provider: str
    model: str
    count: ModelCount
    offered: int
    picked: int
    usual: Usual | None = None

    @property
    def name(self) -> str:
        """Provider and version."""
        return f"{self.provider}/{self.model}"

    @property
    def stored(self) -> int:
        """Requests that have their result."""
        return self.count.ended["stored"]

    @property
    def limited_share(self) -> float | None:
        """The share of requests that were refused as too many."""
        return _share(self.count.ended[RATE_LIMIT], self.count.sent)

    @property
    def other_share(self) -> float | None:
        """The share that ended without a result for any other reason."""
        return _share(self.count.ended.total() - self.stored - self.count.ended[RATE_LIMIT], self.count.sent)

    @property
    def clean_share(self) -> float | None:
        """The share of results that no check flagged."""
        return _share(self.stored - self.count.flagged, self.stored)

    @property
    def picked_share(self) -> float | None:
        """The share that was picked, of the results that somebody or a policy chose from."""
        return _share(self.picked, self.offered)

    @property
    def errors(self) -> list[tuple[str, int, float | None]]:
        """Every outcome but a result, how often, and its share of requests; the most frequent first."""
        outcomes = self.count.ended.most_common()
        return [(kind, times, _share(times, self.count.sent)) for kind, times in outcomes if kind != "stored" and times]

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        count = self.count
        return {
            "provider": self.provider,
            "model": self.model,
            "sent": count.sent,
            "stored": self.stored,
            "open": max(count.sent - count.ended.total(), 0),
            "slow": count.slow,
            "errors": {kind: {"count": times, "share": share} for kind, times, share in self.errors},
            "rate_limited_share": self.limited_share,
            "unflagged_share": self.clean_share,
            "offered": self.offered,
            "picked_share": self.picked_share,
            "seconds": {phase: _plain_series(getattr(count, phase)) for phase in PHASES},
            "recent": None if self.usual is None else {"results": self.usual.known, "p99": round(self.usual.most, 6)},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The real requests, or the simulated ones. `made` rows had to be bought, `reused` rows were here already."""

    simulated: bool
    made: int
    reused: int
    models: tuple[ModelStats, ...]
    limits: tuple[Limit, ...]

    @property
    def hit_share(self) -> float | None:
        """The share of rows that cost nothing."""
        return _share(self.reused, self.reused + self.made)

    @property
    def empty(self) -> bool:
        """Whether nothing happened."""
        return not self.models and not self.made and not self.reused

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "simulated": self.simulated,
            "rows": {"made": self.made, "reused": self.reused, "reused_share": self.hit_share},
            "models": [one.plain() for one in self.models],
            "limits": [one._asdict() for one in self.limits],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """What happened from `since` to `until` (unix seconds; `since` None: ever) in so many runs."""

    since: float | None
    until: float
    runs: int
    worlds: tuple[World, World]  # the real one, the simulated one

    def plain(self) -> dict[str, Any]:
        """As JSON; seconds, and shares from 0 to 1."""
        return {
            "since": self.since,
            "until": self.until,
            "runs": self.runs,
            "worlds": [world.plain() for world in self.worlds if not world.simulated or not world.empty],
        }


def stats(project: Project, *, since: float | None, provider: str | None = None, model: str | None = None) -> Stats:
    """Count from `since` on (unix seconds; None: all there is), of one provider or of models of that name only.

    A model is named as the catalogue names it, or by its version at the provider or a part of that.
    """
    worlds = [(Counted(since or 0.0), Rows(since or 0.0)) for _world in range(2)]
    runs = 0
    with collector_off():
        for run, moments in project.ledger.moments(since or 0.0):
            runs += 1
            counted, rows = worlds[run.simulated]
            for moment in moments:
                counted.take(moment)
                rows.take(moment)
            counted.run_over()
            rows.run_over()
    wanted = _wanted(project, provider, model)
    usual = Timings(project.ledger).of
    takes = found_of(project)
    real, simulated = (_world(*both, bool(number), wanted, usual, takes) for number, both in enumerate(worlds))
    return Stats(since=since, until=time.time(), runs=runs, worlds=(real, simulated))


def limits_of(counted: Counted, takes: Mapping[str, Found]) -> tuple[Limit, ...]:
    """What was seen of the limits of each provider, and what was found of them."""
    refused: Counter[str] = Counter()
    for (provider, _model), count in counted.models.items():
        refused[provider] += count.ended[RATE_LIMIT]
    seen = {name: Limit(name, one.most, refused[name]) for name, one in sorted(counted.flying.items()) if one.most}
    known = {name: takes[name] for name in seen.keys() & takes.keys()}
    seen |= {name: seen[name]._replace(found_at_once=one.most, found_pace=one.pace) for name, one in known.items()}
    return tuple(seen.values())


def _world(
    counted: Counted,
    rows: Rows,
    simulated: bool,
    wanted: Wanted,
    usual: UsualOf,
    takes: Mapping[tuple[str, bool], Found],
) -> World:
    models = tuple(
        ModelStats(
            provider=name[0],
            model=name[1],
            count=count,
            offered=rows.offered.get(name, 0),
            picked=rows.picked.get(name, 0),
            usual=usual(*name),
        )
        for name, count in sorted(counted.models.items())
        if count.sent and wanted(*name)
    )
    asked = {one.provider for one in models}
    here = {provider: one for (provider, of_simulator), one in takes.items() if of_simulator == simulated}
    limits = tuple(one for one in limits_of(counted, here) if one.provider in asked)
    return World(simulated=simulated, made=rows.made, reused=rows.reused, models=models, limits=limits)


def _wanted(project: Project, provider: str | None, model: str | None) -> Wanted:
    meant = None if model is None else means(project, model)
    return lambda at, version: (provider is None or at == provider) and (meant is None or meant(version))


def _plain_series(series: Series) -> dict[str, Any]:
    shown = {name: None if value is None else round(value, 6) for name, value in series.percentiles().items()}
    return {"values": series.count, "exact": series.exact, **shown}


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None
