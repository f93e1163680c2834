"""The fenced blocks of a Markdown page, and the reason of those that are not run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
MADE = {"rules.md": "made from the rules of `rushes check`, whose examples `tests/lint` runs"}
PAGES = sorted(page for page in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("**/*.md")] if page.name not in MADE)
EXECUTED = ("sh", "yaml")
"""Python too, where a block names its file: others are parts of something."""

_FENCE = re.compile(
    r"(?:^<!-- not run: (?P<reason>.+?) -->\n+)?^```(?P<language>\w*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL
)
_FILE = re.compile(r"# (\S+\.(?:ya?ml|py))\n")


class Block(NamedTuple):
    """One block; `reason` says why it is not run, `file` is what the first line of a YAML or Python block names."""

    page: str
    line: int
    language: str
    body: str
    reason: str | None

    @property
    def file(self) -> str | None:
        match = _FILE.match(self.body)
        return match[1] if match else None

    @property
    def executed(self) -> bool:
        """Whether it stands for itself, and no reason is given why it is not run."""
        whole = self.language in EXECUTED or (self.language == "python" and self.file is not None)
        return whole and self.reason is None

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
