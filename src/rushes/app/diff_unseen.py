"""What differs between two node graphs and changes no result: positions, colours, saved results, and other fields."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from rushes.graph.diff import Diff
from rushes.model.problem import Path
from rushes.plugin.format import Document

_READ = frozenset({"id", "type", "title", "properties", "inputs", "outputs", "mode"})


def unseen(old: Document | None, new: Document | None, found: Diff) -> dict[str, int]:
    """By name of the field, of how many nodes it differs. Nothing for files whose readers name every key."""
    if old is None or new is None or {old.format, new.format} != {"nbflow"}:
        return {}
    changed = {(one.new.tab, one.new.id) for one in found.nodes if one.new is not None}
    counts: Counter[str] = Counter()
    for before, after in found.pairs:
        quiet = (after.tab, str(after.id).removeprefix(f"{after.tab}/")) not in changed
        counts.update(set(_fields(_at(old.tree, before.path), _at(new.tree, after.path), quiet)))
    return dict(counts)


def _fields(old: Any, new: Any, quiet: bool) -> Iterator[str]:
    """Names of fields that differ. Of a node that has changed only those that no reader looks at."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return
    yield from (name for name in {*old, *new} - _READ if old.get(name) != new.get(name))
    was, now = _mapping(old), _mapping(new)
    for name in {*was, *now}:
        if was.get(name) != now.get(name) and (quiet or name.startswith("_")):
            yield name


def _mapping(node: Mapping[str, Any]) -> Mapping[str, Any]:
    value = node.get("properties")
    return value if isinstance(value, dict) else {}


def _at(tree: Any, path: Path) -> Any:
    for part in path:
        tree = tree[part]
    return tree
