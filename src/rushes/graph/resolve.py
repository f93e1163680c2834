"""A cell and what it needs, to the next thing to do: a value, a question to ask, or a reason to wait.

Planning and running call the same functions here, so a run cannot mean anything else than its plan.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from rushes.graph.grid import Cell, Grid
from rushes.graph.value import Outcome, State, approved_of
from rushes.model.canonical import base_key
from rushes.model.ids import BaseKey
from rushes.model.media import Artifact
from rushes.model.operation import Operation, Where
from rushes.model.request import Recipe
from rushes.model.result import Result, Value
from rushes.model.text import Ref, Text, Var
from rushes.model.verdict import Decision
from rushes.model.workflow import Json, Mode, Node, Pick


class ModelChoice(NamedTuple):
    """What an alias stands for today: provider, catalogue key, and the version that enters the key."""

    provider: str
    model: str
    version: str


class Setting(NamedTuple):
    """What a run adds to a document: values of variables, the artifacts of references, defaults, overrides.

    `prompts` replaces the prompt of a node for this run; `floors` asks again: for a (question, candidate), only
    results with at least that salt count.
    """

    variables: Mapping[str, str]
    sources: Mapping[str, Artifact]
    choose: Callable[[Node], ModelChoice]
    pick: Pick = Pick.ASK
    pick_wins: bool = False  # the run's pick beats the one in the file
    attempts: int = 3
    candidates: int | None = None
    prompts: Mapping[str, str] = {}
    floors: Mapping[tuple[BaseKey, int], int] = {}


class Ask(NamedTuple):
    """A question for a provider."""

    recipe: Recipe
    base: BaseKey


def settle(grid: Grid, number: int, outcomes: Sequence[Outcome | None], setting: Setting) -> Outcome | Ask:
    """What to do about a cell whose needs all have an outcome. Gates need `settle_gate` instead."""
    cell = grid.cells[number]
    node = grid.nodes[cell.node]
    stop = _stopped(grid, cell, node, outcomes)
    if stop is not None:
        return stop
    if node.op is Operation.PROMPT:
        return Outcome(State.DONE, Value(text=prompt_of(cell, node, outcomes, setting)))
    if node.op is Operation.MEDIA:
        return _media(cell, node, outcomes, setting)
    recipe = _recipe(grid, cell, node, outcomes, setting)
    return Ask(recipe, base_key(recipe.plain()))


def _stopped(grid: Grid, cell: Cell, node: Node, outcomes: Sequence[Outcome | None]) -> Outcome | None:
    if not node.enabled:
        return Outcome(State.SKIPPED, says="disabled in the file")
    if node.condition is not None and (held := _condition(grid, node, outcomes)) is not None:
        return held
    after = False
    for number in _required(grid, cell, outcomes):
        outcome = outcomes[number]
        state = outcome.state if outcome is not None else State.AFTER
        if state is State.DONE:
            continue
        if state in (State.RUN, State.AFTER, State.WAITING):
            after = True
            continue
        name = grid.nodes[grid.cells[number].node].id
        return Outcome(State.BLOCKED, says=f"needs {name}, which {_ended(state)}")
    return Outcome(State.AFTER) if after else None


def _ended(state: State) -> str:
    return {State.FAILED: "failed", State.BLOCKED: "is blocked"}.get(state, "was not run")


def _required(grid: Grid, cell: Cell, outcomes: Sequence[Outcome | None]) -> list[int]:
    """The cells that must be DONE: of "a OR b" only the one that serves, or the last hope."""
    required = list(cell.texts.values())
    for _role, mode, feeding in cell.inputs:
        if mode is Mode.FIRST:
            required.append(_first_hope(feeding, outcomes))
        elif mode is Mode.ALL and len(feeding) > 1 and any(grid.nodes[grid.cells[n].node].keep_going for n in feeding):
            alive = [n for n in feeding if not _lost(outcomes[n])]
            required.extend(alive or feeding)
        else:
            required.extend(feeding)
    return required


def _lost(outcome: Outcome | None) -> bool:
    return outcome is not None and outcome.state in (State.FAILED, State.BLOCKED, State.SKIPPED)


def _first_hope(feeding: Sequence[int], outcomes: Sequence[Outcome | None]) -> int:
    for number in feeding:
        if not _lost(outcomes[number]):
            return number
    return feeding[-1]


def _condition(grid: Grid, node: Node, outcomes: Sequence[Outcome | None]) -> Outcome | None:
    assert node.condition is not None
    cells = grid.cells_of(grid.index[node.condition.node])
    states = [outcome.state if (outcome := outcomes[n]) is not None else State.AFTER for n in cells]
    if any(state in (State.RUN, State.AFTER, State.WAITING) for state in states):
        return Outcome(State.AFTER)
    failed = any(state in (State.FAILED, State.BLOCKED) for state in states)
    holds = failed if node.condition.wants == "failed" else not failed
    if holds:
        return None
    return Outcome(
        State.SKIPPED,
        says=f"its condition does not hold: {node.condition.node} {'failed' if failed else 'did not fail'}",
    )


def text_of(text: Text, cell: Cell, outcomes: Sequence[Outcome | None], setting: Setting) -> str:
    """A text with every hole filled; KeyError names a variable that the run does not have."""
    literal = text.literal
    if literal is not None:
        return literal
    pieces: list[str] = []
    for part in text.parts:
        if isinstance(part, Ref):
            outcome = outcomes[cell.texts[part.node]]
            value = outcome.value if outcome is not None else None
            pieces.append((value.text or "") if value is not None else "")
        elif isinstance(part, Var):
            pieces.append((cell.item or "") if part.name == "item" else setting.variables[part.name])
        else:
            pieces.append(part)
    return "".join(pieces)


def prompt_of(cell: Cell, node: Node, outcomes: Sequence[Outcome | None], setting: Setting) -> str | None:
    """The prompt of this row as it would be sent."""
    override = setting.prompts.get(str(node.id))
    if override is not None:
        return override
    return None if node.prompt is None else text_of(node.prompt, cell, outcomes, setting)


def _media(cell: Cell, node: Node, outcomes: Sequence[Outcome | None], setting: Setting) -> Outcome:
    for _role, _mode, feeding in cell.inputs:
        outcome = outcomes[feeding[0]]
        assert outcome is not None
        return outcome._replace(candidates=())
    artifact = setting.sources.get(node.source or "")
    if artifact is None:
        return Outcome(State.BLOCKED, says="it has no picture or clip to hand on")
    return Outcome(State.DONE, Value(artifacts=(artifact,)))


def _recipe(grid: Grid, cell: Cell, node: Node, outcomes: Sequence[Outcome | None], setting: Setting) -> Recipe:
    inputs: dict[str, tuple[Artifact, ...]] = {}
    for role, mode, feeding in cell.inputs:
        if mode is Mode.FIRST:
            feeding = (_first_hope(feeding, outcomes),)
        found: list[Artifact] = []
        for number in feeding:
            outcome = outcomes[number]
            if outcome is not None and outcome.value is not None:
                found.extend(outcome.value.artifacts[:1])
        inputs[role] = inputs.get(role, ()) + tuple(found)
    params: dict[str, Json] = {
        name: text_of(value, cell, outcomes, setting) if isinstance(value, Text) else value
        for name, value in node.params.items()
    }
    choice = setting.choose(node)
    return Recipe(
        op=node.op,
        provider=choice.provider,
        model=choice.version,
        alias=choice.model,
        prompt=prompt_of(cell, node, outcomes, setting),
        params=params,
        inputs=inputs,
    )


class Chosen(NamedTuple):
    """What exists for a question and what is missing: (candidate, salt) pairs to ask for."""

    candidates: tuple[Result, ...]
    missing: tuple[tuple[int, int], ...]


def choose(node: Node, ask: Ask, results: Sequence[Result], setting: Setting) -> Chosen:
    """For each wanted candidate its best stored result, or the salt to ask with next.

    A clean result ends the search; a flagged one is asked again until `attempts` results are there, and then
    the best of them stands, flagged. Results below a floor do not count as answers, but they count for the next salt.
    """
    wanted = candidates_of(node, setting)
    attempts = attempts_of(node, setting)
    if len(results) == wanted and not setting.floors and not any(r.salt or r.verdict.flagged for r in results):
        ordered = tuple(sorted(results)) if any(r.candidate != n for n, r in enumerate(results)) else tuple(results)
        if all(r.candidate == n for n, r in enumerate(ordered)):
            return Chosen(ordered, ())
    kept: list[Result] = []
    missing: list[tuple[int, int]] = []
    for candidate in range(wanted):
        mine = sorted((r for r in results if r.candidate == candidate), key=lambda r: r.salt)
        floor = setting.floors.get((ask.base, candidate), 0)
        counted = [r for r in mine if r.salt >= floor]
        clean = [r for r in counted if not r.verdict.flagged]
        if clean:
            kept.append(clean[-1])
        elif len(counted) < attempts:
            missing.append((candidate, max(floor, mine[-1].salt + 1 if mine else 0)))
        else:
            kept.append(max(counted, key=lambda r: r.verdict.score))
    return Chosen(tuple(kept), tuple(missing))


def candidates_of(node: Node, setting: Setting) -> int:
    """How many candidates a row of this node has; local work has one."""
    if node.signature.where is not Where.REMOTE:
        return 1
    if setting.candidates is not None and node.candidates > 1:
        return setting.candidates
    return node.candidates


def attempts_of(node: Node, setting: Setting) -> int:
    """How many results a flagged candidate may cost."""
    return node.attempts if node.attempts is not None else setting.attempts


def generated(cell: Cell, ask: Ask, candidates: Sequence[Result]) -> Outcome:
    """The outcome of a generator whose candidates are all there: downstream without a gate gets the first clean one."""
    if not candidates:
        return Outcome(State.FAILED, base=ask.base, says="no candidate could be made")
    best = first_clean(candidates)
    value = best.value
    if cell.panel or (len(value.artifacts) > 1 and ask.recipe.op is Operation.SPLIT_IMAGE):
        value = Value(artifacts=value.artifacts[cell.panel : cell.panel + 1])
    return Outcome(State.DONE, value, ask.base, tuple(candidates))


def first_clean(candidates: Sequence[Result]) -> Result:
    """The first candidate that no check flagged, or the best flagged one."""
    for one in candidates:
        if not one.verdict.flagged:
            return one
    return max(candidates, key=lambda r: r.verdict.score)


def pick_of(node: Node, setting: Setting) -> Pick:
    """The policy of a gate in this run."""
    return setting.pick if setting.pick_wins or node.pick is None else node.pick


def gate_subject(grid: Grid, number: int, outcomes: Sequence[Outcome | None]) -> Outcome | None:
    """The outcome that a gate decides about: the generator's, or what a gate before it let through."""
    cell = grid.cells[number]
    for _role, mode, feeding in cell.inputs:
        return outcomes[_first_hope(feeding, outcomes) if mode is Mode.FIRST else feeding[0]]
    return None


