"""An immutable directed graph over integers: order, levels, remaining path. Knows nothing of media."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Topology(NamedTuple):
    """`parents[i]` are what i needs, `children[i]` what needs it; `order` is topological and stable."""

    parents: tuple[tuple[int, ...], ...]
    children: tuple[tuple[int, ...], ...]
    order: tuple[int, ...]


def build(parents: Sequence[Sequence[int]]) -> tuple[Topology | None, list[int]]:
    """The topology, or None and the members of one cycle in order.

    Parents keep their order without doubles. Among ready vertices the lowest number comes first in its
    level, so equal documents have equal orders.
    """
    unique = tuple([tuple(dict.fromkeys(many)) if len(many) > 1 else tuple(many) for many in parents])
    children: list[list[int]] = [[] for _ in unique]
    waiting = [len(many) for many in unique]
    for vertex, many in enumerate(unique):
        for parent in many:
            children[parent].append(vertex)
    order = [vertex for vertex, count in enumerate(waiting) if count == 0]
    for vertex in order:  # grows while it is walked
        for child in children[vertex]:
            waiting[child] -= 1
            if waiting[child] == 0:
                order.append(child)
    if len(order) < len(unique):
        return None, _cycle(unique, {vertex for vertex, count in enumerate(waiting) if count})
    return Topology(unique, tuple(tuple(many) for many in children), tuple(order)), []


def _cycle(parents: Sequence[Sequence[int]], stuck: set[int]) -> list[int]:
    # every stuck vertex has a stuck parent, so walking up must meet itself
    seen: dict[int, int] = {}
    trail: list[int] = []
    vertex = min(stuck)
    while vertex not in seen:
        seen[vertex] = len(trail)
        trail.append(vertex)
        vertex = next(parent for parent in parents[vertex] if parent in stuck)
    ring = trail[seen[vertex] :][::-1]
    first = ring.index(min(ring))
    return ring[first:] + ring[:first]


def remaining_path(topology: Topology, weight: Sequence[float]) -> list[float]:
    """For each vertex its own weight plus the heaviest path below it: what list scheduling orders by."""
    rest = [0.0] * len(weight)
    for vertex in reversed(topology.order):
        below = max((rest[child] for child in topology.children[vertex]), default=0.0)
        rest[vertex] = weight[vertex] + below
    return rest
