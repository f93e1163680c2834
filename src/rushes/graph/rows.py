"""Rows times a workflow: for every row of a table a copy of all nodes, with the row's values filled in.

What a provider is asked is what it would be asked by a file in which a person had written those values: a copy has an
id of its own and nothing else, and ids are in no key. So a part of a table is an ordinary workflow, and plan, run,
recovery, money and cache need no second way.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from rushes.model.ids import NodeId
from rushes.model.text import Ref, Text
from rushes.model.workflow import LimitSpec, Node, Param, Tab, Workflow

_COPY = re.compile(r"r(\d{6,})\.")


class Filled(NamedTuple):
    """One row: its number in the table (a name that people read: it counts from 1), and its values by variable.

    The value of a variable that names a file is a URL, or a path that does not depend on where the table lies.
    """

    number: int
    values: Mapping[str, str]


class Wants(NamedTuple):
    """The variables that a workflow has a use for: in its texts, as rows, and as names of files."""

    texts: frozenset[str]
    files: frozenset[str]


def wants_of(workflow: Workflow) -> Wants:
    """What the values of a row could change."""
    texts: set[str] = set()
    for node in workflow.nodes():
        texts.update(name for text in _texts(node) for name in text.vars)
        if node.rows_from is not None:
            texts.add(node.rows_from)
    if "input_lines" in texts:
        texts.add("input")  # whose lines they are
    files = {node.source_from for node in workflow.nodes() if node.source_from is not None}
    return Wants(frozenset(texts), frozenset(files))


def times(workflow: Workflow, rows: Sequence[Filled]) -> Workflow:
    """The workflow that does for every row what this one does once. Pure; linear in rows and nodes."""
    alone = _alone(workflow.limits)
    tabs = tuple(
        Tab(tab.name, tuple([_copy(node, row, alone) for row in rows for node in tab.nodes])) for tab in workflow.tabs
    )
    return replace(workflow, tabs=tabs, limits=tuple(_limits(workflow.limits, alone, rows)), result=None)


def row_of(node: str) -> int | None:
    """The number of the row that a node of `times` belongs to."""
    found = _COPY.match(node)
    return None if found is None else int(found[1])


def original(node: str) -> NodeId:
    """The id of the node that it is a copy of."""
    return NodeId(_COPY.sub("", node, count=1))


def _copy_id(row: int, name: str) -> NodeId:
    return NodeId(f"r{row:06d}.{name}")


def _texts(node: Node) -> Iterator[Text]:
    if node.prompt is not None:
        yield node.prompt
    for value in node.params.values():
        if isinstance(value, Text):
            yield value


def _copy(node: Node, row: Filled, alone: Collection[str]) -> Node:
    number, values = row
    made = node._replace(
        id=_copy_id(number, node.id),
        inputs=tuple([one._replace(refs=tuple([_copy_id(number, ref) for ref in one.refs])) for one in node.inputs]),
    )
    if node.prompt is not None:
        made = made._replace(prompt=_moved(node.prompt.given(values), number))
    if any(isinstance(value, Text) for value in node.params.values()):
        made = made._replace(params={name: _param(value, row) for name, value in node.params.items()})
    if node.condition is not None:
        made = made._replace(condition=node.condition._replace(node=_copy_id(number, node.condition.node)))
    if node.rows_from is not None and (lines := _lines(node.rows_from, values)) is not None:
        made = made._replace(rows_from=None, rows=lines)
    if node.source_from is not None and node.source_from in values:
        made = made._replace(source=values[node.source_from])
    if node.limit is not None and node.limit in alone:
        made = made._replace(limit=_copy_id(number, node.limit))
    return made


def _param(value: Param, row: Filled) -> Param:
    if not isinstance(value, Text):
        return value
    text = value.given(row.values)
    return text.literal if text.literal is not None else _moved(text, row.number)


def _moved(text: Text, row: int) -> Text:
    """The text, naming the nodes of its own row."""
    if not text.refs:
        return text
    return Text(tuple(Ref(_copy_id(row, part.node)) if isinstance(part, Ref) else part for part in text.parts))


def _lines(name: str, values: Mapping[str, str]) -> tuple[str, ...] | None:
    """The rows that a value makes inside a row, if it makes them."""
    said = values.get(name, values.get("input") if name == "input_lines" else None)
    return None if said is None else tuple(line for line in said.splitlines() if line.strip())


def _alone(limits: Sequence[LimitSpec]) -> frozenset[str]:
    """Groups of which each row has its own, because they stop their members: one row must not stop another's."""
    stops = {one.name for one in limits if one.fail_fast or one.timeout is not None}
    above = {one.name: one.parent for one in limits}
    found = set()
    for name in above:
        at: str | None = name
        while at is not None and at not in stops:
            at = above.get(at)
        if at is not None:
            found.add(name)
    return frozenset(found)


def _limits(limits: Sequence[LimitSpec], alone: Collection[str], rows: Sequence[Filled]) -> Iterator[LimitSpec]:
    """What is in flight counts over all rows; what stops a group is each row's own, inside that."""
    for one in limits:
        inner = one.parent is not None and one.parent in alone
        if not inner:
            yield LimitSpec(name=one.name, in_flight=one.in_flight, parent=one.parent)
        if one.name in alone:
            for number, _values in rows:
                parent = _copy_id(number, one.parent) if one.parent is not None and inner else one.name
                yield replace(one, name=_copy_id(number, one.name), parent=parent)
