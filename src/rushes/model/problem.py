"""One thing that is wrong (or could be better) in a document, with its address and its cure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from rushes.errors import UserError

Path = tuple[str | int, ...]
"""Keys and indices from the document's root: `("steps", 3, "params", "model")`."""


class Severity(StrEnum):
    """ERROR stops a run before any money; WARNING is said in the plan; ADVICE only by `check`."""

    ERROR = "error"
    WARNING = "warning"
    ADVICE = "advice"

    @property
    def rank(self) -> int:
        """0 for what is said first."""
        return list(Severity).index(self)


class Mark(NamedTuple):
    """A place in a file; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Edit(NamedTuple):
    """A machine-applicable change: put `value` at `path` (a JSON value; `None` with `remove` drops the key)."""

    path: Path
    value: object
    remove: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong, why it matters and what to do; `code` is stable and documented."""

    code: str
    severity: Severity
    says: str
    why: str = ""
    try_: str = ""
    path: Path = ()
    mark: Mark | None = None
    tab: str | None = None
    node: str | None = None
    fix: tuple[Edit, ...] = ()

    @property
    def where(self) -> str:
        """`file:line:col`, or `tab / node / field` where a file has no useful lines."""
        if self.mark is not None:
            return str(self.mark)
        return " / ".join(str(part) for part in (self.tab, self.node, *self.path[-1:]) if part is not None)


class ProblemsError(UserError):
    """A document cannot be used; `problems` names every reason at once."""

    def __init__(self, problems: Sequence[Problem], *, what: str = "the workflow") -> None:
        count = len(problems)
        super().__init__(f"{what} has {count} problem{'s' if count != 1 else ''}")
        self.problems = tuple(problems)


def did_you_mean(near: Sequence[str], otherwise: str) -> str:
    """What to do about a misspelt name: try the names that are near it, or what `otherwise` says."""
    return f"did you mean {' or '.join(map(repr, near))}?" if near else otherwise
