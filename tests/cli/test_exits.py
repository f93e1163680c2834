"""What a command's exit code means, each code once for real."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rushes.cli.exits import Exit, exit_of_error, exit_of_state
from rushes.errors import (
    ConfigError,
    DamagedError,
    ErrorClass,
    NotFound,
    PlanChanged,
    RefusedError,
    RemoteError,
    StoreError,
)
from rushes.model.problem import ProblemsError
from rushes.model.run import RunState

from .conftest import GATED, Rushes


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ProblemsError([]), Exit.MISTAKE),
        (ConfigError("x"), Exit.MISTAKE),
        (NotFound("x"), Exit.MISTAKE),
        (PlanChanged("x"), Exit.MISTAKE),
        (RemoteError(ErrorClass.AUTH, "x"), Exit.FAILED),
        (RefusedError("x"), Exit.REFUSED),
        (StoreError("x"), Exit.STORE),
        (DamagedError("x"), Exit.STORE),
        (KeyboardInterrupt(), Exit.INTERRUPTED),
        (KeyboardInterrupt(), Exit.INTERRUPTED),
        (ZeroDivisionError(), Exit.INTERNAL),
    ],
)
def test_every_error_has_a_code(error: BaseException, code: Exit) -> None:
    assert exit_of_error(error) is code


def test_every_state_has_a_code() -> None:
    assert {state: int(exit_of_state(state)) for state in RunState} == {
        RunState.CREATED: 0,
        RunState.RUNNING: 0,
        RunState.PAUSED: 0,
        RunState.STOPPING: 0,
        RunState.DONE: 0,
        RunState.FAILED: 3,
        RunState.PARKED: 4,
        RunState.CANCELLED: 130,
        RunState.INTERRUPTED: 130,
    }


def test_0_when_all_is_done_and_when_there_is_nothing_to_do(rushes: Rushes, hello: Path) -> None:
    assert rushes("run", "hello.yaml").code == 0
    again = rushes("run", "hello.yaml")
    assert again.code == 0 and "nothing to do" in again.out


@pytest.mark.parametrize(
    "args",
    [
        ("run",),
        ("run", "absent.yaml"),
        ("run", "hello.yaml", "--mode", "vidoes"),
        ("run", "hello.yaml", "--only", "nobody"),
        ("run", "hello.yaml", "--set", "novalue"),
        ("run", "hello.yaml", "--concurrency", "0"),
        ("run", "hello.yaml", "--plan", "pl1:0"),
        ("run", "hello.yaml", "--provider", "nobody"),
        ("status", "nope"),
        ("resume", "nope"),
        ("approve", "nope", "x", "1"),
        ("--nope",),
        ("frobnicate",),
    ],
)
def test_2_for_what_a_person_can_correct_and_never_a_traceback(
    rushes: Rushes, hello: Path, args: tuple[str, ...]
) -> None:
    said = rushes(*args)
    assert said.code == 2
    assert said.err.startswith("rushes:") or "  -> " in said.err or "try:" in said.err
    assert "Traceback" not in said.err and said.out == ""


def test_2_for_a_file_with_problems_and_all_of_them_are_said(rushes: Rushes, place: Path) -> None:
    (place / "bad.yaml").write_text(
        "steps:\n  - {name: a, type: text_to_imag}\n  - {name: b, type: approve, input_from: c}\n"
    )
    for args in (("check", "bad.yaml"), ("run", "bad.yaml"), ("plan", "bad.yaml")):
        said = rushes(*args)
        assert said.code == 2
        text = said.out + said.err
        assert "bad.yaml:2" in text and "bad.yaml:3" in text, "every problem has its line"


def test_3_when_a_node_has_no_result(rushes: Rushes, hello: Path) -> None:
    said = rushes("run", "hello.yaml", "--timeout", "0.0001")
    assert said.code == 3
    assert "failed: picture" in said.out and "rushes run" in said.out, "the next step is a command"
    assert (hello.parent / "Assets/hello/errors.json").exists()
    quiet = rushes("run", "hello.yaml", "--timeout", "0.0001", "-q")
    assert quiet.code == 3 and quiet.out == "" and "picture" in quiet.err, "silence is for when all is well"


def test_4_while_a_person_must_approve_and_the_printed_command_decides(rushes: Rushes, gated: Path) -> None:
    said = rushes("run", "gated.yaml")
    assert said.code == 4
    command = re.search(r"rushes (approve .*)", said.out)
    assert command is not None
    assert rushes(*command.group(1).replace("CANDIDATE", "2").split()).code == 0
    resumed = rushes("resume")
    assert resumed.code == 0, resumed.err
    folder = gated.parent / "Assets/gated/generated-images/v0-1"
    assert (folder / "scene01.png").samefile(folder / "candidates/scene01-c2.png")
    assert rushes("status", "--exit-code").code == 0


def test_6_when_the_home_cannot_be_used(rushes: Rushes, hello: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    said = rushes("run", "hello.yaml", "--home", str(tmp_path / "file" / "home"))
    assert said.code == 6 and "--home" in said.err


def test_1_for_a_fault_of_ours_with_the_traceback_only_on_request(
    rushes: Rushes, hello: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object, **_more: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("rushes.cli.commands.show.show.runs", broken)
    said = rushes("runs")
    assert said.code == 1 and "Traceback" not in said.err and "fault of Rushes" in said.err
    assert "Traceback" in rushes("runs", "--debug").err


@pytest.mark.parametrize("how_often", [1, 2])
def test_130_when_the_person_stops_it_and_the_run_goes_on_later(place: Path, how_often: int) -> None:
    """Once: nothing new is begun. Twice: it leaves at once. Both resume."""
    (place / "many.yaml").write_text(GATED.replace("candidates: 2", "candidates: 24"))
    command = [sys.executable, "-m", "rushes", "run", "many.yaml", "--stream", "--concurrency", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ) as run:
        assert run.stdout is not None
        for line in run.stdout:
            if '"event":"Stored"' in line:
                break
        run.send_signal(signal.SIGINT)
        if how_often == 2:
            for line in run.stdout:
                if '"stopping"' in line or '"summary"' in line:
                    break
            run.send_signal(signal.SIGINT)
        rest, err = run.communicate(timeout=30)
    assert run.returncode == 130, err
    if how_often == 1:
        assert '"type":"summary"' in rest and '"state":"interrupted"' in rest
    resumed = subprocess.run(
        [sys.executable, "-m", "rushes", "resume", "--json"], capture_output=True, text=True, env=os.environ
    )
    assert resumed.returncode == 4 and '"bought":24' in resumed.stdout


def test_last_means_the_newest_run_wherever_a_run_is_named(rushes: Rushes, hello: Path) -> None:
    assert rushes("run", str(hello)).code == 0
    for command in ("status", "export"):
        assert rushes(command, "last").code == 0, command
