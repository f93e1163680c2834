"""What is known, as far as this home can show it: the ledger's results, without those whose bytes are not in the store.

A blob may have been deleted by hand, or the ledger is shared and another home made the result and keeps it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any, NamedTuple

from rushes.assets.local import LocalStore
from rushes.ledger.ledger import Ledger
from rushes.model.ids import BaseKey, NodeId
from rushes.model.result import GONE, Result, Value
from rushes.model.verdict import Decision

_ALL_LOOKED_AT = 4096
"""Results up to which each file is looked at. Of more, one for each question: what is lost is seldom lost alone."""

Results = dict[BaseKey, list[Result]]


class Holdings(NamedTuple):
    """A `graph.value.Known` that looks into the store. No blob is read; its name and size are enough."""

    ledger: Ledger
    store: LocalStore

    def results(self, bases: Sequence[BaseKey]) -> Results:
        """All results of these questions; the value of those whose bytes are not here is `GONE`, but for a text."""
        found = self.ledger.results(bases)
        if sum(map(len, found.values())) > _ALL_LOOKED_AT and self._here(many[0] for many in found.values()):
            return found
        if self._here(chain.from_iterable(found.values())):
            return found
        return {base: [self._marked(one) for one in many] for base, many in found.items()}

    def decisions(self, bases: Sequence[BaseKey]) -> dict[BaseKey, list[Decision]]:
        """All decisions about these questions, oldest first."""
        return self.ledger.decisions(bases)

    def _here(self, results: Iterable[Result]) -> bool:
        holds = self.store.holds
        return all(holds(artifact) for one in results for artifact in one.value.artifacts)

    def _marked(self, one: Result) -> Result:
        if self._here([one]):
            return one
        # the words of a text are in the ledger: what lay beside them is lost, and they are not bought again
        return one._replace(value=GONE if one.value.beside is None else Value(one.value.text))


class History(NamedTuple):
    """What this workflow's places asked before."""

    ledger: Ledger
    workflow: str
    store: LocalStore

    def asked(self, places: Sequence[tuple[NodeId, int]]) -> dict[tuple[NodeId, int], BaseKey]:
        """The last question that was answered or asked at each (node, row)."""
        return self.ledger.asked(self.workflow, places)

    def recipes(self, bases: Sequence[BaseKey]) -> dict[BaseKey, dict[str, Any]]:
        """The recipes of these questions."""
        return self.ledger.recipes(bases)

    def collected(self, base: BaseKey) -> str:
        """What became of the bytes of this question that are missing, in words."""
        from rushes.app.collected import what_became  # for plans that miss what was there

        return what_became(self.ledger, self.store, base)
