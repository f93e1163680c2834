"""Traces in OpenTelemetry's words: a span for a run, one for each request, and one for each part of a request.

Sent over OTLP/HTTP when the standard variables name a collector (`OTEL_EXPORTER_OTLP_ENDPOINT` and its kin) and the
extra `otel` is installed. Spans are made when a request is over, from the times of its events, and sent by a thread of
the SDK: a collector that is slow or down costs spans, and no time of a run. No prompt and no key is in them.

Names are those of the GenAI conventions as `opentelemetry-semantic-conventions` 0.66b2 has them (schema 1.44.0;
experimental); what they do not name begins with `rushes.`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rushes.ledger.fold import AttemptState
from rushes.model.event import (
    Accepted,
    Cancelled,
    Done,
    Event,
    Failed,
    Released,
    Reserved,
    RunEnded,
    Stored,
    Submitting,
    Unknown,
)
from rushes.model.ids import AttemptId, Digest
from rushes.model.media import Artifact, Kind
from rushes.model.operation import SIGNATURES
from rushes.model.request import Recipe
from rushes.model.run import RunRecord
from rushes.model.verdict import Verdict
from rushes.plugin.check import Check

if TYPE_CHECKING:
    from opentelemetry.trace import Span

OPERATION = "gen_ai.operation.name"
PROVIDER = "gen_ai.provider.name"
MODEL = "gen_ai.request.model"
OUTPUT = "gen_ai.output.type"
WORKFLOW = "gen_ai.workflow.name"
ERROR = "error.type"
SCHEMA = "https://opentelemetry.io/schemas/1.44.0"

_PROVIDERS = {"gemini": "gcp.gemini"}  # where the conventions have a name of their own
_OUTPUTS = {Kind.AUDIO: "speech"}
_HTTP = "http/protobuf"


def wanted(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the standard variables ask for traces."""
    named = environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or environ.get("OTEL_EXPORTER_OTLP_ENDPOINT")
    off = environ.get("OTEL_SDK_DISABLED", "").casefold() == "true" or environ.get("OTEL_TRACES_EXPORTER") == "none"
    return bool(named) and not off


def why_not(environ: Mapping[str, str] = os.environ) -> str | None:
    """What keeps traces from being sent although they are asked for, in one line; None: nothing."""
    if find_spec("opentelemetry") is None or find_spec("opentelemetry.exporter") is None:
        return "no traces: they need OpenTelemetry: pip install 'rushes[otel]'"
    for name in ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"):
        if environ.get(name, _HTTP) != _HTTP:
            return f"no traces: {name} is {environ[name]}, and only {_HTTP} is spoken here"
    return None


@dataclass(slots=True)
class _Way:
    """How far a request has come; times in unix seconds."""

    asked: Reserved
    reserved: float
    sent: float | None = None
    accepted: float | None = None
    done: float | None = None


