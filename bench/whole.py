"""Whole runs through the use cases, as the command line makes them, with a provider that answers at once."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from rushes.app.config import load_config
from rushes.app.project import Project
from rushes.app.run import run_file
from rushes.model.run import RunOptions, RunState
from rushes.testing.provider import InstantProvider


def document(count: int) -> dict[str, object]:
    """`count` pictures with two candidates each."""
    steps = [
        {"name": f"still-{n}", "type": "text_to_image", "prompt": f"A red fox, number {n}", "candidates": 2}
        for n in range(count)
    ]
    return {"name": "whole", "steps": steps}


def run_whole(folder: Path, count: int) -> None:
    """Run `count` nodes in `folder`, from the file to the report."""
    file = folder / "whole.json"
    file.write_text(json.dumps(document(count)))
    config = load_config(folder, {"home": str(folder / "home")}, {})
    with Project(config, {"instant": InstantProvider()}) as project:
        summary = asyncio.run(run_file(project, file, RunOptions(provider="instant", attempts=1)))
    assert summary.state is RunState.DONE, summary.state


if __name__ == "__main__":
    run_whole(Path(sys.argv[1]), int(sys.argv[2]))
