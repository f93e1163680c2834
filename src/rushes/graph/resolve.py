"""A cell and what it needs, to the next thing to do: a value, a question to ask, or a reason to wait.

Planning and running call the same functions here, so a run cannot mean anything else than its plan.
What does not depend on the row is worked out once per node (`graph/frame.py`), because a plan of a large
workflow passes here a hundred thousand times.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from rushes.graph.frame import Frame, ModelChoice, Setting, attempts_of, candidates_of, frame_of, inputs_json
from rushes.graph.grid import Cell, Grid
from rushes.graph.value import NOT_SELECTED, Outcome, State, approved_of
from rushes.model.ids import BaseKey, Digest
from rushes.model.media import Artifact
from rushes.model.operation import Operation
from rushes.model.request import Recipe
from rushes.model.result import Result, Value
from rushes.model.text import Ref, Text, Var
from rushes.model.verdict import Choice, Decision
from rushes.model.workflow import Json, Mode, Node, Pick

__all__ = [  # some are defined beside the frames; everyone reads them from here
    "Ask",
    "Chosen",
    "ModelChoice",
    "NoValue",
    "Question",
    "Setting",
    "Settler",
    "attempts_of",
    "candidates_of",
    "choose",
    "choose_for",
    "first_clean",
    "gate_subject",
    "generated",
    "generated_for",
    "pick_of",
    "prompt_of",
    "settle",
    "settle_gate",
    "shown_as",
    "text_of",
]


class Ask(NamedTuple):
    """A question for a provider."""

    recipe: Recipe
    base: BaseKey


class Question(NamedTuple):
    """An `Ask` whose recipe is not built yet: a stored answer needs the key only."""

    base: BaseKey
    frame: Frame
    prompt: str | None
    params: dict[str, Json]
    inputs: dict[str, tuple[Artifact, ...]]

    def recipe(self) -> Recipe:
        """The recipe whose key `base` is."""
        choice = self.frame.choice
        return Recipe(
            op=self.frame.node.op,
            provider=choice.provider,
            model=choice.version,
            alias=choice.model,
            prompt=self.prompt,
            params=self.params,
            inputs=self.inputs,
        )


class NoValue(LookupError):
    """A text has a hole for a variable that the run does not have."""


_DONE = State.DONE
_COMING = (State.RUN, State.AFTER, State.WAITING)
_LOST = (State.FAILED, State.BLOCKED, State.SKIPPED)


def settle(grid: Grid, number: int, outcomes: Sequence[Outcome | None], setting: Setting) -> Outcome | Ask:
    """What to do about a cell whose needs all have an outcome. Gates need `settle_gate` instead."""
    found = Settler(grid, setting).settle(number, outcomes)
    return Ask(found.recipe(), found.base) if isinstance(found, Question) else found


class Settler:
    """`settle` for many cells of one grid under one setting."""

    __slots__ = ("_frames", "grid", "setting")

    def __init__(self, grid: Grid, setting: Setting) -> None:
        self.grid = grid
        self.setting = setting
        self._frames: dict[int, Frame] = {}

    def frame(self, number: int) -> Frame:
        """What all rows of node `number` have in common."""
        frame = self._frames.get(number)
        if frame is None:
            frame = self._frames[number] = frame_of(self.grid.nodes[number], self.setting)
        return frame

    def settle(self, number: int, outcomes: Sequence[Outcome | None]) -> Outcome | Question:
        """What to do about a cell whose needs all have an outcome; gates need `settle_gate` instead."""
        cell = self.grid.cells[number]
        frame = self._frames.get(cell.node) or self.frame(cell.node)
        if not frame.free:
            held = _withheld(self.grid, frame.node, outcomes)
            if held is not None:
                return held
        stop = _lacking(self.grid, cell, frame.node, outcomes)
        if stop is not None:
            return stop
        try:
            if frame.op is Operation.PROMPT:
                return Outcome(_DONE, Value(text=prompt_of(cell, frame.node, outcomes, self.setting)))
            if frame.op is Operation.MEDIA:
                return _media(self.grid, cell, frame.node, outcomes, self.setting)
            return self._question(cell, frame, outcomes)
        except NoValue as missing:
            return Outcome(State.BLOCKED, says=f"it needs a value for {missing}: give --set {missing}=VALUE")

    def _question(self, cell: Cell, frame: Frame, outcomes: Sequence[Outcome | None]) -> Outcome | Question:
        inputs: dict[str, tuple[Artifact, ...]] = {}
        if cell.inputs:
            inputs = _inputs(self.grid, cell, outcomes)
        for role in frame.required:
            if role not in inputs:
                return Outcome(State.BLOCKED, says=f"its {role} brings no picture, clip or sound")
        params, prompt, tail = frame.params, frame.prompt, frame.tail
        if tail is None:
            if frame.open_params:
                params = dict(params)
                for name, text in frame.open_params:
                    params[name] = text_of(text, cell, outcomes, self.setting)
            if frame.prompt_open:
                prompt = prompt_of(cell, frame.node, outcomes, self.setting)
            tail = frame.tail_with(params, prompt)
        written = f"{inputs_json(inputs)}{tail}".encode("utf-8", "surrogatepass")
        return Question(BaseKey("bk1:" + hashlib.sha256(written).hexdigest()), frame, prompt, params, inputs)


def _withheld(grid: Grid, node: Node, outcomes: Sequence[Outcome | None]) -> Outcome | None:
    if not node.enabled:
        return Outcome(State.SKIPPED, says="disabled in the file")
    return None if node.condition is None else _condition(grid, node, outcomes)


def _lacking(grid: Grid, cell: Cell, node: Node, outcomes: Sequence[Outcome | None]) -> Outcome | None:
    for number in cell.needs:
        outcome = outcomes[number]
        if outcome is None or outcome.state is not _DONE:
            break
    else:
        return None
    after = False
    for number in _required(grid, cell, node, outcomes):
        outcome = outcomes[number]
        if outcome is None or outcome.state in _COMING:
            after = True
        elif outcome.state is not _DONE:
            return Outcome(State.BLOCKED, says=_because(grid, number, outcome))
    return Outcome(State.AFTER) if after else None


def _because(grid: Grid, number: int, outcome: Outcome) -> str:
    if outcome.state is State.BLOCKED and outcome.says.startswith("needs "):
        return outcome.says  # the first cause, however far away
    name = grid.nodes[grid.cells[number].node].id
    if outcome.state is State.SKIPPED:
        return f"needs {name}, which has no result: {outcome.says}"
    return f"needs {name}, which {'failed' if outcome.state is State.FAILED else f'is blocked: {outcome.says}'}"


def _required(grid: Grid, cell: Cell, node: Node, outcomes: Sequence[Outcome | None]) -> list[int]:
    """The cells that must be DONE: of "a OR b" only what serves, or the last hope; never what may be missing."""
    required = list(cell.texts.values())
    for role, mode, feeding in cell.inputs:
        serving = _serving(grid, mode, feeding, outcomes)
        if not serving and feeding and _least(node, role):
            serving = feeding
        required.extend(serving)
    return required


def _least(node: Node, role: str) -> int:
    slot = node.signature.slots.get(role)
    return 0 if slot is None else slot.least


def _serving(grid: Grid, mode: Mode, feeding: Sequence[int], outcomes: Sequence[Outcome | None]) -> Sequence[int]:
    """The cells of one input that count: the first hope of "a OR b"; else all but those that may fail and did."""
    if mode is Mode.FIRST:
        return _first_hope(grid, feeding, outcomes)
    for number in feeding:
        if _lost(outcomes[number]):
            break
    else:
        return feeding
    return [number for number in feeding if not _may_miss(grid, number, outcomes[number])]


def _may_miss(grid: Grid, number: int, outcome: Outcome | None) -> bool:
    """Whether the workflow goes on without this cell: it is lost, and its file says `on_error: continue`."""
    if outcome is None or outcome.state not in _LOST or outcome.says.startswith(NOT_SELECTED):
        return False
    return grid.nodes[grid.cells[number].node].keep_going


def _first_hope(grid: Grid, feeding: Sequence[int], outcomes: Sequence[Outcome | None]) -> Sequence[int]:
    """Of "a OR b" the cells of the first node of which nothing is lost, or those of the last node."""
    group: list[int] = []
    for number in feeding:
        if group and grid.cells[group[0]].node != grid.cells[number].node:
            if not any(_lost(outcomes[one]) for one in group):
                return group
            group = []
        group.append(number)
    return group


def _lost(outcome: Outcome | None) -> bool:
    return outcome is not None and outcome.state in _LOST


def _condition(grid: Grid, node: Node, outcomes: Sequence[Outcome | None]) -> Outcome | None:
    assert node.condition is not None
    cells = grid.cells_of(grid.index[node.condition.node])
    states = [outcome.state if (outcome := outcomes[n]) is not None else State.AFTER for n in cells]
    if any(state in _COMING for state in states):
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
    """A text with every hole filled; NoValue names a variable that the run does not have."""
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
            pieces.append((cell.item or "") if part.name == "item" else _variable(part.name, setting))
        else:
            pieces.append(part)
    return "".join(pieces)


def _variable(name: str, setting: Setting) -> str:
    try:
        return setting.variables[name]
    except KeyError:
        raise NoValue(name) from None


def prompt_of(cell: Cell, node: Node, outcomes: Sequence[Outcome | None], setting: Setting) -> str | None:
    """The prompt of this row as it would be sent; NoValue names a variable that the run does not have."""
    override = setting.prompts.get(str(node.id))
    if override is not None:
        return override
    return None if node.prompt is None else text_of(node.prompt, cell, outcomes, setting)


def _media(grid: Grid, cell: Cell, node: Node, outcomes: Sequence[Outcome | None], setting: Setting) -> Outcome:
    """A file's artifact, or what comes in: with its candidates, so that a gate behind it still decides."""
    for _role, mode, feeding in cell.inputs:
        for number in _serving(grid, mode, feeding, outcomes):
            outcome = outcomes[number]
            assert outcome is not None
            return outcome
    artifact = setting.sources.get(node.source or "")
    if artifact is None:
        return Outcome(State.BLOCKED, says="it has no picture or clip to hand on")
    return Outcome(_DONE, Value(artifacts=(artifact,)))


