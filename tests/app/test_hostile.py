"""Files that mean harm, or are broken: refused before anything is bought, in words, and nothing outside is touched."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from tests.spec.nbflow_files import TabBuilder, story_tab

from rushes.app.check import check_files
from rushes.app.config import load_config
from rushes.app.plan import prepare, read_file
from rushes.app.project import Project
from rushes.errors import UserError
from rushes.model.run import RunOptions
from rushes.spec.source import MAX_BYTES

STEPS = "steps:\n  - {name: still, type: text_to_image, prompt: a fox}\n"


def project_in(folder: Path) -> Project:
    """A project whose home is below the folder."""
    return Project(load_config(folder, {"home": folder / "home"}, {}))


def nbflow(folder: Path, tab: TabBuilder, indent: int | None = None) -> Path:
    """A file of one tab."""
    file = folder / "LIGHT-V0-1.nbflow"
    tree = {"format": "ducted-project", "version": "0.8.5", "name": "LIGHT-V0-1", "tabs": [tab.tree()]}
    file.write_text(json.dumps(tree, indent=indent))
    return file


def test_a_device_is_read_no_further_than_a_workflow_may_be_long() -> None:
    assert len(read_file(Path("/dev/zero"))) == MAX_BYTES + 1


def test_an_output_folder_that_a_link_leads_out_of_the_project_is_refused_before_anything_is_bought(
    tmp_path: Path,
) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    (inside / "link").symlink_to(outside)
    file = inside / "w.yaml"
    file.write_text("settings:\n  output_dir: link/x\n" + STEPS)
    with project_in(inside) as project:
        with pytest.raises(UserError, match="leads out of"):
            asyncio.run(prepare(project, file, RunOptions()))
        named = asyncio.run(prepare(project, file, RunOptions(output_dir=str(outside))))
    assert named.plan.calls == 1


def test_check_names_every_reference_that_is_not_there(tmp_path: Path) -> None:
    with project_in(tmp_path) as project:
        [found] = check_files(project, [nbflow(tmp_path, story_tab())])
    [gone] = [one for one in found.problems if one.code == "reference-unreadable"]
    assert gone.says == "'Cat': there is no file assets/cat.png"
    assert gone.mark is not None


def test_what_is_mended_is_shown_as_a_difference_where_there_are_lines(tmp_path: Path) -> None:
    tab = story_tab()
    tab.nodes[0]["outputs"][0]["links"] = [99]
    with project_in(tmp_path) as project:
        [one_line] = check_files(project, [nbflow(tmp_path, tab)], fix=True)
        [lines] = check_files(project, [nbflow(tmp_path, tab, indent=1)], fix=True)
    assert one_line.fixed == lines.fixed
    assert not one_line.diff
    assert "\n-         99\n+         1\n" in lines.diff
