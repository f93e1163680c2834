"""A cell and what it needs, to the next thing to do: a value, a question to ask, or a reason to wait.

Planning and running settle with the same functions (gates in `graph/gates.py`, answers in `graph/answers.py`), so a run
cannot mean anything else than its plan. What nodes of a kind have in common is worked out once for all of them
(`graph/frame.py`), because a plan of a large workflow passes here a hundred thousand times.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from rushes.graph.frame import Frame, Frames, inputs_json
from rushes.graph.grid import Cell, Grid
from rushes.graph.needs import first_hope, lacking, serving_of, withheld
from rushes.graph.setting import Setting
from rushes.graph.value import Outcome, State
from rushes.model.canonical import apart_key
from rushes.model.ids import BaseKey
from rushes.model.media import Artifact
from rushes.model.operation import TIMES, Operation
from rushes.model.request import Recipe
from rushes.model.result import Value
from rushes.model.text import Ref, Text, Var
from rushes.model.workflow import Json, Mode, Node

# looked up once: a member of an enumeration costs as much to reach as a small function
_DONE, _FIRST = State.DONE, Mode.FIRST
_PROMPT, _MEDIA, _SUBTITLES = Operation.PROMPT, Operation.MEDIA, Operation.GENERATE_SUBTITLES


class Question(NamedTuple):
    """A question for a provider. Its recipe is built when asked for: a stored answer needs the key only."""

    base: BaseKey
    node: Node
    frame: Frame
    prompt: str | None
    params: dict[str, Json]
    inputs: dict[str, tuple[Artifact, ...]]

    def recipe(self) -> Recipe:
        """The recipe whose key `base` is."""
        choice = self.frame.choice
        return Recipe(
            op=self.frame.op,
            provider=choice.provider,
            model=choice.version,
            alias=choice.model,
            prompt=self.prompt,
            params=self.params,
            inputs=self.inputs,
            stands_in=self.frame.stands_in,
        )


class NoValue(LookupError):
    """A text has a hole for a variable that the run does not have."""


class Settler:
    """Settles the cells of one grid under one setting; what nodes of a kind have in common is worked out once."""

    __slots__ = ("_alike", "_frames", "grid", "setting")

    def __init__(self, grid: Grid, setting: Setting) -> None:
        self.grid = grid
        self.setting = setting
        self._alike = Frames(setting)
        self._frames: list[Frame | None] = [None] * len(grid.nodes)

    def frame(self, number: int) -> Frame:
        """What node `number` has in common with all that are like it."""
        frame = self._frames[number]
        if frame is None:
            frame = self._frames[number] = self._alike.of(self.grid.nodes[number])
        return frame

    def settle(self, number: int, outcomes: Sequence[Outcome | None]) -> Outcome | Question:
        """What to do about a cell whose needs all have an outcome; gates need `settle_gate` instead."""
        cell = self.grid.cells[number]
        node = self.grid.nodes[cell.node]
        frame = self._frames[cell.node] or self.frame(cell.node)
        if not frame.free:
            held = withheld(self.grid, node, outcomes)
            if held is not None:
                return held
        stop = lacking(self.grid, cell, node, outcomes)
        if stop is not None:
            return stop
        op = frame.op
        try:
            if op is _PROMPT:
                return Outcome(_DONE, Value(prompt_of(cell, node, outcomes, self.setting)))
            if op is _MEDIA:
                return _media(self.grid, cell, node, outcomes, self.setting)
            return self._question(cell, node, frame, outcomes)
        except NoValue as missing:
            return Outcome(State.BLOCKED, says=f"it needs a value for {missing}: give --set {missing}=VALUE")

    def _question(self, cell: Cell, node: Node, frame: Frame, outcomes: Sequence[Outcome | None]) -> Outcome | Question:
        inputs: dict[str, tuple[Artifact, ...]] = {}
        if cell.inputs:
            inputs = _inputs(self.grid, cell, outcomes)
        if frame.op is _SUBTITLES and (times := _times(cell, node, outcomes)) is not None:
            inputs[TIMES] = (times,)
        for role in frame.required:
            if role not in inputs:
                return Outcome(State.BLOCKED, says=f"its {role} brings no picture, clip or sound")
        params = frame.params
        if frame.open_params:
            params = dict(params)
            for name, text in frame.open_params:
                params[name] = text_of(text, cell, outcomes, self.setting)
        return self._put(node, frame, prompt_of(cell, node, outcomes, self.setting), params, inputs)

    def instead(self, question: Question) -> Question | None:
        """The same question to whoever may stand in for the node's own model; None when nobody may."""
        stand_in = self.setting.stand_in(question.node) if self.setting.stand_in is not None else None
        if stand_in is None:
            return None
        frame = question.frame._replace(choice=stand_in.choice, before=None, stands_in=stand_in.why)
        return self._put(question.node, frame, question.prompt, question.params, question.inputs)

    def _put(
        self,
        node: Node,
        frame: Frame,
        prompt: str | None,
        params: dict[str, Json],
        inputs: dict[str, tuple[Artifact, ...]],
    ) -> Question:
        written = f"{inputs_json(inputs)}{frame.tail(params, prompt)}".encode("utf-8", "surrogatepass")
        base = BaseKey("bk1:" + hashlib.sha256(written).hexdigest())
        if self.setting.apart and node.id not in self.setting.as_ever:
            base = apart_key(base, self.setting.apart)
        return Question(base, node, frame, prompt, params, inputs)


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
    if setting.prompts and (override := setting.prompts.get(node.id)) is not None:
        return override
    return None if node.prompt is None else text_of(node.prompt, cell, outcomes, setting)


def _media(grid: Grid, cell: Cell, node: Node, outcomes: Sequence[Outcome | None], setting: Setting) -> Outcome:
    """A file's artifact, or what comes in: with its candidates, so that a gate behind it still decides."""
    for _role, mode, feeding in cell.inputs:
        for number in serving_of(grid, mode, feeding, outcomes):
            outcome = outcomes[number]
            assert outcome is not None
            return outcome
    artifact = setting.sources.get(node.source or "")
    if artifact is None:
        return Outcome(State.BLOCKED, says="it has no picture or clip to hand on")
    return Outcome(State.DONE, Value(artifacts=(artifact,)))


def _inputs(grid: Grid, cell: Cell, outcomes: Sequence[Outcome | None]) -> dict[str, tuple[Artifact, ...]]:
    """Artifacts by role. A role that gets none is left out: the provider would see no difference."""
    inputs: dict[str, tuple[Artifact, ...]] = {}
    for role, mode, feeding in cell.inputs:
        if mode is _FIRST:
            feeding = tuple(first_hope(grid, feeding, outcomes))
        for number in feeding:
            outcome = outcomes[number]
            if outcome is not None and outcome.state is _DONE and outcome.value is not None:
                found = outcome.value.main
                if found is not None:
                    inputs[role] = (*inputs[role], found) if role in inputs else (found,)
    return inputs


def _times(cell: Cell, node: Node, outcomes: Sequence[Outcome | None]) -> Artifact | None:
    """When the words were said that are to be subtitles: what lies beside the text that is the whole prompt."""
    parts = node.prompt.parts if node.prompt is not None else ()
    if len(parts) != 1 or not isinstance(parts[0], Ref):
        return None
    outcome = outcomes[cell.texts[parts[0].node]]
    return outcome.value.beside if outcome is not None and outcome.value is not None else None
