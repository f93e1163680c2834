"""What `rushes costs` takes for 100,000 attempts, and a provider's export of 100,000 lines beside them.

100 runs of 1,000 attempts, each reserved, sent, accepted, done and stored: half a million entries. Target: 3 s of
CPU and 150 MB. A process of its own, so that its memory is its own. The ledger is made first, unmeasured.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.figure import PYTHON, ROOT, Figure, child
from rushes.ledger.ledger import Ledger
from rushes.ledger.open import open_ledger
from rushes.model.canonical import base_key, request_key
from rushes.model.event import Accepted, Done, Event, Place, Reserved, Stored, Submitting
from rushes.model.ids import AttemptId, Digest, NodeId, RunId
from rushes.model.media import Artifact
from rushes.model.operation import Operation
from rushes.model.run import RunOptions, RunRecord
from rushes.model.verdict import Verdict

RUNS, ATTEMPTS = 100, 1000
AT = 1_793_534_400.0


def fill(ledger: Ledger, runs: int, attempts: int) -> None:
    """Runs whose every attempt came to a picture."""
    for number in range(runs):
        run = RunId(f"run-{number:04d}")
        ledger.create_run(
            RunRecord(
                id=run, workflow="film", file="film.yaml", document=Digest("0" * 64), format="yaml",
                options=RunOptions(), fingerprint="", created=AT + number,
            )
        )  # fmt: skip
        events = [event for each in range(attempts) for event in _attempt(run, each)]
        ledger.append(run, events, AT + number)


def _attempt(run: RunId, number: int) -> Iterator[Event]:
    name, base = AttemptId(f"{run}/{number}"), base_key({"run": run, "question": number})
    place, key = Place(node=NodeId(f"scene-{number % 40}"), row=number), request_key(base, 0, 0)
    scopes = (f"run:{run}", "project:/films", "day:2026-11-01")
    model = f"fal-ai/model-{number % 7}"
    yield Reserved(
        attempt=name, place=place, key=key, base=base, candidate=0, salt=0, op=Operation.TEXT_TO_IMAGE, provider="fal",
        model=model, worst=Decimal("0.039"), scopes=scopes,
    )  # fmt: skip
    yield Submitting(attempt=name, idempotency_key=f"key {name}")
    yield Accepted(attempt=name, remote=json.dumps([f"https://queue.fal.run/requests/{run}-job-{number}", ""]))
    yield Done(attempt=name, urls=("https://fal.media/files/picture.png",), billed=Decimal("0.039"))
    artifact = Artifact(digest=Digest(base[4:68].ljust(64, "0")), media_type="image/png", size=1_000_000)
    recipe = {"op": "text_to_image", "provider": "fal", "model": model, "prompt": "a fox in the snow " * 10}
    yield Stored(
        attempt=name, place=place, key=key, base=base, candidate=0, salt=0, artifacts=(artifact,),
        verdict=Verdict(False, 0.9), recipe=recipe, seconds=4.0,
    )  # fmt: skip


def export(file: Path, runs: int, attempts: int) -> None:
    """A line for every attempt; of every other one without its id, so that half are found by amount and time."""
    with file.open("w") as text:
        text.write("request_id,created_at,endpoint,cost\n")
        for number in range(runs):
            for each in range(attempts):
                name = f"run-{number:04d}-job-{each}" if each % 2 else ""
                text.write(f"{name},2026-11-01T12:00:00Z,fal-ai/model-{each % 7},$0.039\n")


def measure(runs: int = RUNS, attempts: int = ATTEMPTS) -> Iterator[Figure]:
    """Both, with the peak of memory; an empty ledger is what the command itself costs."""
    with TemporaryDirectory(prefix="rushes-bench-") as folder:
        home, empty, file = Path(folder) / "home", Path(folder) / "empty", Path(folder) / "fal.csv"
        with open_ledger(home / "ledger.sqlite") as ledger:
            fill(ledger, runs, attempts)
        export(file, runs, attempts)
        command = [PYTHON, "-m", "rushes", "costs", "--json"]
        bare = child([*command, "--home", str(empty)], cwd=ROOT)
        costs = child([*command, "--home", str(home)], cwd=ROOT)
        usage = child([*command, "--home", str(home), "--usage", str(file)], cwd=ROOT)
    count = f"{runs * attempts:,}"
    yield Figure(name=f"costs of {count} attempts, CPU", value=costs.cpu, limit=3, unit="s")
    yield Figure(name=f"costs of {count} attempts, peak memory", value=costs.peak, limit=150, unit="MB")
    yield Figure(name="costs of nothing, CPU", value=bare.cpu, limit=None, unit="s")
    yield Figure(name=f"an export of {count} lines beside them, CPU", value=usage.cpu, limit=8, unit="s")
    yield Figure(name=f"an export of {count} lines, peak memory", value=usage.peak, limit=350, unit="MB")


if __name__ == "__main__":
    for figure in measure(*(int(one) for one in sys.argv[1:])):
        print(f"{figure.name}: {figure.value:.3g} {figure.unit}")
