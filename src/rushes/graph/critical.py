"""How long a plan takes at best: the longest chain of its work, and what the number of hands allows."""

from __future__ import annotations

from collections.abc import Mapping

from rushes.graph.grid import Grid


def longest_chain(grid: Grid, seconds: Mapping[int, float]) -> tuple[float, list[int]]:
    """Seconds of the heaviest path through the cells in `seconds`, and its cells in order."""
    ends: dict[int, float] = {}
    before: dict[int, int] = {}
    last, most = -1, 0.0
    for number in grid.order:
        weight = seconds.get(number)
        if weight is None:
            continue
        start, chosen = 0.0, -1
        for needed in grid.cells[number].needs:
            end = ends.get(needed, -1.0)
            if end > start or (end == start and chosen < 0 and end >= 0):
                start, chosen = end, needed
        ends[number] = start + weight
        if chosen >= 0:
            before[number] = chosen
        if ends[number] > most or last < 0:
            last, most = number, ends[number]
    chain = []
    while last >= 0:
        chain.append(last)
        last = before.get(last, -1)
    return most, chain[::-1]


def makespan(chain: float, work: float, parallel: int) -> float:
    """No schedule of `work` seconds on `parallel` hands with this longest chain can be shorter."""
    return max(chain, work / max(1, parallel))
