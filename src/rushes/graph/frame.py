"""What all nodes that are alike have in common, and the canonical bytes of a question in pieces.

`model/canonical.py` says what the bytes are. Here they are put together from pieces, because most of them are the
same for every node of a kind: `{"inputs":{...}` and the prompt change from row to row, and what stands between them and
after them mostly does not. A property test holds both ways of writing them equal, byte for byte.
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
    """One kind of node under one setting: all of a question but its prompt and what goes into it.

    `free` is true when nothing of the node itself can hold it back; `required` are the roles that must not stay empty;
    `before` is what stands before the prompt in the canonical bytes, or None when rows differ in it.
    """

    op: Operation
    free: bool
    choice: ModelChoice
    required: tuple[str, ...]
    params: dict[str, Json]
    open_params: tuple[tuple[str, Text], ...]
    before: str | None
    wanted: int = 1  # candidates per row
    attempts: int = 1  # results that a flagged candidate may cost
    stands_in: str = ""  # why `choice` is not the node's own model; nothing where it is

    def tail(self, params: Mapping[str, Json], prompt: str | None) -> str:
        """The canonical bytes of one row, but for its inputs."""
        before = self.before
        if before is None:
            before = _before(self.op, self.choice, params)
        said = "null" if prompt is None else quoted(prompt)
        return f'{before}{said},"provider":{quoted(self.choice.provider)}}}'


class Frames:
    """The frames of one setting: nodes that are alike have one between them."""

    __slots__ = ("_found", "_setting")

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._found: dict[tuple[object, ...], Frame] = {}

    def of(self, node: Node) -> Frame:
        """The frame of a node; ValueError or TypeError for parameters that JSON cannot say."""
        op, free = node.op, node.enabled and node.condition is None
        choice = _NO_MODEL if op in INLINE else self._setting.choose(node)
        # written out, because to Python 1, 1.0 and True are one
        alike = (op, free, choice, node.candidates, node.attempts, repr(node.params))
        frame = self._found.get(alike)
        if frame is None:
            frame = self._found[alike] = _frame(node, free, choice, self._setting)
        return frame


def _frame(node: Node, free: bool, choice: ModelChoice, setting: Setting) -> Frame:
    op = node.op
    if op in INLINE:
        return Frame(op, free, choice, (), {}, (), None)
    params, open_params = _params(node)
    before = None if open_params else _before(op, choice, params)
    wanted, attempts = candidates_of(node, setting), attempts_of(node, setting)
    return Frame(op, free, choice, _REQUIRED[op], params, open_params, before, wanted, attempts)


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


def _before(op: Operation, choice: ModelChoice, params: Mapping[str, Json]) -> str:
    return f',"model":{quoted(choice.version)},"op":{_NAMES[op]},"params":{_object(params)},"prompt":'


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
    if len(inputs) == 1:
        ((role, many),) = inputs.items()
        if len(many) == 1:  # as of most
            return f'{{"inputs":{{{quoted(role)}:[{quoted(many[0].digest)}]}}'
    pieces = []
    for role in sorted(inputs):
        digests = ",".join([quoted(one.digest) for one in inputs[role]])
        pieces.append(f"{quoted(role)}:[{digests}]")
    return f'{{"inputs":{{{",".join(pieces)}}}'
