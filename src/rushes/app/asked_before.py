"""Everything that was ever asked of a model and answered: where what may be lent is found.

Read out of the ledger once for each model, for those who ask: ten thousand questions take a twentieth of a second.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from rushes.app.held import Holdings
from rushes.app.project import Project
from rushes.graph.gates import shown_as
from rushes.graph.loan import Loan, kept_loan
from rushes.model.canonical import is_borrowed
from rushes.model.ids import BaseKey, Digest
from rushes.model.result import GONE, Result
from rushes.model.verdict import Choice

TAKEN = "--take"
"""Who says so, where a person chose one result for one row."""


class Past(NamedTuple):
    """One question that was answered: its key, its recipe, its prompt, and all the rest of the recipe as one text."""

    base: BaseKey
    recipe: Mapping[str, Any]
    prompt: str
    rest: str


class AskedBefore:
    """The answered questions of this home, as they were when they were first looked at."""

    def __init__(self, project: Project) -> None:
        self._ledger = project.ledger
        self._known = Holdings(project.ledger, project.store)
        self._past: dict[tuple[str, str, str], list[Past]] = {}
        self._alike: dict[str, list[Past]] = {}
        self._lent: dict[BaseKey, list[tuple[BaseKey, Mapping[str, Any]]]] = {}

    def of(self, recipe: Mapping[str, Any]) -> list[Past]:
        """What the model of a recipe was asked for the same work. What was borrowed belongs to whom it was made for."""
        op, provider, model = recipe["op"], recipe["provider"], recipe["model"]
        past = self._past.get((op, provider, model))
        if past is None:
            past = self._past[op, provider, model] = []
            for base, one in sorted(self._ledger.recipes_of(op, provider, model).items()):
                if is_borrowed(base):
                    self._lent.setdefault(one["borrowed"]["asks"], []).append((base, one))
                elif isinstance(one.get("prompt"), str):
                    past.append(Past(base, one, one["prompt"], but_prompt(one)))
            for each in past:
                self._alike.setdefault(each.rest, []).append(each)
        return past

    def alike(self, recipe: Mapping[str, Any]) -> list[Past]:
        """Those that differ from this recipe in nothing but the prompt."""
        self.of(recipe)
        return self._alike.get(but_prompt(recipe), [])

    def loans(self, asks: BaseKey, recipe: Mapping[str, Any]) -> list[Loan]:
        """The loans for a question that were written down and whose bytes are here; those chosen by hand first."""
        self.of(recipe)
        lent = dict(self._lent.get(asks, ()))
        known = self._known.results(list(lent))
        here = [base for base in lent if known.get(base) and all(one.value is not GONE for one in known[base])]
        loans = [kept_loan(base, lent[base], known[base]) for base in here]
        return sorted(loans, key=lambda one: (one.source.by != TAKEN, -one.source.score, one.base))

    def lendable(self, asks: BaseKey, source: BaseKey) -> list[tuple[Digest, Result]]:
        """What media of a question may answer another: clean, here, and turned down by nobody for either."""
        results = self._known.results([source]).get(source, ())
        down: set[Digest] = set()
        for many in self._ledger.decisions([source, asks]).values():
            latest = {one.artifact: one.choice for one in many}
            down.update(digest for digest, choice in latest.items() if choice == Choice.REJECTED)
        clean = [(shown_as(one.value), one) for one in results if one.value.main and not one.verdict.flagged]
        return [(digest, one) for digest, one in clean if digest not in down]

    def written(self, loan: Loan) -> Loan:
        """The loan, known to be in the ledger where another row or run wrote it down."""
        results = self._known.results([loan.base]).get(loan.base, ())
        return loan._replace(kept=len(results) == len(loan.results))


def but_prompt(recipe: Mapping[str, Any]) -> str:
    """Everything of a recipe but its prompt: `1`, `1.0` and `true` are three values."""
    return json.dumps([recipe.get(name) for name in ("op", "provider", "model", "params", "inputs")], sort_keys=True)
