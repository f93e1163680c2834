"""Traces, as a real collector on this machine takes them: decoded from what came over HTTP."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes
from opentelemetry.semconv.attributes import error_attributes
from opentelemetry.semconv.schemas import Schemas

from rushes.app import traces, traces_sent
from rushes.app.config import load_config
from rushes.app.hooks import Hooks
from rushes.app.project import Project
from rushes.app.run import resume, run_file
from rushes.app.summary import RunSummary
from rushes.app.traces import wanted, why_not
from rushes.errors import ErrorClass
from rushes.model.event import Accepted, Event
from rushes.model.media import Kind
from rushes.model.run import RunOptions, RunState
from rushes.model.verdict import Verdict
from rushes.testing.provider import Fault, ScriptedProvider

STORY = """\
name: story
steps:
  - {name: fox, type: text_to_image, prompt: a very secret fox}
  - {name: film, type: image_to_video, input_from: fox, prompt: it runs}
"""


class Collector:
    """What came: every request as it was decoded."""

    def __init__(self) -> None:
        self.url = ""
        self.paths: list[str] = []
        self.raw = b""
        self.requests: list[ExportTraceServiceRequest] = []

    def spans(self) -> list[Span]:
        return [
            span
            for request in self.requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


@contextmanager
def collecting() -> Iterator[Collector]:
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            request = ExportTraceServiceRequest()
            request.ParseFromString(body)
            collector.raw += body
            collector.paths.append(self.path)
            collector.requests.append(request)
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_said: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        collector.url = f"http://127.0.0.1:{server.server_port}"
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield collector
        finally:
            server.shutdown()
            serving.join()


class Looks:
    """A check that sees nothing."""

    name = "looks"
    kinds = (Kind.IMAGE, Kind.VIDEO)

    def look(self, *_what: object) -> Verdict:
        return Verdict()


def run(folder: Path, provider: ScriptedProvider, hooks: Hooks | None = None) -> RunSummary:
    (folder / "story.yaml").write_text(STORY)
    config = load_config(folder, {"home": folder / "home"}, {})
    with Project(config, {"scripted": provider}, checks=(Looks(),)) as project:
        options = RunOptions(provider="scripted")
        return asyncio.run(run_file(project, folder / "story.yaml", options, hooks=hooks or Hooks()))


def attributes(span: Span) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in span.attributes}


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_SDK_DISABLED"):
        monkeypatch.delenv(name, raising=False)


def test_a_run_is_a_trace_with_its_requests_and_their_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with collecting() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        monkeypatch.setenv("SCRIPTED_KEY", "sk-very-secret-key")
        summary = run(tmp_path, ScriptedProvider(faults=[Fault(error=ErrorClass.TRANSIENT, at=0)]))
    assert summary.state is RunState.DONE and not summary.notes
    assert set(collector.paths) == {"/v1/traces"}
    spans = collector.spans()
    (root,) = [span for span in spans if not span.parent_span_id]
    assert root.name == "invoke_workflow story"
    about = attributes(root)
    assert (about["gen_ai.workflow.name"], about["rushes.run"], about["rushes.state"]) == ("story", summary.run, "done")
    asked = [span for span in spans if span.parent_span_id == root.span_id]
    assert [span.name for span in asked] == [
        "generate_content flux_dev@1",
        "generate_content flux_dev@1",
        "generate_content veo_3_1_fast@1",
    ]
    assert all(span.kind == Span.SPAN_KIND_CLIENT and span.trace_id == root.trace_id for span in asked)
    failed, made, filmed = map(attributes, asked)
    assert failed["error.type"] == "transient" and "error.type" not in made
    assert (made["gen_ai.provider.name"], made["gen_ai.request.model"]) == ("scripted", "flux_dev@1")
    assert (made["gen_ai.output.type"], filmed["gen_ai.output.type"]) == ("image", "video")
    assert (made["rushes.node"], made["rushes.row"], made["rushes.candidate"]) == ("fox", 1, 1)
    parts = [span for span in spans if span.parent_span_id == asked[1].span_id]
    assert [span.name for span in parts] == ["queue", "submit", "provider", "download", "checks"]
    times = [(span.start_time_unix_nano, span.end_time_unix_nano) for span in parts]
    assert all(began <= ended for began, ended in times)
    assert times[0][0] == asked[1].start_time_unix_nano
    assert [ended for _began, ended in times[:4]] == [began for began, _ended in times[1:]]
    assert all(
        asked[1].start_time_unix_nano <= began and ended <= asked[1].end_time_unix_nano for began, ended in times
    )
    for secret in (b"very secret fox", b"it runs", b"sk-very-secret-key"):
        assert secret not in collector.raw
    resource = {one.key: one.value.string_value for one in collector.requests[0].resource_spans[0].resource.attributes}
    assert resource["service.name"] == "rushes"


def test_a_request_that_was_left_is_in_the_trace_of_whoever_finds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(event: Event) -> None:
        if isinstance(event, Accepted):
            raise KeyboardInterrupt

    provider = ScriptedProvider()
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, provider, Hooks(watch=killed))
    with collecting() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        config = load_config(tmp_path, {"home": tmp_path / "home"}, {})
        with Project(config, {"scripted": provider}, checks=()) as project:
            assert asyncio.run(resume(project, None)).state is RunState.DONE
    assert sum("flux_dev" in span.name for span in collector.spans()) == 1
    assert sum(provider.bought.values()) == 2


@pytest.mark.parametrize("silent", [True, False])
def test_a_collector_that_is_down_or_silent_costs_spans_and_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], silent: bool
) -> None:
    monkeypatch.setattr(traces_sent, "GRACE", 0.3)
    with _deaf() as port:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{port if silent else 1}")
        summary = run(tmp_path, ScriptedProvider())
    assert summary.state is RunState.DONE and summary.counts.bought == 2
    assert summary.notes == ("traces: the collector did not take the last spans in time",)
    assert capfd.readouterr().err == ""


@contextmanager
def _deaf() -> Iterator[int]:
    """A port that takes connections and never answers."""
    import socket

    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        yield deaf.getsockname()[1]


def test_the_standard_variables_are_understood() -> None:
    here = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}
    assert wanted(here) and wanted({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/v1/traces"})
    assert not wanted({}) and not wanted({**here, "OTEL_SDK_DISABLED": "True"})
    assert not wanted({**here, "OTEL_TRACES_EXPORTER": "none"})
    assert why_not(here) is None
    assert "OTEL_EXPORTER_OTLP_PROTOCOL is grpc" in (why_not({**here, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}) or "")


def test_a_missing_extra_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traces, "find_spec", lambda _name: None)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    assert run(tmp_path, ScriptedProvider()).notes == (
        "no traces: they need OpenTelemetry: pip install 'rushes[otel]'",
    )


def test_the_names_are_those_of_the_conventions() -> None:
    theirs = gen_ai_attributes
    assert (traces.OPERATION, traces.PROVIDER) == (theirs.GEN_AI_OPERATION_NAME, theirs.GEN_AI_PROVIDER_NAME)
    assert (traces.MODEL, traces.OUTPUT) == (theirs.GEN_AI_REQUEST_MODEL, theirs.GEN_AI_OUTPUT_TYPE)
    assert traces.WORKFLOW == theirs.GEN_AI_WORKFLOW_NAME
    assert error_attributes.ERROR_TYPE == traces.ERROR
    assert traces.SCHEMA in [schema.value for schema in Schemas]
