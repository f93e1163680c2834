"""`unshare -rm python -m tests.app.small_disk FOLDER`: a run on a disk of 64 MB that somebody else fills meanwhile."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

from rushes.app.config import load_config
from rushes.app.hooks import Hooks
from rushes.app.project import Project
from rushes.app.run import resume, run_file
from rushes.app.stopping import Stop
from rushes.errors import RefusedError
from rushes.model.event import Accepted, Event
from rushes.model.request import Request
from rushes.model.run import RunOptions, RunState
from rushes.plugin.provider import Context, Finished, Submitted
from rushes.testing.provider import ScriptedProvider

STEPS = "\n".join(f"  - {{name: s{n}, type: text_to_image, prompt: a fox {n}}}" for n in range(8))
OPTIONS = RunOptions(provider="scripted", concurrency=2)


class Filling(ScriptedProvider):
    """With the third request somebody else's file takes most of the disk."""

    junk: Path

    async def submit(self, request: Request, context: Context) -> Submitted | Finished:
        if self.posts.total() == 2:
            self.junk.write_bytes(bytes(60_000_000))
        return await super().submit(request, context)


def main(folder: Path) -> None:
    """Refused while it is full, stopped when it fills up, fetching what is paid for while it is full, finished when
    there is room again; each bought once.
    """
    home = folder / "home"
    home.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(home)], check=True)
    file, junk = folder / "many.yaml", home / "junk"
    file.write_text(f"name: many\nsettings: {{output_dir: out}}\nsteps:\n{STEPS}\n")
    provider = Filling(latency=0.05)
    provider.junk = junk
    config = load_config(folder, {"home": str(home), "min_free": 10_000_000}, {})

    def opened() -> Project:
        return Project(config, {"scripted": provider}, checks=())

    junk.write_bytes(bytes(60_000_000))
    with opened() as project:
        try:
            asyncio.run(run_file(project, file, OPTIONS))
        except RefusedError as error:
            print("refused:", error.message)
        print("runs:", len(project.ledger.runs()), "sent:", provider.posts.total())
    junk.unlink()
    with opened() as project:
        summary = asyncio.run(run_file(project, file, OPTIONS))
        assert summary.state is RunState.INTERRUPTED, summary
        made = summary.counts.bought
        print("stopped:", summary.notes[-1], "after", made)
        assert made == provider.posts.total() < 8
    junk.unlink()
    stop, sent = Stop(), provider.posts.total()

    def leave(event: Event) -> None:
        if isinstance(event, Accepted) and provider.posts.total() == sent + 2:
            stop.ask()

    with opened() as project:
        asyncio.run(resume(project, None, hooks=Hooks(stop=stop, watch=leave)))
    assert provider.posts.total() == sent + 2
    junk.write_bytes(bytes(60_000_000))
    fetched = provider.fetched
    with opened() as project:
        left = asyncio.run(resume(project, None))
        now = provider.posts.total() - sent - 2
        print(f"below the floor: {provider.fetched - fetched} fetched, {now} sent, {left.state}")
        assert "nothing new was begun" in left.notes[-1]
    junk.unlink()
    with opened() as project:
        done = asyncio.run(resume(project, None))
        assert done.state is RunState.DONE
    assert provider.posts.total() == 8 and set(provider.posts.values()) == {1}
    print("done")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