def _inputs(grid: Grid, cell: Cell, outcomes: Sequence[Outcome | None]) -> dict[str, tuple[Artifact, ...]]:
    """Artifacts by role. A role that gets none is left out: the provider would see no difference."""
    inputs: dict[str, tuple[Artifact, ...]] = {}
    for role, mode, feeding in cell.inputs:
        if mode is Mode.FIRST:
            feeding = tuple(_first_hope(grid, feeding, outcomes))
        for number in feeding:
            outcome = outcomes[number]
            if outcome is not None and outcome.state is _DONE and outcome.value is not None:
                found = outcome.value.artifacts[:1]
                if found:
                    inputs[role] = inputs[role] + found if role in inputs else found
    return inputs


class Chosen(NamedTuple):
    """What exists for a question and what is missing: (candidate, salt) pairs to ask for."""

    candidates: tuple[Result, ...]
    missing: tuple[tuple[int, int], ...]


def choose(node: Node, ask: Ask, results: Sequence[Result], setting: Setting) -> Chosen:
    """For each wanted candidate its best stored result, or the salt to ask with next.

    A clean result ends the search; a flagged one is asked again until `attempts` results are there, and then
    the best of them stands, flagged. Results below a floor do not count as answers, but they count for the next salt.
    """
    return choose_for(ask.base, candidates_of(node, setting), attempts_of(node, setting), results, setting)


