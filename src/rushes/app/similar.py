"""What was made for nearly the same prompt: borrowed where a person says so.

A hint, never a silent hit. What is lent was asked of the same model with the same parameters and the same inputs, only
in other words; it is clean, its bytes are here, and no person turned it down. What a loan is, says `graph/loan.py`.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from rushes.app.held import Holdings
from rushes.app.loans import loans_in
from rushes.app.project import Project
from rushes.graph.gates import shown_as
from rushes.graph.grid import Grid
from rushes.graph.loan import Asked, Lender, Loan, Source, kept_loan, loan_of
from rushes.graph.planned import Plan
from rushes.graph.select import match
from rushes.graph.value import Outcome, State
from rushes.graph.why import changes, sentence
from rushes.model.canonical import is_borrowed
from rushes.model.ids import BaseKey, Digest, NodeId
from rushes.model.problem import Problem, Severity
from rushes.model.result import GONE, Result
from rushes.model.run import RunOptions
from rushes.model.verdict import Choice

_LOOKED_AT = 50
"""Prompts that are looked at, the nearest first, until one has a result that may be lent."""

TAKEN = "--take"
"""Who says so, where a person chose one result for one row."""

_TOLD = 20
"""Rows that a plan names one by one."""

Spot = tuple[NodeId, int]


class Past(NamedTuple):
    """One question that was answered: its key, its recipe, and its prompt."""

    base: BaseKey
    recipe: Mapping[str, Any]
    prompt: str


class Take(NamedTuple):
    """What a person chose for one row: how the digest begins, and the words of the flag."""

    digest: str
    flag: str


class Shelf:
    """Everything that was ever asked of a model, as far as it was answered when it was first looked at."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._known = Holdings(project.ledger, project.store)
        self._past: dict[tuple[str, str, str], list[Past]] = {}
        self._lent: dict[BaseKey, list[BaseKey]] = {}
        self._recipes: dict[BaseKey, Mapping[str, Any]] = {}

    def of(self, op: str, provider: str, model: str) -> list[Past]:
        """The answered questions of one model; what was borrowed is lent by whom it belongs to."""
        past = self._past.get((op, provider, model))
        if past is None:
            past = self._past[op, provider, model] = []
            for base, recipe in sorted(self._project.ledger.recipes_of(op, provider, model).items()):
                if is_borrowed(base):
                    self._recipes[base] = recipe
                    self._lent.setdefault(recipe["borrowed"]["asks"], []).append(base)
                elif isinstance(recipe.get("prompt"), str):
                    past.append(Past(base, recipe, recipe["prompt"]))
        return past

    def lent(self, asks: BaseKey) -> list[Loan]:
        """The loans for a question that were written down and whose bytes are here; those chosen by hand first."""
        bases = self._lent.get(asks, [])
        known = self._known.results(bases)
        here = [base for base in bases if known.get(base) and all(one.value is not GONE for one in known[base])]
        loans = [kept_loan(base, self._recipes[base], known[base]) for base in here]
        return sorted(loans, key=lambda one: (one.source.by != TAKEN, -one.source.score, one.base))

    def alike(self, recipe: Mapping[str, Any]) -> list[Past]:
        """Those that differ from this recipe in nothing but the prompt."""
        rest = _but_prompt(recipe)
        return [one for one in self.of(*_asked_of(recipe)) if _but_prompt(one.recipe) == rest]

    def lendable(self, asks: BaseKey, source: BaseKey) -> list[tuple[Digest, Result]]:
        """What media of a question may answer another: clean, here, and turned down by nobody for either."""
        results = self._known.results([source]).get(source, ())
        said = self._project.ledger.decisions([source, asks])
        latest = {one.artifact: one.choice for many in said.values() for one in many}
        clean = [(shown_as(one.value), one) for one in results if one.value.artifacts and not one.verdict.flagged]
        return [(digest, one) for digest, one in clean if latest.get(digest) != Choice.REJECTED]

    def written(self, loan: Loan) -> Loan:
        """The loan, known to be in the ledger where another row or run wrote it down."""
        results = self._known.results([loan.base]).get(loan.base, ())
        return loan._replace(kept=len(results) == len(loan.results))


