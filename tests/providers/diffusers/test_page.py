"""What the page about local models shows works as it stands, with a tiny pipeline in the place of a real one."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.docs.blocks import ROOT, blocks_of

PAGE = ROOT / "docs" / "local-models.md"
HERE = "it needs a pipeline and the extra; the tests of scripts/local run it"


def test_the_page_about_local_models_runs_in_order(extra: Path, pipelines: Path, tmp_path: Path) -> None:
    shutil.copytree(pipelines / "still", tmp_path / "my-pipeline")
    path = f"{extra / 'bin'}{os.pathsep}{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, "RUSHES_HOME": str(tmp_path / "home"), "NO_COLOR": "1"}
    blocks = [block for block in blocks_of(PAGE) if block.reason == HERE]
    assert len(blocks) == 2
    for block in blocks:
        script = block.body
        if block.file is not None:
            (tmp_path / block.file).write_text(block.body)
            script = f"rushes check {block.file}"
        done = subprocess.run(["sh", "-eu", "-c", script], cwd=tmp_path, env=env, capture_output=True, text=True)
        assert done.returncode == 0, f"{block} failed:\n{done.stdout}\n{done.stderr}"


def test_the_page_says_what_the_messages_say() -> None:
    """What a person looks for is what was said to him."""
    said = "".join(path.read_text() for path in (ROOT / "src/rushes/providers/diffusers").rglob("*.py"))
    for words in (
        "is no pipeline",
        "cannot be loaded",
        "there is not enough memory",
        "its worker is gone",
        "it was refused",
    ):
        assert words in PAGE.read_text() and words in said
