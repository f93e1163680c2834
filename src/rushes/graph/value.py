"""What is known about a cell while a workflow is being planned or run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from rushes.model.ids import BaseKey, NodeId
from rushes.model.result import Result, Value
from rushes.model.verdict import Decision


class State(StrEnum):
    """How far a cell has come."""

    DONE = "done"
    FAILED = "failed"  # tried, and no result
    BLOCKED = "blocked"  # something it needs failed or was not selected
    SKIPPED = "skipped"  # not wanted: disabled, not selected, condition false
    WAITING = "waiting"  # a person must decide
    RUN = "run"  # must be bought (in a plan) or is being bought (in a run)
    AFTER = "after"  # depends on something that must be bought first


COMING = (State.RUN, State.AFTER, State.WAITING)
"""A result may still come."""

LOST = (State.FAILED, State.BLOCKED, State.SKIPPED)
"""No result will come in this run."""


class Outcome(NamedTuple):
    """A cell's state; for DONE its value, and for generators the candidates it was picked from.

    `base` is the question that was asked; gates hand it on, because an approval is bound to it. `forgiven` is true for
    a BLOCKED cell when all that it lacks was lost with `on_error: continue`: where it is one of several, the others do.
    """

    state: State
    value: Value | None = None
    base: BaseKey | None = None
    candidates: tuple[Result, ...] = ()
    says: str = ""
    forgiven: bool = False


NOT_SELECTED = "not selected"
"""How `says` begins for a cell that has no result and that this run may not make."""


def unselected(flags: str) -> Outcome:
    """The outcome of a cell that has no result and was not selected; `flags` is what the person wrote."""
    return Outcome(State.SKIPPED, says=f"{NOT_SELECTED} ({flags})" if flags else NOT_SELECTED)


def left_out(outcome: Outcome, flags: str) -> Outcome:
    """The outcome of a cell that was not selected: without a result it is no more than that, whatever it lacks."""
    return outcome if outcome.state in (State.DONE, State.SKIPPED) else unselected(flags)


class Known(Protocol):
    """What the ledger knows, asked in batches. Missing keys are absent from the answer."""

    def results(self, bases: Sequence[BaseKey]) -> Mapping[BaseKey, Sequence[Result]]:
        """All stored results of these questions; the value of those whose bytes are not held any more is `GONE`."""
        ...

    def decisions(self, bases: Sequence[BaseKey]) -> Mapping[BaseKey, Sequence[Decision]]:
        """All decisions about these questions, oldest first."""
        ...


class History(Protocol):
    """What the ledger remembers of earlier runs, for people: it explains and decides nothing. Asked in batches."""

    def asked(self, places: Sequence[tuple[NodeId, int]]) -> Mapping[tuple[NodeId, int], BaseKey]:
        """The last question that was answered or asked at each (node, row); places without one are absent."""
        ...

    def recipes(self, bases: Sequence[BaseKey]) -> Mapping[BaseKey, Mapping[str, Any]]:
        """The recipes of these questions, as `Recipe.plain` writes them."""
        ...

    def collected(self, base: BaseKey) -> str:
        """What became of the bytes of this question that are missing, in words; "" when nobody can say."""
        ...
