"""A run of another process is told what to do, over both databases, against a simulator that keeps books."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rushes.ledger.entry import Entry
from rushes.ledger.ledger import Ledger
from rushes.ledger.open import open_ledger
from rushes.model.event import Accepted, RunEnded, Stored, Submitting, Told
from rushes.model.ids import RunId

RUSHES = [sys.executable, "-m", "rushes"]
FILE = """\
name: shoal
steps:
  - name: still
    type: text_to_image
    model: flux_schnell
    rows: [herring, mackerel, sprat, cod, sole, bass]
    prompt: A shoal of {{item}}
    candidates: 3
"""
ALL = 18
FEW = 3
"""Requests in flight at once."""


class Place:
    """A folder with a workflow, a ledger somewhere, a simulator, and the processes that are about it."""

    def __init__(self, folder: Path, ledger: str, sim: str) -> None:
        (folder / "shoal.yaml").write_text(FILE)
        self.folder, self.where, self.sim = folder, ledger, sim
        self.environ = os.environ | {"RUSHES_HOME": str(folder / "home"), "RUSHES_LEDGER": ledger}

    @contextmanager
    def driving(self, *args: str) -> Iterator[subprocess.Popen[str]]:
        """`rushes ARGS` in a process of its own, and gone at the end."""
        command = [*RUSHES, *args, "--yes", "--stream"]
        with subprocess.Popen(
            command, cwd=self.folder, env=self.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def run(self, *args: str) -> Any:
        return self.driving("run", "shoal.yaml", "--provider", "auto", "--sim", self.sim, *args)

    def say(self, *args: str, code: int = 0) -> Any:
        done = subprocess.run(
            [*RUSHES, *args, "--json"], cwd=self.folder, env=self.environ, capture_output=True, text=True
        )
        assert done.returncode == code, done.stdout + done.stderr
        return json.loads(done.stdout)["data"]

    def books(self) -> Any:
        return self.say("sim", "report", "--url", self.sim)


@pytest.fixture
def place(tmp_path: Path, ledger_where: str) -> Iterator[Place]:
    command = [*RUSHES, "sim", "--port", "0", "--seed", "7", "--time-scale", "0.5", "--most-side", "64"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as serving:
        assert serving.stdout is not None
        try:
            yield Place(tmp_path, ledger_where, serving.stdout.readline().strip())
        finally:
            serving.terminate()


def _until(what: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.05)


def _said(process: subprocess.Popen[str], event: str) -> None:
    assert process.stdout is not None
    assert any(f'"event":"{event}"' in line for line in process.stdout), "it ended before"


def _first(entries: list[Entry], verb: str) -> int:
    return next(one.seq for one in entries if isinstance(one.event, Told) and one.event.verb == verb)


def _count(entries: list[Entry], kind: type, after: int = 0, before: float = float("inf")) -> int:
    return sum(isinstance(one.event, kind) and after < one.seq < before for one in entries)


def _settled(ledger: Ledger, run: RunId) -> bool:
    entries = ledger.events(run)
    return _count(entries, Stored) == _count(entries, Submitting) > 0


def test_after_a_pause_nothing_reaches_a_provider_and_what_it_had_is_kept(place: Place) -> None:
    with place.run("--concurrency", str(FEW)) as process, open_ledger(place.where) as ledger:
        _said(process, "Accepted")
        answer = place.say("ctl", "last", "pause", "--by", "ana")
        run = RunId(answer["run"])
        assert answer["state"] == "paused" and 1 <= len(answer["in_flight"]) <= FEW
        assert place.say("runs")[0]["told"]["by"] == "ana"
        _until(lambda: _settled(ledger, run))
        paused = _count(ledger.events(run), Submitting)
        assert place.books()["submissions"] == paused < ALL
        time.sleep(0.5)  # a run that had not heard it would have begun the next ones by now
        assert place.books()["submissions"] == paused and process.poll() is None
        assert "paused by ana since" in place.say("status")["notes"][0]
        place.say("ctl", str(run), "set", "concurrency=6", "priority=5")
        place.say("ctl", str(run), "resume")
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, out + err
        entries = ledger.events(run)
        pause, resume = _first(entries, "pause"), _first(entries, "resume")
        assert not _count(entries, Submitting, pause, resume), "an intention to buy was written while it was paused"
        assert _count(entries, Stored, pause, resume), "what its provider had was not kept"
        assert (ledger.run(run).options.concurrency, ledger.run(run).options.priority) == (6, 5)
    books = place.books()
    assert (books["accepted"], books["duplicates"], books["unfetched"]) == (ALL, [], [])


def test_a_paused_run_that_is_killed_goes_on_with_a_resume_and_with_its_new_pace(place: Place) -> None:
    with place.run("--concurrency", "1") as process, open_ledger(place.where) as ledger:
        _said(process, "Accepted")
        run = RunId(place.say("ctl", "last", "pause")["run"])
        place.say("ctl", str(run), "set", "concurrency=4", "priority=-7")
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert place.say("runs")[0]["state"] == "interrupted"
        said = place.say("ctl", str(run), "set", "concurrency=5")
        assert (said["driven"], said["state"]) == (False, "interrupted")
        assert place.say("ctl", str(run), "resume", code=2) is None
        with place.driving("resume") as again:
            out, err = again.communicate(timeout=120)
        assert again.returncode == 0, out + err
        options = ledger.run(run).options
        assert (options.concurrency, options.priority) == (5, -7)
    books = place.books()
    assert (books["accepted"], books["duplicates"], books["unfetched"]) == (ALL, [], [])


def test_a_drained_run_leaves_nothing_at_its_provider(place: Place) -> None:
    with place.run("--concurrency", str(FEW)) as process, open_ledger(place.where) as ledger:
        _said(process, "Accepted")
        run = RunId(place.say("ctl", "last", "drain", "--by", "ana")["run"])
        out, err = process.communicate(timeout=60)
        assert process.returncode == 130, out + err
        assert f"rushes resume {run}" in err and "drained by ana" in out
        entries = ledger.events(run)
        assert not _count(entries, Submitting, _first(entries, "drain"))
        assert 0 < _count(entries, Accepted) == _count(entries, Stored) < ALL
        assert isinstance(entries[-1].event, RunEnded)
        assert place.say("ctl", str(run), "drain", code=2) is None, "nobody drives it any more"


def test_a_cancelled_run_says_what_may_be_charged_and_has_it_called_off(place: Place) -> None:
    with place.run("--concurrency", str(FEW)) as process:
        _said(process, "Accepted")
        answer = place.say("ctl", "last", "cancel")
        assert answer["in_flight"] and Decimal(answer["worst_usd"]) == Decimal("0.003") * len(answer["in_flight"])
        process.communicate(timeout=60)
        assert process.returncode == 130
    assert place.books()["cancels"] >= 1
