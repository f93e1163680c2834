"""Spans on their way to a collector: by a thread of the SDK, in batches, and counted where they do not arrive."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Sequence
from contextlib import suppress

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Tracer

GRACE = 2.0
"""Seconds that the last spans have to arrive when a run is over."""


class Sending(SpanExporter):
    """The SDK's exporter, which reads the standard variables itself; `lost` spans did not arrive."""

    def __init__(self) -> None:
        self.lost = 0
        self._exporter = OTLPSpanExporter()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send a batch; called in the SDK's thread."""
        result = SpanExportResult.FAILURE
        try:
            result = self._exporter.export(spans)
        finally:
            if result is not SpanExportResult.SUCCESS:
                self.lost += len(spans)
        return result

    def shutdown(self) -> None:
        """Stop trying."""
        self._exporter.shutdown()  # type: ignore[no-untyped-call]

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Nothing is kept here."""
        return True


class Sent:
    """Everything between a tracer and the collector."""

    def __init__(self, schema: str) -> None:
        logging.getLogger("opentelemetry").addHandler(logging.NullHandler())  # what is lost is said once, at the end
        self._sending = Sending()
        self._provider = TracerProvider(resource=_resource(), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(self._sending))
        self.tracer: Tracer = self._provider.get_tracer("rushes", schema_url=schema)

    async def leave(self) -> str | None:
        """Send what is left, for a moment; what was lost, in words."""
        loop = asyncio.get_running_loop()
        over = loop.create_future()

        def end() -> None:
            self._provider.shutdown()
            with suppress(RuntimeError):  # nobody waits any more
                loop.call_soon_threadsafe(over.cancel)

        # a thread that nobody waits for at the end of the process: the SDK may try for half a minute
        threading.Thread(target=end, daemon=True, name="traces-end").start()
        _done, late = await asyncio.wait([over], timeout=GRACE)
        if late:
            return "traces: the collector did not take the last spans in time"
        return f"traces: spans that did not reach the collector: {self._sending.lost}" if self._sending.lost else None


def _resource() -> Resource:
    """Who sends: what the standard variables say, else `rushes`."""
    found = Resource.create()
    if str(found.attributes.get("service.name", "")).startswith("unknown_service"):
        return found.merge(Resource({"service.name": "rushes"}))
    return found
