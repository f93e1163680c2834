"""A stored result of a request: what travels on, which asking it answers, what the checks said."""

from __future__ import annotations

from typing import NamedTuple

from rushes.model.ids import AttemptId
from rushes.model.media import Artifact, Kind
from rushes.model.verdict import Verdict


class Value(NamedTuple):
    """What travels along an edge: a text, or artifacts (the first is the main one).

    What lies beside a text, as the times of a transcript's words do, is no medium: it is kept, and never travels.
    """

    text: str | None = None
    artifacts: tuple[Artifact, ...] = ()

    @property
    def main(self) -> Artifact | None:
        """The artifact that travels, is looked at and decided about; None of a text."""
        return self.artifacts[0] if self.artifacts and (self.text is None or self.beside is None) else None

    @property
    def beside(self) -> Artifact | None:
        """What lies beside a text; None where nothing does, and of everything else."""
        if self.text is None or not self.artifacts or self.artifacts[0].kind is not Kind.TEXT:
            return None
        return self.artifacts[0]


GONE = Value()
"""The value of a result whose bytes are no longer in the store: it answers nothing, and its salt is used up."""


BORROWED = AttemptId("borrowed")
"""In the place of an attempt: nobody was asked for this result, it was made for another prompt."""


class Result(NamedTuple):
    """One stored result of a request, as the ledger keeps it."""

    candidate: int
    salt: int
    value: Value
    verdict: Verdict
    attempt: AttemptId | None = None
