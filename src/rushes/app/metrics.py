"""Metrics in Prometheus' words: served while a run goes on, or printed from the ledger. The extra `metrics`.

Both come out of the same counting (`stats_count`) and have the same names. Labels are providers, models and classes of
error: nothing that grows with the work, no prompt and no id.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from decimal import Decimal
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from rushes.app.hooks import Hooks
from rushes.app.project import Project
from rushes.app.stats_count import Counted, Model
from rushes.errors import ConfigError
from rushes.ledger.books import Holds
from rushes.ledger.skimmed import PAGE
from rushes.ledger.stats import moment_of
from rushes.model.address import is_loopback
from rushes.model.collector import collector_off
from rushes.model.event import CellDone, Event, Reserved
from rushes.model.ids import AttemptId
from rushes.model.money import ZERO
from rushes.model.wait import Wait

if TYPE_CHECKING:
    from threading import Thread
    from wsgiref.simple_server import WSGIServer

    from prometheus_client import Metric

T = TypeVar("T")
Work = Callable[[Hooks], Awaitable[T]]

_PATIENCE = 5.0  # seconds in which a run that is busy has to say how it stands


class Where(NamedTuple):
    """Where to listen."""

    host: str
    port: int


def where_of(text: str) -> Where:
    """`9464`, `127.0.0.1:9464`; what other machines reach has to be asked for: `0.0.0.0:9464,public`. ConfigError."""
    place, _comma, more = text.partition(",")
    host, _colon, port = place.strip().rpartition(":")
    host = host.strip("[]") or "127.0.0.1"
    if not port.isdecimal() or int(port) > 65535 or more.strip() not in ("", "public"):
        raise ConfigError(f"--metrics {text!r} is not HOST:PORT", next_step="such as --metrics 127.0.0.1:9464")
    if not is_loopback(host) and not more:
        raise ConfigError(
            f"--metrics {text!r}: whoever reaches {host} could read along",
            next_step=f"--metrics 127.0.0.1:{port}, or say that you mean it: --metrics {text},public",
        )
    return Where(host, int(port))


def measured(where: str, work: Work[T], tell: Callable[[str], None]) -> Work[T]:
    """`work` with its metrics served meanwhile; `tell` hears at which address. Raises ConfigError, before any work."""
    place = where_of(where)
    _need_library()

    async def with_metrics(hooks: Hooks) -> T:
        async with serving(place) as metrics:
            tell(f"metrics: {metrics.url}")
            return await work(metrics.hung_on(hooks))

    return with_metrics


@asynccontextmanager
async def serving(where: Where) -> AsyncIterator[Metrics]:
    """Serve `/metrics` while the block runs, from a thread. Raises ConfigError: the port cannot be had."""
    from prometheus_client import CollectorRegistry, start_http_server

    metrics = Metrics(asyncio.get_running_loop())
    registry = CollectorRegistry()
    registry.register(metrics)
    try:
        server, thread = start_http_server(where.port, where.host, registry)
    except OSError as error:
        raise ConfigError(
            f"nothing can listen on {where.host}:{where.port} for metrics: {error.strerror}",
            next_step="choose another port with --metrics HOST:PORT",
        ) from error
    host = f"[{where.host}]" if ":" in where.host else where.host
    metrics.url = f"http://{host}:{server.server_port}/metrics"
    try:
        yield metrics
    finally:
        await asyncio.to_thread(_end, server, thread)  # whoever is being answered still needs the loop


def _end(server: WSGIServer, thread: Thread) -> None:
    server.shutdown()
    server.server_close()
    thread.join()


class Metrics:
    """What a process counts while it drives runs, and the answer to whoever asks.

    Everything is counted and read on the loop: a question from the server's thread waits for the loop's next free
    moment, so that counting needs no lock.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.url = ""
        self.counted = Counted()
        self.spending = Spending()
        self.reused = self.made = 0
        self._loop = loop
        self._nodes: set[str] = set()
        self._gauge: Callable[[], Mapping[str, Wait]] = dict
        self._said: list[Metric] = []

    def hung_on(self, hooks: Hooks) -> Hooks:
        """The same hooks, with this listening too."""

        def watch(event: Event) -> None:
            self.watch(event)
            hooks.watch(event)

        def gauge(waits: Callable[[], Mapping[str, Wait]]) -> None:
            self._gauge = waits  # of the run that began last: a batch drives its parts one after the other
            hooks.gauge(waits)

        return hooks._replace(watch=watch, gauge=gauge)

    def watch(self, event: Event) -> None:
        """Count one event."""
        self.counted.take(moment_of(event, time.time()))
        self.spending.take(event)
        if isinstance(event, Reserved):
            self._nodes.add(event.place.node)
        elif isinstance(event, CellDone):
            if event.reused:
                self.reused += 1
            elif event.place.node in self._nodes:  # not a gate
                self.made += 1

    def describe(self) -> Iterable[Metric]:
        """Nothing is said before it is asked for: what `register` would call otherwise waits for the loop."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """Called in the server's thread at every scrape."""
        with suppress(TimeoutError, RuntimeError):  # the loop is busy, or gone: then what was said the last time
            self._said = asyncio.run_coroutine_threadsafe(self._now(), self._loop).result(_PATIENCE)
        return self._said

    async def _now(self) -> list[Metric]:
        from rushes.app.metrics_shape import families, live

        shared = families(self.counted, self.spending.by_model, self.reused, self.made)
        waiting = {name: one.number for name, one in self._gauge().items()}
        return [*shared, *live(self.counted, waiting)]


