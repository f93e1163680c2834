"""What a benchmark came to: each of its runs, what is usual, where the time went, and what it was before."""

from __future__ import annotations

import json
import statistics
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from rushes.app.benchmark_noise import beyond_noise, percentile
from rushes.app.benchmark_path import Part, Way
from rushes.model.ids import NodeId
from rushes.model.money import ZERO, Estimate
from rushes.model.run import RunState

PERCENTILES = (50, 90, 95)


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One run: its whole time in seconds, the way through it, what it bought and spent (USD, simulated or not).

    `unpriced` attempts cost something nobody knows. Where it did not come to its end, `why` says why.
    """

    run: str
    state: RunState
    seconds: float
    way: Way
    bought: int
    spent: Decimal
    unpriced: int
    why: str = ""

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "run": self.run,
            "state": str(self.state),
            "seconds": round(self.seconds, 6),
            "shares": {str(part): round(seconds, 6) for part, seconds in self.way.shares.items()},
            "path": list(self.way.nodes),
            "bought": self.bought,
            "spent_usd": str(self.spent),
            "unpriced": self.unpriced,
            "why": self.why,
        }


class Before(NamedTuple):
    """An earlier benchmark of the same: when it ended (unix seconds), the seconds of its runs, USD of one of them."""

    at: float
    seconds: tuple[float, ...]
    each: str

    def text(self) -> str:
        """As it is noted in the ledger."""
        return json.dumps({"at": self.at, "seconds": self.seconds, "each_usd": self.each})

    @classmethod
    def read(cls, text: str) -> Before | None:
        """What `text` wrote; None for what is no such note."""
        try:
            raw = json.loads(text)
            found = cls(float(raw["at"]), tuple(map(float, raw["seconds"])), str(raw["each_usd"]))
        except (ValueError, KeyError, TypeError):
            return None
        return found if found.seconds else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """Runs of one workflow. `warm`: with what was here; else everything was made anew. `quoted` was said beforehand, of
    all runs together; `why` says why further runs were not begun; `titles` are the words for nodes."""

    workflow: str
    warm: bool
    wanted: int
    rounds: tuple[Round, ...]
    quoted: Estimate
    simulated: bool
    before: Before | None
    titles: dict[NodeId, str]
    why: str = ""

    @property
    def good(self) -> bool:
        """Whether every run came to its end."""
        return len(self.rounds) == self.wanted and all(one.state is RunState.DONE for one in self.rounds)

    @property
    def measured(self) -> tuple[float, ...]:
        """Seconds of the runs that came to their end: only those say how long it takes."""
        return tuple(one.seconds for one in self.rounds if one.state is RunState.DONE)

    @property
    def times(self) -> dict[str, float]:
        """Mean, least, most and percentiles, in seconds; nothing where no run came to its end."""
        found = self.measured
        if not found:
            return {}
        wanted = {f"p{share}": percentile(found, share / 100) for share in PERCENTILES}
        return {"mean": statistics.fmean(found), "min": min(found), "max": max(found), **wanted}

    @property
    def shares(self) -> dict[Part, float]:
        """Seconds of one run on average, by who had the work; they add up to the mean."""
        done = [one.way.shares for one in self.rounds if one.state is RunState.DONE]
        return {part: statistics.fmean(one[part] for one in done) for part in Part} if done else {}

    @property
    def path(self) -> tuple[tuple[str, ...], int]:
        """The critical path that most runs had, and how many had it."""
        found = Counter(one.way.nodes for one in self.rounds if one.state is RunState.DONE and one.way.nodes)
        if not found:
            return (), 0
        nodes, times = found.most_common(1)[0]
        return tuple(self.titles.get(node, str(node)) for node in nodes), times

    @property
    def spent(self) -> Decimal:
        """Of all runs, in USD."""
        return sum((one.spent for one in self.rounds), ZERO)

    @property
    def each(self) -> Decimal | None:
        """USD of one run on average; None where something cost nobody knows how much."""
        if not self.rounds or any(one.unpriced for one in self.rounds):
            return None
        return self.spent / len(self.rounds)

    @property
    def change(self) -> float | None:
        """The mean as a share of the mean before: 0.5 is twice as fast. None without one of them."""
        if self.before is None or not self.measured:
            return None
        return statistics.fmean(self.measured) / statistics.fmean(self.before.seconds)

    @property
    def beyond_noise(self) -> bool | None:
        """Whether it changed by more than chance would make of it; None: there is nothing before, or too few runs."""
        return None if self.before is None else beyond_noise(self.before.seconds, self.measured)

    def plain(self) -> dict[str, Any]:
        """As JSON; money as strings."""
        path, times = self.path
        return {
            "workflow": self.workflow,
            "warm": self.warm,
            "wanted": self.wanted,
            "rounds": [one.plain() for one in self.rounds],
            "seconds": {name: round(value, 6) for name, value in self.times.items()} or None,
            "shares": {str(part): round(value, 6) for part, value in self.shares.items()} or None,
            "path": {"nodes": list(path), "rounds": times},
            "quoted": self.quoted.plain(),
            "spent_usd": str(self.spent),
            "each_usd": None if self.each is None else str(self.each),
            "simulated": self.simulated,
            "why": self.why,
            "before": None
            if self.before is None
            else {
                "at": self.before.at,
                "mean": statistics.fmean(self.before.seconds),
                "rounds": len(self.before.seconds),
                "ratio": self.change,
                "beyond_noise": self.beyond_noise,
            },
        }
