"""A large run as a killed process leaves it: every picture made, kept and journalled, and the run not ended.

Written straight into ledger and store, fact by fact as a run writes them: painting a hundred thousand pictures would
take the afternoon, and none of it is what is measured.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from rushes.app.config import load_config
from rushes.app.plan import Prepared, prepare
from rushes.app.project import Project
from rushes.graph.settle import Question, Settler
from rushes.ledger.entry import Batch
from rushes.model.canonical import request_key
from rushes.model.event import Accepted, CellDone, Done, Event, Place, Reserved, RunStarted, Stored, Submitting
from rushes.model.ids import AttemptId, Digest, RunId
from rushes.model.media import Kind
from rushes.model.run import RunOptions, RunRecord
from rushes.model.verdict import Verdict
from rushes.testing.media import media
from rushes.testing.requests import artifact_of

PROVIDER = "sketch"
RUN = RunId("20261121-120000-beef")

_TABS = 5
_COMMIT = 10_000
_PICTURE = media(Kind.IMAGE, "left")


def document(count: int) -> dict[str, object]:
    """`count` pictures in five tabs."""
    tabs = [
        {
            "name": f"tab-{tab}",
            "steps": [
                {
                    "name": f"still-{scene}",
                    "type": "text_to_image",
                    "prompt": f"Scene {scene}: a red fox on a wooden chair, morning light",
                    "params": {"aspect_ratio": "9:16", "resolution": "512px"},
                }
                for scene in range(tab, count, _TABS)
            ],
        }
        for tab in range(_TABS)
    ]
    return {"name": "large", "tabs": tabs}


def write_file(folder: Path, count: int) -> Path:
    """The workflow's file."""
    file = folder / "large.json"
    file.write_text(json.dumps(document(count), indent=1))
    return file


def leave(folder: Path, count: int) -> Path:
    """The file of a workflow, and beside it the home in which its run `RUN` was left."""
    file = write_file(folder, count)
    with Project(load_config(folder, {"home": str(folder / "home")}, {})) as project:
        prepared = asyncio.run(prepare(project, file, RunOptions(provider=PROVIDER)))
        began = time.time() - 3600
        project.ledger.create_run(_record(project, prepared, began))
        events: list[Event] = [RunStarted(owner="killed")]
        for event in _events(project, prepared):
            events.append(event)
            if len(events) >= _COMMIT:
                project.ledger.commit(RUN, [Batch(began, tuple(events))])
                events = []
        project.ledger.commit(RUN, [Batch(began + 60, tuple(events))])
    return file


def _record(project: Project, prepared: Prepared, began: float) -> RunRecord:
    document_, _size = project.store.put([prepared.document.data])
    return RunRecord(
        id=RUN,
        workflow=prepared.workflow.name,
        file=str(prepared.file.absolute()),
        document=document_,
        format=prepared.workflow.format,
        options=prepared.options,
        fingerprint=prepared.plan.fingerprint,
        created=began,
    )


def _events(project: Project, prepared: Prepared) -> Iterator[Event]:
    grid = prepared.grid
    settler = Settler(grid, prepared.setting)
    for number in grid.order:
        question = settler.settle(number, [])
        assert isinstance(question, Question)
        yield from _attempt(project, question, Place(node=grid.nodes[grid.cells[number].node].id, candidate=0))


def _attempt(project: Project, question: Question, place: Place) -> Iterator[Event]:
    """What one request writes."""
    base, choice = question.base, question.frame.choice
    key = request_key(base, 0, 0)
    name = AttemptId(f"{RUN}/{key}")
    data = _PICTURE + key.encode()
    digest, _size = project.store.put([data])
    yield Reserved(
        attempt=name,
        place=place,
        key=key,
        base=base,
        candidate=0,
        salt=0,
        op=question.frame.op,
        provider=choice.provider,
        model=choice.version,
        worst=Decimal(0),
        scopes=(f"run:{RUN}",),
    )
    yield Submitting(attempt=name, idempotency_key=f"rushes-{key}")
    yield Accepted(attempt=name, remote=f"job-{key}")
    yield Done(attempt=name, urls=(f"https://cdn.example/{digest}.png",), billed=Decimal(0))
    yield Stored(
        attempt=name,
        place=place,
        key=key,
        base=base,
        candidate=0,
        salt=0,
        artifacts=(artifact_of(Kind.IMAGE, data, width=64, height=64),),
        verdict=Verdict(),
        recipe=question.recipe().plain(),
        seconds=0.1,
    )
    yield CellDone(place=place, base=base, artifact=Digest(digest), reused=False)