def choose_for(base: BaseKey, wanted: int, attempts: int, results: Sequence[Result], setting: Setting) -> Chosen:
    """`choose` with the node's numbers already looked up."""
    if len(results) == wanted and not setting.floors:
        for number, (candidate, salt, _value, verdict, _attempt) in enumerate(results):
            if candidate != number or salt or verdict.flagged:
                break
        else:  # as almost always: everything is there, in order, at the first asking
            return Chosen(tuple(results), ())
    kept: list[Result] = []
    missing: list[tuple[int, int]] = []
    by_candidate: dict[int, list[Result]] = {}
    for one in results:
        by_candidate.setdefault(one.candidate, []).append(one)
    for candidate in range(wanted):
        mine = sorted(by_candidate.get(candidate, ()), key=lambda r: r.salt)
        floor = setting.floors.get((base, candidate), 0)
        counted = [r for r in mine if r.salt >= floor]
        clean = [r for r in counted if not r.verdict.flagged]
        if clean:
            kept.append(clean[-1])
        elif len(counted) < attempts:
            missing.append((candidate, max(floor, mine[-1].salt + 1 if mine else 0)))
        else:
            kept.append(max(counted, key=lambda r: r.verdict.score))
    return Chosen(tuple(kept), tuple(missing))


def generated(cell: Cell, ask: Ask, candidates: Sequence[Result]) -> Outcome:
    """The outcome of a generator whose candidates are all there: downstream without a gate gets the first clean one."""
    return generated_for(cell, ask.base, ask.recipe.op, candidates)


