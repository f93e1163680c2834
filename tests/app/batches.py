"""A folder with a workflow and a table, a home, and a provider whose every request is counted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rushes.app.batch import Ways, run_batch
from rushes.app.batch_told import BatchSummary, Told
from rushes.app.config import load_config
from rushes.app.consent import Answer, given
from rushes.app.hooks import Hooks
from rushes.app.project import Project
from rushes.app.stopping import Stop
from rushes.model.event import Event
from rushes.model.run import RunOptions
from rushes.plugin.provider import Provider
from rushes.testing.provider import ScriptedProvider

FLOW = """\
name: cards
variables: {mood: calm}
steps:
  - {name: still, type: text_to_image, prompt: "{{input}}, {{mood}}"}
"""


class Shop:
    """Where batches are run; nothing in it is checked by machines, so that each request is one result."""

    def __init__(self, folder: Path, flow: str = FLOW, provider: Provider | None = None) -> None:
        self.folder = folder
        self.provider: Any = provider or ScriptedProvider(polls=False)
        (folder / "cards.yaml").write_text(flow)

    def table(self, text: str | bytes, name: str = "rows.csv") -> Path:
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def prompts(self, count: int, name: str = "rows.csv") -> Path:
        return self.table("prompt\n" + "".join(f"fox {n}\n" for n in range(1, count + 1)), name)

    @contextmanager
    def project(self) -> Iterator[Project]:
        config = load_config(self.folder, {"home": str(self.folder / "home")}, {})
        with Project(config, {self.provider.name: self.provider}, checks=()) as project:
            yield project

    def run(
        self,
        table: Path,
        ways: Ways | None = None,
        *,
        told: Told | None = None,
        consent: Answer | None = given,
        stop: Stop | None = None,
        watch: Callable[[Event], None] = lambda _event: None,
        **options: Any,
    ) -> BatchSummary:
        """The batch, in a project of its own each time, as a command would."""
        asked = RunOptions(**{"provider": self.provider.name, **options})
        hooks = Hooks(consent=consent, stop=stop, watch=watch)
        with self.project() as project:
            return asyncio.run(
                run_batch(
                    project,
                    self.folder / "cards.yaml",
                    table,
                    asked,
                    ways or Ways(part_rows=4),
                    hooks=hooks,
                    told=told or Told(),
                )
            )

    @property
    def asked(self) -> int:
        """Requests that were bought, ever."""
        return sum(self.provider.bought.values())


def lines_of(summary: BatchSummary) -> list[dict[str, Any]]:
    """The results, in the order of their rows; fails where a row stands twice, or a line is torn."""
    found = [json.loads(line) for line in summary.results.read_bytes().splitlines(keepends=True)]
    assert summary.results.read_bytes().endswith(b"\n")
    numbers = [one["row"] for one in found]
    assert len(set(numbers)) == len(numbers)
    return sorted(found, key=lambda one: one["row"])


def states(summary: BatchSummary) -> dict[int, str]:
    """How each row came out."""
    return {one["row"]: one["state"] for one in lines_of(summary)}


def outputs(summary: BatchSummary) -> Sequence[str]:
    """Every file that was made, below the batch's folder."""
    kept = (path for path in summary.folder.rglob("*") if path.is_file() and path.suffix != ".jsonl")
    return sorted(path.relative_to(summary.folder).as_posix() for path in kept)
