"""The worker processes of one runner: one for each pipeline, started when it is first needed.

A worker ends by itself when nobody has asked for a while, and at once when its runner is gone: its standard input ends.
"""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from rushes.plugin.room import Room
from rushes.providers.diffusers.job import Job
from rushes.providers.diffusers.places import logs_in
from rushes.providers.diffusers.worker import boot

IDLE = 300.0
"""Seconds without a job after which a worker ends and gives its memory back."""

_PLAIN = (
    *("PATH", "HOME", "USER", "LANG", "TMPDIR", "TEMP", "TMP", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "XDG_CACHE_HOME"),
    *("SYSTEMROOT", "USERPROFILE", "APPDATA", "LOCALAPPDATA"),
)
_FAMILIES = ("LC_", "CUDA_", "CUBLAS_", "NVIDIA_", "HIP_", "HSA_", "ROCR_", "OMP_", "MKL_", "PYTORCH_", "TORCH_")
_RUSHES = Path(boot.__file__).parents[3]
_ENDING = 10.0  # seconds in which an ended worker is gone


class Pipeline(NamedTuple):
    """A pipeline as a worker loads it: its folder, and its identity."""

    folder: Path
    identity: str


class Worker:
    """One process. `ended` is true when the runner itself has ended it."""

    def __init__(self, process: subprocess.Popen[str], log: Path, first: Job) -> None:
        self._process = process
        self._first = first
        self.log = log
        self.ended = False

    @property
    def alive(self) -> bool:
        """Whether the process is there."""
        return self._process.poll() is None

    def broke(self, job: Job) -> bool:
        """Whether this process, which is gone, took the job along: it was at it, or never came as far as any job."""
        return job.begun() or not self._first.begun()

    def give(self, job: Job) -> None:
        """Hand over a job. A process that has just gone takes none, which `alive` tells."""
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.write(f"{job.folder}\n")
            self._process.stdin.flush()

    def end(self) -> None:
        """End it, whatever it is at, and wait until its memory is free."""
        self.ended = True
        self._process.kill()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=_ENDING)
        self.put_away()

    def put_away(self) -> None:
        """Close what is left of a process that is gone."""
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.close()

    def last_words(self) -> str:
        """How it ended, where its log is, and the last line of that."""
        code = self._process.returncode or 0
        how = f"it was ended by signal {-code}" if code < 0 else f"it ended with code {code}"
        how += f" (diffusers/logs/{self.log.name} in the home)"
        try:
            lines = self.log.read_text("utf-8", "replace").strip().splitlines()
        except OSError:
            lines = []
        return f"{how}; it said last: {lines[-1][:200]}" if lines else how


class Workers:
    """All workers of one runner. Safe to call from many threads."""

    def __init__(self, room: Room, idle: float = IDLE) -> None:
        self._room = room
        self._idle = idle
        self._lock = threading.Lock()
        self._workers: dict[Pipeline, Worker] = {}

    def give(self, job: Job, pipeline: Pipeline) -> Worker:
        """Hand a job to the worker of its pipeline. Raises OSError when none can be started."""
        with self._lock:
            worker = self._workers.get(pipeline)
            if worker is not None and not worker.alive:
                worker.put_away()
                worker = None
            if worker is None:
                worker = self._workers[pipeline] = self._start(pipeline, job)
            worker.give(job)
            return worker

    def end_others(self, pipeline: Pipeline) -> bool:
        """End the workers of all other pipelines; false when there is none."""
        return self._end([one for one in self._workers if one != pipeline])

    def end_all(self) -> None:
        """End every worker."""
        self._end(list(self._workers))

    def _end(self, those: list[Pipeline]) -> bool:
        with self._lock:
            gone = [self._workers.pop(one) for one in those if one in self._workers]
        alive = [worker for worker in gone if worker.alive]
        for worker in gone:
            worker.end()
        return bool(alive)

    def _start(self, pipeline: Pipeline, first: Job) -> Worker:
        folder = logs_in(self._room.folder)
        folder.mkdir(parents=True, exist_ok=True)
        log = folder / f"{pipeline.identity[:16]}-{os.getpid()}.log"
        words = [self._room.python, "-P", boot.__file__, str(_RUSHES), str(pipeline.folder), pipeline.identity]
        with log.open("wb") as out:
            process = subprocess.Popen(  # noqa: S603 - the interpreter that a person named, and our own file
                [*words, str(self._room.folder), str(self._idle)],
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=out,
                text=True,
                env=_environment(os.environ),
                start_new_session=True,  # Ctrl-C is for the runner: it may want to wait for what is being made
            )
        return Worker(process, log, first)


def _environment(ours: Mapping[str, str]) -> dict[str, str]:
    """The worker's environment: what torch and the system read of it, no key of anybody, and nothing is fetched."""
    kept = {name: value for name, value in ours.items() if name in _PLAIN or name.startswith(_FAMILIES)}
    return {**kept, "HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "1"}


def lacking(python: str, own: str) -> str | None:
    """What a worker will miss, as far as that shows without starting one; None when nothing does."""
    if python != own:
        found = Path(python).is_file() and os.access(python, os.X_OK)
        return None if found else f"{python!r} is no Python that can be run"
    missing = [name for name in ("torch", "diffusers", "transformers") if find_spec(name) is None]
    return f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not installed" if missing else None
