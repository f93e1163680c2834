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
from rushes.model.ids import NodeId
from rushes.model.operation import Fan, panels_of
from rushes.model.problem import Problem, Severity
from rushes.model.text import Text
from rushes.model.workflow import Mode, Node, Workflow


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


def build_grid(workflow: Workflow, variables: Mapping[str, str]) -> tuple[Grid | None, list[Problem]]:
    """The grid, or every reason why there is none: unknown or doubled ids, cycles, row counts that disagree.

    `variables` are the run's values; only those that make rows (`input_lines`) are read here.
    """
    nodes = tuple(workflow.nodes())
    index: dict[NodeId, int] = {}
    problems: list[Problem] = []
    for number, node in enumerate(nodes):
        if node.id in index:
            problems.append(
                _problem(node, "id-doubled", f"the id {node.id!r} is used twice", "give each node its own id")
            )
        index[node.id] = number
    parents: list[list[int]] = []
    for node in nodes:
        needed = []
        for name in node.needs():
            if name in index:
                needed.append(index[name])
            else:
                problems.append(_unknown(node, name, index))
        parents.append(needed)
    if problems:
        return None, problems
    topology, cycle = build(parents)
    if topology is None:
        names = " -> ".join(str(nodes[number].id) for number in (*cycle, cycle[0]))
        return None, [
            _problem(
                nodes[cycle[0]], "cycle", f"these steps wait for each other: {names}", "remove one of the references"
            )
        ]
    return _lay_out(nodes, index, topology, variables)


def _lay_out(
    nodes: tuple[Node, ...], index: Mapping[NodeId, int], topology: Topology, variables: Mapping[str, str]
) -> tuple[Grid | None, list[Problem]]:
    problems: list[Problem] = []
    work = [1] * len(nodes)  # rows that a node works on
    out = [1] * len(nodes)  # rows that it hands on
    for number in topology.order:
        node = nodes[number]
        rows = _row_count(node, index, out, variables, problems)
        work[number] = rows
        out[number] = rows
        if node.signature.fan is Fan.SPLIT:
            out[number] = rows * _panels(node)
    if problems:
        return None, problems
    first, total = [], 0
    for count in out:
        first.append(total)
        total += count
    cells: list[Cell] = []
    for number, node in enumerate(nodes):
        cells.extend(_cells(node, number, work[number], out, first, index, variables))
    order: list[int] = []
    for number in topology.order:
        order.extend(range(first[number], first[number] + out[number]))
    return Grid(nodes, index, topology, tuple(first), tuple(out), tuple(cells), tuple(order)), []


def rows_of(node: Node, variables: Mapping[str, str]) -> Sequence[str] | None:
    """The rows that a node brings itself, or None when it follows its inputs."""
    if node.rows is not None:
        return node.rows
    if node.rows_from is not None:
        return [line for line in variables.get(node.rows_from, "").splitlines() if line.strip()]
    return None


def _row_count(
    node: Node, index: Mapping[NodeId, int], out: Sequence[int], variables: Mapping[str, str], problems: list[Problem]
) -> int:
    if node.signature.fan is Fan.GATHER:
        return 1
    counts: dict[str, int] = {}
    own = rows_of(node, variables)
    if own is not None:
        counts["its own rows"] = len(own)
        if not own:
            problems.append(_problem(node, "rows-empty", "it has no rows to run for", "give at least one row"))
    for entry in node.inputs:
        feeding = [out[index[name]] for name in entry.refs]
        if entry.mode is Mode.ROWS:
            counts[", ".join(entry.refs)] = sum(feeding)
        else:
            counts.update(zip(entry.refs, feeding, strict=True))
    texts = [node.prompt, *node.params.values()]
    for text in texts:
        if isinstance(text, Text):
            counts.update((str(name), out[index[name]]) for name in text.refs)
    many = {name: count for name, count in counts.items() if count != 1}
    if len(set(many.values())) > 1:
        said = ", ".join(f"{count} from {name}" for name, count in many.items())
        problems.append(
            _problem(
                node,
                "rows-disagree",
                f"its inputs have different numbers of rows: {said}",
                "give all of them the same number of rows, or one",
            )
        )
    return max(counts.values(), default=1) if not many else max(many.values())


def _panels(node: Node) -> int:
    columns, rows = panels_of(node.params.get("grid", "2x2"))
    return columns * rows


def _cells(
    node: Node,
    number: int,
    work: int,
    out: Sequence[int],
    first: Sequence[int],
    index: Mapping[NodeId, int],
    variables: Mapping[str, str],
) -> list[Cell]:
    own = rows_of(node, variables)
    gather = node.signature.fan is Fan.GATHER
    panels = out[number] // work if node.signature.fan is Fan.SPLIT and work else 1
    names = [*(node.prompt.refs if node.prompt else ())]
    for value in node.params.values():
        if isinstance(value, Text):
            names.extend(value.refs)
    cells = []
    for row in range(work):
        inputs = []
        needs: list[int] = []
        for entry in node.inputs:
            feeding: list[int] = []
            for name in entry.refs:
                source = index[name]
                if gather or entry.mode is Mode.ROWS:
                    feeding.extend(range(first[source], first[source] + out[source]))
                else:
                    feeding.append(first[source] + (row if out[source] > 1 else 0))
            if entry.mode is Mode.ROWS and not gather:
                feeding = [feeding[row if len(feeding) > 1 else 0]]
            inputs.append((entry.role, entry.mode, tuple(feeding)))
            needs.extend(feeding)
        texts = {name: first[index[name]] + (row if out[index[name]] > 1 else 0) for name in names}
        needs.extend(texts.values())
        if node.condition is not None:
            source = index[node.condition.node]
            needs.extend(range(first[source], first[source] + out[source]))
        item = own[row if len(own) > 1 else 0] if own else None
        cell = Cell(number, row, 0, item, tuple(inputs), texts, tuple(dict.fromkeys(needs)))
        cells.append(cell)
        cells.extend(cell._replace(row=row * panels + panel, panel=panel) for panel in range(1, panels))
        if panels > 1:
            cells[-panels] = cell._replace(row=row * panels)
    return cells


def _problem(node: Node, code: str, says: str, try_: str) -> Problem:
    return Problem(
        code=code, severity=Severity.ERROR, says=says, try_=try_, path=node.path, tab=node.tab, node=str(node.id)
    )


def _unknown(node: Node, name: NodeId, index: Mapping[NodeId, int]) -> Problem:
    near = get_close_matches(str(name), [str(known) for known in index], n=1)
    return _problem(
        node,
        "ref-unknown",
        f"it refers to {str(name)!r}, and there is no such step",
        f"did you mean {near[0]!r}?" if near else "name a step of this workflow",
    )