def generated_for(cell: Cell, base: BaseKey, op: Operation, candidates: Sequence[Result]) -> Outcome:
    """`generated` for a key whose recipe was never built."""
    if not candidates:
        return Outcome(State.FAILED, base=base, says="no candidate could be made")
    if op is Operation.SPLIT_IMAGE:
        # each panel is a row of its own, and a gate behind it must see that panel, not the whole sheet
        candidates = [one for one in (_panel_of(each, cell.panel) for each in candidates) if one is not None]
        if not candidates:
            return Outcome(State.FAILED, base=base, says=f"the picture was cut into fewer than {cell.panel + 1} panels")
    return Outcome(_DONE, first_clean(candidates).value, base, tuple(candidates))


def _panel_of(result: Result, panel: int) -> Result | None:
    artifacts = result.value.artifacts[panel : panel + 1]
    return result._replace(value=Value(artifacts=artifacts)) if artifacts else None


def first_clean(candidates: Sequence[Result]) -> Result:
    """The first candidate that no check flagged, or the best flagged one."""
    for one in candidates:
        if not one.verdict.flagged:
            return one
    return max(candidates, key=lambda r: r.verdict.score)


def pick_of(node: Node, setting: Setting) -> Pick:
    """The policy of a gate in this run."""
    return setting.pick if setting.pick_wins or node.pick is None else node.pick


def shown_as(value: Value) -> Digest:
    """What a decision about this value is bound to: its main artifact, or the digest of its text."""
    if value.artifacts:
        return value.artifacts[0].digest
    return Digest(hashlib.sha256((value.text or "").encode("utf-8", "surrogatepass")).hexdigest())


def gate_subject(grid: Grid, number: int, outcomes: Sequence[Outcome | None]) -> Outcome | None:
    """The outcome that a gate decides about: the generator's, or what a gate before it let through."""
    cell = grid.cells[number]
    for _role, mode, feeding in cell.inputs:
        for serving in _serving(grid, mode, feeding, outcomes) or feeding:
            return outcomes[serving]
    return None


def settle_gate(
    grid: Grid, number: int, outcomes: Sequence[Outcome | None], decisions: Sequence[Decision], setting: Setting
) -> Outcome:
    """A gate's outcome: the approved bytes, a policy's pick, or WAITING.

    A standing approval of bytes that are still among the candidates always wins over a policy: an approved picture
    is never silently changed, also while further candidates are being made. Rejected candidates are never picked by
    a policy. What passes is handed on as the only candidate, so that a second gate decides about it again.
    """
    cell = grid.cells[number]
    node = grid.nodes[cell.node]
    held = _withheld(grid, node, outcomes)
    if held is not None:
        return held
    subject = gate_subject(grid, number, outcomes)
    approved = _approved(subject, decisions)
    if subject is not None and approved is not None and subject.state in (_DONE, State.RUN):
        return Outcome(_DONE, approved.value, subject.base, (approved,), says="approved")
    stop = _lacking(grid, cell, node, outcomes)
    if stop is not None:
        return stop
    if subject is None or subject.value is None:
        return Outcome(State.BLOCKED, says="nothing comes in that could be approved")
    if subject.base is None or not subject.candidates:
        return subject  # a file of the person's own, or a text of the document: approved by being there
    return _judged(subject, decisions, pick_of(node, setting))


def _approved(subject: Outcome | None, decisions: Sequence[Decision]) -> Result | None:
    if subject is None or not decisions:
        return None
    shown = [(shown_as(one.value), one) for one in subject.candidates]
    if len(shown) == 1:
        # the panels of one picture share a question, so a decision about a neighbour says nothing here
        decisions = [one for one in decisions if one.artifact == shown[0][0]]
    standing = approved_of(decisions)
    return next((one for digest, one in shown if digest == standing), None)


def _judged(subject: Outcome, decisions: Sequence[Decision], policy: Pick) -> Outcome:
    waiting = Outcome(State.WAITING, None, subject.base, subject.candidates, "waits for approval")
    if policy is Pick.ASK:
        return waiting
    open_: Sequence[Result] = subject.candidates
    if decisions:
        latest = {one.artifact: one.choice for one in decisions}
        open_ = [one for one in open_ if latest.get(shown_as(one.value)) != Choice.REJECTED]
    if not open_:
        return waiting._replace(says="every candidate is rejected: ask for new ones, or approve one")
    if policy is Pick.FIRST_CLEAN:
        best = first_clean(open_)
    else:
        best = max(open_, key=lambda r: (not r.verdict.flagged, r.verdict.score))
    if best.verdict.flagged:
        return waiting._replace(says="every candidate is flagged: a person must decide")
    return Outcome(_DONE, best.value, subject.base, (best,), says=str(policy))
