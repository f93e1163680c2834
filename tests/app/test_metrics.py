"""Metrics: scraped over HTTP while a run goes on, and printed from the ledger under the same names."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from rushes.app import metrics
from rushes.app.config import load_config
from rushes.app.hooks import Hooks
from rushes.app.metrics import Where, measured, metrics_text, serving, where_of
from rushes.app.project import Project
from rushes.app.run import run_file
from rushes.app.stats_series import BOUNDS
from rushes.errors import ConfigError, ErrorClass
from rushes.model.event import Accepted, Event
from rushes.model.run import RunOptions, RunState
from rushes.model.workflow import Pick
from rushes.testing.provider import Fault, ScriptedProvider

STORY = """\
name: story
steps:
  - {name: fox, type: text_to_image, prompt: a secret fox, candidates: 4, approve: first-clean}
  - {name: owl, type: text_to_image, prompt: an owl}
"""
OPTIONS = RunOptions(provider="scripted", pick=Pick.FIRST_CLEAN)
PRICE = Decimal("0.0625")

Samples = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


def samples(text: str) -> Samples:
    return {
        (one.name, frozenset(one.labels.items())): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


def value(found: Samples, name: str, **labels: str) -> float:
    return found[name, frozenset(labels.items())]


class Place:
    def __init__(self, folder: Path, **provider: object) -> None:
        self.folder = folder
        self.provider = ScriptedProvider(price=PRICE, **provider)  # type: ignore[arg-type]

    def project(self, **flags: object) -> Project:
        config = load_config(self.folder, {"home": self.folder / "home", **flags}, {})
        return Project(config, {"scripted": self.provider}, checks=())

    def file(self, text: str = STORY) -> Path:
        (self.folder / "story.yaml").write_text(text)
        return self.folder / "story.yaml"


async def scraped(url: str) -> Samples:
    return samples(await asyncio.to_thread(lambda: urlopen(url).read().decode()))


def test_a_run_is_scraped_while_it_goes_on_and_when_it_is_done(tmp_path: Path) -> None:
    limited = Fault(error=ErrorClass.RATE_LIMIT, at=0, retry_after=0.01)
    place = Place(tmp_path, latency=0.4, in_flight=2, faults=[limited])
    scrapes: list[asyncio.Task[Samples]] = []

    async def all_of_it() -> tuple[Samples, Samples]:
        async with serving(Where("127.0.0.1", 0)) as live:

            def watch(event: Event) -> None:
                if isinstance(event, Accepted) and len(scrapes) < 2:
                    scrapes.append(asyncio.create_task(scraped(live.url)))

            with place.project() as project:
                await run_file(project, place.file(), OPTIONS, hooks=live.hung_on(Hooks(watch=watch)))
            return await scrapes[-1], await scraped(live.url)

    during, after = asyncio.run(all_of_it())
    model = {"provider": "scripted", "model": "flux_dev@1"}
    assert value(during, "rushes_in_flight", **model) in (1, 2), "an account that refused is asked for less at once"
    assert value(during, "rushes_waiting", reason="provider:scripted") >= 1
    assert value(after, "rushes_in_flight", **model) == 0
    assert value(after, "rushes_requests_total", **model, outcome="stored") == 5
    assert value(after, "rushes_requests_total", **model, outcome="rate_limit") == 1
    assert value(after, "rushes_request_seconds_count", **model) == 5
    assert value(after, "rushes_request_seconds_bucket", **model, le="+Inf") == 5
    assert value(after, "rushes_request_seconds_bucket", **model, le=str(BOUNDS[-1])) == 5
    assert value(after, "rushes_phase_seconds_count", **model, phase="work") == 5
    assert value(after, "rushes_spent_usd_total", **model) == float(5 * PRICE)
    assert value(after, "rushes_rows_made_total") == 2, "a gate is no row that was bought"
    assert value(after, "rushes_cache_hits_total") == 0


def test_the_ledger_says_the_same_under_the_same_names(tmp_path: Path) -> None:
    place = Place(tmp_path)
    with place.project() as project:
        asyncio.run(run_file(project, place.file(), OPTIONS))
        more = STORY + "  - {name: elk, type: text_to_image, prompt: an elk}\n"
        asyncio.run(run_file(project, place.file(more), OPTIONS))
        text = metrics_text(project)
    found = samples(text)
    model = {"provider": "scripted", "model": "flux_dev@1"}
    assert value(found, "rushes_requests_total", **model, outcome="stored") == 6
    assert value(found, "rushes_spent_usd_total", **model) == float(6 * PRICE)
    assert value(found, "rushes_rows_made_total") == 3
    assert value(found, "rushes_cache_hits_total") == 2
    live_only = {"rushes_in_flight", "rushes_waiting"}
    assert not live_only & {name for name, _labels in found}


def test_what_was_simulated_is_in_no_metric_of_the_ledger(tmp_path: Path) -> None:
    place = Place(tmp_path)
    with place.project(sim="http://127.0.0.1:9") as project:
        asyncio.run(run_file(project, place.file(), OPTIONS))
    with place.project() as project:
        assert "scripted" not in metrics_text(project)


def test_no_label_holds_a_prompt_a_file_or_an_id(tmp_path: Path) -> None:
    place = Place(tmp_path)
    with place.project() as project:
        summary = asyncio.run(run_file(project, place.file(), OPTIONS))
        text = metrics_text(project)
    for word in ("secret", "fox", "story", summary.run, str(tmp_path)):
        assert word not in text
    assert {name for _sample, labels in samples(text) for name, _value in labels} == {
        "provider",
        "model",
        "outcome",
        "phase",
        "le",
    }


def test_a_run_says_where_its_metrics_are_and_they_end_with_it(tmp_path: Path) -> None:
    said: list[str] = []
    place = Place(tmp_path)

    async def work(hooks: Hooks) -> RunState:
        url = said[0].removeprefix("metrics: ")
        with place.project() as project:
            state = (await run_file(project, place.file(), OPTIONS, hooks=hooks)).state
        assert value(await scraped(url), "rushes_rows_made_total") == 2
        return state

    assert asyncio.run(measured("0", work, said.append)(Hooks())) is RunState.DONE
    assert said[0].startswith("metrics: http://127.0.0.1:")
    with pytest.raises(OSError):
        asyncio.run(scraped(said[0].removeprefix("metrics: ")))


def test_only_this_machine_may_read_along_unless_somebody_says_so() -> None:
    assert where_of("9464") == Where("127.0.0.1", 9464)
    assert where_of("localhost:9464") == Where("localhost", 9464)
    assert where_of("[::1]:9464") == Where("::1", 9464)
    assert where_of("0.0.0.0:9464,public") == Where("0.0.0.0", 9464)
    with pytest.raises(ConfigError, match=r"0\.0\.0\.0 could read along") as caught:
        where_of("0.0.0.0:9464")
    assert "--metrics 0.0.0.0:9464,public" in caught.value.next_step
    for wrong in ("", "host", "127.0.0.1:", ":99999", "127.0.0.1:x", "127.0.0.1:1,private"):
        with pytest.raises(ConfigError, match="HOST:PORT"):
            where_of(wrong)


def test_a_port_that_is_taken_is_a_mistake_with_a_name() -> None:
    async def twice() -> None:
        async with serving(Where("127.0.0.1", 0)) as live:
            port = int(live.url.rpartition(":")[2].partition("/")[0])
            async with serving(Where("127.0.0.1", port)):
                pass

    with pytest.raises(ConfigError, match="for metrics"):
        asyncio.run(twice())


def test_a_missing_extra_is_one_line_before_anything_is_bought(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "find_spec", lambda _name: None)

    async def work(_hooks: Hooks) -> None:
        raise AssertionError("it began")

    with pytest.raises(ConfigError) as caught:
        measured("9464", work, print)
    assert caught.value.next_step == "pip install 'rushes[metrics]'"
