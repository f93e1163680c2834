"""What was made for nearly the same prompt: borrowed where a person says so.

A hint, never a silent hit. What is lent was asked of the same model with the same parameters and the same inputs, only
in other words; it is clean, its bytes are here, and no person turned it down. What a loan is, says `graph/loan.py`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

from rushes.app.asked_before import TAKEN, AskedBefore, but_prompt
from rushes.app.loans import loans_in
from rushes.app.project import Project
from rushes.graph.grid import Grid
from rushes.graph.loan import Asked, Lender, Loan, Source, loan_of
from rushes.graph.planned import Plan
from rushes.graph.select import match
from rushes.graph.value import Outcome, State
from rushes.graph.why import changes, sentence
from rushes.model.canonical import is_borrowed
from rushes.model.ids import BaseKey, NodeId
from rushes.model.problem import Problem, Severity
from rushes.model.run import RunOptions

_LOOKED_AT = 50
"""Prompts that are looked at, the nearest first, until one has a result that may be lent."""

_TOLD = 20
"""Rows that a plan names one by one."""

Spot = tuple[NodeId, int]


class Take(NamedTuple):
    """What a person chose for one row: how the digest begins, and the words of the flag."""

    digest: str
    flag: str


class Loans:
    """The lender of one document under one set of flags. Every row gets one answer, however often it is asked."""

    def __init__(self, project: Project, grid: Grid, options: RunOptions) -> None:
        self._project, self._grid = project, grid
        self._least = options.similar
        self._past = AskedBefore(project)
        self._again = match(grid, options.rerun)[0]
        self._answers: dict[tuple[Spot, BaseKey], Loan | None] = {}
        self._problems: dict[Spot, Problem] = {}
        self._takes, self._unknown = takes_of(grid, options)

    def lend(self, asked: Sequence[Asked]) -> dict[int, Loan]:
        """See `graph.loan.Lender`."""
        for one in asked:
            if ((one.node, one.row), one.base) not in self._answers:
                self._answers[(one.node, one.row), one.base] = self._answer(one)
        found = {number: self._answers[(one.node, one.row), one.base] for number, one in enumerate(asked)}
        return {number: loan for number, loan in found.items() if loan is not None}

    @property
    def unwritten(self) -> bool:
        """See `graph.loan.Lender`."""
        return any(loan is not None and not loan.kept for loan in self._answers.values())

    def problems(self, outcomes: Sequence[Outcome]) -> list[Problem]:
        """What stands in the way of what was chosen by hand; asked when every row has been looked at."""
        for spot, take in self._takes.items():
            if spot in self._problems or any(at == spot and loan for (at, _base), loan in self._answers.items()):
                continue
            outcome = outcomes[self._grid.first[self._grid.index[spot[0]]] + spot[1]]
            if outcome.state is State.DONE:
                says = f"{take.flag}: this row has a result of its own, and nothing is taken for it"
                self._say(spot, "take-unneeded", says, "leave the flag out", Severity.WARNING)
            else:
                says = f"{take.flag}: this row cannot be asked yet ({outcome.says or outcome.state})"
                self._say(spot, "take-early", says, "run what it needs first, then take it")
        return [*self._unknown, *self._problems.values()]

    def _answer(self, one: Asked) -> Loan | None:
        spot = (one.node, one.row)
        take = self._takes.get(spot)
        if self._grid.index[one.node] in self._again:
            if take is not None:
                self._say(spot, "take-again", f"{take.flag}: this row is asked again", "say one of the two")
            return None
        # this reads what there is before anything of its kind is bought: what a run makes is not lent in it, for its
        # plan could not say so; and a second look comes to no other answer than the first
        before = self._past.loans(one.base, one.recipe.plain())
        if take is not None:
            chosen = next((loan for loan in before if loan.lent[0].startswith(take.digest)), None)
            return chosen or self._taken(one, take)  # a gate judges what was chosen, whatever was said of it since
        if self._least is None:
            return None
        for loan in before:
            if loan.source.score >= self._least and not self._turned_down(loan):
                return loan
        return self._nearest(one, self._least)

    def _turned_down(self, loan: Loan) -> bool:
        lendable = {digest for digest, _one in self._past.lendable(loan.base, loan.source.base)}
        return not lendable.issuperset(loan.lent)

    def _nearest(self, one: Asked, least: float) -> Loan | None:
        from rushes.graph.similar import nearest

        if one.recipe.prompt is None:
            return None
        past = self._past.alike(one.recipe.plain())
        for number, score in nearest(one.recipe.prompt, [it.prompt for it in past], least=least, most=_LOOKED_AT):
            source = Source(past[number].base, past[number].prompt, round(score, 4), f"--similar {least:g}")
            lent = self._past.lendable(one.base, source.base)[: one.wanted]
            if lent and not self._turned_down(loan := loan_of(one.base, source, lent)):
                return self._past.written(loan)
        return None

    def _taken(self, one: Asked, take: Take) -> Loan | None:
        found = [pair for pair in self._project.ledger.made_for(take.digest) if not is_borrowed(pair[0])]
        digests = {digest for _base, digest in found}
        if len(digests) != 1:
            many = f"{len(digests)} results have a digest that begins so" if digests else "no result has this digest"
            self._say((one.node, one.row), "take-unknown", f"{take.flag}: {many}", _LOOK)
            return None
        asked, why = one.recipe.plain(), ""
        for base, recipe in self._project.ledger.recipes([base for base, _digest in found]).items():
            if but_prompt(recipe) != but_prompt(asked) or not isinstance(recipe.get("prompt"), str):
                differs = sentence([says for says in changes(recipe, asked) if not says.startswith("prompt")])
                why = why or f"it was asked otherwise ({differs})"
                continue
            lent = [pair for pair in self._past.lendable(one.base, base) if pair[0] in digests][:1]
            if lent:
                source = Source(base, recipe["prompt"], _score(one.recipe.prompt, recipe["prompt"]), TAKEN)
                return self._past.written(loan_of(one.base, source, lent))
            why = "it is flagged, turned down, or no longer in the store"
        self._say((one.node, one.row), "take-refused", f"{take.flag}: {why}", _LOOK)
        return None

    def _say(self, spot: Spot, code: str, says: str, try_: str, severity: Severity = Severity.ERROR) -> None:
        node = self._grid.nodes[self._grid.index[spot[0]]]
        self._problems.setdefault(spot, node.problem(code, says, try_=try_, severity=severity))


def _score(prompt: str | None, other: str) -> float:
    from rushes.graph.similar import nearest

    return next(round(score, 4) for _number, score in nearest(prompt or "", [other], least=0, most=1))


_LOOK = "see what can be taken with: rushes plan FILE --similar"


def takes_of(grid: Grid, options: RunOptions) -> tuple[dict[Spot, Take], list[Problem]]:
    """What `--take` says, by row; and a problem for each that names no row of this document."""
    takes: dict[Spot, Take] = {}
    problems: list[Problem] = []
    for name, row, digest in options.takes:
        flag = f"--take {name}{'' if row is None else f':{row + 1}'}={digest}"
        numbers, unknown = match(grid, [name], "--take")
        problems += unknown
        for number in sorted(numbers):
            node, rows = grid.nodes[number], grid.count[number]
            if (row is None and rows > 1) or (row or 0) >= rows:
                says = f"{flag}: {node.called} has rows 1 to {rows}" if rows > 1 else f"{flag}: it has one row"
                problems.append(node.problem("take-row", says, try_="name the row: --take NODE:ROW=DIGEST"))
                continue
            if takes.setdefault((node.id, row or 0), Take(digest, flag)).digest != digest:
                says = f"{flag}: another result is to be taken for this row, too"
                problems.append(node.problem("take-twice", says, try_="choose one of them"))
    return takes, problems


def with_loans(grid: Grid, lender: Lender, plan: Plan) -> tuple[Plan, list[Problem]]:
    """The plan with a line for each row that borrows, and what stands in the way of what was chosen by hand."""
    said = list(loans_in(grid, plan.outcomes))
    if len(said) > _TOLD:
        said = [*said[:_TOLD], f"and {len(said) - _TOLD} more rows are borrowed"]
    problems = lender.problems(plan.outcomes) if isinstance(lender, Loans) else []
    return dataclasses.replace(plan, warnings=(*plan.warnings, *said)), problems
