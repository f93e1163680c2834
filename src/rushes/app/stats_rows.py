"""Counting rows: which had to be bought, which were here already, and which candidates of them were any good.

A run that was stopped and resumed decides each of its rows anew, so rows are counted run by run: what is kept of one is
let go when it is over.
"""

from __future__ import annotations

from collections.abc import Callable

from rushes.app.stats_count import Model
from rushes.ledger.stats import Moment


class Rows:
    """What was counted so far, from `since` (unix seconds) on.

    `made` rows had something bought for them; of `reused` rows all results were here. `offered` are the results, by
    model, that somebody or a policy chose from, and `picked` those that were chosen.
    """

    def __init__(self, since: float = 0.0) -> None:
        self.made = 0
        self.reused = 0
        self.offered: dict[Model, int] = {}
        self.picked: dict[Model, int] = {}
        self._since = since
        self._asked: dict[str, Model] = {}  # by question
        self._nodes: set[str] = set()
        self._made: set[tuple[str, int]] = set()
        self._reused: set[tuple[str, int]] = set()
        self._stored: dict[str, set[str]] = {}  # digests by question
        self._chosen: dict[str, set[str]] = {}
        self._take: dict[str, Callable[[Moment], None]] = {
            "Reserved": self._reserve,
            "Stored": self._store,
            "CellDone": self._decide,
            "Decided": lambda moment: self._choose(moment, moment.choice == "approved"),
        }

    def take(self, moment: Moment) -> None:
        """Count one moment of the run; they come in order."""
        take = self._take.get(moment.kind)
        if take is not None:
            take(moment)

    def run_over(self) -> None:
        """No more will come of this run: its rows and choices are added up."""
        self.made += len(self._made)
        self.reused += len(self._reused - self._made)
        for question, chosen in self._chosen.items():
            results, model = self._stored.get(question, set()), self._asked.get(question)
            if model is not None and results:
                self.offered[model] = self.offered.get(model, 0) + len(results)
                self.picked[model] = self.picked.get(model, 0) + len(results & chosen)
        for kept in (self._asked, self._nodes, self._made, self._reused, self._stored, self._chosen):
            kept.clear()

    def _reserve(self, moment: Moment) -> None:
        self._nodes.add(moment.node)
        if moment.base is not None:
            self._asked[moment.base] = (moment.provider, moment.model)

    def _store(self, moment: Moment) -> None:
        if moment.at >= self._since:
            self._made.add((moment.node, moment.row))
            if moment.base is not None and moment.artifact is not None:
                self._stored.setdefault(moment.base, set()).add(moment.artifact)

    def _decide(self, moment: Moment) -> None:
        if moment.reused:
            if moment.at >= self._since:
                self._reused.add((moment.node, moment.row))
        elif moment.node not in self._nodes:
            self._choose(moment, True)  # nothing was ever asked for this node: a gate, and what it let through

    def _choose(self, moment: Moment, approved: bool) -> None:
        if moment.base is None or moment.artifact is None:
            return
        chosen = self._chosen.setdefault(moment.base, set())
        if approved:
            chosen.add(moment.artifact)
        else:
            chosen.discard(moment.artifact)
