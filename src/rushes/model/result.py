"""A stored result of a request: what travels on, which asking it answers, what the checks said."""

from __future__ import annotations

from typing import NamedTuple

from rushes.model.ids import AttemptId
from rushes.model.media import Artifact
from rushes.model.verdict import Verdict


class Value(NamedTuple):
    """What travels along an edge: a text, or artifacts (the first is the main one)."""

    text: str | None = None
    artifacts: tuple[Artifact, ...] = ()


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
