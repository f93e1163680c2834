"""The fenced blocks of a Markdown page, and the reason of those that are not run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
MADE = {"rules.md": "made from the rules of `rushes check`, whose examples `tests/lint` runs"}
PAGES = sorted(page for page in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("**/*.md")] if page.name not in MADE)
EXECUTED = ("sh", "yaml")

_FENCE = re.compile(
    r"(?:^<!-- not run: (?P<reason>.+?) -->\n+)?^```(?P<language>\w*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL
)
_FILE = re.compile(r"# (\S+\.ya?ml)\n")


class Block(NamedTuple):
    """One block; `reason` says why it is not run, `file` is what the first line of a YAML block names."""

    page: str
    line: int
    language: str
    body: str
    reason: str | None

    @property
    def file(self) -> str | None:
        match = _FILE.match(self.body)
        return match[1] if match else None

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks_of(page: Path) -> list[Block]:
    """All blocks in order."""
    text = page.read_text()
    name = str(page.relative_to(ROOT))
    return [
        Block(name, text.count("\n", 0, match.start("body")), match["language"], match["body"], match["reason"])
        for match in _FENCE.finditer(text)
    ]
