"""Ctrl-C, SIGTERM and a reader that leaves: the run stops in one piece, says so, and goes on without buying again."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from rushes.app.config import load_config
from rushes.app.project import Project
from rushes.model.event import Stored

FILE = """\
name: many
steps:
  - {name: still, type: text_to_image, rows: [a fox, a hare], prompt: "{{item}}", candidates: 3}
  - {name: film, type: image_to_video, input_from: still, prompt: it runs}
"""
ALL = 2 * 3 + 2
RUSHES = [sys.executable, "-m", "rushes"]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "many.yaml").write_text(FILE)
    return tmp_path


def _run(*args: str) -> list[str]:
    return [*RUSHES, "run", "many.yaml", "--concurrency", "1", "--home", "home", *args]


def _stored(place: Path) -> Counter[str]:
    """How often each request came to a result, over all runs."""
    with Project(load_config(place, {"home": str(place / "home")}, {})) as project:
        runs = project.ledger.runs()
        return Counter(
            e.event.key for run in runs for e in project.ledger.events(run.id) if isinstance(e.event, Stored)
        )


def _goes_on(place: Path) -> None:
    """The run is known as interrupted, and a resume makes what is missing and nothing else."""
    assert _state(place) == "interrupted"
    resumed = subprocess.run([*RUSHES, "resume", "--home", "home"], cwd=place, capture_output=True, text=True)
    assert resumed.returncode == 0, resumed.stderr
    stored = _stored(place)
    assert (len(stored), set(stored.values())) == (ALL, {1})
    assert _state(place) == "done"


def _state(place: Path) -> str:
    said = subprocess.run([*RUSHES, "status", "--json", "--home", "home"], cwd=place, capture_output=True, check=True)
    state: str = json.loads(said.stdout)["data"]["state"]
    return state


def test_sigterm_stops_a_run_as_one_ctrl_c_does(place: Path) -> None:
    with subprocess.Popen(
        _run("--stream"), cwd=place, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        next(line for line in run.stdout if '"event":"Stored"' in line)
        run.terminate()
        rest, err = run.communicate(timeout=60)
    assert run.returncode == 130, err
    assert '"state":"interrupted"' in rest.splitlines()[-1]
    assert "Go on with: rushes resume" in err and "Traceback" not in err
    _goes_on(place)


@pytest.mark.parametrize("presses", [1, 2, 3])
def test_ctrl_c_at_a_terminal_stops_and_calls_off_and_leaves_at_once_the_third_time(presses: int, place: Path) -> None:
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(place)
        os.environ.pop("CI", None)
        os.environ["TERM"] = "xterm"
        os.execv(RUSHES[0], _run())
    said = _until(terminal, b"1 of 8")
    for _ in range(presses):
        os.write(terminal, b"\x03")
    said += _rest(terminal)
    _pid, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 130
    assert b"Traceback" not in said
    assert said.rstrip().endswith(b"\x1b[?25h") or said.count(b"\x1b[?25l") <= said.count(b"\x1b[?25h"), "cursor hidden"
    _goes_on(place)


def _until(terminal: int, sign: bytes) -> bytes:
    said = b""
    while sign not in said:
        said += os.read(terminal, 65536)
    return said


def _rest(terminal: int) -> bytes:
    said = b""
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # Linux says EIO when the last process at a terminal has left
            return said
        if not piece:
            return said
        said += piece


@pytest.mark.parametrize("stream", [True, False])
def test_a_reader_that_leaves_after_one_line_stops_the_run_without_a_complaint(stream: bool, place: Path) -> None:
    """`rushes run ... | head -1`, for the stream on stdout and for the log on stderr."""
    with subprocess.Popen(
        _run("--stream") if stream else _run(),
        cwd=place,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if stream else subprocess.STDOUT,
        text=True,
    ) as run:
        assert run.stdout is not None
        assert run.stdout.readline()
        run.stdout.close()
        err = run.stderr.read() if run.stderr is not None else ""
        assert run.wait(timeout=60) == 130, err
    assert "Traceback" not in err and "Error" not in err
    _goes_on(place)


@pytest.mark.parametrize("command", ["runs", "status"])
def test_a_table_that_nobody_reads_is_no_failure(command: str, place: Path) -> None:
    subprocess.run(_run("--only", "still", "--candidates", "1"), cwd=place, capture_output=True, check=True)
    reader, writer = os.pipe()
    os.close(reader)
    said = subprocess.run(
        [*RUSHES, command, "--home", "home"], cwd=place, stdout=writer, stderr=subprocess.PIPE, text=True
    )
    os.close(writer)
    assert (said.returncode, said.stderr) == (0, "")


def test_a_run_that_was_interrupted_ignores_no_signal_forever(place: Path) -> None:
    """A signal before the run has begun ends the command at once, with nothing bought."""
    with subprocess.Popen(_run(), cwd=place, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        run.send_signal(signal.SIGINT)
        _out, err = run.communicate(timeout=60)
    assert run.returncode in (130, -signal.SIGINT)
    assert len(err.splitlines()) < 40
