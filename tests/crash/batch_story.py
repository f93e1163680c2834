"""A small batch with everything in it, in a child process that dies where it is told to."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Any

import rushes.app.drive
from rushes.app.batch import Ways, run_batch
from rushes.app.batch_told import BatchSummary
from rushes.app.config import load_config
from rushes.app.project import Project
from rushes.ledger.fold import fold
from rushes.ledger.writer import Writer
from rushes.model.run import RunOptions
from rushes.testing.crash import Wrap
from rushes.testing.provider import ScriptedProvider

FLOW = """\
name: cards
steps:
  - {name: still, type: text_to_image, prompt: "{{input}}"}
  - {name: words, type: analyze_image, input_from: still, prompt: what is it?}
"""
TABLE = "prompt\na fox\nan owl\n\x22torn\na hare\na fox\x22\na newt\na toad\na crow\na fox\n"
OPTIONS = RunOptions(provider="scripted", concurrency=2, attempts=1)
WAYS = Ways(part_rows=3)
PRELOAD = (__name__, "numpy", "av", "PIL.Image", "rushes.app.batch_results")


class Stage:
    """A folder with the workflow and its table, a home, and the account of what was bought."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.account = folder / "bought"

    def set(self) -> Stage:
        self.folder.mkdir(exist_ok=True)
        (self.folder / "cards.yaml").write_text(FLOW)
        (self.folder / "rows.csv").write_text(TABLE)
        return self

    def project(self) -> Project:
        provider = ScriptedProvider(latency=0.005, journal=self.account)
        config = load_config(self.folder, {"home": str(self.folder / "home")}, {})
        return Project(config, {"scripted": provider}, checks=())

    def run(self) -> BatchSummary:
        with self.project() as project:
            going = run_batch(project, self.folder / "cards.yaml", self.folder / "rows.csv", OPTIONS, WAYS)
            return asyncio.run(going)

    def bought(self) -> Counter[str]:
        return Counter(ScriptedProvider(journal=self.account).bought)

    def results(self) -> dict[int, tuple[Any, ...]]:
        """Every row by its number. Whatever there is, in the parts and in the whole, is whole lines, no row twice."""
        found: dict[int, tuple[Any, ...]] = {}
        for path in self.folder.glob("Assets/cards/batch-*/parts/*.jsonl"):
            for number, line in _lines(path).items():
                assert number not in found, f"row {number} stands in two parts"
                found[number] = line
        for path in self.folder.glob("Assets/cards/batch-*/results.jsonl"):
            _lines(path)
        return found

    def outputs(self) -> dict[str, bytes]:
        """Every file that a row made, with its bytes."""
        kept = (".png", ".txt")
        homes = [path for path in self.folder.glob("Assets/cards/batch-*") if path.is_dir()]
        return {
            str(path.relative_to(home)): path.read_bytes()
            for home in homes
            for path in home.rglob("*")
            if path.suffix in kept
        }

    def whole(self) -> None:
        """Nothing in the home is half-written, and nothing is left open."""
        with self.project() as project:
            for digest in project.store.digests():
                project.store.verify(digest)
            for run in project.ledger.runs():
                assert not fold(project.ledger.events(run.id)).open


def _lines(path: Path) -> dict[int, tuple[Any, ...]]:
    found: dict[int, tuple[Any, ...]] = {}
    for line in path.read_bytes().splitlines(keepends=True):
        assert line.endswith(b"\n"), "a line is torn"
        raw = json.loads(line)
        assert raw["row"] not in found, f"row {raw['row']} stands twice"
        found[raw["row"]] = (raw["state"], tuple(raw["outputs"]), raw["problem"])
    return found


def play(wrap: Wrap, folder: Path) -> None:
    """The batch; the journal of the engine goes through `wrap`."""

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        return wrap(Writer(*args, **kwargs))

    rushes.app.drive.Writer = wrapped  # type: ignore[misc,assignment]
    summary = Stage(folder).run()
    assert summary.totals.done + summary.totals.bad == summary.totals.rows, summary
