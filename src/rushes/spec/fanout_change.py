"""One declared difference between a copy of a tab and the tab: the only ones that a copy may have."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple

from rushes.model.problem import Path


class What(StrEnum):
    """Why a value of a copy is another one."""

    NUMBER = "number"  # an id, counted on
    TAB = "tab"  # the tab's own name
    PREFIX = "prefix"  # a title with the account's code, before it or in the place of the source's
    SAVED = "saved"  # what an earlier run left in the source: a copy begins without
    TITLE = "title"  # a title that says the account
    AVATAR = "avatar"
    PERSONA = "persona"
    ROWS = "rows"
    SET = "set"

    @property
    def customised(self) -> bool:
        """Whether it makes a node another one than the source's: not what every copy has."""
        return self not in (What.NUMBER, What.TAB, What.PREFIX, What.SAVED)


class Change(NamedTuple):
    """A value at `path` (within the tab), as the source has it and as the copy is to have it."""

    path: Path
    what: What
    old: Any
    new: Any
