"""A large project in which nothing has changed: how long until Rushes says so?

10,000 nodes (5,000 stills, each with its clip) and 40,000 candidates, all in ledger and store. A cold process
plans it, and another runs it: both under 1 s from the shell and back, and no blob is opened, because a plan needs
digests and never bytes. The same project as YAML is shown without a target: reading YAML costs what reading YAML costs.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from bench.figure import PYTHON, Figure, child, median_of
from rushes.app.config import load_config
from rushes.app.plan import Prepared, prepare
from rushes.app.project import Project
from rushes.graph.answers import generated
from rushes.graph.settle import Question, Settler
from rushes.graph.value import Outcome
from rushes.ledger.entry import Batch
from rushes.model.canonical import request_key
from rushes.model.event import Event, Place, Stored
from rushes.model.ids import AttemptId, Digest, NodeId, RunId
from rushes.model.media import Kind
from rushes.model.operation import SIGNATURES
from rushes.model.result import Result, Value
from rushes.model.run import RunOptions, RunRecord
from rushes.model.verdict import Verdict
from rushes.testing.media import media
from rushes.testing.requests import artifact_of

SCENES = 5000
CANDIDATES = 4
FLAGS = ("--provider", "sketch")
FASTER = Path("/dev/shm")

WATCHED = """
import re, sys
from pathlib import Path
store, said = sys.argv.pop(1), Path(sys.argv.pop(1))
def hook(event, args):
    if event == "open" and re.fullmatch(re.escape(store) + ".*[0-9a-f]{64}", str(args[0])):
        said.write_text(said.read_text() + args[0] + "\\n")
sys.addaudithook(hook)
from rushes.cli.main import main
sys.argv[0] = "rushes"
main()
"""


def document() -> dict[str, object]:
    """Five tabs of scenes: a still from its own prompt, and a clip from the still."""
    tabs = []
    for tab in range(5):
        steps: list[dict[str, object]] = []
        for scene in range(tab, SCENES, 5):
            steps.append(
                {
                    "name": f"still-{scene}",
                    "type": "text_to_image",
                    "prompt": f"Scene {scene}: a red fox on a wooden chair, morning light",
                    "params": {"aspect_ratio": "9:16", "resolution": "512px"},
                    "candidates": CANDIDATES,
                }
            )
            steps.append(
                {
                    "name": f"clip-{scene}",
                    "type": "image_to_video",
                    "input_from": f"still-{scene}",
                    "prompt": "The fox looks up",
                    "params": {"duration": 4},
                    "candidates": CANDIDATES,
                }
            )
        tabs.append({"name": f"tab-{tab}", "steps": steps})
    return {"name": "large", "tabs": tabs}


def fill(project: Project, prepared: Prepared) -> None:
    """Answer every question of the workflow in the ledger and in the store, as a run would have."""
    run = RunId("filling")
    now = time.time()
    project.ledger.create_run(
        RunRecord(
            id=run,
            workflow="filling",
            file="filling",
            document=Digest("0" * 64),
            format="json",
            options=RunOptions(),
            fingerprint="",
            created=now - 1,
        )
    )
    grid = prepared.grid
    settler = Settler(grid, prepared.setting)
    outcomes: list[Outcome | None] = [None] * len(grid.cells)
    events: list[Event] = []
    for number in grid.order:
        found = settler.settle(number, outcomes)
        if isinstance(found, Question):
            node, row = grid.nodes[grid.cells[number].node].id, grid.cells[number].row
            answers = [answer(project, found, node, row, candidate) for candidate in range(CANDIDATES)]
            events.extend(answers)
            results = [Result(one.candidate, 0, Value(None, one.artifacts), one.verdict) for one in answers]
            found = generated(grid.cells[number], found.base, found.frame.op, results)
        outcomes[number] = found
    for start in range(0, len(events), 5000):
        project.ledger.commit(run, [Batch(now, tuple(events[start : start + 5000]))])


def answer(project: Project, question: Question, node: NodeId, row: int, candidate: int) -> Stored:
    """One stored result."""
    key = request_key(question.base, candidate, 0)
    kind = SIGNATURES[question.frame.op].output or Kind.IMAGE
    data = TEMPLATES[kind] + key.encode()
    project.store.put([data])
    return Stored(
        attempt=AttemptId(f"filling/{key}"),
        place=Place(node=node, row=row, candidate=candidate),
        key=key,
        base=question.base,
        candidate=candidate,
        salt=0,
        artifacts=(artifact_of(kind, data, width=64, height=64),),
        verdict=Verdict(),
        recipe=question.recipe().plain(),
        seconds=0.1,
    )


TEMPLATES = {kind: media(kind, "noop") for kind in (Kind.IMAGE, Kind.VIDEO)}


def measure() -> Iterator[Figure]:
    """Fill, run once so that outputs and run exist, then time cold processes."""
    with TemporaryDirectory(prefix="rushes-bench-", dir=FASTER if FASTER.is_dir() else None) as name:
        folder = Path(name)
        env = {"RUSHES_HOME": str(folder / "home")}
        as_json, as_yaml = folder / "large.json", folder / "large.yaml"
        as_json.write_text(json.dumps(document(), indent=1))
        as_yaml.write_text(yaml.safe_dump(document(), sort_keys=False))
        with Project(load_config(folder, {"home": str(folder / "home")})) as project:
            fill(project, asyncio.run(prepare(project, as_json, RunOptions(provider="sketch"))))
        rushes = str(Path(PYTHON).parent / "rushes")
        child([rushes, "run", str(as_json), *FLAGS], env=env)

        def cold(command: str, file: Path) -> float:
            return child([rushes, command, str(file), *FLAGS], env=env).wall

        plan, run, plan_yaml = median_of(
            5, lambda: cold("plan", as_json), lambda: cold("run", as_json), lambda: cold("plan", as_yaml)
        )
        yield Figure(name="plan, 10,000 nodes, nothing to do", value=plan, limit=1, unit="s")
        yield Figure(name="run, 10,000 nodes, nothing to do", value=run, limit=1, unit="s")
        yield Figure(name="plan, the same as YAML", value=plan_yaml, limit=None, unit="s")
        opened = folder / "opened"
        opened.write_text("")
        for command in ("plan", "run"):
            store = str(folder / "home" / "store")
            child([PYTHON, "-c", WATCHED, store, str(opened), command, str(as_json), *FLAGS], env=env)
        yield Figure(name="blobs opened by either", value=len(opened.read_text().splitlines()), limit=0, unit="blobs")
