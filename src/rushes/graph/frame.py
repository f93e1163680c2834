"""What all rows of one node have in common, and the canonical bytes of a question in two halves.

`model/canonical.py` says what the bytes are. Here they are put together from pieces, because most of them are the
same for every row of a node: `{"inputs":{...}` changes with the row, and what follows mostly does not. A property test
holds both ways of writing them equal, byte for byte.
"""

from __future__ import annotations

from collections.abc import Mapping
from json.encoder import encode_basestring
from typing import NamedTuple

from rushes.graph.setting import ModelChoice, Setting
from rushes.model.canonical import canonical_bytes
from rushes.model.media import Artifact
from rushes.model.operation import INLINE, REMOTE, SIGNATURES, Operation
from rushes.model.text import Text
from rushes.model.workflow import Json, Node

quoted = encode_basestring
"""A JSON string as `canonical_bytes` writes it."""


_NO_MODEL = ModelChoice("", "", "")
_NAMES = {op: quoted(op.value) for op in Operation}
_REQUIRED = {op: tuple(role for role, slot in one.slots.items() if slot.least) for op, one in SIGNATURES.items()}


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
    stands_in: str = ""  # why `choice` is not the node's own model; nothing where it is

    def tail_with(self, params: Mapping[str, Json], prompt: str | None) -> str:
        """The second half of the canonical bytes for one row."""
        return _tail(self.op, self.choice, params, prompt)


def frame_of(node: Node, setting: Setting) -> Frame:
    """The frame of a node; ValueError or TypeError for parameters that JSON cannot say."""
    op = node.op
    free = node.enabled and node.condition is None
    if op in INLINE:
        return Frame(node, op, free, _NO_MODEL, (), {}, (), None, True, None)
    choice = setting.choose(node)
    params, open_params = _params(node)
    prompt = setting.prompts.get(str(node.id)) if setting.prompts else None
    if prompt is None and node.prompt is not None:
        prompt = node.prompt.literal
    prompt_open = prompt is None and node.prompt is not None
    tail = None if open_params or prompt_open else _tail(op, choice, params, prompt)
    wanted, attempts = candidates_of(node, setting), attempts_of(node, setting)
    required = _REQUIRED[op]
    return Frame(node, op, free, choice, required, params, open_params, prompt, prompt_open, tail, wanted, attempts)


def _params(node: Node) -> tuple[dict[str, Json], tuple[tuple[str, Text], ...]]:
    """The parameters with literal texts filled in, and those whose texts have holes."""
    params: dict[str, Json] = {}
    holes: list[tuple[str, Text]] = []
    for name, value in node.params.items():
        if isinstance(value, Text):
            params[name] = value.literal
            if params[name] is None:
                holes.append((name, value))
        else:
            params[name] = value
    return params, tuple(holes) if holes else ()


def candidates_of(node: Node, setting: Setting) -> int:
    """How many candidates a row of this node has; local work has one."""
    if node.op not in REMOTE:
        return 1
    if setting.candidates is not None and node.candidates > 1:
        return setting.candidates
    return node.candidates


def attempts_of(node: Node, setting: Setting) -> int:
    """How many results a flagged candidate may cost; at least one."""
    return max(1, node.attempts if node.attempts is not None else setting.attempts)


def _tail(op: Operation, choice: ModelChoice, params: Mapping[str, Json], prompt: str | None) -> str:
    provider, _alias, version = choice
    said = "null" if prompt is None else quoted(prompt)
    return (
        f',"model":{quoted(version)},"op":{_NAMES[op]},"params":{_object(params)}'
        f',"prompt":{said},"provider":{quoted(provider)}}}'
    )


def _object(params: Mapping[str, Json]) -> str:
    """Parameters as `canonical_bytes` writes them; the usual ones, flat texts and numbers, without its machinery."""
    if not params:
        return "{}"
    pieces = []
    for name in sorted(params):
        value = params[name]
        kind = value.__class__
        if kind is str:
            pieces.append(f"{quoted(name)}:{quoted(value)}")  # type: ignore[arg-type]
        elif kind is int:
            pieces.append(f"{quoted(name)}:{value}")
        elif kind is bool:
            pieces.append(f"{quoted(name)}:{'true' if value else 'false'}")
        else:
            return canonical_bytes(params).decode("utf-8", "surrogatepass")
    return f"{{{','.join(pieces)}}}"


def inputs_json(inputs: Mapping[str, tuple[Artifact, ...]]) -> str:
    """The first half of the canonical bytes: digests by role, roles sorted."""
    if not inputs:
        return '{"inputs":{}'
    pieces = []
    for role in sorted(inputs):
        digests = ",".join([quoted(one.digest) for one in inputs[role]])
        pieces.append(f"{quoted(role)}:[{digests}]")
    return f'{{"inputs":{{{",".join(pieces)}}}'
