"""Use case: what was made for nearly the same words as what a plan would buy. Shown, never taken by itself."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

from rushes.app.asked_before import AskedBefore, Past, but_prompt
from rushes.app.plan import Prepared
from rushes.app.project import Project
from rushes.graph.settle import Question, Settler
from rushes.graph.similar import Span, nearest, spans
from rushes.graph.why import changes
from rushes.model.ids import Digest, NodeId

LEAST = 0.6
"""Below this, two prompts have little more in common than their letters."""

_MOST = 3  # of what may be taken, for one row
_SIGNS = 16  # of a digest, where a person is to type it


class Near(NamedTuple):
    """One earlier prompt. `spans` marks the words in which it differs from today's.

    `digest` is the result that could be taken; None where `differs` says in what else it was asked otherwise.
    """

    prompt: str
    score: float
    digest: Digest | None
    differs: tuple[str, ...]
    spans: tuple[Span, ...]


class Hint(NamedTuple):
    """One row that would be bought, and what there is that is near it, the nearest first. `row` counts from 0.

    `take` is what a run says to take the first of them.
    """

    node: NodeId
    title: str
    row: int
    prompt: str
    near: tuple[Near, ...]
    take: str | None

    def plain(self) -> dict[str, Any]:
        """As JSON; rows count from 1."""
        near = [{**one._asdict(), "spans": [span._asdict() for span in one.spans]} for one in self.near]
        return {**self._asdict(), "row": self.row + 1, "near": near}


def hints(project: Project, prepared: Prepared) -> tuple[Hint, ...]:
    """What is near each row that a plan would buy; rows that nothing is near are left out."""
    before = AskedBefore(project)
    found = (_hint(before, prepared, cell, question) for cell, question in _questions(prepared))
    return tuple(one for one in found if one is not None)


def _questions(prepared: Prepared) -> Iterator[tuple[int, Question]]:
    settler = Settler(prepared.grid, prepared.setting)
    seen: set[int] = set()
    for unit in prepared.plan.units:
        if unit.cell in seen:
            continue
        seen.add(unit.cell)
        question = settler.settle(unit.cell, prepared.plan.outcomes)
        if isinstance(question, Question) and question.base != unit.base:
            question = settler.instead(question) or question
        if isinstance(question, Question) and question.prompt:
            yield unit.cell, question


def _hint(before: AskedBefore, prepared: Prepared, number: int, question: Question) -> Hint | None:
    recipe, prompt = question.recipe().plain(), question.prompt or ""
    alike = before.alike(recipe)
    if any(one.base == question.base for one in alike):
        return None  # something was made for these very words: more of it is bought, and nothing taken instead
    offered = list(islice(_offered(before, question, alike, prompt), _MOST))
    best, rest = (offered[0].score if offered else 0.0), but_prompt(recipe)
    others = _others([one for one in before.of(recipe) if one.rest != rest], recipe, prompt)
    near = sorted([*offered, *(one for one in others if one.score > best)], key=lambda one: -one.score)
    if not near:
        return None
    cell, node = prepared.grid.cells[number], question.node
    which = f":{cell.row + 1}" if prepared.grid.count[cell.node] > 1 else ""
    digest = (offered[0].digest or "")[:_SIGNS] if offered else ""
    take = "--take " + shlex.quote(f"{node.id}{which}={digest}") if digest else None
    return Hint(node.id, node.title, cell.row, prompt, tuple(near), take)


def _offered(before: AskedBefore, question: Question, past: list[Past], prompt: str) -> Iterator[Near]:
    for number, score in nearest(prompt, [one.prompt for one in past], least=LEAST, most=10 * _MOST):
        lent = before.lendable(question.base, past[number].base)
        if lent:
            words = past[number].prompt
            yield Near(words, round(score, 4), lent[0][0], (), tuple(spans(words, prompt)))


def _others(past: list[Past], recipe: Mapping[str, Any], prompt: str) -> Iterator[Near]:
    """The nearest that was asked otherwise, too: named, so that nobody wonders why it is not offered."""
    for number, score in nearest(prompt, [one.prompt for one in past], least=LEAST, most=1):
        other = past[number]
        differs = tuple(says for says in changes(other.recipe, recipe) if not says.startswith("prompt"))
        yield Near(other.prompt, round(score, 4), None, differs, tuple(spans(other.prompt, prompt)))
