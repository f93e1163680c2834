"""Why a question is new: two recipes to words, the old value and the new one side by side."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

Recipe = Mapping[str, Any]
"""A recipe as `rushes.model.request.Recipe.plain` writes it."""

_MOST = 60  # characters of a value that are shown


def changes(old: Recipe, new: Recipe) -> list[str]:
    """Each difference in words, in the order in which people look for it; empty when the recipes are equal."""
    found = [
        f"{name} changed from {old.get(name)} to {new.get(name)}"
        for name in ("op", "provider", "model")
        if old.get(name) != new.get(name)
    ]
    if old.get("prompt") != new.get("prompt"):
        found.append(_prompt(old.get("prompt"), new.get("prompt")))
    if old.get("borrowed") and not new.get("borrowed"):
        found.append("what was made for another prompt was taken before")
    found.extend(_params(old.get("params") or {}, new.get("params") or {}))
    found.extend(_inputs(old.get("inputs") or {}, new.get("inputs") or {}))
    return found


def sentence(found: Sequence[str], most: int = 3) -> str:
    """The first `most` changes in one line, and how many more there are."""
    more = len(found) - most
    return "; ".join(found[:most]) + (f"; and {more} more" if more > 0 else "")


def _prompt(old: str | None, new: str | None) -> str:
    if old is None:
        return f"prompt added: {_short(new)}"
    if new is None:
        return f"prompt removed: {_short(old)}"
    before, after = _around(old, new)
    return f"prompt changed: {before} -> {after}"


def _params(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    found = []
    for name in sorted({*old, *new}):
        if name not in new:
            found.append(f"{name} removed (was {_short(old[name])})")
        elif name not in old:
            found.append(f"{name} added: {_short(new[name])}")
        elif isinstance(old[name], dict) and isinstance(new[name], dict):
            found.extend(f"{name}.{change}" for change in _params(old[name], new[name]))
        elif not _same(old[name], new[name]):
            before, after = _pair(old[name], new[name])
            found.append(f"{name} changed from {before} to {after}")
    return found


def _same(old: Any, new: Any) -> bool:
    # 1, 1.0 and true are equal in Python and three different values in a request
    return json.dumps(old, sort_keys=True) == json.dumps(new, sort_keys=True)


def _inputs(old: Mapping[str, Sequence[str]], new: Mapping[str, Sequence[str]]) -> list[str]:
    found = []
    for role in sorted({*old, *new}):
        before, after = list(old.get(role, ())), list(new.get(role, ()))
        if before == after:
            continue
        if not before:
            found.append(f"input {role} added")
        elif not after:
            found.append(f"input {role} removed")
        elif len(before) != len(after):
            found.append(f"input {role} has {len(after)} instead of {len(before)}")
        elif sorted(before) == sorted(after):
            found.append(f"input {role} is in another order")
        else:
            found.append(f"input {role} changed")
    return found


def _pair(old: Any, new: Any) -> tuple[str, str]:
    if isinstance(old, str) and isinstance(new, str):
        return _around(old, new)
    return _short(old), _short(new)


def _around(old: str, new: str) -> tuple[str, str]:
    """Both texts, cut to a window that shows where they first differ."""
    if max(len(old), len(new)) <= _MOST:
        return repr(old), repr(new)
    same = 0
    for mine, theirs in zip(old, new, strict=False):
        if mine != theirs:
            break
        same += 1
    start = max(0, same - _MOST // 3)
    return _window(old, start), _window(new, start)


def _window(text: str, start: int) -> str:
    cut = text[start : start + _MOST]
    return repr(("…" if start else "") + cut + ("…" if start + _MOST < len(text) else ""))


def _short(value: Any) -> str:
    if isinstance(value, str):
        return _window(value, 0)
    said = repr(value)
    return said if len(said) <= _MOST else said[: _MOST - 1] + "…"
