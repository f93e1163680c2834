"""A plan's fingerprint: `run --plan FINGERPRINT` refuses when anything it covers has changed.

It covers every request that must be bought, everything that is reused and what flows on from it, what would be asked
later as far as it can be known, the gates and what they show, the selection and the prices. It does not cover
what cannot change a result: titles, order of tabs, time-outs, concurrency.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence, Set

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
    pieces.extend(f"u{unit.cell},{unit.candidate},{unit.salt},{unit.base}" for unit in units)
    pieces.extend(f"q{cell},{quote.low},{quote.high}" for cell, quote in sorted(quotes.items()))
    if selected is not None:
        pieces.append("s" + ",".join(map(str, sorted(selected))))
    digest = hashlib.sha256("\n".join(pieces).encode("utf-8", "surrogatepass")).hexdigest()
    return f"pl1:{digest[:32]}"


def _said(grid: Grid, number: int, outcome: Outcome, setting: Setting, walked: Walked) -> str:
    state, value = outcome.state, outcome.value
    if state is State.DONE:
        if outcome.base is not None and value is not None and (main := value.main) is not None:
            return f"d{outcome.base}{len(outcome.candidates)}{main.digest}"
        return f"d{outcome.base}{'' if value is None else shown_as(value)}"
    if state is State.RUN:
        frame = walked.misses[number].question.frame
        return f"r{outcome.base}{frame.wanted},{frame.attempts}"
    if state is State.WAITING:
        return f"w{outcome.base}{[shown_as(one.value) for one in outcome.candidates]}"
    cell = grid.cells[number]
    node = grid.nodes[cell.node]
    if state is State.AFTER:
        return "a" + "\0".join(_open(cell, node, setting, walked))
    return f"{state.value}{node.id}"


def _open(cell: Cell, node: Node, setting: Setting, walked: Walked) -> Iterator[str]:
    """All that is known of a question whose inputs are not known yet."""
    if node.op is Operation.APPROVE:
        yield f"{pick_of(node, setting)}"
    else:
        frame = walked.settler.frame(cell.node)
        yield f"{frame.choice}{frame.wanted},{frame.attempts}"
    yield f"{node.id}{node.op}{cell.item!r}{cell.inputs}{sorted(cell.texts.items())}"
    override = setting.prompts.get(str(node.id))
    texts = [node.prompt] if override is None else []
    yield repr(override)
    for name, value in sorted(node.params.items()):
        yield f"{name}={value!r}"
        texts.append(value if isinstance(value, Text) else None)
    for text in texts:
        if text is not None:
            yield repr(text)
            yield from (setting.variables.get(part.name, "") for part in text.parts if isinstance(part, Var))
