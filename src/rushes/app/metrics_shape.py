"""What was counted as Prometheus' metrics: their names, their labels, what each one is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

from rushes.app.stats_count import Counted, Model
from rushes.app.stats_series import BOUNDS, Series

_PHASES = ("slot", "answer", "work", "keep")


def families(counted: Counted, spent: Mapping[Model, Decimal], reused: int, made: int) -> Iterator[Metric]:
    """What live metrics and those of a ledger have in common."""
    labels = ["provider", "model"]
    requests = CounterMetricFamily("rushes_requests", "Requests that ended, by outcome.", labels=[*labels, "outcome"])
    seconds = HistogramMetricFamily("rushes_request_seconds", "From sending to stored.", labels=labels)
    phases = HistogramMetricFamily("rushes_phase_seconds", "The parts of a request.", labels=[*labels, "phase"])
    flagged = CounterMetricFamily("rushes_flagged", "Results that a check flagged.", labels=labels)
    slow = CounterMetricFamily("rushes_slow", "Requests of which an alert said that they are slow.", labels=labels)
    money = CounterMetricFamily("rushes_spent_usd", "USD; the worst case where nobody said how much.", labels=labels)
    for model, count in sorted(counted.models.items()):
        for outcome, times in sorted(count.ended.items()):
            requests.add_metric([*model, outcome], times)
        seconds.add_metric(model, *_histogram(count.total))
        for phase in _PHASES:
            series: Series = getattr(count, phase)
            if series.count:
                phases.add_metric([*model, phase], *_histogram(series))
        flagged.add_metric(model, count.flagged)
        slow.add_metric(model, count.slow)
    for model, usd in sorted(spent.items()):
        money.add_metric(model, float(usd))
    yield from (requests, seconds, phases, flagged, slow, money)
    yield CounterMetricFamily("rushes_cache_hits", "Rows all of whose results were here already.", value=reused)
    yield CounterMetricFamily("rushes_rows_made", "Rows for which something was bought.", value=made)


def live(counted: Counted, waiting: Mapping[str, int]) -> Iterator[Metric]:
    """What only a run that goes on can say: requests under way, and what the others wait for."""
    flying = GaugeMetricFamily("rushes_in_flight", "Requests that a provider has.", labels=["provider", "model"])
    for model, count in sorted(counted.models.items()):
        flying.add_metric(model, count.in_flight)
    reasons = GaugeMetricFamily("rushes_waiting", "Requests that wait, by what for.", labels=["reason"])
    for reason, number in waiting.items():
        reasons.add_metric([reason], number)
    yield from (flying, reasons)


def _histogram(series: Series) -> tuple[list[tuple[str, float]], float]:
    """Counts at and under each bound, and the sum of all values."""
    total, buckets = 0, list[tuple[str, float]]()
    for bound, number in zip((*map(str, BOUNDS), "+Inf"), series.under, strict=True):
        total += number
        buckets.append((bound, float(total)))
    return buckets, series.total
