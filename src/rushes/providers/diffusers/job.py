"""A job is a folder, so that it outlives whoever asked for it and whoever works on it.

::

    asked.json    what is wished for, as it was asked; there as long as the job is
    state.json    how far the worker is, in steps; there once it has begun
    made/         the pictures or frames and `made.json`; there when all of them are, and not before
    failed.json   why there will be none
    cancelled     nobody wants it any more; the worker looks between two steps

The runner writes the first and the last, the worker the others. Every file is there whole or not at all.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from typing import Any, NamedTuple

ASKED, STATE, FAILED, CANCELLED, MADE = "asked.json", "state.json", "failed.json", "cancelled", "made"


class Made(NamedTuple):
    """What came of a job: pictures in their order; a film's frames when `fps` is given. `left_out` was not asked."""

    pictures: tuple[Path, ...]
    fps: float | None
    left_out: tuple[str, ...]


class Failure(NamedTuple):
    """Why there is nothing: one of the words that the provider knows (`memory`, `load`, ...), and what happened."""

    code: str
    says: str


class Job:
    """One job by its folder. Both processes use it; what one writes the other only reads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def ask(self, wishes: dict[str, Any]) -> None:
        """Make the job, or ask again for one that failed."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / FAILED).unlink(missing_ok=True)
        _write(self.folder / ASKED, wishes)

    def asked(self) -> dict[str, Any] | None:
        """The wishes; None for a job that never was."""
        return _read(self.folder / ASKED)

    def begin(self, says: str, step: int = 0, of: int | None = None) -> None:
        """Say how far it is."""
        _write(self.folder / STATE, {"says": says, "step": step, "of": of}, lasting=False)

    def leave(self) -> None:
        """It is as if nobody had begun it: whoever did is gone."""
        (self.folder / STATE).unlink(missing_ok=True)

    def begun(self) -> bool:
        """Whether a worker has begun it."""
        return (self.folder / STATE).exists()

    def progress(self) -> tuple[str, float | None]:
        """What the worker is at, and the share of the steps that are done."""
        state = _read(self.folder / STATE)
        if state is None:
            return "waiting for its turn", None
        of = state.get("of")
        return str(state.get("says")), min(1.0, state["step"] / of) if of else None

    def call_off(self) -> None:
        """Nobody wants it any more."""
        (self.folder / CANCELLED).touch()

    def called_off(self) -> bool:
        """Whether nobody wants it any more."""
        return (self.folder / CANCELLED).exists()

    def fail(self, code: str, says: str) -> None:
        """There will be nothing."""
        _write(self.folder / FAILED, {"code": code, "says": says})

    def failure(self) -> Failure | None:
        """Why there will be nothing."""
        said = _read(self.folder / FAILED)
        return None if said is None else Failure(str(said.get("code")), str(said.get("says")))

    def draft(self) -> Path:
        """An empty folder for what is being made."""
        draft = self.folder / f"{MADE}.{os.getpid()}"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir()
        return draft

    def keep(self, draft: Path, count: int, fps: float | None, left_out: list[str]) -> None:
        """All of it is in the draft, on disk: from here on the job is done, whatever happens to anybody."""
        _write(draft / "made.json", {"count": count, "fps": fps, "left_out": left_out})
        try:
            draft.rename(self.folder / MADE)
        except OSError:  # somebody who took the job over was quicker; the same seed made the same pictures
            shutil.rmtree(draft, ignore_errors=True)

    def made(self) -> Made | None:
        """What came of it, if it is done."""
        said = _read(self.folder / MADE / "made.json")
        if said is None:
            return None
        pictures = tuple(self.folder / MADE / picture_name(number) for number in range(int(said["count"])))
        return Made(pictures, said["fps"], tuple(said["left_out"]))


def picture_name(number: int) -> str:
    """The file of one picture or frame, by its number."""
    return f"{number:05}.png"


def sweep(kept: Path, older: float) -> None:
    """Remove the jobs, or the logs, that nobody has touched for so many seconds."""
    for old in kept.iterdir() if kept.is_dir() else ():
        try:
            if time.time() - old.stat().st_mtime > older:
                shutil.rmtree(old) if old.is_dir() else old.unlink()
        except OSError:
            continue  # another process sweeps too


def _write(path: Path, value: dict[str, Any], *, lasting: bool = True) -> None:
    new = path.with_name(f"{path.name}.{os.getpid()}")
    with new.open("w", encoding="utf-8") as out:
        json.dump(value, out)
        if lasting:
            out.flush()
            os.fsync(out.fileno())
    new.replace(path)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None