class Loans:
    """The lender of one document under one set of flags. Every row gets one answer, however often it is asked."""

    def __init__(self, project: Project, grid: Grid, options: RunOptions) -> None:
        self._project, self._grid = project, grid
        self._least = options.similar
        self._shelf = Shelf(project)
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
        # read before anything of its kind is bought: what a run makes is not lent in it, its plan could not say so
        self._shelf.of(*_asked_of(one.recipe.plain()))
        before = self._shelf.lent(one.base)  # a second look must not come to another answer
        if take is not None:
            # a gate behind it judges what was chosen, whatever was said of it since
            return next((loan for loan in before if loan.lent[0].startswith(take.digest)), None) or self._taken(
                one, take
            )
        if self._least is None:
            return None
        for loan in before:
            if loan.source.score >= self._least and not self._turned_down(loan):
                return loan
        return self._nearest(one, self._least)

    def _turned_down(self, loan: Loan) -> bool:
        lendable = {digest for digest, _one in self._shelf.lendable(loan.base, loan.source.base)}
        return not lendable.issuperset(loan.lent)

    def _nearest(self, one: Asked, least: float) -> Loan | None:
        from rushes.graph.similar import nearest

        if one.recipe.prompt is None:
            return None
        past = [other for other in self._shelf.alike(one.recipe.plain()) if other.base != one.base]
        prompts = [other.prompt for other in past]
        for number, score in nearest(one.recipe.prompt, prompts, least=least, most=_LOOKED_AT):
            source = Source(past[number].base, past[number].prompt, round(score, 4), f"--similar {least:g}")
            lent = self._shelf.lendable(one.base, source.base)[: one.wanted]
            if lent and not self._turned_down(loan := loan_of(one.base, source, lent)):
                return self._shelf.written(loan)
        return None

    def _taken(self, one: Asked, take: Take) -> Loan | None:
        from rushes.graph.similar import nearest

        found = [pair for pair in self._project.ledger.made_for(take.digest) if not is_borrowed(pair[0])]
        digests = sorted({digest for _base, digest in found})
        if len(digests) != 1:
            many = f"{len(digests)} results have a digest that begins so" if digests else "no result has this digest"
            self._say((one.node, one.row), "take-unknown", f"{take.flag}: {many}", _LOOK)
            return None
        why, here = "it is flagged, turned down, or no longer in the store", False
        recipes = self._project.ledger.recipes([base for base, _digest in found])
        asked = one.recipe.plain()
        for base, recipe in recipes.items():
            if _but_prompt(recipe) != _but_prompt(asked) or not isinstance(recipe.get("prompt"), str):
                differs = sentence([says for says in changes(recipe, asked) if not says.startswith("prompt")])
                why = why if here else f"it was asked otherwise ({differs})"
                continue
            here, why = True, "it is flagged, turned down, or no longer in the store"
            lent = [pair for pair in self._shelf.lendable(one.base, base) if pair[0] == digests[0]][:1]
            if lent:
                score = next(
                    (score for _n, score in nearest(one.recipe.prompt or "", [recipe["prompt"]], least=0, most=1))
                )
                return self._shelf.written(
                    loan_of(one.base, Source(base, recipe["prompt"], round(score, 4), TAKEN), lent)
                )
        self._say((one.node, one.row), "take-refused", f"{take.flag}: {why}", _LOOK)
        return None

    def _say(self, spot: Spot, code: str, says: str, try_: str, severity: Severity = Severity.ERROR) -> None:
        node = self._grid.nodes[self._grid.index[spot[0]]]
        self._problems.setdefault(spot, node.problem(code, says, try_=try_, severity=severity))


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
            takes[node.id, row or 0] = Take(digest, flag)
    return takes, problems


def with_loans(grid: Grid, lender: Lender, plan: Plan) -> tuple[Plan, list[Problem]]:
    """The plan with a line for each row that borrows, and what stands in the way of what was chosen by hand."""
    said = list(loans_in(grid, plan.outcomes))
    if len(said) > _TOLD:
        said = [*said[:_TOLD], f"and {len(said) - _TOLD} more rows are borrowed"]
    problems = lender.problems(plan.outcomes) if isinstance(lender, Loans) else []
    return dataclasses.replace(plan, warnings=(*plan.warnings, *said)), problems


def _asked_of(recipe: Mapping[str, Any]) -> tuple[str, str, str]:
    return recipe["op"], recipe["provider"], recipe["model"]


def _but_prompt(recipe: Mapping[str, Any]) -> str:
    """Everything of a recipe but its prompt: `1`, `1.0` and `true` are three values."""
    return json.dumps([recipe.get(name) for name in ("op", "provider", "model", "params", "inputs")], sort_keys=True)
