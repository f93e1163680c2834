"""What all rows of one node have in common, and the canonical bytes of a question in two halves.

`model/canonical.py` says what the bytes are. Here they are put together from pieces, because most of them are the
same for every row of a node: `{"inputs":{...}` changes with the row, and what follows mostly does not. A property test
holds both ways of writing them equal, byte for byte.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from json.encoder import encode_basestring
from typing import NamedTuple

from rushes.model.canonical import canonical_bytes
from rushes.model.ids import BaseKey
from rushes.model.media import Artifact
from rushes.model.operation import Operation, Where
from rushes.model.text import Text
from rushes.model.workflow import Json, Node, Pick

quoted = encode_basestring
"""A JSON string as `canonical_bytes` writes it."""


class ModelChoice(NamedTuple):
    """What an alias stands for today: provider, catalogue key, and the version that enters the key."""

    provider: str
    model: str
    version: str


class Setting(NamedTuple):
    """What a run adds to a document: values of variables, the artifacts of references, defaults, overrides.

    `prompts` replaces the prompt of a node for this run; `floors` asks again: for a (question, candidate), only
    results with at least that salt count. `choose` is called once per node and may read anything of it.
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
    fresh_seed: bool = False  # askings above a floor ignore a seed that the file pins


_INLINE = ModelChoice("", "", "")


class Frame(NamedTuple):
    """One node under one setting. `tail` is the second half of the canonical bytes, or None when rows differ in it.

    `free` is true when nothing of the node itself can hold it back; `required` are the roles that must not stay empty.
    """

    node: Node
    op: Operation
    free: bool
    choice: ModelChoice
    required: tuple[str, ...]
    params: dict[str, Json]
    open_params: tuple[tuple[str, Text], ...]
    prompt: str | None
    prompt_open: bool
    tail: str | None
    wanted: int = 1  # candidates per row
    attempts: int = 1  # results that a flagged candidate may cost

    def tail_with(self, params: Mapping[str, Json], prompt: str | None) -> str:
        """The second half of the canonical bytes for one row."""
        return _tail(self.op, self.choice, params, prompt)


def frame_of(node: Node, setting: Setting) -> Frame:
    """The frame of a node; ValueError or TypeError for parameters that JSON cannot say."""
    signature = node.signature
    op = node.op
    free = node.enabled and node.condition is None
    if op is Operation.PROMPT or op is Operation.MEDIA or op is Operation.APPROVE:
        return Frame(node, op, free, _INLINE, (), {}, (), None, True, None)
    choice = setting.choose(node)
    params: dict[str, Json] = {}
    open_params: list[tuple[str, Text]] = []
    for name, value in node.params.items():
        if isinstance(value, Text):
            literal = value.literal
            if literal is None:
                open_params.append((name, value))
            params[name] = literal
        else:
            params[name] = value
    prompt = setting.prompts.get(str(node.id))
    if prompt is None and node.prompt is not None:
        prompt = node.prompt.literal
    prompt_open = prompt is None and node.prompt is not None
    tail = None if open_params or prompt_open else _tail(op, choice, params, prompt)
    required = tuple(role for role, slot in signature.slots.items() if slot.least)
    return Frame(
        node,
        op,
        free,
        choice,
        required,
        params,
        tuple(open_params),
        prompt,
        prompt_open,
        tail,
        candidates_of(node, setting),
        attempts_of(node, setting),
    )


def candidates_of(node: Node, setting: Setting) -> int:
    """How many candidates a row of this node has; local work has one."""
    if node.signature.where is not Where.REMOTE:
        return 1
    if setting.candidates is not None and node.candidates > 1:
        return setting.candidates
    return node.candidates


def attempts_of(node: Node, setting: Setting) -> int:
    """How many results a flagged candidate may cost; at least one."""
    return max(1, node.attempts if node.attempts is not None else setting.attempts)


def _tail(op: Operation, choice: ModelChoice, params: Mapping[str, Json], prompt: str | None) -> str:
    written = canonical_bytes(params).decode("utf-8", "surrogatepass") if params else "{}"
    said = "null" if prompt is None else quoted(prompt)
    return (
        f',"model":{quoted(choice.version)},"op":{quoted(op.value)},"params":{written}'
        f',"prompt":{said},"provider":{quoted(choice.provider)}}}'
    )


def inputs_json(inputs: Mapping[str, tuple[Artifact, ...]]) -> str:
    """The first half of the canonical bytes: digests by role, roles sorted."""
    if not inputs:
        return '{"inputs":{}'
    roles = ",".join(
        f"{quoted(role)}:[{','.join([quoted(one.digest) for one in inputs[role]])}]" for role in sorted(inputs)
    )
    return f'{{"inputs":{{{roles}}}'
