"""The grid: every (node, row) of a workflow as a numbered cell, and which cells each one needs.

Rows are known before anything runs: a dynamic prompt has its rows in the file, a split has its panels
in its parameters. Inputs of one row stretch to any number (one reference for all scenes); inputs of
several rows are zipped by index and must agree in number. A gather takes all rows and makes one.

`Cell` numbers are dense and topological work is done on them alone, so that 100,000 nodes plan in seconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NamedTuple

from rushes.graph.topology import Topology, build
from rushes.model.collector import collector_off
from rushes.model.ids import NodeId
from rushes.model.operation import SIGNATURES, Fan, panels_of
from rushes.model.problem import Problem, did_you_mean
from rushes.model.text import Ref, Text
from rushes.model.workflow import Mode, Node, Workflow

MOST_CELLS = 1_000_000
"""Rows of one workflow, each counted at every node that it goes through: about 500 MB of memory."""


class Cell(NamedTuple):
    """One row of one node. `panel` is the output number inside a split, else 0.

    `inputs` are (role, cells) in order; `texts` maps each referenced node to the cell that feeds this row;
    `needs` are all cells waited for, conditions included.
    """

    node: int
    row: int
    panel: int
    item: str | None
    inputs: tuple[tuple[str, Mode, tuple[int, ...]], ...]
    texts: Mapping[NodeId, int]
    needs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """All cells of a workflow. `first[n]` and `count[n]` give the cells of node n, which are adjacent."""

    nodes: tuple[Node, ...]
    index: Mapping[NodeId, int]
    topology: Topology
    first: tuple[int, ...]
    count: tuple[int, ...]
    cells: tuple[Cell, ...]
    order: tuple[int, ...]

    def cells_of(self, node: int) -> range:
        """The cell numbers of one node."""
        return range(self.first[node], self.first[node] + self.count[node])


_GATHER = frozenset(op for op, signature in SIGNATURES.items() if signature.fan is Fan.GATHER)
_SPLIT = frozenset(op for op, signature in SIGNATURES.items() if signature.fan is Fan.SPLIT)
_ROWS = Mode.ROWS  # looked up once


class _Wires(NamedTuple):
    """What a node is fed by, as node numbers: (role, mode, sources) in order, and the sources of its texts."""

    inputs: tuple[tuple[str, Mode, tuple[int, ...]], ...]
    texts: dict[NodeId, int]


_NO_TEXTS: dict[NodeId, int] = {}


def build_grid(workflow: Workflow, variables: Mapping[str, str]) -> tuple[Grid | None, list[Problem]]:
    """The grid, or every reason why there is none: unknown or doubled ids, cycles, row counts that disagree.

    `variables` are the run's values; only those that make rows (`input_lines`) are read here.
    """
    with collector_off():
        return _build(tuple(workflow.nodes()), variables)


def _build(nodes: tuple[Node, ...], variables: Mapping[str, str]) -> tuple[Grid | None, list[Problem]]:
    index: dict[NodeId, int] = {}
    problems: list[Problem] = []
    for number, node in enumerate(nodes):
        if node.id in index:
            says = f"the id {node.id!r} is used twice"
            problems.append(node.problem("id-doubled", says, try_="give each node its own id"))
        index[node.id] = number
    wires: list[_Wires] = []
    parents: list[list[int]] = []
    for node in nodes:
        try:
            wired, needed = _wire(node, index)
        except KeyError:
            problems.extend(_unknown(node, name, index) for name in node.needs() if name not in index)
            continue
        wires.append(wired)
        parents.append(needed)
    if problems:
        return None, problems
    topology, cycle = build(parents)
    if topology is None:
        names = " -> ".join(nodes[number].called for number in (*cycle, cycle[0]))
        says = f"these steps wait for each other: {names}"
        return None, [nodes[cycle[0]].problem("cycle", says, try_="remove one of the references")]
    if len(nodes) <= MOST_CELLS and not any(map(_may_multiply, nodes)):
        return _one_each(nodes, index, wires, topology), []
    return _lay_out(nodes, index, wires, topology, variables)


def _may_multiply(node: Node) -> bool:
    """Whether a node may bring rows, or make several of one."""
    if node.rows is not None or node.rows_from is not None or node.op in _SPLIT:
        return True
    return _ROWS in [mode for _role, _refs, mode in node.inputs]


def _one_each(
    nodes: tuple[Node, ...], index: Mapping[NodeId, int], wires: Sequence[_Wires], topology: Topology
) -> Grid:
    """The grid of a workflow in which nothing has rows, as most have none: each node is one cell, with its number."""
    parents = topology.parents
    cells = [Cell(number, 0, 0, None, *wired, parents[number]) for number, wired in enumerate(wires)]
    return Grid(nodes, index, topology, tuple(range(len(nodes))), (1,) * len(nodes), tuple(cells), topology.order)


def _wire(node: Node, index: Mapping[NodeId, int]) -> tuple[_Wires, list[int]]:
    """What feeds a node, and the numbers of all nodes it waits for; KeyError for a name that nobody has."""
    inputs = tuple([(role, mode, tuple([index[name] for name in refs])) for role, refs, mode in node.inputs])
    needed: list[int] = []
    for _role, _mode, sources in inputs:
        needed += sources
    texts = _NO_TEXTS
    names = _text_refs(node)
    if names:
        texts = {name: index[name] for name in names}
        needed += texts.values()
    if node.condition is not None:
        needed.append(index[node.condition.node])
    return _Wires(inputs, texts), needed


def _text_refs(node: Node) -> list[NodeId]:
    names: list[NodeId] = []
    if node.prompt is not None:
        for part in node.prompt.parts:
            if part.__class__ is Ref:
                names.append(part.node)
    for value in node.params.values():
        if value.__class__ is Text:
            names += value.refs
    return names


def _lay_out(
    nodes: tuple[Node, ...],
    index: Mapping[NodeId, int],
    wires: Sequence[_Wires],
    topology: Topology,
    variables: Mapping[str, str],
) -> tuple[Grid | None, list[Problem]]:
    problems: list[Problem] = []
    work = [1] * len(nodes)  # rows that a node works on
    out = [1] * len(nodes)  # rows that it hands on
    for number in topology.order:
        node = nodes[number]
        rows = _row_count(node, wires[number], nodes, out, variables, problems)
        work[number] = rows
        out[number] = rows
        if node.op in _SPLIT:
            out[number] = rows * _panels(node, problems)
    if sum(out) > MOST_CELLS:
        problems.append(_too_many(nodes, out))
    if problems:
        return None, problems
    first, total = [], 0
    for count in out:
        first.append(total)
        total += count
    cells: list[Cell] = []
    order: list[int] = []
    for number, node in enumerate(nodes):
        if out[number] == 1 and _alone(wires[number], out) and node.condition is None:
            cells.append(_one_cell(node, number, wires[number], first, variables))
        else:
            cells.extend(_cells(node, number, wires[number], work[number], out, first, index, variables))
    for number in topology.order:
        if out[number] == 1:
            order.append(first[number])
        else:
            order.extend(range(first[number], first[number] + out[number]))
    return Grid(nodes, index, topology, tuple(first), tuple(out), tuple(cells), tuple(order)), []


def _alone(wired: _Wires, out: Sequence[int]) -> bool:
    """Whether one row of everything that feeds a node makes one row of it."""
    for _role, mode, sources in wired.inputs:
        if mode is _ROWS and len(sources) > 1:
            return False
        for source in sources:
            if out[source] != 1:
                return False
    return all(out[source] == 1 for source in wired.texts.values()) if wired.texts else True


def _one_cell(node: Node, number: int, wired: _Wires, first: Sequence[int], variables: Mapping[str, str]) -> Cell:
    """The only cell of a node that is fed by single rows: by far the most usual one, so it has a way of its own."""
    inputs = tuple([(role, mode, tuple([first[one] for one in sources])) for role, mode, sources in wired.inputs])
    texts = _NO_TEXTS
    needs = inputs[0][2] if len(inputs) == 1 else tuple([one for _role, _mode, cells in inputs for one in cells])
    if wired.texts:
        texts = {name: first[source] for name, source in wired.texts.items()}
        needs = (*needs, *texts.values())
    if len(needs) > 1:
        needs = tuple(dict.fromkeys(needs))
    own = rows_of(node, variables)
    return Cell(number, 0, 0, own[0] if own else None, inputs, texts, needs)


def rows_of(node: Node, variables: Mapping[str, str]) -> Sequence[str] | None:
    """The rows that a node brings itself, or None when it follows its inputs."""
    if node.rows is not None:
        return node.rows
    if node.rows_from is not None:
        return [line for line in variables.get(node.rows_from, "").splitlines() if line.strip()]
    return None


def _row_count(
    node: Node,
    wired: _Wires,
    nodes: Sequence[Node],
    out: Sequence[int],
    variables: Mapping[str, str],
    problems: list[Problem],
) -> int:
    if node.op in _GATHER:
        return 1
    own = rows_of(node, variables)
    if own is None and _alone(wired, out):
        return 1
    counts: list[tuple[str, int]] = []
    if own is not None:
        counts.append(("its own rows", len(own)))
        if not own:
            problems.append(node.problem("rows-empty", "it has no rows to run for", try_="give at least one row"))
    for _role, mode, sources in wired.inputs:
        if mode is _ROWS:
            counts.append((", ".join(nodes[one].called for one in sources), sum(out[one] for one in sources)))
        else:
            counts.extend((nodes[one].called, out[one]) for one in sources)
    counts.extend((nodes[source].called, out[source]) for source in wired.texts.values())
    many = [one for one in counts if one[1] != 1]
    if len({count for _name, count in many}) > 1:
        said = ", ".join(f"{count} from {name}" for name, count in dict.fromkeys(many))
        says = f"its inputs have different numbers of rows: {said}"
        problems.append(node.problem("rows-disagree", says, try_="give all of them the same number of rows, or one"))
    return max((count for _name, count in many), default=1)


def _panels(node: Node, problems: list[Problem]) -> int:
    try:
        columns, rows = panels_of(node.params.get("grid", "2x2"))
    except ValueError as wrong:
        problems.append(node.problem("grid-unknown", str(wrong), try_="write columns x rows, such as 2x2 or 3x3"))
        return 1
    return columns * rows


def _cells(
    node: Node,
    number: int,
    wired: _Wires,
    work: int,
    out: Sequence[int],
    first: Sequence[int],
    index: Mapping[NodeId, int],
    variables: Mapping[str, str],
) -> list[Cell]:
    own = rows_of(node, variables)
    panels = out[number] // work if node.op in _SPLIT and work else 1
    decides: tuple[int, ...] = ()
    if node.condition is not None:
        source = index[node.condition.node]
        decides = tuple(range(first[source], first[source] + out[source]))
    cells = []
    for row in range(work):
        inputs = tuple(
            [(role, mode, _feeding(node, mode, sources, row, out, first)) for role, mode, sources in wired.inputs]
        )
        texts = {name: first[one] + (row if out[one] > 1 else 0) for name, one in wired.texts.items()}
        needs = dict.fromkeys([one for _role, _mode, feeding in inputs for one in feeding])
        needs.update(dict.fromkeys(texts.values()))
        needs.update(dict.fromkeys(decides))
        item = own[row if len(own) > 1 else 0] if own else None
        for panel in range(panels):
            cells.append(Cell(number, row * panels + panel, panel, item, inputs, texts, tuple(needs)))
    return cells


def _feeding(
    node: Node, mode: Mode, sources: Sequence[int], row: int, out: Sequence[int], first: Sequence[int]
) -> tuple[int, ...]:
    """The cells that fill one input of one row."""
    if node.op in _GATHER or mode is _ROWS:
        every = [one for source in sources for one in range(first[source], first[source] + out[source])]
        if mode is _ROWS and node.op not in _GATHER:
            return (every[row if len(every) > 1 else 0],)
        return tuple(every)
    return tuple([first[source] + (row if out[source] > 1 else 0) for source in sources])


def _too_many(nodes: Sequence[Node], out: Sequence[int]) -> Problem:
    most = max(out)
    says = (
        f"the workflow has {sum(out):,} rows over all its steps, {most:,} of them here; at most {MOST_CELLS:,} are run"
    )
    return nodes[out.index(most)].problem("rows-too-many", says, try_="split the rows over several workflows")


def _unknown(node: Node, name: NodeId, index: Mapping[NodeId, int]) -> Problem:
    near = get_close_matches(str(name), [str(known) for known in index], n=1)
    says = f"it refers to {str(name)!r}, and there is no such step"
    return node.problem("ref-unknown", says, try_=did_you_mean(near, "name a step of this workflow"))
