"""How long statistics of a large ledger take, and what it costs a run to be watched.

100,000 attempts in 100 runs, as the engine writes them, 1 % of them refused as too many. Target: statistics over all
of them in 2 s. Then runs of 2,000 nodes whose provider answers at once, with and without what listens to every run
(alerts with a limit for every model, so that each request sets a timer): the listening alone, as a share of the run,
stays under 2 %. What metrics and traces cost those who ask for them only informs.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

from bench.figure import Figure, median_of
from bench.plan import reference_seconds
from bench.rig import home, independent, record, run
from rushes.app.alerts import Limit, Watch
from rushes.app.config import load_config
from rushes.app.metrics import Metrics, metrics_text
from rushes.app.project import Project
from rushes.app.stats import stats
from rushes.errors import ErrorClass
from rushes.ledger.entry import Batch
from rushes.ledger.ledger import Ledger
from rushes.model.canonical import base_key, request_key
from rushes.model.event import (
    Accepted,
    CellDone,
    Done,
    Event,
    Failed,
    Place,
    Reserved,
    RunEnded,
    RunStarted,
    Stored,
    Submitting,
)
from rushes.model.ids import AttemptId, Digest, NodeId, RunId
from rushes.model.media import Artifact
from rushes.model.operation import Operation
from rushes.model.verdict import Verdict
from rushes.testing.provider import InstantProvider

ATTEMPTS = 100_000
RUNS = 100
NODES = 2_000

_MODELS = (("fal", "fal-ai/flux/dev"), ("gemini", "gemini-3-pro-image"), ("fal", "fal-ai/veo3.1/fast"))
_PROMPT = "A lighthouse keeper climbs the last stairs at dawn, in the style of a linocut, three colours, no people"


def attempt(run_id: RunId, number: int) -> list[Event]:
    """What one request writes."""
    provider, model = _MODELS[number % len(_MODELS)]
    place = Place(node=NodeId(f"scene-{number // 4}"), candidate=number % 4)
    base = base_key({"run": run_id, "scene": number // 4})
    key, name = request_key(base, number % 4, 0), AttemptId(f"{run_id}/{number + 1}")
    begun: list[Event] = [
        Reserved(
            attempt=name,
            place=place,
            key=key,
            base=base,
            candidate=number % 4,
            salt=0,
            op=Operation.TEXT_TO_IMAGE,
            provider=provider,
            model=model,
            worst=Decimal("0.04"),
            scopes=(f"run:{run_id}", "day:2026-11-21"),
        ),
        Submitting(attempt=name, idempotency_key=f"rushes-{number:040d}"),
    ]
    if number % 100 == 99:
        return [*begun, Failed(attempt=name, place=place, error=ErrorClass.RATE_LIMIT, says="429 Too Many Requests")]
    artifact = Artifact(
        digest=Digest(f"{number:064x}"), media_type="image/png", size=1_234_567, width=1024, height=1024
    )
    recipe = {"provider": provider, "model": model, "op": "text_to_image", "prompt": _PROMPT, "params": {"seed": 7}}
    return [
        *begun,
        Accepted(attempt=name, remote=f'["job-{number}","https://queue.fal.run/requests/{number}"]'),
        Done(attempt=name, urls=(f"https://cdn.example/{number}.png",), billed=Decimal("0.04")),
        Stored(
            attempt=name,
            place=place,
            key=key,
            base=base,
            candidate=number % 4,
            salt=0,
            artifacts=(artifact,),
            verdict=Verdict(score=0.9),
            recipe=recipe,
            seconds=12.5,
        ),
        *([CellDone(place=place, base=base, artifact=artifact.digest, reused=False)] if number % 4 == 3 else []),
    ]


def fill(ledger: Ledger) -> None:
    """A hundred runs, one after the other."""
    now = time.time() - 3600
    for one in range(RUNS):
        run_id = RunId(f"20261121-{one:06d}-abcd")
        ledger.create_run(record(run_id))
        batches = [Batch(now + one, (RunStarted(owner="bench"),))]
        for number in range(ATTEMPTS // RUNS):
            events = attempt(run_id, number)
            batches += [Batch(now + one + step * 2.0, (event,)) for step, event in enumerate(events)]
        batches.append(Batch(now + one + 20, (RunEnded(state="done", done=1, failed=0, reused=0),)))
        ledger.commit(run_id, batches)


def seconds_of(question: Callable[[], object]) -> float:
    """Wall seconds of one call."""
    began = time.perf_counter()
    question()
    return time.perf_counter() - began


class Watched:
    """A run's listeners, and the seconds that they took of it."""

    def __init__(self, listen: Callable[[], Sequence[Callable[[Event], None]]]) -> None:
        self.seconds = 0.0
        self._listen = listen
        self._listeners: Sequence[Callable[[Event], None]] | None = None

    def __call__(self, event: Event) -> None:
        """One event, timed."""
        if self._listeners is None:  # only on the loop can timers be set
            self._listeners = self._listen()
        began = time.perf_counter()
        for listener in self._listeners:
            listener(event)
        self.seconds += time.perf_counter() - began


def share_of(listen: Callable[[], Sequence[Callable[[Event], None]]]) -> float:
    """What these take of a run whose provider takes nothing, in percent."""
    watched = Watched(listen)
    with home() as place:
        flow = independent(NODES, Operation.PROMPT_GENERATION)
        _end, wall = asyncio.run(run(place, InstantProvider(), flow, concurrency=100, watch=watched))
    return watched.seconds / wall * 100


def alerts() -> list[Callable[[Event], None]]:
    """What listens to every run."""
    limit = Limit(3600.0, learned=True)
    return [Watch(lambda _p, _m: limit, lambda _slow: None, lambda _alert: None, time.time).watch]


def metrics() -> list[Callable[[Event], None]]:
    """What `--metrics` adds."""
    return [Metrics(asyncio.get_running_loop()).watch]


def measure() -> Iterator[Figure]:
    """Statistics, then watching."""
    with home() as place:
        fill(place.ledger)
        config = load_config(place.folder, {"home": str(place.folder)}, {})
        with Project(config) as project:
            found = stats(project, since=time.time() - 86_400.0)
            real = found.worlds[0]
            assert sum(one.count.sent for one in real.models) == ATTEMPTS and found.runs == RUNS
            counted, printed, floor = median_of(
                3,
                lambda: seconds_of(lambda: stats(project, since=time.time() - 86_400.0)),
                lambda: seconds_of(lambda: metrics_text(project)),
                lambda: reference_seconds(ATTEMPTS),
            )
    yield Figure(name="stats over 100,000 attempts", value=counted, limit=2, unit="s")
    yield Figure(name="stats / reference workload", value=counted / floor, limit=None, unit="x")
    yield Figure(name="stats --prometheus over 100,000 attempts", value=printed, limit=None, unit="s")
    quiet, asked = median_of(3, lambda: share_of(alerts), lambda: share_of(metrics))
    yield Figure(name="alerts, of a run without a provider", value=quiet, limit=2, unit="%")
    yield Figure(name="metrics, of a run without a provider", value=asked, limit=None, unit="%")
