"""Every command and every workflow that a page shows works as it stands."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.docs.blocks import PAGES, ROOT, Block, blocks_of

RUN = [page for page in PAGES if any(block.executed for block in blocks_of(page))]


@pytest.mark.parametrize("page", RUN, ids=lambda page: page.stem)
def test_the_blocks_of_a_page_run_in_order(page: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns("Assets", "Generations"))
    env = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "RUSHES_HOME": str(tmp_path / "home"),
        "NO_COLOR": "1",
    }
    for block in blocks_of(page):
        if not block.executed:
            continue
        script = block.body if block.language == "sh" else _saved(block, tmp_path)
        done = subprocess.run(["sh", "-eu", "-c", script], cwd=tmp_path, env=env, capture_output=True, text=True)
        assert done.returncode == 0, f"{block} failed:\n{block.body}\n{done.stdout}\n{done.stderr}"


def _saved(block: Block, folder: Path) -> str:
    assert block.file is not None, f"{block}: the first line of a YAML block names its file, as in `# film.yaml`"
    (folder / block.file).write_text(block.body)
    return f"rushes check {block.file}" if block.language == "yaml" else f"{shlex.quote(sys.executable)} {block.file}"


def test_what_is_not_run_says_why() -> None:
    skipped = [block for page in PAGES for block in blocks_of(page) if block.reason is not None]
    assert all(len(block.reason or "") > 10 for block in skipped)


def test_every_block_names_its_language() -> None:
    nameless = [str(block) for page in PAGES for block in blocks_of(page) if not block.language]
    assert not nameless, f"these blocks name no language: {nameless}"


def test_every_link_between_pages_leads_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text()):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name} links to {target}, which is not there"
