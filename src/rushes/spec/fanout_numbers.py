"""The numbers of a tab's nodes and links, and which of them a copy of it may take.

A copy that is the tab number N (from 0) of its file has the numbers of the first tab and N times 100,000. Where a tab's
numbers do not fit that, a copy takes the next numbers that are free in all of the file, and this is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from rushes.model.problem import Path

STRIDE: Final = 100_000
_LARGEST: Final = (1 << 53) - 1  # what an editor written in JavaScript can count to
_LIST_ENDS: Final = (0, 1, 3)  # of a link: its own id, its source, its target
_NAMED_ENDS: Final = ("id", "origin_id", "target_id")
_LAST: Final = ("last_node_id", "last_link_id")


class Number(NamedTuple):
    """An id where it stands: `path` within the tab."""

    path: Path
    value: Any


def numbers(tab: Mapping[str, Any]) -> Iterator[Number]:
    """Every id of a tab that is a whole number or should be one: of nodes, of links and of what repeats them."""
    data = tab["graphData"]
    for name in _LAST:
        if data.get(name):  # 0 says that there is none
            yield Number(("graphData", name), data[name])
    for at, node in enumerate(data["nodes"]):
        yield from _of_node(node, ("graphData", "nodes", at))
    for at, row in enumerate(_list(data.get("links"))):
        path: Path = ("graphData", "links", at)
        for end in _NAMED_ENDS if isinstance(row, dict) else _LIST_ENDS:
            yield Number((*path, end), row[end])


def _of_node(node: Mapping[str, Any], path: Path) -> Iterator[Number]:
    yield Number((*path, "id"), node["id"])
    for at, slot in enumerate(_list(node.get("inputs"))):
        if isinstance(slot, dict) and slot.get("link") is not None:
            yield Number((*path, "inputs", at, "link"), slot["link"])
    for at, slot in enumerate(_list(node.get("outputs"))):
        for copy, link in enumerate(_list(slot.get("links")) if isinstance(slot, dict) else []):
            yield Number((*path, "outputs", at, "links", copy), link)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


class Place(NamedTuple):
    """What is added to every number of a copy; `says` is why it is not the usual, nothing where it is."""

    offset: int
    says: str = ""


class Blocks:
    """Which hundred thousands of numbers the tabs of a file reach over: from which, to which."""

    def __init__(self, tabs: Sequence[Mapping[str, Any]]) -> None:
        self._taken = [_reach([one.value for one in numbers(tab) if is_whole(one.value)]) for tab in tabs]

    def place(self, tab: Mapping[str, Any], index: int) -> Place | None:
        """Numbers for a copy of `tab` that will be tab number `index`; None where there are none to be had."""
        low, high = _reach([one.value for one in numbers(tab)])
        width = high - low
        first = index
        for start, end in sorted(self._taken):  # each that is in the way is stepped over
            if start <= first + width and first <= end:
                first = end + 1
        if (first + width + 1) * STRIDE > _LARGEST:
            return None
        self._taken.append((first, first + width))
        offset = (first - low) * STRIDE
        if width:
            says = f"its numbers reach over {width + 1} hundred thousands: a copy's begin at {first * STRIDE:,}"
        elif first != index:
            says = f"the numbers from {index * STRIDE:,} on are taken: this copy's begin at {first * STRIDE:,}"
        else:
            says = ""
        return Place(offset, says)


def _reach(values: Sequence[int]) -> tuple[int, int]:
    return min(values, default=0) // STRIDE, max(values, default=0) // STRIDE


def is_whole(value: Any) -> bool:
    """Whether an id is a whole number, which a copy can count on from."""
    return value.__class__ is int and value >= 0
