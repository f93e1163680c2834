"""What is there for a question, and to whom it is put: planning and running look it up with this one function.

A question whose own model is not to be had is put to whoever stands in for it, when a person allowed that. What the own
model made stays as it is: an answer that is whole, one that a person has decided on, and one that may have been bought
although nobody knows.

What is then still to be bought may be borrowed, when a person said so: that comes last, and never where anything was
made for the question itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rushes.graph.answers import Chosen, choose, generated
from rushes.graph.grid import Cell
from rushes.graph.loan import Asked, Loan
from rushes.graph.setting import Setting
from rushes.graph.settle import Question, Settler
from rushes.graph.value import Known, Outcome
from rushes.model.ids import BaseKey
from rushes.model.operation import REMOTE
from rushes.model.result import Result


class LookedUp(NamedTuple):
    """A cell's question, with what exists for it and what is missing; `loan` is what may be taken for that instead."""

    cell: int
    question: Question
    chosen: Chosen
    results: Sequence[Result]
    loan: Loan | None = None


def look_up(settler: Settler, known: Known, asked: Sequence[tuple[int, Question]]) -> list[LookedUp]:
    """Look all of them up, at one or two questions to the ledger."""
    found = _own_or_stand_in(settler, known, asked)
    return found if settler.setting.lender is None else _lent(settler, known, found)


def borrowed(cell: Cell, question: Question, loan: Loan) -> Outcome:
    """The outcome of a generator that takes a loan."""
    outcome = generated(cell, loan.base, question.frame.op, loan.results)
    return outcome._replace(says=outcome.says or loan.says)


def _own_or_stand_in(settler: Settler, known: Known, asked: Sequence[tuple[int, Question]]) -> list[LookedUp]:
    found = _looked_up(settler, known, asked)
    if settler.setting.stand_in is None:
        return found
    lacking = [one for one in found if one.chosen.missing and one.question.base not in settler.setting.doubtful]
    others = {one.cell: other for one in lacking if (other := settler.instead(one.question)) is not None}
    if not others:
        return found
    decided = known.decisions(list({one.question.base: None for one in lacking if one.cell in others}))
    swapped = {one.cell: one for one in _looked_up(settler, known, list(others.items()))}
    return [_kept(one) if decided.get(one.question.base) else swapped.get(one.cell, one) for one in found]


def _looked_up(settler: Settler, known: Known, asked: Sequence[tuple[int, Question]]) -> list[LookedUp]:
    answers = known.results(list(dict.fromkeys([question.base for _number, question in asked])))
    setting = settler.setting
    found = []
    for number, question in asked:
        results = answers.get(question.base, ())
        frame = question.frame
        under = setting
        if setting.floors and question.node.id in setting.as_ever:
            results, under = _before(question.base, results, setting), setting._replace(floors={})
        chosen = choose(question.base, frame.wanted, frame.attempts, results, under)
        found.append(LookedUp(number, question, chosen, results))
    return found


def _before(base: BaseKey, results: Sequence[Result], setting: Setting) -> Sequence[Result]:
    """What there was before somebody else's same question was asked again, also while and after that is answered."""
    floors = setting.floors
    return [one for one in results if one.salt < floors.get((base, one.candidate), one.salt + 1)]


def _kept(one: LookedUp) -> LookedUp:
    """What a person has decided on, as it is: the rest of it is not to be had any more."""
    return one._replace(chosen=one.chosen._replace(missing=())) if one.chosen.candidates else one


def _lent(settler: Settler, known: Known, found: list[LookedUp]) -> list[LookedUp]:
    setting, grid = settler.setting, settler.grid
    lacking = [
        one
        for one in found
        if one.chosen.missing
        and not one.results
        and one.question.frame.op in REMOTE
        and one.question.base not in setting.doubtful
    ]
    if not lacking or setting.lender is None:
        return found
    decided = known.decisions(list({one.question.base: None for one in lacking}))
    open_ = [one for one in lacking if not decided.get(one.question.base)]
    asked = [
        Asked(
            one.question.node.id,
            grid.cells[one.cell].row,
            one.question.base,
            one.question.recipe(),
            one.question.frame.wanted,
        )
        for one in open_
    ]
    loans = {open_[number].cell: loan for number, loan in setting.lender.lend(asked).items()}
    return [one._replace(loan=loans.get(one.cell)) for one in found]
