"""The work of one cell: its question, the results it has, the candidates that are still being made.

A cell is the unit of *deciding*, a unit is the unit of *buying*: one candidate with one salt. Two cells that ask
the same question share their units, so an identical request is bought once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from rushes.engine.limits import Lane
from rushes.engine.order import Order
from rushes.engine.tokens import Tokens
from rushes.errors import RemoteError
from rushes.graph.answers import Chosen, choose, generated
from rushes.graph.frame import Frame
from rushes.graph.grid import Cell
from rushes.graph.setting import Setting
from rushes.graph.value import Outcome, State
from rushes.model.canonical import seed_for
from rushes.model.claim import OUT_OF_BUDGET
from rushes.model.ids import BaseKey, RequestKey
from rushes.model.request import Recipe, Request
from rushes.model.result import GONE, Result
from rushes.model.workflow import Node


@dataclass(slots=True)
class CellWork:
    """One cell that buys. `failed` holds the last error of each candidate that was given up."""

    number: int
    cell: Cell
    frame: Frame
    base: BaseKey
    recipe: Recipe
    results: list[Result]
    pending: set[tuple[int, int]] = field(default_factory=set)
    failed: dict[int, RemoteError] = field(default_factory=dict)
    bought: int = 0

    def _chosen(self, setting: Setting) -> Chosen:
        return choose(self.base, self.frame.wanted, self.frame.attempts, self.results, setting)

    def wanted(self, setting: Setting) -> list[tuple[int, int]]:
        """The (candidate, salt) pairs to start now; a flagged result brings the next salt of its candidate."""
        missing = self._chosen(setting).missing
        return [one for one in missing if one not in self.pending and one[0] not in self.failed]

    def outcome(self, setting: Setting) -> Outcome:
        """The cell's end, once nothing is pending: candidates that failed fall back to their best flagged result.

        A candidate that a ceiling kept from being made is still wanted: its cell is not done with fewer, so that a
        resume with more money makes it.
        """
        kept = {one.candidate: one for one in self._chosen(setting).candidates}
        for candidate in self.failed.keys() - kept.keys():
            floor = setting.floors.get((self.base, candidate), 0)
            mine = [r for r in self.results if r.candidate == candidate and r.salt >= floor and r.value is not GONE]
            if mine:
                kept[candidate] = max(mine, key=lambda r: r.verdict.score)
        beyond = [self.failed[one].message for one in sorted(self.failed.keys() - kept.keys())]
        beyond = [says for says in beyond if says.startswith(OUT_OF_BUDGET)]
        if beyond:
            return Outcome(State.FAILED, base=self.base, says=beyond[0])
        if kept:
            return generated(self.cell, self.base, self.frame.op, [kept[number] for number in sorted(kept)])
        error = next(iter(self.failed.values()), None)
        return Outcome(State.FAILED, base=self.base, says=error.message if error else "nothing came back")


@dataclass(slots=True, eq=False)
class Unit:
    """One candidate with one salt, and the cells that wait for it."""

    request: Request
    node: Node
    row: int
    lane: Lane
    path: float
    works: list[CellWork]
    tries: int = 0
    order: Order | None = None
    ahead: asyncio.Task[None] | None = None  # the claim that is made while it waits for a slot
    tokens: Tokens | None = None  # of every limit in its lane, while it is on its way

    @property
    def key(self) -> RequestKey:
        """The request key."""
        return self.request.key


def request_for(work: CellWork, candidate: int, salt: int, setting: Setting) -> Request:
    """The request of one asking, with its seed.

    A seed that the file pins is kept for the first asking (candidate 0 gets it as written, the others count up) and for
    a plain `rerun`; a re-roll after a flag, or `--fresh-seed`, draws a new one. A result whose bytes are gone is asked
    for again with the seed it had: where the provider makes the same bytes of it, nothing else has to be made anew.
    """
    base = work.base
    floor = setting.floors.get((base, candidate), 0)
    salt_of_seed = _lost_salt(work.results, candidate, floor)
    if salt_of_seed is None:
        salt_of_seed = salt
    pinned = work.recipe.params.get("seed")
    asked_again = setting.floors.get((base, candidate)) == salt and not setting.fresh_seed
    if isinstance(pinned, int) and not isinstance(pinned, bool) and (salt_of_seed == 0 or asked_again):
        seed = (pinned + candidate) & 0x7FFFFFFF
    else:
        seed = seed_for(base, candidate, salt_of_seed)
    return Request(recipe=work.recipe, base=base, candidate=candidate, salt=salt, seed=seed)


def _lost_salt(results: Sequence[Result], candidate: int, floor: int) -> int | None:
    """The salt of the result that is missed: the last clean one whose bytes are gone, if nothing came after it."""
    mine = [one for one in results if one.candidate == candidate and one.salt >= floor]
    held = max((one.salt for one in mine if one.value is not GONE), default=-1)
    lost = [one for one in mine if one.salt > held]
    clean = [one.salt for one in lost if not one.verdict.flagged] or [one.salt for one in lost]
    return max(clean, default=None)
