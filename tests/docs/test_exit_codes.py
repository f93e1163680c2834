"""The page of exit codes is what the code does."""

from __future__ import annotations

import re

from tests.docs.blocks import ROOT

from rushes.cli.exits import Exit


def test_the_page_lists_every_exit_code_and_no_other() -> None:
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \|", (ROOT / "docs/exit-codes.md").read_text(), re.MULTILINE)
    assert [(int(code), name) for code, name in rows] == [(int(one), one.name) for one in Exit]
