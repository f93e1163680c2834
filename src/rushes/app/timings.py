"""How long requests of each model took so far, and what follows from it; read once for each model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rushes.app.stats_series import nearest_rank
from rushes.ledger.ledger import Ledger


class Usual(NamedTuple):
    """What is usual of a model, from so many `known` results: half, and 99 of 100, took no longer. In seconds."""

    known: int
    half: float
    most: float


def usual_of(many: Sequence[float]) -> Usual | None:
    """What is usual, from durations in seconds; None without any."""
    return Usual(len(many), nearest_rank(many, 0.5), nearest_rank(many, 0.99)) if many else None


class Timings:
    """The durations that a ledger keeps, by provider and model version."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._found: dict[tuple[str, str], Usual | None] = {}

    def of(self, provider: str, model: str) -> Usual | None:
        """What is usual of one model at one provider; None while it has no result."""
        name = (provider, model)
        if name not in self._found:
            self._found[name] = usual_of(self._ledger.durations(provider, model))
        return self._found[name]
