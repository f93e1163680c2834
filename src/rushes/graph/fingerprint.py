"""A plan's fingerprint: `run --plan FINGERPRINT` refuses when anything it covers has changed.

It covers every request that must be bought, everything that is reused and what flows on from it, what would be asked
later as far as it can be known, the gates and what they show, the selection and the prices. It does not cover
what cannot change a result: titles, order of tabs, time-outs, concurrency.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence, Set
from functools import cache, lru_cache

from rushes.graph.gates import pick_of, shown_as
from rushes.graph.grid import Cell, Grid
from rushes.graph.planned import Unit
from rushes.graph.setting import Setting
from rushes.graph.value import Outcome, State
from rushes.graph.walk import Walked
from rushes.model.money import Quote
from rushes.model.operation import Operation
from rushes.model.text import Text, Var
from rushes.model.workflow import Node

_DONE, _RUN = State.DONE, State.RUN  # looked up once


def fingerprint_of(
    grid: Grid,
    setting: Setting,
    walked: Walked,
    units: Sequence[Unit],
    quotes: Mapping[int, Quote],
    selected: Set[int] | None,
) -> str:
    """`pl1:` and 32 hexadecimal digits."""
    pieces = [_said(grid, number, outcome, setting, walked) for number, outcome in enumerate(walked.outcomes)]
    pieces += [f"u{cell},{candidate},{salt},{base}" for cell, candidate, salt, base in units]
    different = {id(quote): quote for quote in quotes.values()}  # most nodes of a plan share theirs
    prices = {place: f"{quote.low},{quote.high}" for place, quote in different.items()}
    pieces += [f"q{cell},{prices[id(quotes[cell])]}" for cell in sorted(quotes)]
    if selected is not None:
        pieces.append("s" + ",".join(map(str, sorted(selected))))
    digest = hashlib.sha256("\n".join(pieces).encode("utf-8", "surrogatepass")).hexdigest()
    return f"pl1:{digest[:32]}"


def _said(grid: Grid, number: int, outcome: Outcome, setting: Setting, walked: Walked) -> str:
    state, value = outcome.state, outcome.value
    if state is _DONE:
        if outcome.base is not None and value is not None and (main := value.main) is not None:
            return f"d{outcome.base}{len(outcome.candidates)}{main.digest}"
        return f"d{outcome.base}{'' if value is None else shown_as(value)}"
    if state is _RUN:
        frame = walked.misses[number].question.frame
        return f"r{outcome.base}{frame.wanted},{frame.attempts}"
    if state is State.WAITING:
        return f"w{outcome.base}{[shown_as(one.value) for one in outcome.candidates]}"
    cell = grid.cells[number]
    node = grid.nodes[cell.node]
    if state is State.AFTER:
        return "a" + "\0".join(_open(cell, node, setting, walked))
    return f"{state.value}{node.id}"


def _open(cell: Cell, node: Node, setting: Setting, walked: Walked) -> list[str]:
    """All that is known of a question whose inputs are not known yet."""
    if node.op is Operation.APPROVE:
        said = [pick_of(node, setting).value]
    else:
        frame = walked.settler.frame(cell.node)
        said = [f"{_choice(frame.choice)}{frame.wanted},{frame.attempts}"]
    texts = str(sorted(cell.texts.items())) if cell.texts else "[]"
    override = setting.prompts.get(node.id)
    said += (f"{node.id}{node.op.value}{cell.item!r}{_inputs(cell)}{texts}", repr(override))
    open_ = [node.prompt] if override is None else []
    for name, value in sorted(node.params.items()):
        said.append(f"{name}={value!r}")
        open_.append(value if isinstance(value, Text) else None)
    for text in open_:
        if text is not None:
            said.append(repr(text))
            said += [setting.variables.get(part.name, "") for part in text.parts if part.__class__ is Var]
    return said


_choice = lru_cache(repr)
_mode = cache(repr)


def _inputs(cell: Cell) -> str:
    """What `repr` says of a cell's inputs; it would spell out the same few modes a hundred thousand times."""
    if len(cell.inputs) != 1:
        return repr(cell.inputs)
    role, mode, feeding = cell.inputs[0]
    return f"(({role!r}, {_mode(mode)}, {feeding}),)"