class Traces:
    """The spans of one run. `now` says the time in unix seconds."""

    def __init__(self, record: RunRecord, now: Callable[[], float]) -> None:
        from rushes.app.traces_sent import Sent  # a library that few have, and that is slow to load

        self._now = now
        self._sent = Sent(SCHEMA)
        self._ways: dict[AttemptId, _Way] = {}
        self._looks: dict[Digest, tuple[float, float]] = {}
        about = {
            OPERATION: "invoke_workflow",
            WORKFLOW: record.workflow,
            "rushes.run": record.id,
            "rushes.simulated": record.options.sim is not None,
        }
        self._run = self._begun(f"invoke_workflow {record.workflow}", None, now(), about)

    def left(self, attempts: Iterable[AttemptState]) -> None:
        """Requests that an earlier process left under way."""
        for one in attempts:
            self._ways[one.event.attempt] = _Way(one.event, one.sent or self._now(), one.sent)

    def timed(self, checks: Sequence[Check]) -> list[Check]:
        """The same checks, whose time is taken."""
        return [_Timed(check, self._looks, self._now) for check in checks]

    def watch(self, event: Event) -> None:
        """One event."""
        match event:
            case Reserved(attempt=attempt):
                self._ways[attempt] = _Way(event, self._now())
            case Submitting(attempt=attempt) if attempt in self._ways and self._ways[attempt].sent is None:
                self._ways[attempt].sent = self._now()
            case Accepted(attempt=attempt) if attempt in self._ways:
                self._ways[attempt].accepted = self._now()
            case Done(attempt=attempt) if attempt in self._ways:
                self._ways[attempt].done = self._now()
            case Stored(attempt=attempt):
                looked = self._looks.pop(event.artifacts[0].digest, None) if event.artifacts else None
                self._over(attempt, {"rushes.flagged": event.verdict.flagged}, "", looked)
            case Failed(attempt=attempt):
                self._over(attempt, {}, event.error.value)
            case Cancelled(attempt=attempt):
                self._over(attempt, {}, "cancelled")
            case Unknown(attempt=attempt):
                self._over(attempt, {}, "unknown_outcome")
            case Released(attempt=attempt):
                self._ways.pop(attempt, None)
            case RunEnded():
                self._run.set_attribute("rushes.state", event.state)

    async def leave(self) -> str | None:
        """The run is over: its own span, and a moment for the last to arrive. What was lost, in words."""
        self._end(self._run, self._now())
        return await self._sent.leave()

    def _over(
        self, attempt: AttemptId, more: dict[str, Any], error: str, looked: tuple[float, float] | None = None
    ) -> None:
        """A request is over: now its spans are made, all at once."""
        way = self._ways.pop(attempt, None)
        if way is None or way.sent is None:
            return
        now = self._now()
        span = self._begun(
            f"generate_content {way.asked.model}", self._run, way.reserved, {**_about(way.asked), **more}
        )
        for part, began, ended in _parts(way, now, looked):
            self._end(self._begun(part, span, began, {}), ended)
        if error:
            from opentelemetry.trace import Status, StatusCode

            span.set_attribute(ERROR, error)
            span.set_status(Status(StatusCode.ERROR, error))
        self._end(span, now)

    def _begun(self, name: str, parent: Span | None, at: float, attributes: Mapping[str, Any]) -> Span:
        from opentelemetry.trace import SpanKind, set_span_in_context

        context = None if parent is None else set_span_in_context(parent)
        kind = SpanKind.CLIENT if PROVIDER in attributes else SpanKind.INTERNAL
        return self._sent.tracer.start_span(name, context, kind, attributes, start_time=_nanoseconds(at))

    def _end(self, span: Span, at: float) -> None:
        span.end(_nanoseconds(at))


class _Timed:
    """A check, and the time from the first look at a result to the end of the last."""

    def __init__(self, check: Check, looks: dict[Digest, tuple[float, float]], now: Callable[[], float]) -> None:
        self.name, self.kinds = check.name, check.kinds
        self._check, self._looks, self._now = check, looks, now

    def look(self, artifact: Artifact, path: Path, recipe: Recipe) -> Verdict:
        began = self._now()
        try:
            return self._check.look(artifact, path, recipe)
        finally:
            first, _last = self._looks.get(artifact.digest, (began, began))
            self._looks[artifact.digest] = (first, self._now())


def _about(asked: Reserved) -> dict[str, Any]:
    kind = SIGNATURES[asked.op].output
    return {
        OPERATION: "generate_content",
        PROVIDER: _PROVIDERS.get(asked.provider, asked.provider),
        MODEL: asked.model,
        OUTPUT: _OUTPUTS.get(kind, str(kind)) if kind is not None else "",
        "rushes.operation": str(asked.op),
        "rushes.attempt": asked.attempt,
        "rushes.node": asked.place.node,
        "rushes.row": asked.place.row + 1,
        "rushes.candidate": asked.place.candidate + 1,
    }


def _parts(way: _Way, now: float, looked: tuple[float, float] | None) -> Iterable[tuple[str, float, float]]:
    """The parts of a request: their names, and when they began and ended."""
    assert way.sent is not None
    yield "queue", way.reserved, way.sent
    taken = way.accepted if way.accepted is not None else way.done
    yield "submit", way.sent, taken if taken is not None else now
    if way.accepted is not None:
        yield "provider", way.accepted, way.done if way.done is not None else now
    if way.done is not None:
        yield "download", way.done, looked[0] if looked is not None else now
    if looked is not None:
        yield "checks", *looked


def _nanoseconds(at: float) -> int:
    return round(at * 1e9)