def settle_gate(
    grid: Grid, number: int, outcomes: Sequence[Outcome | None], decisions: Sequence[Decision], setting: Setting
) -> Outcome:
    """A gate's outcome: the approved bytes, a policy's pick, or WAITING.

    A standing approval of bytes that are still among the candidates always wins over a policy: an approved picture
    is never silently changed. Rejected candidates are never picked by a policy.
    """
    cell = grid.cells[number]
    node = grid.nodes[cell.node]
    stop = _stopped(grid, cell, node, outcomes)
    if stop is not None:
        return stop
    subject = gate_subject(grid, number, outcomes)
    assert subject is not None and subject.value is not None
    if subject.base is None or not subject.candidates:
        return subject._replace(candidates=())
    approved = approved_of(decisions)
    for one in subject.candidates:
        if one.value.artifacts and one.value.artifacts[0].digest == approved:
            return Outcome(State.DONE, one.value, subject.base, says="approved")
    refused = {d.artifact for d in decisions if d.choice == "rejected"} - {approved}
    open_ = [
        one for one in subject.candidates if not one.value.artifacts or one.value.artifacts[0].digest not in refused
    ]
    policy = pick_of(node, setting)
    if policy is Pick.ASK or not open_:
        return Outcome(State.WAITING, base=subject.base, candidates=subject.candidates, says="waits for approval")
    best = (
        first_clean(open_)
        if policy is Pick.FIRST_CLEAN
        else max(open_, key=lambda r: (not r.verdict.flagged, r.verdict.score))
    )
    if best.verdict.flagged:
        return Outcome(
            State.WAITING,
            base=subject.base,
            candidates=subject.candidates,
            says="every candidate is flagged: a person must decide",
        )
    return Outcome(State.DONE, best.value, subject.base, says=str(policy))
