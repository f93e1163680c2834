"""Consent at the command line, with a terminal and without one; a simulator plays the real service, with a real key."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

RUSHES = [sys.executable, "-m", "rushes"]
DEAR = "name: w\nsteps: [{name: a, type: text_to_image, model: nano_banana_pro, prompt: a fox, candidates: 4}]\n"
CHEAP = DEAR.replace("candidates: 4", "candidates: 1")


class Place:
    """A folder whose workflow asks fal, at `url`, for pictures that cost money."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        self.environ = {name: value for name, value in os.environ.items() if not name.startswith("RUSHES_")}
        self.environ |= {"RUSHES_HOME": str(folder / "home"), "FAL_KEY": "ident:secret", "TERM": "dumb"}
        (folder / "rushes.toml").write_text(f'provider = "fal"\n[providers.fal]\nurl = "{url}/fal"\n')
        self.write(DEAR)

    def write(self, text: str) -> None:
        (self.folder / "w.yaml").write_text(text)

    def run(self, *args: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Where nobody is: no terminal."""
        return subprocess.run(
            [*RUSHES, *args],
            cwd=self.folder,
            env={**self.environ, **environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )

    def typed(self, said: bytes, *args: str) -> tuple[int, str, bytes]:
        """At a terminal, where somebody types this at the question: the exit code, stdout, and what was shown."""
        ours, theirs = pty.openpty()
        with subprocess.Popen(
            [*RUSHES, *args],
            cwd=self.folder,
            env=self.environ,
            stdin=theirs,
            stderr=theirs,
            stdout=subprocess.PIPE,
            preexec_fn=lambda: _own_terminal(theirs),
        ) as child:
            os.close(theirs)
            shown = _read(ours, b"Go on? [y/N]")
            os.write(ours, said)
            # what is typed before the question reads along is lost: whoever sees nothing happen types again
            while child.stdout is not None and not select.select([child.stdout], [], [], 1)[0]:
                os.write(ours, said)
            assert child.stdout is not None
            out = child.stdout.read().decode()
            shown += _read(ours, None)
        os.close(ours)
        return child.returncode, out, shown

    @property
    def bought(self) -> int:
        done = subprocess.run([*RUSHES, "sim", "report", "--url", self.url, "--json"], capture_output=True, check=True)
        accepted: int = json.loads(done.stdout)["data"]["accepted"]
        return accepted


def _own_terminal(terminal: int) -> None:
    os.setsid()
    os.close(os.open(os.ttyname(terminal), os.O_RDWR))  # Ctrl-C at it is for this process


def _read(terminal: int, sign: bytes | None) -> bytes:
    """All that is shown up to a sign, or to the end."""
    shown = b""
    while sign is None or sign not in shown:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # Linux says EIO when the last process at a terminal has left
            break
        if not piece:
            break
        shown += piece
    return shown


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    command = [*RUSHES, "sim", "--port", "0", "--time-scale", "0.001", "--most-side", "64"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as serving:
        assert serving.stdout is not None
        try:
            yield Place(tmp_path, serving.stdout.readline().strip())
        finally:
            serving.terminate()


def _data(done: subprocess.CompletedProcess[str]) -> Any:
    return json.loads(done.stdout)["data"]


def test_without_a_terminal_what_costs_more_is_refused_and_yes_allows_it(place: Place) -> None:
    refused = place.run("run", "w.yaml", "--json")
    (problem,) = json.loads(refused.stdout)["problems"]
    assert refused.returncode == 5 and problem["code"] == "RefusedError"
    assert "nobody is here to be asked" in problem["says"] and "--yes" in problem["try"]
    assert place.bought == 0 and _data(place.run("runs", "--json")) == []
    assert "a run asks first" in place.run("plan", "w.yaml").stdout.replace("\n", " ")
    assert place.run("run", "w.yaml", "--yes").returncode == 0
    assert place.bought == 4
    again = place.run("rerun", "w.yaml", "a")
    assert again.returncode == 5 and place.bought == 4, again.stderr


def test_what_costs_little_and_what_has_a_budget_asks_nobody(place: Place) -> None:
    place.write(CHEAP)
    assert place.run("run", "w.yaml").returncode == 0
    place.write(DEAR)
    assert place.run("run", "w.yaml", "--budget", "5").returncode == 0
    assert place.bought == 4, "one of the four was there"


def test_a_rehearsal_asks_nobody(place: Place) -> None:
    place.write(DEAR + "settings: {cost_management: {require_confirmation: true}}\n")
    assert place.run("run", "w.yaml", RUSHES_SIM=place.url).returncode == 0
    assert place.bought == 4


def test_what_is_painted_here_asks_nobody(place: Place) -> None:
    place.write(DEAR + "settings: {cost_management: {require_confirmation: true}}\n")
    assert place.run("run", "w.yaml", "--provider", "sketch").returncode == 0


@pytest.mark.parametrize(("said", "code"), [(b"n\n", 5), (b"\n", 5), (b"\x03", 130), (b"\x04", 130)])
def test_at_a_terminal_nothing_is_bought_without_a_yes(said: bytes, code: int, place: Place) -> None:
    ended, _out, shown = place.typed(said, "run", "w.yaml")
    assert ended == code and b"This makes 4 requests and costs $" in shown and b"Traceback" not in shown, shown
    assert place.bought == 0


def test_at_a_terminal_a_yes_buys_and_json_stays_one_value(place: Place) -> None:
    ended, out, _shown = place.typed(b"y\n", "run", "w.yaml", "--json")
    assert ended == 0 and json.loads(out)["ok"] and len(out.splitlines()) == 1 and out.startswith("{")
    assert place.bought == 4


def test_a_run_that_went_on_to_what_costs_more_asks_again(place: Place) -> None:
    """A still for little money, a person's word about it, and a film for more."""
    film = "  - {name: film, type: image_to_video, model: veo_3_1, input_from: pick, prompt: it runs}\n"
    place.write("name: w\nsteps:\n  - {name: still, type: text_to_image, model: flux_schnell, prompt: a fox}\n"
                "  - {name: pick, type: approve, input_from: still}\n" + film)  # fmt: skip
    assert place.run("run", "w.yaml", "--mode", "images", "--pick", "first-clean").returncode == 0
    assert place.bought == 1
    refused = place.run("run", "w.yaml", "--pick", "first-clean")
    assert refused.returncode == 5 and place.bought == 1, refused.stderr
    assert place.run("run", "w.yaml", "--pick", "first-clean", "--yes").returncode == 0
    assert place.bought == 2
