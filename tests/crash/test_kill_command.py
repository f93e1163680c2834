"""kill -9 of the command itself, on the real painter, at random moments: whatever way on is taken, the end is one."""

from __future__ import annotations

import hashlib
import random
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

FILE = """\
name: story
steps:
  - {name: still, type: text_to_image, rows: [a fox, a hare], prompt: "{{item}}", candidates: 2, approve: true}
  - {name: film, type: image_to_video, input_from: still, prompt: it runs}
  - {name: words, type: analyze_image, input_from: still, prompt: what is it?}
  - {name: all, type: concat_videos, input_from: film}
"""
RUN = ("run", "story.yaml", "--pick", "first-clean")


class Stage:
    """A folder with the story and a home."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        (folder / "story.yaml").write_text(FILE)
        self.folder = folder

    def start(self, *args: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "rushes", *args, "--home", "home"],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def say(self, *args: str) -> tuple[int, str]:
        with self.start(*args) as process:
            said, _nothing = process.communicate()
        return process.returncode, said

    def killed(self, seconds: float, *args: str) -> None:
        with self.start(*args) as process:
            time.sleep(seconds)
            process.kill()

    def outputs(self) -> dict[str, str]:
        assets = self.folder / "Assets"
        kept = (".png", ".mp4", ".txt")
        return {str(p.relative_to(assets)): _hash(p) for p in assets.rglob("*") if p.suffix in kept}

    def whole(self) -> None:
        """Every blob is what its name says, nothing is half-written, nothing was stored twice, nobody holds a claim."""
        store = self.folder / "home" / "store"
        assert all(_hash(path) == path.name for path in store.glob("??/??/*"))
        assert not list((store / "tmp").iterdir())
        with closing(sqlite3.connect(self.folder / "home" / "ledger.sqlite")) as ledger:
            stored = "SELECT json_extract(body, '$.key') FROM events WHERE kind = 'Stored'"
            keys = [key for (key,) in ledger.execute(stored)]
            assert len(keys) == len(set(keys))
            assert not ledger.execute("SELECT * FROM claims").fetchall()


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> tuple[float, dict[str, str]]:
    """How long the story takes without any accident, and what it comes to."""
    stage = Stage(tmp_path_factory.mktemp("calm") / "story")
    began = time.monotonic()
    code, said = stage.say(*RUN)
    assert code == 0, said
    return time.monotonic() - began, stage.outputs()


def _play(seed: int, calm: tuple[float, dict[str, str]], folder: Path) -> None:
    dice = random.Random(seed)
    seconds, outputs = calm
    stage = Stage(folder)
    going_on = dice.choice([RUN, ("resume",)])
    for number in range(dice.choice([1, 1, 2])):
        stage.killed(dice.uniform(0.2, seconds), *(going_on if number else RUN))
    code, said = stage.say("status")
    assert " running:" not in said
    code, said = stage.say(*going_on)
    if code == 2 and "there is no run to go on with" in said:  # killed before it began, or when all was over
        code, said = stage.say(*RUN)
    assert code == 0, said
    assert stage.outputs() == outputs
    stage.whole()


@pytest.mark.parametrize("seed", range(4))
def test_a_command_that_is_killed_comes_to_the_same_end(
    seed: int, calm: tuple[float, dict[str, str]], tmp_path: Path
) -> None:
    _play(seed, calm, tmp_path / "story")


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 180))
def test_a_command_that_is_killed_a_hundred_times_comes_to_the_same_end(
    seed: int, calm: tuple[float, dict[str, str]], tmp_path: Path
) -> None:
    _play(seed, calm, tmp_path / "story")


def test_four_commands_on_one_file_at_once_all_end_well_and_make_everything_once(
    calm: tuple[float, dict[str, str]], tmp_path: Path
) -> None:
    stage = Stage(tmp_path / "story")
    going = [stage.start(*RUN) for _ in range(4)]
    for process in going:
        with process:
            said, _nothing = process.communicate()
        assert process.returncode == 0, said
    assert stage.outputs() == calm[1]
    stage.whole()


def test_a_run_that_another_command_drives_is_not_resumed_and_says_how_to_watch_it(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "story")
    with stage.start(*RUN, "--stream") as process:
        assert process.stdout is not None
        next(line for line in process.stdout if '"event":"Stored"' in line)
        code, said = stage.say("resume")
        assert code == 2 and "is being driven by another process" in said and "rushes status" in said
        process.kill()
