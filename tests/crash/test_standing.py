"""What is said about a run whose process was killed, and what going on with it means."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.crash.story import OPTIONS, PRELOAD, Stage, play, whole

from rushes.app.plan import prepare
from rushes.app.run import resume, run_file
from rushes.app.show import run_named, runs, status
from rushes.errors import UserError
from rushes.ledger.owner import new_owner
from rushes.model.run import RunState
from rushes.testing.crash import Ending, run_killed


def _killed(folder: Path, after: int = 20) -> Stage:
    stage = Stage(folder).set()
    assert run_killed(play, folder, "run", after=after, preload=PRELOAD) is Ending.KILLED
    return stage


def test_a_run_whose_process_was_killed_is_interrupted_wherever_it_is_shown(tmp_path: Path) -> None:
    stage = _killed(tmp_path / "story")
    with stage.project() as project:
        assert project.ledger.runs()[0].state is RunState.RUNNING  # the last it wrote
        assert runs(project)[0].state is RunState.INTERRUPTED
        assert asyncio.run(status(project, None)).state is RunState.INTERRUPTED
    command = [sys.executable, "-m", "rushes", "runs", "--json", "--home", str(stage.home)]
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(said.stdout)["data"][0]["state"] == "interrupted"


def test_running_the_file_again_goes_on_with_the_run_that_was_killed(tmp_path: Path) -> None:
    """Its paid jobs are fetched, not waited for and not bought again; no second run is begun."""
    stage = _killed(tmp_path / "story")
    with stage.project() as project:
        summary = asyncio.run(run_file(project, stage.file, OPTIONS))
        assert summary.state is RunState.DONE
        assert [one.id for one in runs(project)] == [summary.run]
    assert set(stage.bought().values()) == {1}
    whole(stage)


def test_running_a_changed_file_leaves_the_killed_run_to_be_resumed(tmp_path: Path) -> None:
    stage = _killed(tmp_path / "story")
    stage.file.write_text(stage.file.read_text().replace("a hare", "an owl").replace("a fox", "a crow"))
    with stage.project() as project:
        killed = run_named(project, None)
        asyncio.run(run_file(project, stage.file, OPTIONS))
        assert len(runs(project)) == 2
        assert asyncio.run(resume(project, killed.id)).state is RunState.DONE
    assert set(stage.bought().values()) == {1}


def test_a_run_that_a_living_process_drives_cannot_be_resumed_by_another(tmp_path: Path) -> None:
    stage = _killed(tmp_path / "story")
    with stage.project() as project:
        run = run_named(project, None)
        assert project.ledger.take_run(run.id, new_owner(), 0.0) is None  # this process drives it now
        assert run_named(project, None).state is RunState.RUNNING
        with pytest.raises(UserError, match="is being driven by another process") as caught:
            asyncio.run(resume(project, run.id))
        assert f"rushes status {run.id}" in caught.value.next_step
        assert asyncio.run(prepare(project, stage.file, OPTIONS)).plan.calls  # and looking is always allowed


def test_a_run_that_died_over_its_files_is_gone_on_with_by_a_plain_resume(tmp_path: Path) -> None:
    """All is bought and the run has written its end, but nobody has let go of it yet."""
    calm = Stage(tmp_path / "calm").set()
    assert run_killed(play, calm.folder, "run", preload=PRELOAD) is Ending.FINISHED
    stage = _killed(tmp_path / "story", after=len(calm.events()))
    assert not stage.outputs()
    assert run_killed(play, stage.folder, "resume", preload=PRELOAD) is Ending.FINISHED
    assert stage.outputs() == calm.outputs()
    assert stage.bought() == calm.bought()