class Spending:
    """What was spent, in USD, by model: the sums of the books."""

    def __init__(self) -> None:
        self.by_model: dict[Model, Decimal] = {}
        self._holds = Holds()
        self._models: dict[AttemptId, Model] = {}

    def take(self, event: Event) -> None:
        """Enter one event."""
        if isinstance(event, Reserved):
            self._models[event.attempt] = (event.provider, event.model)
        moved = self._holds.take(event)
        if moved is not None:
            before, after = moved
            model = self._models[event.attempt]  # type: ignore[attr-defined]
            more = after.spent - (before.spent if before is not None else ZERO)
            self.by_model[model] = self.by_model.get(model, ZERO) + more


def metrics_text(project: Project) -> str:
    """The metrics of all that the ledger knows, for a textfile collector; simulated runs are left out.

    Raises ConfigError without the extra.
    """
    _need_library()
    from prometheus_client import CollectorRegistry, generate_latest

    from rushes.app.metrics_shape import families
    from rushes.app.stats_rows import Rows

    counted, rows = Counted(), Rows()
    spent: dict[Model, Decimal] = {}
    with collector_off():
        for run, moments in project.ledger.moments(0.0):
            if run.simulated:
                continue
            asked: dict[str, Model] = {}
            for moment in moments:
                counted.take(moment)
                rows.take(moment)
                if moment.kind == "Reserved":
                    asked[moment.attempt] = (moment.provider, moment.model)
                    if len(asked) == PAGE:
                        _add(spent, asked, project)
            _add(spent, asked, project)
            counted.run_over()
            rows.run_over()
    registry = CollectorRegistry()
    registry.register(_Said(list(families(counted, spent, rows.reused, rows.made))))
    return generate_latest(registry).decode()


def _add(spent: dict[Model, Decimal], asked: dict[str, Model], project: Project) -> None:
    for attempt, usd in project.ledger.spent_by(list(asked)).items():
        spent[asked[attempt]] = spent.get(asked[attempt], ZERO) + usd
    asked.clear()


class _Said:
    """A collector of what is known already."""

    def __init__(self, found: list[Metric]) -> None:
        self._found = found

    def collect(self) -> Iterable[Metric]:
        return self._found


def _need_library() -> None:
    if find_spec("prometheus_client") is None:
        raise ConfigError("metrics need the package prometheus-client", next_step="pip install 'rushes[metrics]'")
