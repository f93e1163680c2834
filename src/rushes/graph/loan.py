"""Loans: a question answered with what was made for another prompt, because a person said so.

A question is never answered so by itself. A loan has a key of its own (`model/canonical.py`): a run that allows none
does not see it, and an approval of what was borrowed is none of what is asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from rushes.model.canonical import borrowed_key, request_key
from rushes.model.event import Borrowed, Place
from rushes.model.ids import BaseKey, Digest, NodeId
from rushes.model.request import Recipe
from rushes.model.result import BORROWED, Result

_MOST = 60  # characters of a prompt that are said


class Asked(NamedTuple):
    """A question of one row that nothing answers. `wanted` is how many candidates it would have."""

    node: NodeId
    row: int
    base: BaseKey
    recipe: Recipe
    wanted: int


class Source(NamedTuple):
    """What results were made for: that question and its prompt, how alike the prompts are (0 to 1), and who took it."""

    base: BaseKey
    prompt: str
    score: float
    by: str


class Loan(NamedTuple):
    """What answers a question in the place of what would be bought. `kept`: the ledger has it already."""

    base: BaseKey
    asks: BaseKey
    source: Source
    lent: tuple[Digest, ...]
    results: tuple[Result, ...]
    kept: bool = False

    @property
    def says(self) -> str:
        """For people: where it is from."""
        return said_of(self.source)

    def events(self, node: NodeId, row: int, recipe: Recipe) -> list[Borrowed]:
        """The facts of this loan at one row."""
        return [
            Borrowed(
                place=Place(node=node, row=row, candidate=one.candidate),
                key=request_key(self.base, one.candidate, one.salt),
                base=self.base,
                asks=self.asks,
                candidate=one.candidate,
                salt=one.salt,
                from_base=self.source.base,
                from_digest=digest,
                score=self.source.score,
                by=self.source.by,
                artifacts=one.value.artifacts,
                verdict=one.verdict,
                recipe={**recipe.kept(), "borrowed": self._plain()},
                text=one.value.text,
            )
            for digest, one in zip(self.lent, self.results, strict=True)
        ]

    def _plain(self) -> dict[str, Any]:
        return {"asks": self.asks, "lent": list(self.lent), **self.source._asdict()}


class Lender(Protocol):
    """Who knows what may be borrowed. A plan and the run that follows from it ask in batches, and get the same."""

    def lend(self, asked: Sequence[Asked]) -> Mapping[int, Loan]:
        """What answers each of these, by its number; those that nothing may answer are absent."""
        ...

    @property
    def unwritten(self) -> bool:
        """Whether anything was lent that is not in the ledger yet: a run has to write it down."""
        ...


def loan_of(asks: BaseKey, source: Source, lent: Sequence[tuple[Digest, Result]]) -> Loan:
    """A loan of these results, in this order: they become candidates 0, 1, ... of the question."""
    digests = tuple(digest for digest, _one in lent)
    results = tuple(Result(number, 0, one.value, one.verdict, BORROWED) for number, (_digest, one) in enumerate(lent))
    return Loan(borrowed_key(asks, digests), asks, source, digests, results)


def kept_loan(base: BaseKey, recipe: Mapping[str, Any], results: Sequence[Result]) -> Loan:
    """A loan as the ledger has it: the recipe beside its key, and its results."""
    raw = recipe["borrowed"]
    source = Source(**{name: raw[name] for name in Source._fields})
    return Loan(base, raw["asks"], source, tuple(raw["lent"]), tuple(results), kept=True)


def said_of(source: Source) -> str:
    """`borrowed: made for 'a red fox', 0.94 alike (--similar 0.9)`."""
    prompt = source.prompt if len(source.prompt) <= _MOST else source.prompt[: _MOST - 1] + "…"
    return f"borrowed: made for {prompt!r}, {source.score:.2f} alike ({source.by})"
