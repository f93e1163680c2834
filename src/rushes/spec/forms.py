"""The forms in which steps name each other, before anything is looked up."""

from __future__ import annotations

import re

from rushes.model.problem import Path
from rushes.spec.notes import shown
from rushes.spec.text import Hole, split

ON_ERROR = ("continue", "stop", "fail")
ENDS = ("failed", "failure", "succeeded", "success", "completed", "done")
"""How a step can have ended, as conditions say it."""

INPUT_FROM = 'a step\'s name, a list of names, or "a OR b"'

_CONDITION = re.compile(rf"(.+)\.({'|'.join(ENDS)})")
_OR = re.compile(r"\s+(?:OR|or|\|\|)\s+")


def bare(name: str) -> str:
    """A name without the braces that some people put around it."""
    pieces = split(name)
    return pieces[0].name if len(pieces) == 1 and isinstance(pieces[0], Hole) else name.strip()


def alternatives(value: str) -> list[str]:
    """The names in "a OR b"."""
    return [bare(one) for one in _OR.split(value.strip())]


def is_input_from(value: object) -> bool:
    """Whether a value has the form of `input_from`."""
    if isinstance(value, list):
        return bool(value) and all(isinstance(one, str) for one in value)
    return value is None or (isinstance(value, str) and bool(value.strip()))


def condition_parts(value: object) -> tuple[str, str] | None:
    """The step of a condition, and `failed` or `done`."""
    match = _CONDITION.fullmatch(bare(value)) if isinstance(value, str) else None
    if match is None:
        return None
    return match.group(1), "failed" if match.group(2).startswith("fail") else "done"


def bad_condition(value: object, path: Path) -> tuple[str, Path, str]:
    """What to say about a condition that is none, where, and what to write."""
    return f"the condition is {shown(value)}", (*path, "condition"), "write NAME.failed or NAME.succeeded"
