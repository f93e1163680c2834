"""What became of an attempt, as far as its money is concerned: whether anything came of it that is kept."""

from __future__ import annotations

from collections.abc import Set
from enum import StrEnum

from rushes.ledger.costs import Bought, Choices
from rushes.model.event import Cancelled, Failed, Released, Resolved, Stored, Unknown


class Outcome(StrEnum):
    """How an attempt ended."""

    ACCEPTED = "accepted"  # chosen at a gate; or nobody had to choose, and no check flagged it
    SPARE = "not chosen"  # a good one, and another was chosen
    WAITS = "waits for a choice"
    REJECTED = "rejected"  # by a person, or flagged by a check and not chosen all the same
    FAILED = "failed"
    CANCELLED = "cancelled"
    DOUBT = "in doubt"  # nobody can say whether it was accepted
    OPEN = "under way"
    UNSENT = "never sent"

    @property
    def result(self) -> bool:
        """Whether there is a result."""
        return self in _RESULTS

    @property
    def waste(self) -> bool:
        """Whether what it was charged brought nothing that is kept."""
        return self in _WASTE


_RESULTS = frozenset({Outcome.ACCEPTED, Outcome.SPARE, Outcome.WAITS, Outcome.REJECTED})
_WASTE = frozenset({Outcome.REJECTED, Outcome.FAILED, Outcome.CANCELLED, Outcome.DOUBT})
_ENDS = {
    Failed.__name__: Outcome.FAILED,
    Cancelled.__name__: Outcome.CANCELLED,
    Unknown.__name__: Outcome.DOUBT,
    Released.__name__: Outcome.UNSENT,
}


def outcome_of(one: Bought, said: Choices | None, picked: Set[str] | None, *, waits: bool) -> Outcome:
    """What became of an attempt: `said` by people about its question, `picked` at its gates, or it waits for them."""
    if one.end == Resolved.__name__:
        return Outcome.OPEN if one.outcome == "adopt" else Outcome.FAILED
    if one.end != Stored.__name__:
        return _ENDS.get(one.end, Outcome.OPEN)
    chosen = (said.approved if said is not None else frozenset()) | (picked or frozenset())
    if said is not None and one.digest in said.rejected:
        return Outcome.REJECTED
    if one.digest in chosen:
        return Outcome.ACCEPTED
    if waits and not chosen:
        return Outcome.WAITS
    if one.flagged:
        return Outcome.REJECTED
    return Outcome.SPARE if chosen else Outcome.ACCEPTED
