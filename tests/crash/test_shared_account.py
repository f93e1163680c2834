"""Processes of the real command at one account of a simulator: together they ask no more of it than one would."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from rushes.ledger.limits import seen
from rushes.ledger.open import open_ledger
from rushes.ledger.permit import LEASE

PROCESSES = 8


class Town(NamedTuple):
    """A simulator at an address, and a folder whose runs share one home and one account."""

    folder: Path
    url: str
    ledger: str

    def start(self, number: int, stills: int) -> subprocess.Popen[str]:
        """One process with stills of its own."""
        rows = [f"a fox, process {number}, still {n}" for n in range(stills)]
        step = {"name": "still", "type": "text_to_image", "model": "flux_schnell", "rows": rows, "prompt": "{{item}}"}
        (self.folder / f"w{number}.json").write_text(json.dumps({"name": f"w{number}", "steps": [step]}))
        return self._command("run", f"w{number}.json", "--provider", "fal")

    def resume(self, run: str) -> None:
        """Go on with a run. Whether a request was sent nobody may know: that one waits for a word."""
        with self._command("resume", run) as process:
            said, _nothing = process.communicate()
        assert process.returncode == 0 or (process.returncode == 4 and "waits for your word" in said), said

    def _command(self, *args: str) -> subprocess.Popen[str]:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("RUSHES_")}
        told = {"RUSHES_HOME": str(self.folder / "home"), "RUSHES_LEDGER": self.ledger, "RUSHES_SIM": self.url}
        return subprocess.Popen(
            [sys.executable, "-m", "rushes", *args],
            cwd=self.folder,
            env={**environ, **told},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def door(self) -> dict[str, Any]:
        """The account's own books of who came and who was inside."""
        doors = httpx.get(f"{self.url}/_sim/capacity").json()["accounts"]
        (door,) = doors.values()
        return dict(door)

    def bought_twice(self) -> int:
        """How many requests were let in more than once."""
        return len(httpx.get(f"{self.url}/_sim/report").json()["duplicates"])

    def until(self, accepted: int) -> None:
        """Wait until so many calls were let in."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            doors = httpx.get(f"{self.url}/_sim/capacity").json()["accounts"]
            if sum(door["accepted"] for door in doors.values()) >= accepted:
                return
            time.sleep(0.05)
        raise AssertionError(f"not {accepted} calls in a minute")


@contextmanager
def town(folder: Path, ledger: str, scale: float, *capacity: str, limits: str = "") -> Iterator[Town]:
    folder.mkdir(exist_ok=True)
    (folder / "rushes.toml").write_text(limits)
    command = [sys.executable, "-m", "rushes", "sim", "--port", "0", "--time-scale", str(scale), "--most-side", "32"]
    command += [word for one in capacity for word in ("--capacity", one)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as simulator:
        assert simulator.stdout is not None
        try:
            yield Town(folder, simulator.stdout.readline().strip(), ledger)
        finally:
            simulator.send_signal(signal.SIGINT)


def ended(processes: list[subprocess.Popen[str]]) -> None:
    for process in processes:
        said, _nothing = process.communicate(timeout=120)
        assert process.returncode == 0, said


def test_eight_processes_keep_a_ceiling_together(tmp_path: Path, ledger_where: str) -> None:
    with town(tmp_path, ledger_where, 0.3, limits="[limits.fal]\nin_flight = 5\n") as place:
        ended([place.start(number, 5) for number in range(PROCESSES)])
        door = place.door()
        assert door["accepted"] == 5 * PROCESSES and place.bought_twice() == 0
        assert door["most_in_flight"] == 5, "all that is allowed, and never one more"
        with open_ledger(ledger_where) as ledger:
            assert {one.owners for one in seen(ledger, time.time())} == {()}, "whoever is done holds nothing"


def test_eight_processes_find_out_together_what_nobody_says(tmp_path: Path) -> None:
    with town(tmp_path, str(tmp_path / "ledger.sqlite"), 0.5, "fal:in-flight=6") as place:
        ended([place.start(number, 6) for number in range(PROCESSES)])
        door = place.door()
        assert door["accepted"] == 6 * PROCESSES and place.bought_twice() == 0
        assert door["most_in_flight"] == 6
        assert door["refused"] <= 2 + PROCESSES, "the first few, and one more now and then"


def test_what_killed_processes_held_is_used_by_the_others_and_their_jobs_are_bought_once(tmp_path: Path) -> None:
    with town(tmp_path, str(tmp_path / "ledger.sqlite"), 0.6, limits="[limits.fal]\nin_flight = 4\n") as place:
        processes = [place.start(number, 8) for number in range(4)]
        place.until(6)
        for process in processes[:2]:
            process.kill()
            process.communicate()
        killed = time.time()
        ended(processes[2:])
        with open_ledger(place.ledger) as ledger:
            assert seen(ledger, killed + LEASE)[0].owners == (), "no permit outlives its lease"
            left = [run.id for run in ledger.runs() if run.state != "done"]
        for run in left:
            place.resume(run)
        door = place.door()
        assert 30 <= door["accepted"] <= 32 and place.bought_twice() == 0
        assert door["most_in_flight"] <= 5, "what was in flight is still there, and counted"
