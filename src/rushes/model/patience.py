"""How long one request may take, who says so, and how much longer a job is asked about that nobody could call off.

What a person declares is what they want: the request ends then. Where nobody did, the time comes from the catalogue or
from what earlier requests took, and is only the time after which it holds nobody up any more: a job that may still be
charged is asked about until `most`, so that what was paid for is not thrown away for being late.
"""

from __future__ import annotations

from typing import NamedTuple

from rushes.model.media import Kind
from rushes.model.operation import SIGNATURES, Operation

ENOUGH = 100
"""Timings that have to be known before a time is learned from them: fewer have no slowest one in a hundred."""

FACTOR = 3.0
"""Times what 99 of 100 requests stay under: a busy hour at the provider is no reason to give up."""

AT_HOME = 4 * 3600.0
"""Seconds for work that costs nothing and waits for nobody else: a slow machine may take its time."""


class Span(NamedTuple):
    """The least that a learned time is, and the most that anything undeclared may take; both in seconds."""

    floor: float
    cap: float


LINE = 6 * 3600.0
"""Seconds for which a line at the provider may put off that a request's time begins: nobody stands in one for ever."""

SPANS = {
    Kind.TEXT: Span(60.0, 900.0),
    Kind.SUBTITLES: Span(60.0, 900.0),
    Kind.IMAGE: Span(120.0, 1800.0),
    Kind.AUDIO: Span(120.0, 1800.0),
    Kind.VIDEO: Span(600.0, 7200.0),
}
"""By what a request makes."""


class Patience(NamedTuple):
    """`seconds` after it was begun, a request's time is over; `most` seconds after, nobody asks about it any more.

    It is begun when it was sent, or when it has left the line in which its provider let it wait (`LINE`).

    `source` says who said so: `flag`, `step`, `document`, `catalogue`, `learned` (from `known` results) or `default`.
    """

    seconds: float
    most: float
    source: str
    known: int = 0

    @property
    def wished(self) -> bool:
        """Whether a person named it."""
        return self.source in ("flag", "step", "document")

    @property
    def says(self) -> str:
        """Why it is so long, in words."""
        return f"learned from {self.known:,} results" if self.source == "learned" else _WORDS[self.source]


_WORDS = {
    "flag": "--timeout",
    "step": "the step says so",
    "document": "the document says so",
    "catalogue": "the catalogue says so",
    "default": "nothing is known",
}


def declared(seconds: float, source: str) -> Patience:
    """What somebody declared holds to the second."""
    return Patience(seconds, seconds, source)


def undeclared(
    op: Operation, *, catalogue: float | None = None, usual: float | None = None, known: int = 0
) -> Patience:
    """The time of a request for which no person named one.

    `catalogue` is what the catalogue says; `usual` what 99 of 100 earlier requests stayed under, `known` how many
    those were; all in seconds, None: not known. What was learned lengthens the catalogue's time and never shortens it:
    requests that the file allows are not called off because the provider was quick so far.
    """
    span = SPANS[SIGNATURES[op].output or Kind.IMAGE]
    most = max(span.cap, catalogue or 0.0)
    learned = None
    if usual is not None and known >= ENOUGH:
        learned = min(max(usual * FACTOR, span.floor), most)
    if learned is not None and learned > (catalogue or 0.0):
        return Patience(learned, most, "learned", known)
    return Patience(most, most, "default") if catalogue is None else Patience(catalogue, most, "catalogue")


def at_home(catalogue: float | None = None) -> Patience:
    """The time of work that costs nothing: there is nothing to adopt of what was given up."""
    return declared(AT_HOME, "default") if catalogue is None else declared(catalogue, "catalogue")
